//! A mail's HTML as far as a reader sees it: its text, and its links with what they show.
//!
//! Not a parser of documents: tags are taken out, a few become line ends, references become
//! characters, and what is broken stays text. One walk, linear.

/// A link of a mail.
#[derive(Clone, PartialEq, Eq)]
pub struct Anchor {
    /// Where it leads.
    pub href: String,
    /// What it shows.
    pub text: String,
}

/// What a reader sees of a mail.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Html {
    /// The text.
    pub text: String,
    /// Links, in order.
    pub anchors: Vec<Anchor>,
}

impl std::fmt::Debug for Html {
    // The text is a person's.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Html {{ {} bytes, {} links }}", self.text.len(), self.anchors.len())
    }
}

impl std::fmt::Debug for Anchor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Anchor { .. }")
    }
}

/// Elements whose content is not shown.
const HIDDEN: [&str; 4] = ["script", "style", "head", "title"];
/// Elements within a line; every other one begins a new line.
const INLINE: [&str; 14] =
    ["a", "b", "i", "u", "em", "strong", "span", "font", "small", "big", "sub", "sup", "mark", "wbr"];

// === impl Html ===

impl Html {
    /// Reads a mail's HTML.
    pub fn read(html: &str) -> Self {
        let mut reader = Reader::default();
        let mut rest = html;
        while let Some(at) = rest.find('<') {
            let (before, tag) = rest.split_at_checked(at).unwrap_or((rest, ""));
            reader.show(before);
            let Some(end) = tag_end(tag) else {
                // No tag ends any more: all of it is text.
                rest = tag;
                break;
            };
            let (tag, behind) = tag.split_at_checked(end).unwrap_or((tag, ""));
            rest = reader.tag(tag, behind);
        }
        reader.show(rest);
        reader.close_anchor();
        reader.html
    }
}

/// The byte behind a tag or comment.
fn tag_end(tag: &str) -> Option<usize> {
    match tag.strip_prefix("<!--") {
        Some(comment) => comment.find("-->").map(|end| end + 7).or_else(|| tag.find('>').map(|end| end + 1)),
        None => tag.find('>').map(|end| end + 1),
    }
}

#[derive(Default)]
struct Reader {
    html: Html,
    /// The link that is open, and where its text begins.
    open: Option<(String, usize)>,
}

// === impl Reader ===

impl Reader {
    fn show(&mut self, text: &str) {
        decode(text, &mut self.html.text);
    }

    /// Takes one tag; gives what is to be read next.
    fn tag<'t>(&mut self, tag: &str, behind: &'t str) -> &'t str {
        let inner = tag.trim_start_matches('<').trim_end_matches('>');
        let closing = inner.starts_with('/');
        let inner = inner.trim_start_matches('/');
        let length = inner.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(inner.len());
        let (name, attributes) = inner.split_at_checked(length).unwrap_or((inner, ""));
        let name = name.to_ascii_lowercase();
        if name == "a" {
            self.close_anchor();
            if let Some(href) = attribute(attributes, "href").filter(|_| !closing) {
                self.open = Some((href, self.html.text.len()));
            }
        } else if HIDDEN.contains(&name.as_str()) && !closing {
            return after_closing(behind, &name);
        } else if !name.is_empty() && !INLINE.contains(&name.as_str()) {
            self.html.text.push('\n');
        }
        behind
    }

    fn close_anchor(&mut self) {
        if let Some((href, start)) = self.open.take() {
            let text = self.html.text.get(start..).unwrap_or_default().trim().to_owned();
            self.html.anchors.push(Anchor { href, text });
        }
    }
}

/// What follows the closing tag; nothing if it is never closed.
fn after_closing<'t>(text: &'t str, name: &str) -> &'t str {
    let mut rest = text;
    while let Some(at) = rest.find("</") {
        rest = rest.get(at + 2..).unwrap_or_default();
        if rest.get(..name.len()).is_some_and(|tag| tag.eq_ignore_ascii_case(name)) {
            return rest.split_once('>').map_or("", |(_, behind)| behind);
        }
    }
    ""
}

/// The value of an attribute, quoted or not, decoded.
fn attribute(attributes: &str, wanted: &str) -> Option<String> {
    let mut rest = attributes;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        let length = rest.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(rest.len());
        let (name, behind) = rest.split_at_checked(length)?;
        if name.is_empty() && behind.is_empty() {
            return None;
        }
        let behind = behind.trim_start();
        let (value, next) = match behind.strip_prefix('=') {
            Some(value) => value_of(value.trim_start()),
            None => ("", behind),
        };
        if name.eq_ignore_ascii_case(wanted) {
            let mut decoded = String::new();
            decode(value.trim(), &mut decoded);
            return Some(decoded);
        }
        rest = next;
    }
}

fn value_of(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(quoted) = text.strip_prefix(quote) {
            return quoted.split_once(quote).unwrap_or((quoted, ""));
        }
    }
    let length = text.find(char::is_whitespace).unwrap_or(text.len());
    text.split_at_checked(length).unwrap_or((text, ""))
}

/// Appends `text` with its character references read.
fn decode(text: &str, into: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, reference) = rest.split_at_checked(at).unwrap_or((rest, ""));
        into.push_str(before);
        // The longest name that is known has six letters, numbers have eight digits.
        let end = reference.bytes().take(12).position(|byte| byte == b';');
        let read = end.and_then(|end| Some((character(reference.get(1..end)?)?, end + 1)));
        let (c, length) = read.unwrap_or(('&', 1));
        into.push(c);
        rest = reference.get(length..).unwrap_or_default();
    }
    into.push_str(rest);
}

fn character(name: &str) -> Option<char> {
    let number = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" | "rsquo" | "lsquo" => Some('\''),
        "nbsp" | "ensp" | "emsp" | "thinsp" => Some(' '),
        "zwnj" => Some('\u{200c}'),
        "zwj" => Some('\u{200d}'),
        "shy" => Some('\u{ad}'),
        "copy" => Some('©'),
        "reg" => Some('®'),
        "trade" => Some('™'),
        "pound" => Some('£'),
        "euro" => Some('€'),
        "ndash" | "mdash" => Some('-'),
        "hellip" => Some('…'),
        "bull" | "middot" => Some('·'),
        _ => match name.strip_prefix('#') {
            Some(hex) if hex.starts_with(['x', 'X']) => number(hex.get(1..)?, 16),
            Some(decimal) => number(decimal, 10),
            None => None,
        },
    }
}
