//! How the compiled dictionary packs its trie into numbers: `build.rs` writes with this module what [`super::dictionary`] reads with it.
//!
//! A node of the trie stands for the beginning of a word. Its children are spread over cells that all nodes share: the child by the character with code `c` is in cell `base + c`, if that cell names the
//! character. No two sets of children have the same base, so that the name proves whose child it is. Many children hardly fit between those of others, so single characters share them out,
//! by the low bits of their codes, among groups that have a base each. (A double array, Aoe 1989, whose larger nodes are split.)
//!
//! Nothing here branches: what is absent is in cell 0, which is empty, so that a processor can look many words up at once.

use std::hint::select_unpredictable;

const CODE_BITS: u32 = 14;
const CODES: u64 = 1 << CODE_BITS;
const WEIGHT_BITS: u32 = 13;
/// How many weights there may be.
pub const WEIGHTS: u64 = 1 << WEIGHT_BITS;
const FIELD_BITS: u32 = 16;
const BASE_BITS: u32 = 20;
const BASES: u64 = 1 << BASE_BITS;
const GROUP_FILTER_BITS: u32 = 12;

/// The first character of the block of ideographs that the dictionary covers.
pub const FIRST: u32 = 0x4E00;
/// The code of what stands between two blocks, and the lowest of those that the hidden Markov model does not cover.
pub const SEPARATOR: u64 = CODES - 3;
/// The code of characters of four bytes.
pub const WIDE: u64 = CODES - 2;
/// The code of characters of three bytes that the hidden Markov model does not cover.
pub const UNCOVERED: u64 = CODES - 1;

/// A node. From the lowest bit: the code of its last character; the number of its word's weight, 0 if it is no word; 16 bits of its children, bit `c % 16` for each, or what to mask codes by to find their
/// group; its base, or the number of its first group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node(pub u64);

impl Node {
    /// What stands for no node.
    pub const NONE: Self = Node(0);

    /// A character that begins no word.
    pub const fn of(code: u64) -> Self {
        Node(code)
    }

    /// The code of the last character.
    #[inline(always)]
    pub const fn code(self) -> u64 {
        self.0 % CODES
    }

    /// The number of the weight of the word that ends here, 0 if none does.
    #[inline(always)]
    pub const fn weight(self) -> usize {
        (self.0 >> CODE_BITS) as usize % WEIGHTS as usize
    }

    #[inline(always)]
    const fn field(self) -> u64 {
        (self.0 >> (CODE_BITS + WEIGHT_BITS)) % (1 << FIELD_BITS)
    }

    #[inline(always)]
    const fn base(self) -> u64 {
        self.0 >> (CODE_BITS + WEIGHT_BITS + FIELD_BITS)
    }

    /// Whether there are children; the node is of several characters.
    #[inline(always)]
    pub const fn has_children(self) -> bool {
        self.field() != 0
    }

    /// The number of the group in which the child by `code` would be; the node is of a single character.
    #[inline(always)]
    pub const fn group(self, code: u64) -> usize {
        (self.base() + (code & self.field())) as usize
    }

    /// The cell in which the child by `code` would be; the node is of several characters.
    #[inline(always)]
    pub fn cell(self, code: u64) -> usize {
        let may_be = self.field() >> (code % FIELD_BITS as u64) & 1 == 1;
        select_unpredictable(may_be, (self.base() + code) as usize, 0)
    }
}

/// Some children of a single character. From the lowest bit: 12 bits of their codes; their base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group(pub u32);

impl Group {
    /// The bit of a code, by its highest bits because the low ones are the same in all of a group.
    #[inline(always)]
    const fn bit(code: u64) -> u64 {
        (code * GROUP_FILTER_BITS as u64) >> CODE_BITS
    }

    /// The cell in which the child by `code` would be.
    #[inline(always)]
    pub fn cell(self, code: u64) -> usize {
        let may_be = self.0 >> Self::bit(code) & 1 == 1;
        select_unpredictable(may_be, (self.0 >> GROUP_FILTER_BITS) as usize + code as usize, 0)
    }
}

/// What only `build.rs` and tests need.
#[allow(dead_code, reason = "the program reads what the build script writes")]
pub mod writing {
    use super::*;

    /// The last character of that block.
    pub const LAST: u32 = 0x9FFF;

    /// The code of characters that are neither in the dictionary nor in the hidden Markov model, and that empty cells name, which is as good as naming none.
    pub const UNKNOWN: u64 = 0;

    /// A node of several characters with children by `codes` from `base`.
    pub fn node(code: u64, weight: u64, base: u64, codes: impl Iterator<Item = u64>) -> Node {
        packed(code, weight, codes.fold(0, |bits, code| bits | 1 << (code % FIELD_BITS as u64)), base)
    }

    /// A node of a single character with `number` groups, a power of two, of which `first` is the first.
    pub fn single(code: u64, weight: u64, first: u64, number: u64) -> Node {
        assert!(number.is_power_of_two(), "{number}");
        packed(code, weight, number - 1, first)
    }

    fn packed(code: u64, weight: u64, field: u64, base: u64) -> Node {
        assert!(code < CODES && weight < WEIGHTS && field < 1 << FIELD_BITS && base < BASES);
        Node(
            code | weight << CODE_BITS
                | field << (CODE_BITS + WEIGHT_BITS)
                | base << (CODE_BITS + WEIGHT_BITS + FIELD_BITS),
        )
    }

    /// A group of children by `codes` from `base`.
    pub fn group(base: u64, codes: impl Iterator<Item = u64>) -> Group {
        assert!(base < BASES);
        Group(codes.fold((base as u32) << GROUP_FILTER_BITS, |bits, code| bits | 1 << Group::bit(code)))
    }
}
