//! Numbers, texts and events as bytes, and back. Reading never trusts a length: whatever the bytes
//! are, the answer is a value or that they are malformed.

use std::sync::Arc;

use crate::traffic::digest::Secret;
use crate::traffic::entry::Entry;
use crate::traffic::event::{Event, Fact};
use crate::traffic::field::Field;

/// The bytes are not what they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a record is malformed")]
pub struct Malformed;

/// Bytes to be read from the front.
pub(super) struct Reader<'b> {
    rest: &'b [u8],
}

// === writing ===

pub(super) fn put_u64(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(low(number) | 0x80);
        number >>= 7;
    }
    bytes.push(low(number));
}

fn low(number: u64) -> u8 {
    number.to_le_bytes().first().map_or(0, |byte| byte & 0x7f)
}

pub(super) fn put_len(bytes: &mut Vec<u8>, length: usize) {
    put_u64(bytes, u64::try_from(length).unwrap_or(u64::MAX));
}

/// Small numbers of either sign are short.
pub(super) fn put_i64(bytes: &mut Vec<u8>, number: i64) {
    put_u64(bytes, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

pub(super) fn put_text(bytes: &mut Vec<u8>, text: &str) {
    put_len(bytes, text.len());
    bytes.extend_from_slice(text.as_bytes());
}

pub(super) fn put_words(bytes: &mut Vec<u8>, words: [u64; 2]) {
    for word in words {
        bytes.extend_from_slice(&word.to_le_bytes());
    }
}

fn put_option(bytes: &mut Vec<u8>, number: Option<i64>) {
    bytes.push(u8::from(number.is_some()));
    if let Some(number) = number {
        put_i64(bytes, number);
    }
}

/// An event; `hide` makes of each fact what may be written.
/// An event as bytes that tell nobody apart: of numbers and addresses only hashes are in them.
pub(in crate::traffic) fn encoded(event: &Event, secret: Secret) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256);
    put_i64(&mut bytes, event.at);
    put_text(&mut bytes, &event.kind);
    bytes.push(u8::from(event.refused));
    put_i64(&mut bytes, event.weight);
    put_text(&mut bytes, event.id.as_deref().unwrap_or_default());
    put_len(&mut bytes, event.facts().len());
    for (field, fact) in event.facts() {
        bytes.extend(field.code().to_le_bytes());
        match fact {
            Fact::Text(_) if field.is_private() => {
                let hash = event.hash(*field, secret).unwrap_or_default();
                put_hidden(&mut bytes, hash, secret.number(fact));
            }
            Fact::Flag(flag) => bytes.extend([0, u8::from(*flag)]),
            Fact::Number(number) => {
                bytes.push(1);
                put_i64(&mut bytes, *number);
            }
            Fact::Text(text) => {
                bytes.push(2);
                put_text(&mut bytes, text);
            }
            Fact::Hidden(hash, number) => put_hidden(&mut bytes, *hash, *number),
        }
    }
    bytes
}

fn put_hidden(bytes: &mut Vec<u8>, hash: [u64; 2], number: Option<i64>) {
    bytes.push(3);
    put_words(bytes, hash);
    put_option(bytes, number);
}

/// An event as it was encoded.
///
/// # Errors
/// When the bytes are malformed.
pub(in crate::traffic) fn decoded(bytes: &[u8]) -> Result<Event, Malformed> {
    Reader::new(bytes).event()
}

/// An entry, after one that was at `last`.
pub(super) fn put_entry(bytes: &mut Vec<u8>, entry: &Entry, last: i64) {
    let (span, flags, value, numbers) = entry.parts();
    bytes.push(flags);
    put_i64(bytes, entry.at.wrapping_sub(last));
    put_u64(bytes, u64::from(span));
    put_i64(bytes, entry.measure);
    put_u64(bytes, value);
    for number in numbers {
        // What is not stated is the smallest number there is; one more makes it zero.
        put_i64(bytes, number.wrapping_sub(i64::MIN));
    }
}

// === impl Reader ===

impl<'b> Reader<'b> {
    pub(super) const fn new(bytes: &'b [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn bytes(&mut self, length: usize) -> Result<&'b [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Malformed)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Malformed> {
        self.bytes(1)?.first().copied().ok_or(Malformed)
    }

    pub(super) fn flag(&mut self) -> Result<bool, Malformed> {
        match self.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed),
        }
    }

    pub(super) fn number(&mut self) -> Result<u64, Malformed> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = u64::from(self.byte()?);
            let part = byte & 0x7f;
            if shift == 63 && part > 1 {
                return Err(Malformed);
            }
            number |= part << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Malformed)
    }

    pub(super) fn length(&mut self) -> Result<usize, Malformed> {
        usize::try_from(self.number()?).map_err(|_| Malformed)
    }

    pub(super) fn signed(&mut self) -> Result<i64, Malformed> {
        let number = self.number()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    pub(super) fn text(&mut self) -> Result<&'b str, Malformed> {
        let length = self.length()?;
        std::str::from_utf8(self.bytes(length)?).map_err(|_| Malformed)
    }

    pub(super) fn word(&mut self) -> Result<u64, Malformed> {
        self.bytes(8)?.try_into().map(u64::from_le_bytes).map_err(|_| Malformed)
    }

    pub(super) fn words(&mut self) -> Result<[u64; 2], Malformed> {
        Ok([self.word()?, self.word()?])
    }

    pub(super) fn event(&mut self) -> Result<Event, Malformed> {
        let at = self.signed()?;
        let mut event = Event::new(self.text()?, at);
        event.refused = self.flag()?;
        event.weight = self.signed()?;
        event.id = Some(self.text()?).filter(|id| !id.is_empty()).map(Arc::from);
        for _ in 0..self.length()? {
            // A field that this version does not have is read and left out.
            let field = Field::of_code(u16::from_le_bytes([self.byte()?, self.byte()?]));
            let fact = match self.byte()? {
                0 => Fact::Flag(self.flag()?),
                1 => Fact::Number(self.signed()?),
                2 => Fact::Text(self.text()?.into()),
                3 => Fact::Hidden(self.words()?, self.option()?),
                _ => return Err(Malformed),
            };
            if let Some(field) = field {
                event.set(field, fact);
            }
        }
        Ok(event)
    }

    pub(super) fn entry(&mut self, last: i64) -> Result<Entry, Malformed> {
        let flags = self.byte()?;
        let at = last.wrapping_add(self.signed()?);
        let span = u32::try_from(self.number()?).map_err(|_| Malformed)?;
        let (measure, value) = (self.signed()?, self.number()?);
        let mut number = || self.signed().map(|number| number.wrapping_add(i64::MIN));
        let numbers = [number()?, number()?];
        Ok(Entry::of_parts(at, measure, (span, flags, value, numbers)))
    }

    fn option(&mut self) -> Result<Option<i64>, Malformed> {
        if self.flag()? { self.signed().map(Some) } else { Ok(None) }
    }
}
