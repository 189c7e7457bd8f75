//! A filter that tells, of most places in a text, that no term of the lexicon begins there.
//!
//! A bit is set for the hash of the first [`PREFIX`] bytes of each term, or of the whole of a shorter one. `build.rs` includes this file.

/// So many bytes of a term are looked at, at most.
pub const PREFIX: usize = 6;
/// Bits of the filter.
pub const BITS: usize = 1 << 20;

/// Hashes of the first 1, 2, … bytes of a text in ASCII lower case.
pub fn hashes(text: &[u8]) -> impl Iterator<Item = usize> {
    text.iter().take(PREFIX).scan(0u32, |hash, byte| {
        *hash = (*hash ^ u32::from(byte.to_ascii_lowercase())).wrapping_mul(0x9E37_79B1).rotate_left(15);
        Some((*hash ^ *hash >> 13) as usize % BITS)
    })
}

/// Whether a term may begin a text.
pub fn may_begin(filter: &[u8], text: &[u8]) -> bool {
    hashes(text).any(|bit| filter[bit / 8] >> (bit % 8) & 1 != 0)
}
