//! Names the default model by its hash, compiles jieba's dictionary, lays the word vectors out so that they can be used where they lie, finds the characters that are not
//! Simplified, writes the table of companies as JSON, and compiles `data/lexicon/` to a finite-state map from each term to a number: tone (4 bits, + 4), agent (5 bits, doubled, + 8), patient (4 bits, + 4) and role.

use std::collections::BTreeMap;
use std::hash::Hasher;
use std::path::Path;
use std::{env, fs};

use safetensors::SafeTensors;
use sha2::{Digest, Sha256};
use twox_hash::{XxHash3_64, XxHash64};

#[path = "src/features/starts.rs"]
#[expect(dead_code, reason = "only the program searches")]
mod starts;

#[path = "src/slots.rs"]
#[expect(dead_code, reason = "only the program searches")]
mod slots;

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
    write("lexicon.starts", &starts_of(terms.keys()));
    println!("cargo::rerun-if-changed=src/features/starts.rs");
    let map = fst::Map::from_iter(terms).expect("a sorted map");
    write("traditional.bits", &traditional());
    write("lexicon.fst", map.as_fst().as_bytes());
    let path = Path::new(&root).join("models/vectors.safetensors");
    println!("cargo::rerun-if-changed={}", path.display());
    println!("cargo::rerun-if-changed=src/slots.rs");
    let vectors = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let vectors = lay_out(&vectors);
    let mut hasher = XxHash64::with_seed(0);
    hasher.write(map.as_fst().as_bytes());
    hasher.write(&vectors);
    println!("cargo::rustc-env=LICHANG_RESOURCES={:016x}", hasher.finish());
    write("targets.json", &targets(Path::new(&root)));
    jieba::compile(Path::new(&root), Path::new(&env::var("OUT_DIR").expect("cargo sets it")));
}

/// The table of companies as JSON, which is read several times faster than TOML.
fn targets(root: &Path) -> Vec<u8> {
    let path = root.join("data/targets.toml");
    println!("cargo::rerun-if-changed={}", path.display());
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let table: toml::Value = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::to_vec(&table).expect("the table has no dates and no numbers but its version")
}

/// A bit for each character below U+10000 that `fast2s` may change: by itself, or by its neighbours.
fn traditional() -> Vec<u8> {
    const BY_NEIGHBOURS: &str = "兒覆夥藉瞭麽幺於乾著苧闔鍾讎畫";
    let mut bits = vec![0; 8192];
    let mut buffer = [0; 4];
    for c in '\0'..='\u{FFFF}' {
        let own = c.encode_utf8(&mut buffer);
        if fast2s::convert(own) != *own || BY_NEIGHBOURS.contains(c) {
            bits[c as usize / 8] |= 1 << (c as usize % 8);
        }
    }
    bits
}

/// The filter of [`starts`] for terms.
fn starts_of<'a>(terms: impl Iterator<Item = &'a String>) -> Vec<u8> {
    let mut filter = vec![0; starts::BITS / 8];
    for term in terms {
        if let Some(bit) = starts::hashes(term.as_bytes()).last() {
            filter[bit / 8] |= 1 << (bit % 8);
        }
    }
    filter
}

fn write(name: &str, bytes: &[u8]) {
    let out = Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join(name);
    fs::write(out, bytes).expect("the build folder can be written");
}

/// Takes the word vectors apart into the arrays that the program uses, which say what the vectors are. A component has four bits: from −7 to 7 in units of a seventh of the largest of its vector, plus 8;
/// the first half of them are the lower bits. The unit is made part of the weight.
fn lay_out(vectors: &[u8]) -> Vec<u8> {
    let tensors = SafeTensors::deserialize(vectors).expect("models/vectors.safetensors is a safetensors file");
    let get = |name: &str| tensors.tensor(name).expect("the vectors have this tensor").data();
    let terms = std::str::from_utf8(get("terms")).expect("terms are UTF-8");
    let hashes: Vec<(u64, u32)> = terms.lines().map(|term| XxHash3_64::oneshot(term.as_bytes())).zip(0..).collect();
    assert_eq!(get("weights").len(), hashes.len() * 4, "a weight a term");
    let slots: Vec<u8> = slots::build(&hashes).into_iter().flatten().flat_map(u32::to_le_bytes).collect();
    let weights = get("weights").as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes));
    let (mut components, mut scaled) = (Vec::new(), Vec::new());
    for (vector, weight) in get("vectors").chunks(get("vectors").len() / hashes.len()).zip(weights) {
        let largest = vector.iter().map(|&component| f32::from(component as i8).abs()).fold(1.0, f32::max);
        let rounded = |component: u8| (f32::from(component as i8) / largest * 7.0).round() as i8;
        let (low, high) = vector.split_at(vector.len() / 2);
        components.extend(
            low.iter().zip(high).map(|(&low, &high)| (rounded(low) + 8) as u8 | ((rounded(high) + 8) as u8) << 4),
        );
        scaled.extend((weight * largest / 7.0).to_le_bytes());
    }
    write("vectors.slots", &slots);
    write("vectors.weights", &scaled);
    write("vectors.components", &components);
    [components, scaled, terms.as_bytes().to_vec()].concat()
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
