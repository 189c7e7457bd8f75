//! Books of invented authors, well made and broken.

use std::io::{Cursor, Write};

use proptest::prelude::*;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;

const LIMIT: usize = 2 << 20;

const CONTAINER: &str = r#"<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"#;

const PACKAGE: &str = r#"<?xml version="1.0" encoding="utf-8"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Tide &amp; Trade</dc:title><dc:title>A subtitle</dc:title>
<dc:creator id="c">Ann Weber</dc:creator><dc:creator>李玲</dc:creator><dc:language>en</dc:language><dc:date>2026-01-02</dc:date><meta property="dcterms:modified">2026-02-03T00:00:00Z</meta></metadata>
<manifest>
<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="scripted nav"/>
<item id="one" href="text/one.xhtml" media-type="application/xhtml+xml"/>
<item id="two" href="text/%E4%BA%8C%20two.xhtml#start" media-type="application/xhtml+xml"/>
<item id="three" href="../three.html" media-type="text/html"/>
<item id="picture" href="p.svg" media-type="image/svg+xml"/>
<item id="gone" href="gone.xhtml" media-type="application/xhtml+xml"/>
</manifest>
<spine toc="ncx"><itemref idref="nav"/><itemref idref="one"/><itemref idref="picture"/><itemref idref="two" linear="no"/><itemref idref="one"/><itemref idref="three"/><itemref idref="gone"/><itemref idref="nowhere"/></spine></package>"#;

const ONE: &str = r#"<?xml version="1.0"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml"><head><title>Chapter &lt;One&gt;</title><link rel="stylesheet" href="s.css"/><style>p { color: red }</style><script src="x.js"/></head><body class="c"><h1><a id="x"/>One</h1><script>if (a &lt; b) {}</script><!-- no --><p>Feldmark &amp; Söhne&nbsp;AG<br/>rises.<br></br></p><![CDATA[a < b]]></body></html>"#;

fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let packed = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in members {
        writer.start_file(*name, if *name == "mimetype" { stored } else { packed }).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn book() -> Vec<(&'static str, &'static [u8])> {
    vec![
        ("mimetype", b"application/epub+zip"),
        ("META-INF/container.xml", CONTAINER.as_bytes()),
        ("OEBPS/book.opf", PACKAGE.as_bytes()),
        ("OEBPS/nav.xhtml", b"<html><body>Contents</body></html>"),
        ("OEBPS/text/one.xhtml", ONE.as_bytes()),
        (
            "OEBPS/text/二 two.xhtml",
            "<html><head><title>Tide &amp; Trade</title></head><body><p>远岸科技上市。</p></body></html>".as_bytes(),
        ),
        ("three.html", b"<p>No body <![if x]> here.</p>"),
        ("OEBPS/p.svg", b"<svg/>"),
    ]
}

fn run(bytes: &[u8]) -> Vec<Result<Document, DocumentError>> {
    let mut found = Vec::new();
    let _ = read("b.epub", Cursor::new(bytes), LIMIT, &mut |document| {
        found.push(document);
        ControlFlow::Continue(())
    });
    found
}

fn html(document: &Document) -> &str {
    match &document.content {
        Content::Fragment(html) => html,
        other => panic!("{other:?}"),
    }
}

fn error(bytes: &[u8]) -> String {
    let found = run(bytes);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].as_ref().unwrap_err().error.clone()
}

/// A book whose only chapter is `page`.
fn short(page: &[u8]) -> Vec<u8> {
    let package =
        "<package><manifest><item id='a' href='a.xhtml'/></manifest><spine><itemref idref='a'/></spine></package>";
    archive(&[
        ("META-INF/container.xml", CONTAINER.as_bytes()),
        ("OEBPS/book.opf", package.as_bytes()),
        ("OEBPS/a.xhtml", page),
    ])
}

#[test]
fn reads_chapters_in_order() {
    let found = run(&archive(&book()));
    let names: Vec<String> = found
        .iter()
        .map(|document| match document {
            Ok(document) => document.doc.clone(),
            Err(error) => error.to_string(),
        })
        .collect();
    assert_eq!(names[..3], ["b.epub#2", "b.epub#4", "b.epub#6"]);
    assert_eq!(names[3], "b.epub:7: expected a member OEBPS/gone.xhtml in the archive");
    assert!(names[4].starts_with("b.epub:8: OEBPS/book.opf: the spine names \"nowhere\""), "{}", names[4]);
    assert_eq!(names.len(), 5);
    let first = found[0].as_ref().unwrap();
    let expected = Meta {
        title: Some("Chapter".into()),
        author: Some("Ann Weber, 李玲".into()),
        outlet: Some("Tide & Trade".into()),
        lang: Some("en".into()),
        date: Some("2026-01-02".into()),
        url: None,
        extra: None,
    };
    assert_eq!(first.meta, expected);
    let expected = "<h1><a id=\"x\"></a>One</h1><p>Feldmark &amp; Söhne&nbsp;AG<br>rises.<br></p>a &lt; b";
    assert_eq!(html(first), expected);
    let second = found[1].as_ref().unwrap();
    assert_eq!((html(second), second.meta.title.as_deref()), ("<p>远岸科技上市。</p>", None));
    assert_eq!(html(found[2].as_ref().unwrap()), "<p>No body <![if x]> here.</p>");
}

#[test]
fn chapters_are_decoded_as_declared() {
    let page = "<?xml version='1.0' encoding='gb2312'?><html><body><p>远岸科技上市。</p></body></html>";
    let found = run(&short(&encoding_rs::GBK.encode(page).0));
    assert_eq!(html(found[0].as_ref().unwrap()), "<p>远岸科技上市。</p>");
}

#[test]
fn broken_pages_are_read_as_browsers_would() {
    for (page, expected) in [
        ("<html><BODY bgcolor='x'><p>One<p>Two", "<p>One<p>Two"),
        ("<html><body bgcolor='x'><p>One<p>Two", "<p>One<p>Two"),
        ("<body><p>One</i></p><!--", "<p>One</i></p><!--"),
        ("Only text", "Only text"),
        ("<body/>", ""),
        ("", ""),
        ("<body>&lol; &#x26; &#60;", "&lol; &amp; &lt;"),
    ] {
        let (_, html) = body(page);
        assert_eq!(html, expected, "{page}");
    }
}

#[test]
fn says_what_was_expected() {
    let container = |container: &str| archive(&[("META-INF/container.xml", container.as_bytes())]);
    let empty = archive(&[
        ("META-INF/container.xml", CONTAINER.as_bytes()),
        ("OEBPS/book.opf", b"<package><manifest/><spine/></package>"),
    ]);
    let cases = [
        (Vec::new(), "ZIP archive"),
        (b"PK\x03\x04 is not enough".to_vec(), "ZIP archive"),
        (archive(&[("mimetype", b"application/epub+zip")]), "META-INF/container.xml"),
        (container(""), "rootfile"),
        (container("<rootfile full-path='../../etc/passwd'/>"), "expected a member etc/passwd in the archive"),
        (container("<rootfile full-path='/etc/passwd'/>"), "expected a member etc/passwd in the archive"),
        (empty, "spine"),
    ];
    for (bytes, expected) in cases {
        let error = error(&bytes);
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn protected_books_are_refused_and_fonts_are_not_protection() {
    let data = |algorithm: &str, path: &str| {
        format!(
            "<enc:EncryptedData><enc:EncryptionMethod Algorithm='{algorithm}'/><enc:CipherData><enc:CipherReference URI='{path}'/></enc:CipherData></enc:EncryptedData>"
        )
    };
    let font = data("http://www.idpf.org/2008/embedding", "OEBPS/text/one.xhtml");
    let text = data("http://www.w3.org/2001/04/xmlenc#aes256-cbc", "OEBPS/text/%E4%BA%8C%20two.xhtml");
    let with = |text: String| {
        let mut members: Vec<(&str, &[u8])> = book();
        members.push(("META-INF/encryption.xml", text.as_bytes()));
        run(&archive(&members))
    };
    assert_eq!(with(format!("<encryption>{font}</encryption>")).len(), 5);
    let found = with(format!("<encryption>{font}{text}</encryption>"));
    assert_eq!(found.len(), 2);
    assert!(found[1].as_ref().unwrap_err().error.contains("DRM"));
    // The flag of an encrypted member, in its own header and in the directory.
    let mut bytes = archive(&book());
    for at in 0..bytes.len() - 8 {
        match &bytes[at..at + 4] {
            b"PK\x03\x04" => bytes[at + 6] |= 1,
            b"PK\x01\x02" => bytes[at + 8] |= 1,
            _ => {}
        }
    }
    assert!(error(&bytes).contains("DRM"));
}

#[test]
fn bombs_are_refused() {
    let large = vec![b' '; LIMIT - 1];
    assert!(error(&short(&large)).contains("bomb"));
    // Packs well, but not better than text can.
    let text = "Feldmark AG hebt die Prognose an. ".repeat(30_000);
    let noise: String = (0..40_000).map(|at| format!("{:x} ", at * 2_654_435_761_u64)).collect();
    let page = format!("<body>{noise}{text}</body>");
    assert!(page.len() > SMALL as usize && page.len() < LIMIT);
    assert!(run(&short(page.as_bytes()))[0].is_ok());
    assert!(error(&short(noise.repeat(5).as_bytes())).contains("--max-document"));
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.set_comment("PK\x06\x07").unwrap();
    assert!(error(&writer.finish().unwrap().into_inner()).contains("ZIP64"));
    // Two members in the directory that are one in the archive.
    let mut bytes = archive(&[("a", b"aaaa"), ("b", b"bbbb")]);
    let second = bytes.windows(4).rposition(|mark| mark == b"PK\x01\x02").unwrap();
    bytes[second + 42..second + 46].fill(0);
    assert!(error(&bytes).contains("overlap"));
    // A member that is longer than it claims.
    let mut bytes = short(&b"<body>Feldmark AG</body>".repeat(50));
    for mark in [&b"PK\x03\x04"[..], b"PK\x01\x02"] {
        let at = bytes.windows(4).rposition(|found| found == mark).unwrap();
        let at = at + if mark[2] == 3 { 22 } else { 24 };
        bytes[at..at + 4].copy_from_slice(&[1, 0, 0, 0]);
    }
    assert!(error(&bytes).contains("cannot be unpacked"));
}

#[test]
fn there_is_a_limit_to_chapters() {
    let items: String = (0..MAX_CHAPTERS + 5).map(|at| format!("<item id='i{at}' href='{at}.svg'/>")).collect();
    let spine: String = (0..MAX_CHAPTERS + 5).map(|at| format!("<itemref idref='i{at}'/>")).collect();
    let (_, chapters) = contents(&format!("<package>{items}{spine}</package>"), "book.opf");
    assert_eq!(chapters.len(), MAX_CHAPTERS + 1);
    assert!(matches!(chapters.last(), Some(Chapter::Broken(error)) if error.contains("10000")));
    let deep = "<x>".repeat(100_000);
    contents(&deep, "book.opf");
    assert_eq!(body(&format!("<body>{deep}")).1.len(), deep.len());
}

#[test]
fn addresses_stay_inside_the_archive() {
    for (folder, address, expected) in [
        ("OEBPS", "a.xhtml", "OEBPS/a.xhtml"),
        ("OEBPS/x", "../a.xhtml#b", "OEBPS/a.xhtml"),
        ("OEBPS", "../../../../etc/passwd", "etc/passwd"),
        ("OEBPS", "/etc/./passwd", "etc/passwd"),
        ("", "a%20b%2", "a b%2"),
        ("", "%E8%BF%9C", "远"),
        ("", "%FF%", "\u{FFFD}%"),
    ] {
        assert_eq!(resolve(folder, address), expected);
    }
}

#[test]
fn survives_a_cut_at_every_byte() {
    let bytes = archive(&book());
    for end in 0..bytes.len() {
        assert!(run(&bytes[..end]).iter().any(Result::is_err), "{end}");
    }
}

proptest! {
    #[test]
    fn survives_mutations(edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)) {
        let mut bytes = archive(&book());
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        run(&bytes);
    }

    #[test]
    fn survives_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300), page in "[<>/a-z&;!\\[\\]'\"= -]{0,200}") {
        run(&bytes);
        body(&page);
        contents(&page, "book.opf");
        encrypted(&page);
        package_path(&page);
    }
}
