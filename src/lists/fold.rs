//! Forms in which names are compared.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton as confusable_skeleton;

/// NFKC, lower case, single spaces: names that differ in width, case or spacing become one.
pub fn folded(text: &str) -> String {
    if text.is_ascii() {
        return folded_ascii(text);
    }
    let text: String = text.nfkc().flat_map(char::to_lowercase).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What the name looks like: folded, look-alikes merged (UTS #39), spaces and punctuation dropped.
pub fn skeleton(text: &str) -> String {
    if text.is_ascii() {
        let parts = text.bytes().filter_map(|byte| ASCII.get(usize::from(byte)));
        return parts.fold(String::with_capacity(text.len()), |all, part| all + part);
    }
    of_any(text)
}

/// What each ASCII character becomes. They look alike one by one, so a name of them need not be taken apart again.
static ASCII: LazyLock<Vec<String>> =
    LazyLock::new(|| (0..=127_u8).map(|byte| of_any(char::from(byte).encode_utf8(&mut [0; 4]))).collect());

fn folded_ascii(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    // Of ASCII, `split_whitespace` knows one more white space (vertical tab) than `split_ascii_whitespace`.
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.chars().map(|c| c.to_ascii_lowercase()));
    }
    folded
}

fn of_any(text: &str) -> String {
    // Some capitals of other writings look Latin and their small letters do not (`М`), so they come first.
    let latin: String = text.nfkc().map(|c| ascii_twin(c).unwrap_or(c)).collect();
    let plain: String = folded(&latin).chars().filter(|c| c.is_alphanumeric()).collect();
    // Some look-alikes of small letters are capitals, so fold once more.
    confusable_skeleton(&folded(&plain)).flat_map(char::to_lowercase).collect()
}

/// The ASCII letter or digit that a character of another writing looks like.
pub(crate) fn ascii_twin(c: char) -> Option<char> {
    let mut buffer = [0; 4];
    let mut twin = confusable_skeleton(c.encode_utf8(&mut buffer));
    let first = twin.next().filter(|twin| !c.is_ascii() && twin.is_ascii_alphanumeric())?;
    twin.next().is_none().then_some(first)
}
