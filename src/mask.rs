//! How personal data looks in logs and records: enough left to recognise, too little to use.
//!
//! Every function takes whatever a caller typed and keeps only characters of a closed set, so that
//! a text put into the wrong field cannot come out whole. Where two records must be matched by the
//! same person, a [`JoinKey`] stands in for the value.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;

use sha2::{Digest, Sha256};

use crate::domain::{Sender, SenderKind};

/// What stands for what was left out.
pub const HIDDEN: &str = "•••";

/// Longest sender name that is shown whole: an alphanumeric sender has at most 11 characters.
const NAME_SHOWN: usize = 11;
/// From so many digits on, a name is treated as a number.
const NUMBER_DIGITS: usize = 5;

/// `+14155550100` as `+1415•••0100`.
///
/// Of 11 digits and more, the first and last four are shown; of fewer, fewer. Up to four digits are
/// shown whole: those are service and emergency numbers, and no subscriber has one. Everything but
/// digits and a leading `+` goes.
pub fn mask_number(number: &str) -> String {
    let digits = digits(number);
    let (head, tail) = match digits.len() {
        0 => return if number.is_empty() { String::new() } else { HIDDEN.to_owned() },
        1..=4 => (digits.len(), 0),
        5..=7 => (1, 1),
        8..=10 => (3, 2),
        _ => (4, 4),
    };
    let plus = if number.trim_start().starts_with('+') { "+" } else { "" };
    let first = digits.get(..head).unwrap_or_default();
    let last = digits.get(digits.len() - tail..).unwrap_or_default();
    let hidden = if head + tail < digits.len() { HIDDEN } else { "" };
    format!("{plus}{first}{hidden}{last}")
}

/// `jane@example.com` as `j•••@example.com`. A domain keeps its name, unless it spells a number.
pub fn mask_mail(mailbox: &str) -> String {
    let Some((local, domain)) = mailbox.rsplit_once('@') else {
        return HIDDEN.to_owned();
    };
    let first = local.chars().next().filter(char::is_ascii_alphanumeric);
    let first = first.filter(|_| local.len() > 1).map(String::from).unwrap_or_default();
    let in_set = |b: u8| b.is_ascii_alphanumeric() || b == b'.' || b == b'-';
    let plain = domain.len() <= 253 && domain.bytes().all(in_set) && !spells_number(domain);
    format!("{first}{HIDDEN}@{}", if plain { domain } else { HIDDEN })
}

/// `203.0.113.9` as `203.0.113.•`, and of an IPv6 address its first 48 bits.
pub fn mask_ip(address: &str) -> String {
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(v4)) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.•")
        }
        Ok(IpAddr::V6(v6)) => {
            let [a, b, c, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}::•")
        }
        Err(_) => HIDDEN.to_owned(),
    }
}

/// A sender by what it is: a number, a mail address, or a public name such as `NORTHWIND`.
///
/// A name is shown only if it looks like one: short, of plain characters, and not a number in
/// disguise.
pub fn mask_sender(sender: &Sender) -> String {
    let value = sender.value.as_str();
    if value.contains('@') {
        return mask_mail(value);
    }
    let is_number = sender.kind.is_some_and(SenderKind::is_number);
    if is_number || spells_number(value) { mask_number(value) } else { mask_name(value) }
}

/// A telephone number or a mail address, whichever it is.
pub fn mask_destination(text: &str) -> String {
    if text.contains('@') { mask_mail(text) } else { mask_number(text) }
}

fn mask_name(name: &str) -> String {
    let in_set = |b: u8| b.is_ascii_alphanumeric() || b" -_.&".contains(&b);
    if name.len() <= NAME_SHOWN && name.bytes().all(in_set) {
        return name.to_owned();
    }
    let first: String = name.chars().take_while(char::is_ascii_alphanumeric).take(3).collect();
    format!("{first}{HIDDEN}")
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn spells_number(text: &str) -> bool {
    text.bytes().filter(u8::is_ascii_digit).count() >= NUMBER_DIGITS
}

/// Turns a value into a key that joins records of the same value and tells nothing else.
///
/// It is HMAC-SHA-256: telephone numbers are few enough to try them all, so a plain hash would hide
/// nothing from whoever has the records. Whoever has the secret can.
#[derive(Clone)]
pub struct JoinKey {
    inner: Sha256,
    outer: Sha256,
}

// === impl JoinKey ===

impl JoinKey {
    /// Keys that stay the same for as long as `secret` does.
    pub fn new(secret: &[u8]) -> Self {
        let mut block = [0_u8; 64];
        let hashed: [u8; 32] = Sha256::digest(secret).into();
        let key = if secret.len() > block.len() { &hashed[..] } else { secret };
        for (slot, byte) in block.iter_mut().zip(key) {
            *slot = *byte;
        }
        let padded = |pad: u8| Sha256::new_with_prefix(block.map(|byte| byte ^ pad));
        Self { inner: padded(0x36), outer: padded(0x5c) }
    }

    /// Keys that join within this process only: 128 bits from the operating system, kept nowhere.
    pub fn random() -> Self {
        // The standard library seeds its hashers from the system's generator and then counts up;
        // four of them carry all of that seed.
        let mut secret = Sha256::new();
        for i in 0..4_u8 {
            secret.update(RandomState::new().hash_one(i).to_be_bytes());
        }
        secret.update(uuid::Uuid::now_v7().as_bytes());
        Self::new(&secret.finalize())
    }

    /// The key of `text`: 128 bits in hexadecimal. A number has the same key however it was typed,
    /// and a mail address whatever its case.
    pub fn key(&self, text: &str) -> String {
        let text = if text.contains('@') { text.to_ascii_lowercase() } else { digits(text) };
        let mac = self.mac(text.as_bytes());
        let (word, _) = mac.split_at(16);
        word.iter().fold(String::with_capacity(32), |mut key, byte| {
            let hex = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
            key.extend([hex(byte >> 4), hex(byte & 15)]);
            key
        })
    }

    fn mac(&self, message: &[u8]) -> [u8; 32] {
        let inner = self.inner.clone().chain_update(message).finalize();
        self.outer.clone().chain_update(inner).finalize().into()
    }
}

impl std::fmt::Debug for JoinKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JoinKey { .. }")
    }
}

#[cfg(test)]
mod tests;
