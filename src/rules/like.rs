//! The patterns of `like`: pieces of text with anything between them, matched in one pass without
//! building anything.

/// A pattern, cut at its wildcards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    /// Before the first wildcard; the whole text if there is none.
    head: Box<str>,
    /// Between wildcards, in order.
    middle: Box<[Box<str>]>,
    /// After the last wildcard, if there is one.
    tail: Option<Box<str>>,
}

// === impl Pattern ===

impl Pattern {
    /// A pattern of characters, `None` for each wildcard.
    pub(super) fn new(elements: impl IntoIterator<Item = Option<char>>) -> Self {
        let mut pieces = vec![String::new()];
        for element in elements {
            match (element, pieces.last_mut()) {
                (Some(c), Some(piece)) => piece.push(c),
                _ => pieces.push(String::new()),
            }
        }
        let tail = if pieces.len() > 1 { pieces.pop().map(String::into_boxed_str) } else { None };
        let mut pieces = pieces.into_iter().map(String::into_boxed_str);
        let head = pieces.next().unwrap_or_default();
        Self { head, middle: pieces.filter(|piece| !piece.is_empty()).collect(), tail }
    }

    /// Whether the whole of `text` matches. The earliest place for each piece leaves most to the next.
    pub(super) fn matches(&self, text: &str) -> bool {
        let Some(tail) = &self.tail else { return *text == *self.head };
        let Some(mut rest) = text.strip_prefix(&*self.head) else { return false };
        for piece in &self.middle {
            let Some(after) = rest.split_once(&**piece).map(|(_, after)| after) else { return false };
            rest = after;
        }
        rest.ends_with(&**tail)
    }
}
