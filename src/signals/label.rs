//! What upstream classifiers say of texts and files: the highest score a kind of content got, in ppm.

use super::{Cause, Facts, signals};
use crate::domain::Label;

/// The list of labels by what they are labels of.
const NAMES: &str = "content_label_names";

signals! {
    /// Highest score of a label of threat, ppm.
    "context.label.threat": Long ["content_label_names"] = |f| score(f, &["threat"], everywhere(f));
    /// Highest score of a label of hate, ppm.
    "context.label.hate": Long ["content_label_names"] = |f| score(f, &["hate"], everywhere(f));
    /// Highest score of a label of discrimination, ppm.
    "context.label.discrimination": Long ["content_label_names"] = |f| score(f, &["discrimination"], everywhere(f));
    /// Highest score of a label of harassment, ppm.
    "context.label.harassment": Long ["content_label_names"] = |f| score(f, &["harassment"], everywhere(f));
    /// Highest score of any label of abuse, ppm.
    "context.label.abuse": Long ["content_label_names"] = |f| {
        score(f, &["abuse", "threat", "hate", "discrimination", "harassment"], everywhere(f))
    };
    /// Highest score of a label of adult content on the texts, ppm.
    "context.label.adult": Long ["content_label_names"] = |f| score(f, &["adult"], texts(f));
    /// Highest score of a label of adult content on a file, ppm.
    "context.label.adult_media": Long ["content_label_names"] = |f| score(f, &["adult"], files(f));
}

fn texts<'f>(f: &'f Facts<'_>) -> impl Iterator<Item = &'f Label> {
    f.request.envelope.content_labels.iter()
}

fn files<'f>(f: &'f Facts<'_>) -> impl Iterator<Item = &'f Label> {
    f.request.action.media().iter().flat_map(|file| &file.labels)
}

fn everywhere<'f>(f: &'f Facts<'_>) -> impl Iterator<Item = &'f Label> {
    texts(f).chain(files(f))
}

fn score<'f>(f: &Facts<'_>, kinds: &[&str], labels: impl Iterator<Item = &'f Label>) -> Result<i64, Cause> {
    let mut labels = labels.peekable();
    if labels.peek().is_none() {
        return Ok(0);
    }
    let names = f.list(NAMES)?;
    let is_one = |label: &&Label| {
        let kind = names.get(&label.label).and_then(serde_json::Value::as_str);
        kind.is_some_and(|kind| kinds.contains(&kind))
    };
    Ok(labels.filter(is_one).map(|label| label.score.millionths()).max().unwrap_or(0))
}
