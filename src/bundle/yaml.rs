//! YAML with places: a mistake is reported at its line.

use serde::de::DeserializeOwned;
use serde_saphyr::{Location, Spanned};

use super::Problem;

/// A name with the line that it stands on.
pub type Named = Spanned<String>;

/// Reads one file.
///
/// # Errors
/// The parser's complaint at its line.
pub fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, Problem> {
    serde_saphyr::from_str(text).map_err(|error| {
        let line = error.location().map_or(0, |location| line(&location));
        let message = error.without_snippet().to_string();
        Problem::at(file, line, message.lines().next().unwrap_or_default())
    })
}

/// The line of a name, from 1.
pub fn line_of<T>(value: &Spanned<T>) -> usize {
    line(&value.referenced)
}

fn line(location: &Location) -> usize {
    usize::try_from(location.line()).unwrap_or(0)
}
