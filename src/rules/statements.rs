//! Splits a Cedar file into its policies, and a policy into tokens, keeping lines.
//!
//! Cedar's parser takes whole files, but then a message has no line of ours; and it accepts what we
//! refuse (a literal number), for which a token with a line is needed.

/// One policy of a file, with the comments above it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Statement<'a> {
    /// Its text up to and including the semicolon.
    pub(super) text: &'a str,
    /// Line of the file on which `text` begins.
    pub(super) first_line: usize,
    /// Line of the file on which its first token stands.
    pub(super) line: usize,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A word.
    Word,
    /// A number.
    Number,
    /// A string with its quotes.
    Text,
    /// Anything else, one character.
    Sign,
}

/// A token with its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token<'a> {
    /// What it is.
    pub(super) kind: TokenKind,
    /// As written.
    pub(super) text: &'a str,
    /// Byte at which it begins.
    pub(super) start: usize,
}

/// The tokens of a text, comments and white space left out.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let (kind, length) = next(rest);
        if let (Some(kind), Some(word)) = (kind, rest.get(..length)) {
            found.push(Token { kind, text: word, start: at });
        }
        at += length;
    }
    found
}

/// The kind and length of what `rest` begins with; no kind for white space and comments.
fn next(rest: &str) -> (Option<TokenKind>, usize) {
    let run = |test: fn(char) -> bool| rest.find(|c: char| !test(c)).unwrap_or(rest.len());
    let first = rest.chars().next().unwrap_or(' ');
    match first {
        _ if first.is_whitespace() => (None, run(char::is_whitespace)),
        '/' if rest.starts_with("//") => (None, rest.find('\n').unwrap_or(rest.len())),
        '"' => (Some(TokenKind::Text), string_length(rest)),
        _ if first.is_ascii_digit() => (Some(TokenKind::Number), run(|c| c.is_ascii_digit())),
        _ if is_word(first) => (Some(TokenKind::Word), run(is_word)),
        _ => (Some(TokenKind::Sign), first.len_utf8()),
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn string_length(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The policies of a file. Text after the last semicolon that is more than comments is a policy too,
/// for the parser to complain about.
pub(super) fn split(file: &str) -> Vec<Statement<'_>> {
    let mut statements = Vec::new();
    let mut begin = 0;
    let mut first: Option<usize> = None;
    for token in tokens(file) {
        let start = *first.get_or_insert(token.start);
        if token.kind == TokenKind::Sign && token.text == ";" {
            let end = token.start + 1;
            statements.extend(statement(file, begin, end, start));
            (begin, first) = (end, None);
        }
    }
    if let Some(start) = first {
        statements.extend(statement(file, begin, file.len(), start));
    }
    statements
}

fn statement(file: &str, begin: usize, end: usize, first: usize) -> Option<Statement<'_>> {
    let text = file.get(begin..end)?;
    Some(Statement { text, first_line: line_at(file, begin), line: line_at(file, first) })
}

/// The line, from 1, of a byte of a text.
pub(super) fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

// === impl Statement ===

impl Statement<'_> {
    /// The line of the file of a byte of the statement's text.
    pub(super) fn line_of_offset(&self, offset: usize) -> usize {
        self.first_line + line_at(self.text, offset) - 1
    }

    /// The line of the first token that is `word` (a string counts without its quotes).
    pub(super) fn line_of_word(&self, word: &str) -> usize {
        self.line_where(|token| token.text.trim_matches('"') == word)
    }

    /// The line of the first number.
    pub(super) fn line_of_number(&self) -> usize {
        self.line_where(|token| token.kind == TokenKind::Number)
    }

    fn line_where(&self, test: impl Fn(&Token<'_>) -> bool) -> usize {
        let found = tokens(self.text).into_iter().find(test);
        found.map_or(self.line, |token| self.line_of_offset(token.start))
    }
}
