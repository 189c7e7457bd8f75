//! Finding every occurrence of many strings in a text, whatever the case of its ASCII letters.
//!
//! A table of thousands of names is built in about a millisecond, so that a program that reads one article does not wait for it; an automaton takes a hundred times as long.
//! Patterns that share their first four bytes are a group. At a place of the text one bit tells nearly always that no group begins there. Else a hash table gives the group,
//! and a binary search in it the last pattern that does not come after the text in the order of bytes. All patterns that the text begins with are prefixes of that one, and
//! every pattern knows the longest pattern that is its prefix. The time grows with the text, the matches and the logarithm of the largest group; a place costs no more than
//! the longest pattern times that logarithm.

use std::ops::Range;

use crate::slots;

/// The bytes that patterns are grouped by; each shorter pattern is a group of its own.
const HEAD: usize = 4;
/// The bytes that are compared as one number.
const FRONT: usize = 8;
/// The places of a text that are filtered at a time.
const BLOCK: usize = 64;
/// Stands for what a shorter pattern lacks of a head; no UTF-8 has this byte.
const LACKING: u32 = u32::MAX;
/// The link of an entry that has no prefix among the patterns.
const NONE: u32 = u32::MAX;
/// Bits of the filter for each group: one place in eight or fewer is looked up in vain.
const BITS_FOR_GROUP: usize = 8;
/// A filter has at least 2 to this power of bits: 8 KiB, which stay in the nearest cache.
const FEWEST_BITS: u32 = 16;
/// So few patterns, as those of one text, have small filters, which take no time to make.
const FEW: usize = 32;
/// Those have 2 to this power of bits.
const FEW_BITS: u32 = 10;

/// Strings to look for.
#[derive(Debug, Clone)]
pub(crate) struct Matcher {
    /// The patterns in lower case, one after the other.
    bytes: Vec<u8>,
    /// The distinct patterns: first those below [`HEAD`] bytes, then the others; both in the order of their bytes.
    entries: Vec<Entry>,
    /// The numbers of the patterns, entry by entry.
    numbers: Vec<u32>,
    /// The first two bytes of patterns below [`HEAD`] bytes, as far as there are bits.
    pairs: Bits,
    /// The hashes of the heads of groups.
    heads: Bits,
    /// From a head to its group.
    slots: Vec<[u32; 2]>,
    /// Where each group begins in `entries`, and where the last one ends.
    groups: Vec<u32>,
}

#[derive(Debug, Clone)]
struct Entry {
    /// The first bytes as a number.
    front: u64,
    /// Where it lies in `bytes`.
    text: Range<usize>,
    /// Where its numbers lie in `numbers`: equal patterns are one entry.
    numbers: Range<u32>,
    /// The longest other entry of the group that is a prefix of this one.
    prefix: u32,
}

impl Matcher {
    /// Prepares the search for `patterns`; empty ones are never found.
    pub(crate) fn new<T: AsRef<str>>(patterns: impl IntoIterator<Item = T>) -> Self {
        let mut bytes = Vec::new();
        let mut order = Vec::new();
        for (number, pattern) in (0..).zip(patterns) {
            let pattern = pattern.as_ref().as_bytes();
            if pattern.is_empty() {
                continue;
            }
            let start = bytes.len();
            bytes.extend(pattern.iter().map(u8::to_ascii_lowercase));
            let text = start..bytes.len();
            order.push((pattern.len() >= HEAD, front(&bytes[text.clone()]), text, number));
        }
        order.sort_unstable_by(|a, b| {
            let texts = || bytes[a.2.clone()].cmp(&bytes[b.2.clone()]);
            (a.0, a.1).cmp(&(b.0, b.1)).then_with(texts).then(a.3.cmp(&b.3))
        });
        let mut entries: Vec<Entry> = Vec::with_capacity(order.len());
        let mut numbers = Vec::with_capacity(order.len());
        // The entries that are prefixes of the last one, each a prefix of the next.
        let mut open: Vec<u32> = Vec::new();
        for (long, front, text, number) in order {
            let pattern = &bytes[text.clone()];
            if let Some(last) = entries.last_mut().filter(|last| bytes[last.text.clone()] == *pattern) {
                last.numbers.end += 1;
            } else {
                while open.last().is_some_and(|&at| !pattern.starts_with(&bytes[entries[at as usize].text.clone()])) {
                    open.pop();
                }
                let first = numbers.len() as u32;
                let prefix = open.last().copied().unwrap_or(NONE);
                if long {
                    open.push(entries.len() as u32);
                }
                entries.push(Entry { front, text, numbers: first..first + 1, prefix });
            }
            numbers.push(number);
        }
        let bits = if entries.len() > FEW { FEWEST_BITS } else { FEW_BITS };
        let mut pairs = Bits::new(bits);
        for entry in entries.iter().take_while(|entry| entry.text.len() < HEAD) {
            match bytes[entry.text.clone()] {
                [only] => (0..=u8::MAX).for_each(|next| pairs.set_low(u16::from_le_bytes([only, next]).into())),
                [first, next, ..] => pairs.set_low(u16::from_le_bytes([first, next]).into()),
                [] => {}
            }
        }
        let mut groups = Vec::new();
        let mut keys: Vec<(u64, u32)> = Vec::new();
        for (at, entry) in (0..).zip(&entries) {
            let key = match bytes[entry.text.clone()] {
                [a, b, c, d, ..] => key(u32::from_le_bytes([a, b, c, d])),
                ref short => key(lacking(front(short).swap_bytes() as u32, short.len())),
            };
            if keys.last().is_none_or(|last| last.0 != key) {
                keys.push((key, groups.len() as u32));
                groups.push(at);
            }
        }
        groups.push(entries.len() as u32);
        let mut heads = Bits::new((keys.len() * BITS_FOR_GROUP).next_power_of_two().ilog2().max(bits));
        for (key, _) in &keys {
            heads.set_hash((key >> 32) as u32);
        }
        Matcher { slots: slots::build(&keys), bytes, entries, numbers, pairs, heads, groups }
    }

    /// Calls `found` with the byte range and the number of the pattern for each occurrence, those that overlap too: ascending by start, then by length, then by number.
    pub(crate) fn find_overlapping(&self, text: &str, found: impl FnMut(Range<usize>, usize)) {
        self.search(text, |_| 0, found);
    }

    /// The same without the occurrences that begin with a small ASCII letter or a digit behind an ASCII letter or digit.
    pub(crate) fn find_overlapping_words(&self, text: &str, found: impl FnMut(Range<usize>, usize)) {
        let bytes = text.as_bytes();
        let inside_word = |places: Range<usize>| {
            let mut inside = 0_u64;
            // Nothing stands before the first byte.
            let first = places.start.max(1);
            let pairs = bytes[first - 1..].windows(2).take(places.end.saturating_sub(first));
            for (at, pair) in (first - places.start..).zip(pairs) {
                let inner = pair[0].is_ascii_alphanumeric() & (pair[1].is_ascii_lowercase() | pair[1].is_ascii_digit());
                inside |= u64::from(inner) << at;
            }
            inside
        };
        self.search(text, inside_word, found);
    }

    /// `without` gives the places of a block, a bit each, at which nothing is looked for.
    fn search(&self, text: &str, without: impl Fn(Range<usize>) -> u64, mut found: impl FnMut(Range<usize>, usize)) {
        let mut padded = Vec::with_capacity(text.len() + HEAD - 1);
        padded.extend_from_slice(text.as_bytes());
        padded.make_ascii_lowercase();
        padded.extend([0; HEAD - 1]);
        let lower = &padded[..text.len()];
        let mut chain = Vec::new();
        for start in (0..lower.len()).step_by(BLOCK) {
            let block = &padded[start..(start + BLOCK).min(lower.len()) + HEAD - 1];
            // A bit for each place, without a branch: whether a pattern may begin there.
            let mut places = 0_u64;
            for (at, window) in block.windows(HEAD).enumerate() {
                let word = u32::from_le_bytes([window[0], window[1], window[2], window[3]]);
                places |= (self.pairs.get_low(word & 0xFFFF) | self.heads.get_hash(hash(word))) << at;
            }
            if places != 0 {
                places &= !without(start..(start + BLOCK).min(lower.len()));
            }
            while places != 0 {
                let at = start + places.trailing_zeros() as usize;
                places &= places - 1;
                // No pattern begins inside a character.
                if matches!(padded[at], 0x80..=0xBF) {
                    continue;
                }
                let word = u32::from_le_bytes([padded[at], padded[at + 1], padded[at + 2], padded[at + 3]]);
                if self.pairs.get_low(word & 0xFFFF) == 1 {
                    for length in 1..HEAD {
                        self.at(lower, at, lacking(word, length), &mut chain, &mut found);
                    }
                }
                self.at(lower, at, word, &mut chain, &mut found);
            }
        }
    }

    /// Reports the patterns of the group with this head that the text has at a place; `chain` is empty before and after.
    #[inline]
    fn at(&self, text: &[u8], at: usize, head: u32, chain: &mut Vec<u32>, found: &mut impl FnMut(Range<usize>, usize)) {
        if self.heads.get_hash(hash(head)) == 0 {
            return;
        }
        let Some(group) = slots::find(&self.slots, key(head)) else { return };
        self.prefixes(group as usize, &text[at..], chain);
        for entry in chain.drain(..).rev() {
            let entry = &self.entries[entry as usize];
            for &number in &self.numbers[entry.numbers.start as usize..entry.numbers.end as usize] {
                found(at..at + entry.text.len(), number as usize);
            }
        }
    }

    /// The entries of a group that `rest` begins with, longest first.
    fn prefixes(&self, group: usize, rest: &[u8], chain: &mut Vec<u32>) {
        let first = self.groups[group] as usize;
        let number = front(rest);
        let not_after =
            |entry: &Entry| entry.front < number || entry.front == number && self.bytes[entry.text.clone()] <= *rest;
        let before = self.entries[first..self.groups[group + 1] as usize].partition_point(not_after);
        if before == 0 {
            return;
        }
        let mut at = (first + before - 1) as u32;
        let nearest = &self.entries[at as usize];
        let common = match (nearest.front ^ number).leading_zeros() as usize / 8 {
            FRONT => self.bytes[nearest.text.clone()].iter().zip(rest).take_while(|(a, b)| a == b).count(),
            // The zeros behind a short text are no part of it.
            common => common.min(rest.len()),
        };
        while let Some(entry) = self.entries.get(at as usize) {
            if entry.text.len() <= common {
                chain.push(at);
            }
            at = entry.prefix;
        }
    }
}

/// The first eight bytes as a number that sorts as they do; a shorter text counts as if zeros followed.
#[inline]
fn front(text: &[u8]) -> u64 {
    match text.first_chunk() {
        Some(chunk) => u64::from_be_bytes(*chunk),
        None => text.iter().zip((0..FRONT).rev()).fold(0, |number, (byte, at)| number | u64::from(*byte) << (8 * at)),
    }
}

/// The head of a text of `length` bytes, from a word that begins with it.
#[inline]
fn lacking(word: u32, length: usize) -> u32 {
    word | LACKING << (8 * length)
}

/// The key of a head in the hash table. Its lower half is the head itself, so no two are taken for each other.
#[inline]
fn key(head: u32) -> u64 {
    u64::from(hash(head)) << 32 | u64::from(head)
}

#[inline]
fn hash(head: u32) -> u32 {
    (u64::from(head).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32
}

/// A set of small numbers.
#[derive(Debug, Clone)]
struct Bits {
    words: Vec<u64>,
    /// The set holds numbers below 2 to this power.
    bits: u32,
}

impl Bits {
    fn new(bits: u32) -> Self {
        Bits { words: vec![0; (1 << bits) / 64], bits }
    }

    fn set(&mut self, at: usize) {
        self.words[at / 64] |= 1 << (at % 64);
    }

    /// 1 if the number is in the set, else 0.
    #[inline]
    fn get(&self, at: usize) -> u64 {
        self.words[at / 64] >> (at % 64) & 1
    }

    fn set_low(&mut self, number: u32) {
        self.set((number & ((1 << self.bits) - 1)) as usize);
    }

    /// Of a larger number, what its lower bits say.
    #[inline]
    fn get_low(&self, number: u32) -> u64 {
        self.get((number & ((1 << self.bits) - 1)) as usize)
    }

    fn set_hash(&mut self, hash: u32) {
        self.set((hash >> (u32::BITS - self.bits)) as usize);
    }

    #[inline]
    fn get_hash(&self, hash: u32) -> u64 {
        self.get((hash >> (u32::BITS - self.bits)) as usize)
    }
}

#[cfg(test)]
mod tests {
    use aho_corasick::AhoCorasick;
    use proptest::prelude::*;

    use super::*;

    fn found(patterns: &[String], text: &str) -> Vec<(usize, usize, usize)> {
        let mut found = Vec::new();
        Matcher::new(patterns).find_overlapping(text, |range, number| found.push((range.start, range.len(), number)));
        found
    }

    /// The same by an automaton, in the order that the matcher promises.
    fn expected(patterns: &[String], text: &str) -> Vec<(usize, usize, usize)> {
        let automaton = AhoCorasick::builder().ascii_case_insensitive(true).build(patterns).unwrap();
        let found = automaton.find_overlapping_iter(text).filter(|found| !found.is_empty());
        let mut found: Vec<_> = found.map(|f| (f.start(), f.end() - f.start(), f.pattern().as_usize())).collect();
        found.sort_unstable();
        found
    }

    #[test]
    fn finds_all_in_the_promised_order() {
        let patterns = ["Open", "openai", "AI", "a", "", "OPEN", "开放", "开放人", "开", "open\0"].map(String::from);
        let text = "OpenAI 开放人工, open";
        let names: Vec<_> = found(&patterns, text).into_iter().map(|(_, _, number)| &*patterns[number]).collect();
        assert_eq!(names, ["Open", "OPEN", "openai", "a", "AI", "开", "开放", "开放人", "Open", "OPEN"]);
        assert_eq!(found(&patterns, text), expected(&patterns, text));
    }

    #[test]
    fn words_are_found_where_they_begin() {
        let patterns = ["a", "ab", "b", "9", "中"].map(String::from);
        let words = |text: &str| {
            let mut found = Vec::new();
            let keep = |range: Range<usize>, number: usize| found.push((range.start, &*patterns[number]));
            Matcher::new(&patterns).find_overlapping_words(text, keep);
            found
        };
        assert_eq!(
            words("ab bab B9中ab aB"),
            [
                (0, "a"),
                (0, "ab"),
                (3, "b"),
                (7, "b"),
                (9, "中"),
                (12, "a"),
                (12, "ab"),
                (15, "a"),
                (15, "ab"),
                (16, "b"),
            ]
        );
        for before in [62, 63, 64, 65, 128] {
            assert_eq!(words(&format!("{}a ba", "-".repeat(before))).len(), 2, "{before}");
        }
    }

    #[test]
    fn a_hundred_thousand_names_with_one_beginning_are_no_matter() {
        let patterns: Vec<String> = (0..100_000).map(|n| format!("公司{n}")).collect();
        let text = "公司99999说公司".repeat(10_000);
        assert_eq!(found(&patterns, &text).len(), 50_000, "9, 99, 999, … at each place");
    }

    proptest! {
        #[test]
        fn equals_an_automaton(
            patterns in prop::collection::vec("[abA中丰é]{0,7}", 0..60),
            text in "[abAB中丰中é\\x00 ]{0,80}",
        ) {
            prop_assert_eq!(found(&patterns, &text), expected(&patterns, &text));
        }

        #[test]
        fn equals_an_automaton_on_parts_of_a_text(text in "\\PC{1,60}", ends in prop::collection::vec((0usize..200, 0usize..12), 0..40)) {
            let at: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let part = |(start, length): (usize, usize)| {
                let start = start % at.len();
                text[at[start]..at[(start + length).min(at.len() - 1)]].to_ascii_uppercase()
            };
            let patterns: Vec<String> = ends.into_iter().map(part).collect();
            prop_assert_eq!(found(&patterns, &text), expected(&patterns, &text));
        }
    }
}
