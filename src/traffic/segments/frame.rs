//! Files of frames: each has a length and a checksum, so that where a file ends in the middle of one
//! it is seen, and everything before it is good.

use std::fs::File;
use std::io::{self, Read, Write};

/// What every file begins with: a name and a version.
const MAGIC: &[u8; 8] = b"AUPDTRF1";
/// Length and checksum.
const HEAD: u64 = 8;

/// What a file held.
pub(super) struct Frames {
    /// The frames that are.
    pub(super) whole: Vec<Vec<u8>>,
    /// How long the good beginning of the file is.
    pub(super) good: u64,
    /// How many bytes after it are not.
    pub(super) torn: u64,
}

/// Begins a file.
///
/// # Errors
/// When it cannot be written.
pub(super) fn begin(file: &mut File) -> io::Result<u64> {
    file.write_all(MAGIC)?;
    Ok(8)
}

/// Writes one frame; how long it is in the file.
///
/// # Errors
/// When it cannot be written, or is longer than four gigabytes.
pub(super) fn write(file: &mut File, payload: &[u8]) -> io::Result<u64> {
    let length = u32::try_from(payload.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
    let mut frame = Vec::with_capacity(payload.len() + 8);
    frame.extend_from_slice(&length.to_le_bytes());
    frame.extend_from_slice(&crc32fast::hash(payload).to_le_bytes());
    frame.extend_from_slice(payload);
    file.write_all(&frame)?;
    Ok(HEAD + u64::from(length))
}

/// Reads every whole frame.
///
/// # Errors
/// When the file cannot be read, or is none of ours.
pub(super) fn read(file: &mut File) -> io::Result<Frames> {
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let all = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let Some(mut rest) = bytes.strip_prefix(MAGIC) else {
        // Cut off before it began: there is nothing in it.
        let cut = MAGIC.starts_with(&bytes);
        let none = Frames { whole: Vec::new(), good: 0, torn: all };
        return if cut { Ok(none) } else { Err(io::ErrorKind::InvalidData.into()) };
    };
    let mut whole = Vec::new();
    while let Some((frame, after)) = first(rest) {
        whole.push(frame.to_vec());
        rest = after;
    }
    let torn = u64::try_from(rest.len()).unwrap_or(u64::MAX);
    Ok(Frames { whole, good: all - torn, torn })
}

fn first(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (sum, rest) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (payload, rest) = rest.split_at_checked(length)?;
    (crc32fast::hash(payload) == u32::from_le_bytes(*sum)).then_some((payload, rest))
}
