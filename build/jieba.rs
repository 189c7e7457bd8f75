//! Compiles jieba's dictionary and hidden Markov model, which come with the sources of the locked jieba-rs, to tables that `text::segment` reads in place.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::iter;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::Value;

#[allow(dead_code, reason = "reading is for the program")]
#[path = "../src/text/segment/layout.rs"]
mod layout;

use layout::writing::{self, LAST, UNKNOWN};
use layout::{FIRST, Group, Node, SEPARATOR, UNCOVERED, WEIGHTS};

/// The last character that the hidden Markov model of jieba covers.
const MODEL_LAST: u32 = 0x9FD5;
/// What jieba takes for the logarithm of 0.
const NEVER: f64 = -3.14e100;

/// Writes the tables to `out`.
pub fn compile(root: &Path, out: &Path) {
    let sources = Sources::find(root, out);
    let (dictionary, model) =
        (sources.read("jieba-rs", "src/data/dict.txt"), sources.read("jieba-macros", "src/hmm.model"));
    let (words, total) = words(&dictionary);
    let model = Model::parse(&model);
    let codes = codes(&words, &model);
    write(out, "model.bin", model.start.iter().chain(model.transitions.iter().flatten()).map(|p| p.to_le_bytes()));
    write(
        out,
        "emissions.bin",
        iter::once(&[NEVER; 4]).chain(model.emissions_by(&codes)).flatten().map(|p| p.to_le_bytes()),
    );
    let frequencies: Vec<u64> = BTreeSet::from_iter(words.values().copied()).into_iter().collect();
    let log_total = (total as f64).ln();
    // Weight 0 is that of what is no word. From the end come those of characters that are in no word, which count as if seen once.
    let weights = frequencies.iter().map(|&frequency| (frequency as f64).ln() - log_total);
    let weights = iter::once(f64::NEG_INFINITY).chain(weights).chain(iter::repeat(0.0 - log_total));
    assert!((frequencies.len() as u64) < WEIGHTS - 1, "jieba's dictionary has too many frequencies");
    write(out, "weights.bin", weights.take(WEIGHTS as usize).map(f64::to_le_bytes));
    let trie = Trie::of(words.iter().map(|(word, frequency)| {
        let weight = frequencies.binary_search(frequency).expect("every frequency is there") as u64 + 1;
        (word.chars().map(|c| codes[&c]).collect(), weight, *frequency)
    }));
    let image = Image::of(&trie);
    write(out, "cells.bin", image.cells.iter().map(|node| node.0.to_le_bytes()));
    write(out, "groups.bin", image.groups.iter().map(|group| group.0.to_le_bytes()));
    let nodes: HashMap<u64, Node> =
        trie.nodes[0].children.iter().map(|&(code, node)| (code, image.nodes[node])).collect();
    let first = (FIRST..=LAST).map(|c| {
        let code = char::from_u32(c).and_then(|c| codes.get(&c).copied());
        let code = code.unwrap_or(if c <= MODEL_LAST { UNKNOWN } else { UNCOVERED });
        nodes.get(&code).copied().unwrap_or(Node::of(code))
    });
    write(out, "first.bin", first.map(|node| node.0.to_le_bytes()));
}

fn write<const N: usize>(out: &Path, name: &str, numbers: impl Iterator<Item = [u8; N]>) {
    let path = out.join(name);
    fs::write(&path, numbers.flatten().collect::<Vec<u8>>())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// Where the sources of the packages are.
struct Sources(HashMap<String, PathBuf>);

impl Sources {
    /// Asks cargo for a package that needs jieba-rs alone: what this build does not need, such as the crates of the tests, may not have been downloaded.
    fn find(root: &Path, out: &Path) -> Self {
        let locked = root.join("Cargo.lock");
        println!("cargo::rerun-if-changed={}", locked.display());
        let lock = fs::read_to_string(&locked).unwrap_or_else(|error| panic!("{}: {error}", locked.display()));
        let version = lock
            .replace('\r', "")
            .split_once("name = \"jieba-rs\"\nversion = \"")
            .and_then(|(_, rest)| Some(rest.split_once('"')?.0.to_string()));
        let version = version.unwrap_or_else(|| panic!("{}: no jieba-rs", locked.display()));
        let package = out.join("jieba");
        let manifest = package.join("Cargo.toml");
        let text = format!(
            "[package]\nname = \"jieba-sources\"\nedition = \"2024\"\n[workspace]\n[dependencies]\njieba-rs = {{ version = \"={version}\", default-features = false }}\n"
        );
        let written = fs::create_dir_all(package.join("src"))
            .and_then(|()| fs::write(package.join("src/lib.rs"), ""))
            .and_then(|()| fs::write(&manifest, text))
            .and_then(|()| fs::write(package.join("Cargo.lock"), lock));
        written.unwrap_or_else(|error| panic!("{}: {error}", package.display()));
        let cargo = env::var_os("CARGO").expect("cargo sets it");
        let arguments = ["metadata", "--format-version", "1", "--offline", "--filter-platform"];
        let target = env::var("TARGET").expect("cargo sets it");
        // The settings that count, such as where vendored sources are, are those of the folder that the command runs in.
        let run = Command::new(cargo)
            .current_dir(root)
            .args(arguments)
            .arg(target)
            .arg("--manifest-path")
            .arg(&manifest)
            .output();
        let run = run.unwrap_or_else(|error| panic!("cargo metadata: {error}"));
        let found = serde_json::from_slice::<Value>(&run.stdout).ok().filter(|_| run.status.success());
        let found = found.unwrap_or_else(|| {
            let said = String::from_utf8_lossy(&run.stderr);
            panic!("cargo does not find the sources of jieba-rs {version}, whose dictionary is compiled in; build with --locked\n{said}")
        });
        let packages = found["packages"].as_array().into_iter().flatten();
        let folder = |package: &Value| Some(Path::new(package["manifest_path"].as_str()?).parent()?.to_path_buf());
        Sources(
            packages.filter_map(|package| Some((package["name"].as_str()?.to_string(), folder(package)?))).collect(),
        )
    }

    fn read(&self, package: &str, file: &str) -> String {
        let folder =
            self.0.get(package).unwrap_or_else(|| panic!("jieba-rs no longer needs {package}, in which {file} was"));
        let path = folder.join(file);
        println!("cargo::rerun-if-changed={}", path.display());
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }
}

fn is_covered(c: char) -> bool {
    (FIRST..=LAST).contains(&(c as u32))
}

/// The words of the block of ideographs with their frequencies, and the sum of the frequencies of all words.
///
/// Words with letters are not needed, because the segmenter is given nothing but Han characters.
fn words(text: &str) -> (BTreeMap<&str, u64>, u64) {
    let mut words = BTreeMap::new();
    let mut total = 0;
    for (at, line) in text.lines().enumerate() {
        let mut fields = line.split_ascii_whitespace();
        let frequency = fields.next().zip(fields.next().and_then(|n| n.parse::<u64>().ok()));
        let Some((word, frequency)) = frequency.filter(|&(_, frequency)| frequency > 0) else {
            panic!("dict.txt:{}: expected a word and how often it was seen: {line}", at + 1);
        };
        total += frequency;
        if word.chars().all(is_covered) {
            assert!(words.insert(word, frequency).is_none(), "dict.txt:{}: {word} again", at + 1);
        } else {
            assert!(word.chars().any(|c| c < '\u{2E80}'), "dict.txt:{}: {word} has ideographs of other blocks", at + 1);
        }
    }
    (words, total)
}

/// The hidden Markov model: logarithms of probabilities of the states Begin, End, Middle and Single.
struct Model {
    start: [f64; 4],
    transitions: Vec<[f64; 4]>,
    emissions: BTreeMap<char, [f64; 4]>,
}

impl Model {
    fn parse(text: &str) -> Self {
        let number = |text: &str| text.parse::<f64>().unwrap_or_else(|_| panic!("hmm.model: not a number: {text}"));
        let row = |line: &&str| {
            let numbers: Vec<f64> = line.split(' ').map(number).collect();
            <[f64; 4]>::try_from(numbers).unwrap_or_else(|_| panic!("hmm.model: expected four numbers: {line}"))
        };
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(lines.len() == 9, "hmm.model: expected 9 lines, not {}", lines.len());
        let mut emissions = BTreeMap::new();
        for (state, line) in lines[5..].iter().enumerate() {
            for entry in line.split(',') {
                let (c, p) = entry.split_once(':').unwrap_or_else(|| panic!("hmm.model: no probability: {entry}"));
                let c = c.chars().next().unwrap_or_else(|| panic!("hmm.model: no character: {entry}"));
                if (FIRST..=MODEL_LAST).contains(&(c as u32)) {
                    emissions.entry(c).or_insert([NEVER; 4])[state] = number(p);
                }
            }
        }
        Model { start: row(&lines[0]), transitions: lines[1..5].iter().map(row).collect(), emissions }
    }

    /// The rows of the characters in the order of their codes, of which they have the first.
    fn emissions_by<'a>(&'a self, codes: &HashMap<char, u64>) -> impl Iterator<Item = &'a [f64; 4]> + use<'a> {
        let rows: BTreeMap<u64, &[f64; 4]> = self.emissions.iter().map(|(c, row)| (codes[c], row)).collect();
        assert!(rows.keys().copied().eq(1..=rows.len() as u64), "characters of the model come first");
        rows.into_values()
    }
}

/// The code of every character: first those that the model emits, which have its rows in that order. Otherwise any order does in which characters that are used alike are not neighbours.
fn codes(words: &BTreeMap<&str, u64>, model: &Model) -> HashMap<char, u64> {
    let mut characters: BTreeSet<char> = words.keys().flat_map(|word| word.chars()).collect();
    let beyond = characters.iter().find(|&&c| c as u32 > MODEL_LAST);
    assert!(
        beyond.is_none(),
        "dict.txt has {beyond:?}, which cannot be told from characters that the model does not cover"
    );
    characters.extend(model.emissions.keys());
    assert!((characters.len() as u64) < SEPARATOR, "jieba has too many characters");
    let mut order: Vec<char> = characters.into_iter().collect();
    order.sort_by_key(|&c| (!model.emissions.contains_key(&c), (c as u32).wrapping_mul(0x9E37_79B1)));
    order.into_iter().zip(1..).collect()
}

/// A trie; node 0 is the root.
struct Trie {
    nodes: Vec<Prefix>,
}

#[derive(Default)]
struct Prefix {
    code: u64,
    weight: u64,
    /// How often words that begin like this were seen.
    frequency: u64,
    /// The codes of the children and where they are.
    children: Vec<(u64, usize)>,
}

impl Trie {
    /// The trie of words with the numbers of their weights and their frequencies, in an order in which those that begin alike stand together.
    fn of(words: impl Iterator<Item = (Vec<u64>, u64, u64)>) -> Self {
        let mut nodes = vec![Prefix::default()];
        for (word, weight, frequency) in words {
            let mut node = 0;
            for code in word {
                node = match nodes[node].children.last() {
                    Some(&(last, child)) if last == code => child,
                    _ => {
                        let child = nodes.len();
                        nodes.push(Prefix { code, ..Prefix::default() });
                        nodes[node].children.push((code, child));
                        child
                    }
                };
                nodes[node].frequency += frequency;
            }
            nodes[node].weight = weight;
        }
        Trie { nodes }
    }
}

/// How many children a group has, more or less.
const GROUP_SIZE: usize = 4;

/// Children that have one base.
struct Set {
    node: usize,
    group: Option<usize>,
    children: Vec<(u64, usize)>,
}

/// The trie, packed.
struct Image {
    cells: Vec<Node>,
    groups: Vec<Group>,
    /// The nodes in the order of the trie.
    nodes: Vec<Node>,
}

impl Image {
    fn of(trie: &Trie) -> Self {
        let singles: HashSet<usize> = trie.nodes[0].children.iter().map(|&(_, node)| node).collect();
        let mut sets = Vec::new();
        let mut nodes = vec![Node::NONE; trie.nodes.len()];
        // The first group is that of characters without children.
        let mut groups = vec![Group(0)];
        for (node, Prefix { code, weight, children, .. }) in trie.nodes.iter().enumerate().skip(1) {
            if !singles.contains(&node) {
                sets.push(Set { node, group: None, children: children.clone() });
            } else if children.is_empty() {
                nodes[node] = writing::single(*code, *weight, 0, 1);
            } else {
                let number = (children.len() / GROUP_SIZE).max(1).next_power_of_two();
                nodes[node] = writing::single(*code, *weight, groups.len() as u64, number as u64);
                for share in 0..number {
                    let children =
                        children.iter().filter(|&&(code, _)| code as usize % number == share).copied().collect();
                    sets.push(Set { node, group: Some(groups.len()), children });
                    groups.push(Group(0));
                }
            }
        }
        let (bases, size) = place(&mut sets, trie);
        for (set, &base) in sets.iter().zip(&bases) {
            let codes = set.children.iter().map(|&(code, _)| code);
            let Prefix { code, weight, .. } = trie.nodes[set.node];
            match set.group {
                Some(group) => groups[group] = writing::group(base, codes),
                None => nodes[set.node] = writing::node(code, weight, base, codes),
            }
        }
        let mut cells = vec![Node::of(UNKNOWN); size];
        for (set, &base) in sets.iter().zip(&bases) {
            for &(code, child) in &set.children {
                cells[(base + code) as usize] = nodes[child];
            }
        }
        Image { cells, groups, nodes }
    }
}

/// Finds a base for each of the sets, which it sorts, and returns how many cells there are, too. Sets without children get base 0.
///
/// Children that occur most come first and stand close together, so that caches hold most of what a text needs. Single children fill the gaps that the others leave.
fn place(sets: &mut [Set], trie: &Trie) -> (Vec<u64>, usize) {
    /// How often a search may fail before its beginning moves on.
    const PATIENCE: usize = 8;
    sets.sort_by_cached_key(|set| {
        let frequency: u64 = set.children.iter().map(|&(_, child)| trie.nodes[child].frequency).sum();
        (set.children.len() == 1, Reverse(frequency))
    });
    let mut cells = Cells::default();
    let mut from = 1;
    let mut bases = Vec::with_capacity(sets.len());
    for Set { children, .. } in sets {
        let Some(&(first, _)) = children.first() else {
            bases.push(0);
            continue;
        };
        let first = first as usize;
        let mut cell = cells.gap(first + if children.len() == 1 { 1 } else { from });
        let mut failed = 0;
        while cells.is_base(cell - first)
            || !children[1..].iter().all(|&(code, _)| cells.is_free(cell - first + code as usize))
        {
            cell = cells.gap(cell + 1);
            failed += 1;
            if failed % PATIENCE == 0 && children.len() > 1 {
                from += 1;
            }
        }
        cells.set_base(cell - first);
        for &(code, _) in &*children {
            cells.take(cell - first + code as usize);
        }
        bases.push((cell - first) as u64);
    }
    (bases, cells.next.len())
}

/// Which cells and which bases are taken.
#[derive(Default)]
struct Cells {
    /// For each cell, itself if it is free, else one from which on the next free one is.
    next: Vec<usize>,
    bases: Vec<bool>,
}

impl Cells {
    fn is_free(&self, cell: usize) -> bool {
        cell >= self.next.len() || self.next[cell] == cell
    }

    fn take(&mut self, cell: usize) {
        self.next.extend(self.next.len()..=cell);
        self.next[cell] = cell + 1;
    }

    /// The first free cell from `cell` on.
    fn gap(&mut self, cell: usize) -> usize {
        let mut found = cell;
        while !self.is_free(found) {
            found = self.next[found];
        }
        // The way is shorter next time.
        let mut at = cell;
        while at != found {
            at = std::mem::replace(&mut self.next[at], found);
        }
        found
    }

    fn is_base(&self, base: usize) -> bool {
        self.bases.get(base) == Some(&true)
    }

    fn set_base(&mut self, base: usize) {
        if self.bases.len() <= base {
            self.bases.resize(base + 1, false);
        }
        self.bases[base] = true;
    }
}
