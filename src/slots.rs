//! An open-addressed table over keys that are well-mixed hashes, as a plain array that can lie in a file and be used where it lies.
//!
//! A slot is the lower half of a key and a value; the upper half says where the search begins. Two keys are told apart by the lower half and the place, so a key that is not
//! in a table of n slots is taken for one that is with a probability of about 2⁻³¹.
//!
//! `build.rs` includes this file.

/// The value of a slot that is free.
const FREE: u32 = u32::MAX;

/// A table of entries; their keys must differ and their values be below `u32::MAX`. The table depends on the entries and their order alone.
pub fn build(entries: &[(u64, u32)]) -> Vec<[u32; 2]> {
    let mut size = (entries.len() * 4 / 3 + 1).next_power_of_two();
    loop {
        match filled(entries, size) {
            Some(slots) => return slots,
            // Two keys that a search cannot tell apart; in a larger table they have other places.
            None => size *= 2,
        }
    }
}

fn filled(entries: &[(u64, u32)], size: usize) -> Option<Vec<[u32; 2]>> {
    let mut slots = vec![[0, FREE]; size];
    for &(key, value) in entries {
        let mut at = place(key, size);
        while slots[at][1] != FREE {
            if slots[at][0] == key as u32 {
                return None;
            }
            at = (at + 1) & (size - 1);
        }
        slots[at] = [key as u32, value];
    }
    Some(slots)
}

fn place(key: u64, size: usize) -> usize {
    (key >> 32) as usize & (size - 1)
}

/// The slot at which the search for a key begins.
#[inline]
pub fn first(slots: &[[u32; 2]], key: u64) -> [u32; 2] {
    slots[place(key, slots.len())]
}

/// The value of a key.
#[inline]
pub fn find(slots: &[[u32; 2]], key: u64) -> Option<u32> {
    let mut at = place(key, slots.len());
    loop {
        let [tag, value] = slots[at];
        if value == FREE {
            return None;
        }
        if tag == key as u32 {
            return Some(value);
        }
        at = (at + 1) & (slots.len() - 1);
    }
}
