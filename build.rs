//! Names the default model by its hash, compiles jieba's dictionary, and compiles `data/lexicon/` to a finite-state map from each term to a number: tone (4 bits, + 4), agent (5 bits, doubled, + 8),
//! patient (4 bits, + 4) and role.

use std::collections::BTreeMap;
use std::path::Path;
use std::{env, fs};

use sha2::{Digest, Sha256};

#[path = "build/jieba.rs"]
mod jieba;

const ROLES: [&str; 6] = ["term", "negation", "intensifier", "hedge", "contrast", "concession"];

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let model = Path::new(&root).join("models/default.lichang");
    println!("cargo::rerun-if-changed={}", model.display());
    let bytes = fs::read(&model).unwrap_or_else(|error| panic!("{}: {error}", model.display()));
    let hash: String = Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect();
    println!("cargo::rustc-env=DEFAULT_MODEL_SHA256={hash}");
    let folder = Path::new(&root).join("data/lexicon");
    let mut terms: BTreeMap<String, u64> = BTreeMap::new();
    // Function words come first: a word that is both keeps its role.
    for file in ["function.tsv", "en.tsv", "zh.tsv"] {
        let path = folder.join(file);
        println!("cargo::rerun-if-changed={}", path.display());
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.starts_with('#') && !line.is_empty()) {
            let Some((names, value)) = entry(line) else {
                panic!("{}:{}: expected terms and their values, tab-separated: {line}", path.display(), at + 1);
            };
            for name in names.split('|').filter(|name| !name.is_empty()) {
                terms.entry(name.to_ascii_lowercase()).or_insert(value);
            }
        }
    }
    let map = fst::Map::from_iter(terms).expect("a sorted map");
    let out = env::var("OUT_DIR").expect("cargo sets it");
    let out = Path::new(&out);
    fs::write(out.join("lexicon.fst"), map.as_fst().as_bytes()).expect("the build folder can be written");
    jieba::compile(Path::new(&root), out);
}

/// The terms of a line and their value.
fn entry(line: &str) -> Option<(&str, u64)> {
    let mut fields = line.split('\t');
    let names = fields.next()?;
    let rest: Vec<&str> = fields.collect();
    let value = match rest[..] {
        [role] => (ROLES.iter().position(|name| *name == role).filter(|role| *role > 0)? as u64) << 13,
        [tone, agent, patient] => {
            let number = |text: &str| text.parse::<i8>().ok().filter(|n| (-4..=4).contains(n)).map(|n| (n + 4) as u64);
            let halves = agent.parse::<f32>().ok().map(|n| n * 2.0 + 8.0);
            let halves = halves.filter(|n| n.fract() == 0.0 && (0.0..=16.0).contains(n))? as u64;
            number(tone)? | halves << 4 | number(patient)? << 9
        }
        _ => return None,
    };
    Some((names, value))
}
