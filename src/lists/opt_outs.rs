//! Who wants nothing more from whom: entries of the list `opt_outs`, which callers keep current by
//! reporting.
//!
//! A key is an account, a space and a recipient. The payload says what was last heard for all senders of
//! the account and for single ones, and when; of two, the later word counts, and an opt-out where they
//! were said at once. An entry without payload is an opt-out from everything.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The list's name.
pub const OPT_OUTS: &str = "opt_outs";
/// Senders that are kept apart for a recipient; the one heard of longest ago goes first.
const MAX_SENDERS: usize = 64;

/// The last word of a recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// Wants no more; otherwise, wants them again.
    pub out: bool,
    /// When it was said, ms.
    pub at: i64,
    /// The change of the store up to which it is newer than what accounts say themselves.
    #[serde(default)]
    pub revision: u64,
}

/// What a recipient wants of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wishes {
    /// For all senders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    all: Option<Word>,
    /// For single ones.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    senders: BTreeMap<String, Word>,
}

/// The key of a recipient and an account.
pub fn key(account: &str, recipient: &str) -> String {
    format!("{account} {recipient}")
}

// === impl Word ===

impl Word {
    const fn order(&self) -> (i64, bool) {
        (self.at, self.out)
    }
}

// === impl Wishes ===

impl Wishes {
    /// From an entry's payload; one that is not understood is an opt-out from everything.
    pub fn of(payload: &Value) -> Self {
        let out = Word { out: true, at: i64::MIN, revision: 0 };
        let wishes = if payload.is_null() { None } else { Self::deserialize(payload).ok() };
        wishes.unwrap_or(Self { all: Some(out), senders: BTreeMap::new() })
    }

    /// Hears a word about one sender or all of them; whether it changes anything. One that is older than
    /// what was heard does not.
    pub fn hear(&mut self, sender: Option<&str>, word: Word) -> bool {
        let known = match sender {
            Some(sender) => self.senders.get(sender),
            None => self.all.as_ref(),
        };
        if known.is_some_and(|known| known.order() >= word.order()) {
            return false;
        }
        if let Some(sender) = sender {
            self.senders.insert(sender.to_owned(), word);
        } else {
            self.all = Some(word);
            // Older words about single senders are overruled.
            self.senders.retain(|_, known| known.order() > word.order());
        }
        while self.senders.len() > MAX_SENDERS {
            let oldest = self.senders.iter().min_by_key(|(_, word)| word.at).map(|(name, _)| name.clone());
            oldest.map(|name| self.senders.remove(&name));
        }
        true
    }

    /// The word that counts for a sender.
    pub fn word(&self, sender: Option<&str>) -> Option<Word> {
        let own = sender.and_then(|sender| self.senders.get(sender));
        own.into_iter().chain(&self.all).max_by_key(|word| word.order()).copied()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const fn word(out: bool, at: i64) -> Word {
        Word { out, at, revision: 0 }
    }

    #[test]
    fn the_later_word_counts() {
        let mut wishes = Wishes::default();
        assert_eq!(wishes.word(None), None);
        assert!(wishes.hear(None, word(true, 10)));
        assert!(!wishes.hear(None, word(false, 9)), "it came late");
        assert!(!wishes.hear(None, word(false, 10)), "at once, the opt-out counts");
        assert!(wishes.hear(Some("northwind"), word(false, 20)));
        assert_eq!(wishes.word(Some("northwind")), Some(word(false, 20)));
        assert_eq!(wishes.word(Some("contoso")), Some(word(true, 10)));
        assert!(wishes.hear(None, word(true, 30)));
        assert_eq!(wishes.word(Some("northwind")), Some(word(true, 30)));
        assert!(!wishes.hear(None, word(true, 30)), "it was heard before");
    }

    #[test]
    fn what_is_not_understood_is_an_opt_out() {
        for payload in [json!(null), json!("yes"), json!({"all": 7})] {
            assert!(Wishes::of(&payload).word(None).is_some_and(|word| word.out), "{payload}");
        }
        let mut wishes = Wishes::default();
        wishes.hear(Some("contoso"), word(true, 5));
        assert_eq!(Wishes::of(&serde_json::to_value(&wishes).expect("JSON")), wishes);
    }

    #[test]
    fn senders_kept_apart_are_bounded() {
        let mut wishes = Wishes::default();
        for at in 0..1_000 {
            wishes.hear(Some(&format!("sender{at}")), word(true, at));
        }
        assert_eq!(wishes.senders.len(), MAX_SENDERS);
        assert!(wishes.word(Some("sender999")).is_some());
    }
}
