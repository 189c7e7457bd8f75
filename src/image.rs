//! Arrays of numbers in bytes: those of an embedded file are used where they lie, those of any other are copied out.

use std::borrow::Cow;

use bytemuck::Pod;

/// Bytes at an address that suits every number, for embedded files.
#[repr(C, align(16))]
#[derive(Debug)]
pub struct Aligned<T: ?Sized>(pub T);

/// Where bytes come from.
#[derive(Debug, Clone, Copy)]
pub enum Image<'a> {
    /// A part of the program.
    Embedded(&'static [u8]),
    /// Read from elsewhere.
    Loaded(&'a [u8]),
}

impl Image<'_> {
    /// The array of little-endian numbers of `WORD` bytes each that the bytes are; what is left at the end does not count.
    pub fn array<T: Pod, const WORD: usize>(self) -> Cow<'static, [T]> {
        let whole = |bytes: &[u8]| bytes.len() - bytes.len() % size_of::<T>();
        match self {
            Image::Embedded(bytes) if cfg!(target_endian = "little") => {
                let bytes = &bytes[..whole(bytes)];
                bytemuck::try_cast_slice(bytes).map_or_else(|_| copied::<T, WORD>(bytes).into(), Cow::Borrowed)
            }
            Image::Embedded(bytes) | Image::Loaded(bytes) => copied::<T, WORD>(&bytes[..whole(bytes)]).into(),
        }
    }
}

fn copied<T: Pod, const WORD: usize>(bytes: &[u8]) -> Vec<T> {
    if cfg!(target_endian = "little") {
        return bytemuck::pod_collect_to_vec(bytes);
    }
    let turned: Vec<u8> = bytes.chunks(WORD).flat_map(|word| word.iter().rev().copied()).collect();
    bytemuck::pod_collect_to_vec(&turned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_give_the_same() {
        static BYTES: Aligned<[u8; 9]> = Aligned([1, 0, 0, 0, 2, 1, 0, 0, 7]);
        let embedded = Image::Embedded(&BYTES.0).array::<u32, 4>();
        assert!(matches!(embedded, Cow::Borrowed(_)) || cfg!(target_endian = "big"));
        assert_eq!(*embedded, [1, 258]);
        assert_eq!(embedded, Image::Loaded(&BYTES.0).array::<u32, 4>());
        assert_eq!(*Image::Embedded(&BYTES.0[1..]).array::<u32, 4>(), [0x0200_0000, 0x0700_0001]);
    }
}
