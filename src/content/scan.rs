//! All that the texts of one request say.

use std::borrow::Cow;

use super::{CardSchemes, Evasion, Lexicons, Link, Normal, Numbers, Span, links};

/// What was found, over all texts together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Content {
    /// Lexicons that the texts speak of: one bit each, by place.
    lexicons: u64,
    /// Where: the lexicon, which text, and the place in it.
    pub spans: Vec<(usize, usize, Span)>,
    /// Links, in order.
    pub links: Vec<Link>,
    /// A payment card number.
    pub card: bool,
    /// An Aadhaar number in groups of four.
    pub aadhaar_grouped: bool,
    /// An Aadhaar number in any writing.
    pub aadhaar: bool,
    /// A number to call.
    pub callable: bool,
    /// Signs that words are hidden.
    pub evasion: Evasion,
    texts: usize,
}

// === impl Content ===

impl Content {
    /// Reads one more text.
    pub fn read(&mut self, text: &str, lexicons: &Lexicons, schemes: &CardSchemes) {
        let found = links(text);
        let shown = without_links(text, &found);
        let (normal, evasion) = Normal::of(&shown);
        self.evasion.hidden = self.evasion.hidden.saturating_add(evasion.hidden);
        self.evasion.mixed |= evasion.mixed;
        self.find(&normal, lexicons);
        if let Some(unmasked) = normal.unmasked() {
            self.find(&unmasked, lexicons);
        }
        self.links.extend(found);
        self.count(&Numbers::find(normal.as_str(), schemes));
        self.texts += 1;
    }

    /// Reads a name: what it hides is judged by what it looks like, not here.
    pub fn read_name(&mut self, name: &str, lexicons: &Lexicons, schemes: &CardSchemes) {
        let evasion = self.evasion;
        self.read(name, lexicons, schemes);
        self.evasion = evasion;
    }

    fn find(&mut self, text: &Normal<'_>, lexicons: &Lexicons) {
        let (bits, spans, place) = (&mut self.lexicons, &mut self.spans, self.texts);
        lexicons.find(text, |id, span| {
            *bits |= 1 << id;
            spans.push((id, place, span));
        });
    }

    fn count(&mut self, numbers: &Numbers) {
        self.card |= !numbers.cards.is_empty();
        self.aadhaar_grouped |= !numbers.aadhaar_grouped.is_empty();
        self.aadhaar |= !numbers.aadhaar.is_empty();
        self.callable |= !numbers.callable.is_empty();
    }

    /// Whether the texts speak of what the lexicon at this place is about.
    pub const fn speaks_of(&self, lexicon: usize) -> bool {
        lexicon < u64::BITS as usize && self.lexicons >> lexicon & 1 == 1
    }
}

/// The text with the insides of its links made unreadable, at the same places: the words of an address
/// are no words of the text. Its scheme stays.
fn without_links<'t>(text: &'t str, links: &[Link]) -> Cow<'t, str> {
    if !links.iter().any(|link| link.certain) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for link in links.iter().filter(|link| link.certain) {
        let begin = link.span.start.max(shown.len());
        shown.push_str(text.get(shown.len()..begin).unwrap_or_default());
        shown.extend(std::iter::repeat_n('q', link.span.end.saturating_sub(begin)));
    }
    shown.push_str(text.get(shown.len()..).unwrap_or_default());
    Cow::Owned(shown)
}
