//! Links in a text: with a scheme, with `www.`, or a bare host.
//!
//! Read from the original, not the normalised text: what a host looks like and what it is are two
//! things. A bare host may be a typing mistake (`ok.in`), so a link says how sure it is.

use super::Span;

/// Longest host name.
const MAX_HOST: usize = 253;
/// Longest label of a host name.
const MAX_LABEL: usize = 63;

/// What may stand behind a link and is not a part of it.
const MARKS_BEHIND: [char; 8] = ['.', '!', '?', ':', '*', '_', '…', '。'];

/// A link.
#[derive(Clone, PartialEq, Eq)]
pub struct Link {
    /// Its place.
    pub span: Span,
    /// Its host in small letters, without the final dot.
    pub host: String,
    /// What follows the host: port, path, query.
    pub tail: String,
    /// It has a scheme, `www.` or a path, so that it is meant to be one.
    pub certain: bool,
}

impl std::fmt::Debug for Link {
    // The host may name a person.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Link {{ {}..{}, .. }}", self.span.start, self.span.end)
    }
}

/// Every link of a text, in order.
pub fn links(text: &str) -> Vec<Link> {
    let mut found = Vec::new();
    let mut behind = 0;
    // Words without one of these marks are none, so only the others are cut out and read.
    while let Some(mark) = text.get(behind..).and_then(|rest| rest.find(['.', ':', '。'])) {
        let mark = behind + mark;
        let word = word_around(text, behind, mark);
        if has_inner_mark(text.get(word.clone()).unwrap_or_default()) {
            found.extend(link(text.get(word.clone()).unwrap_or_default(), word.start));
        }
        behind = word.end;
    }
    found
}

/// The word that the mark at `mark` is in, from `behind` at the earliest.
fn word_around(text: &str, behind: usize, mark: usize) -> Span {
    let before = text.get(behind..mark).unwrap_or_default();
    let start = before.char_indices().rev().find(|(_, c)| is_delimiter(*c));
    let start = start.map_or(behind, |(at, c)| behind + at + c.len_utf8());
    let end = text.get(mark..).and_then(|rest| rest.find(is_delimiter)).map_or(text.len(), |at| mark + at);
    start..end
}

/// Whether a mark stands before something else: the end of a sentence makes no host.
fn has_inner_mark(word: &str) -> bool {
    word.trim_end_matches(MARKS_BEHIND).contains(['.', ':', '。'])
}

/// The host of an address such as a link's target, if it has one.
pub fn host_of(address: &str) -> Option<String> {
    link(address.trim(), 0).map(|link| link.host)
}

const fn is_delimiter(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '<' | '>'
                | '"'
                | '\''
                | '('
                | ')'
                | '['
                | ']'
                | '{'
                | '}'
                | ','
                | ';'
                | '|'
                | '“'
                | '”'
                | '‘'
                | '’'
        )
}

fn link(word: &str, start: usize) -> Option<Link> {
    let trimmed = word.trim_end_matches(MARKS_BEHIND);
    let (address, scheme) = match after_scheme(trimmed) {
        Some(at) => (trimmed.get(at..)?, true),
        None => (trimmed.trim_start_matches(['.', '-', '*', '_', '#', '~', ':', '=']), false),
    };
    let end = address.find(['/', '?', '#', '\\']).unwrap_or(address.len());
    let (authority, tail) = address.split_at_checked(end)?;
    let host = match authority.rsplit_once('@') {
        Some((_, host)) if scheme => host,
        // A mail address.
        Some(_) => return None,
        None => authority,
    };
    let (host, port) = host.split_once(':').unwrap_or((host, ""));
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let host = lowered(host);
    let www = host.starts_with("www.");
    if !is_host(&host, scheme) {
        return None;
    }
    let span = start + (trimmed.len() - address.len())..start + trimmed.len();
    Some(Link { span, host, tail: tail.to_owned(), certain: scheme || www || tail.len() > 1 })
}

/// The byte behind `http://` or the like, wherever in the word it begins (`Track:https://…`).
fn after_scheme(word: &str) -> Option<usize> {
    let at = word.find("://").map(|at| at + 3)?;
    let scheme = word.get(..at - 3)?;
    scheme.ends_with(|c: char| c.is_ascii_alphabetic()).then_some(at)
}

fn lowered(host: &str) -> String {
    let host = host.trim_end_matches(['.', '。']);
    host.chars().map(|c| if c == '。' { '.' } else { c }).flat_map(char::to_lowercase).collect()
}

/// A bare host needs a last label of letters, so that numbers and versions are none.
fn is_host(host: &str, scheme: bool) -> bool {
    let labels = || host.split('.');
    let well_formed = host.len() <= MAX_HOST && labels().all(is_label);
    let top = labels().next_back().unwrap_or_default();
    let named = labels().count() > 1
        && (top.starts_with("xn--") || top.chars().count() >= 2 && top.chars().all(char::is_alphabetic));
    well_formed && (named || scheme)
}

fn is_label(label: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    label.len() <= MAX_LABEL
        && edge(label.chars().next())
        && edge(label.chars().next_back())
        && label.chars().all(|c| {
            c.is_alphanumeric() || matches!(c, '-' | '_') || unicode_normalization::char::is_combining_mark(c)
        })
}
