//! Lists in the form that code compares with, made once for each state of the lists.

use std::sync::{Arc, OnceLock};

use super::{Brands, Lists, Windows};
use crate::content::CardSchemes;

/// Forms made from lists; empty until they are asked for.
#[derive(Debug, Clone, Default)]
pub struct Derived {
    brands: OnceLock<Arc<Brands>>,
    windows: OnceLock<Option<Arc<Windows>>>,
    cards: OnceLock<Option<Arc<CardSchemes>>>,
}

// === impl Lists ===

impl Lists {
    /// Protected brands; `None` without their list.
    pub fn brands(&self) -> Option<&Brands> {
        let list = self.get("protected_brands")?;
        Some(self.derived().brands.get_or_init(|| Arc::new(Brands::of(list))))
    }

    /// Hours for advertising; `None` where a list of theirs is missing or malformed.
    pub fn windows(&self) -> Option<&Windows> {
        let made =
            || Some(Arc::new(Windows::of(self.get("promotional_windows")?, self.get("us_holidays")?)?));
        self.derived().windows.get_or_init(made).as_deref()
    }

    /// Schemes of payment cards; `None` where their list is missing or malformed.
    pub fn card_schemes(&self) -> Option<&CardSchemes> {
        let made = || {
            let lengths = |payload: &serde_json::Value| {
                let lengths = payload.as_array()?.iter();
                lengths.map(|n| usize::try_from(n.as_u64()?).ok()).collect::<Option<Vec<_>>>()
            };
            let list = self.get("card_schemes")?;
            let entries =
                list.entries().map(|(prefix, payload)| Some((prefix.to_owned(), lengths(payload)?)));
            Some(Arc::new(CardSchemes(entries.collect::<Option<_>>()?)))
        };
        self.derived().cards.get_or_init(made).as_deref()
    }
}
