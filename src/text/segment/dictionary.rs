//! jieba's dictionary as `build.rs` compiled it, read in place.

use super::layout::{self, FIRST, Group, Node};

/// Bytes that begin where a line of the cache does.
#[repr(C, align(64))]
pub(super) struct Aligned<T: ?Sized>(pub(super) T);

/// The numbers, of as many bytes as the type says, that `build.rs` wrote to a file.
macro_rules! table {
    ($name:literal) => {{
        const BYTES: &super::dictionary::Aligned<[u8]> =
            &super::dictionary::Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/", $name)));
        BYTES.0.as_chunks().0
    }};
}
pub(super) use table;

static CHARACTERS: &[[u8; 8]] = table!("first.bin");
static GROUPS: &[[u8; 4]] = table!("groups.bin");
static CELLS: &[[u8; 8]] = table!("cells.bin");
static WEIGHTS: &[[u8; 8]; layout::WEIGHTS as usize] = match table!("weights.bin").first_chunk() {
    Some(weights) => weights,
    None => panic!("too few weights"),
};

/// The node of a character that is `bytes` in UTF-8, if it is of the block of ideographs that the dictionary covers.
#[inline(always)]
pub fn character([a, b, c]: [u8; 3]) -> Option<Node> {
    // The first byte keeps its upper bits, so that no other first byte leads into the block.
    const BEFORE: usize = (0xE0 << 12) + FIRST as usize;
    let at = usize::from(a) << 12 | (usize::from(b) & 0x3F) << 6 | usize::from(c) & 0x3F;
    CHARACTERS.get(at.wrapping_sub(BEFORE)).map(|bytes| Node(u64::from_le_bytes(*bytes)))
}

/// The child of a node of a single character by the character with `code`; [`Node::NONE`] if it has none.
#[inline(always)]
pub fn second(node: Node, code: u64) -> Node {
    let group = GROUPS.get(node.group(code)).map_or(0, |bytes| u32::from_le_bytes(*bytes));
    child(Group(group).cell(code), code)
}

/// The child of a node of several characters by the character with `code`; [`Node::NONE`] if it has none.
#[inline(always)]
pub fn next(node: Node, code: u64) -> Node {
    child(node.cell(code), code)
}

#[inline(always)]
fn child(cell: usize, code: u64) -> Node {
    let node = CELLS.get(cell).map_or(Node::NONE, |bytes| Node(u64::from_le_bytes(*bytes)));
    std::hint::select_unpredictable(node.code() == code, node, Node::NONE)
}

/// The logarithm of the share of a node's word among all; -∞ if it is no word.
#[inline(always)]
pub fn weight(node: Node) -> f64 {
    f64::from_le_bytes(WEIGHTS[node.weight()])
}

/// The weight of a character in which no word begins.
pub fn unknown_weight() -> f64 {
    f64::from_le_bytes(WEIGHTS[WEIGHTS.len() - 1])
}

/// Whether two or more characters, as their nodes, are a word.
pub fn is_word(characters: &[Node]) -> bool {
    let [first, following, rest @ ..] = characters else { return false };
    let node = rest.iter().fold(second(*first, following.code()), |node, character| next(node, character.code()));
    node.weight() > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(word: &str) -> Vec<Node> {
        word.as_bytes().as_chunks().0.iter().map(|bytes| character(*bytes).expect("an ideograph")).collect()
    }

    #[test]
    fn knows_words_and_no_others() {
        for word in ["中国", "性价比", "中华人民共和国", "一心一意"] {
            assert!(is_word(&nodes(word)), "{word}");
        }
        for text in ["国中中", "中华人", "性价", "国的", "龘龘"] {
            assert!(!is_word(&nodes(text)), "{text}");
        }
        assert!(weight(nodes("的")[0]) > weight(nodes("中")[0]));
    }

    #[test]
    fn characters_are_those_of_the_block() {
        for c in '\0'..=char::MAX {
            let mut bytes = [0; 4];
            c.encode_utf8(&mut bytes);
            let [a, b, d, _] = bytes;
            let inside = (FIRST..=layout::writing::LAST).contains(&u32::from(c));
            assert_eq!(character([a, b, d]).is_some(), inside, "U+{:04X}", u32::from(c));
        }
    }
}
