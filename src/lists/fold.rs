//! Forms in which names are compared.

use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton as confusable_skeleton;

/// NFKC, lower case, single spaces: names that differ in width, case or spacing become one.
pub fn folded(text: &str) -> String {
    let text: String = text.nfkc().flat_map(char::to_lowercase).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What the name looks like: folded, look-alikes merged (UTS #39), spaces and punctuation dropped.
pub fn skeleton(text: &str) -> String {
    let plain: String = folded(text).chars().filter(|c| c.is_alphanumeric()).collect();
    // Some look-alikes of small letters are capitals, so fold once more.
    confusable_skeleton(&folded(&plain)).flat_map(char::to_lowercase).collect()
}
