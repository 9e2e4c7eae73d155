//! `lists/lexicons/*.yaml`: what kinds of content are said with.

use super::Problem;
use super::files::Files;
use super::yaml;
use crate::content::{Lexicons, RawLexicon};

/// Where they stand.
pub const FOLDER: &str = "lists/lexicons/";

/// Reads every lexicon, and holds its patterns against their examples.
///
/// # Errors
/// Every problem found: malformed YAML, a name unlike its file's, a pattern that cannot be used, an
/// example that does not hold.
pub fn parse(files: &Files) -> Result<Lexicons, Vec<Problem>> {
    let mut raw: Vec<RawLexicon> = Vec::new();
    let mut problems = Vec::new();
    for (file, text) in files.0.iter().filter(|(file, _)| file.starts_with(FOLDER)) {
        match yaml::parse::<RawLexicon>(file, text) {
            Ok(lexicon) if *file == format!("{FOLDER}{}.yaml", lexicon.name) => raw.push(lexicon),
            Ok(lexicon) => {
                let message = format!("lexicon `{0}` must stand in `{FOLDER}{0}.yaml`", lexicon.name);
                problems.push(Problem::whole(file, &message));
            }
            Err(problem) => problems.push(problem),
        }
    }
    match Lexicons::new(&raw) {
        Ok(lexicons) if problems.is_empty() => Ok(lexicons),
        Ok(_) => Err(problems),
        Err(found) => {
            problems.extend(found.iter().map(|problem| placed(problem, files)));
            Err(problems)
        }
    }
}

fn placed(problem: &crate::content::InvalidLexicon, files: &Files) -> Problem {
    let file = problem.lexicon().map_or(FOLDER.to_owned(), |name| format!("{FOLDER}{name}.yaml"));
    let text = files.0.get(&file).map_or("", String::as_str);
    let line = problem.pattern().and_then(|pattern| text.lines().position(|line| line.contains(pattern)));
    Problem::at(&file, line.map_or(0, |line| line + 1), problem.to_string())
}
