//! Cases of the command line: `tests/cmd/*.trycmd`.

#[test]
fn cases() {
    trycmd::TestCases::new().case("tests/cmd/*.trycmd").case("README.md");
}
