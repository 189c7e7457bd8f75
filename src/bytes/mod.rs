//! From files to text: decompression within bounds, and encodings.

mod codec;
mod decode;

pub(crate) use codec::RATIO;
pub use codec::{Codec, Headed, Unpacked, head, unpack_all};
pub use decode::{Decoded, Transcoder, declared, decode, encoding_of_head};

/// The most bytes that one document may have unless the caller says otherwise.
pub const MAX_DOCUMENT: usize = 32 << 20;
