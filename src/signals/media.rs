//! Files: what they are known for, what they are, and whether they were looked at.

use serde_json::Value as Json;

use super::{Cause, Facts, signals};
use crate::domain::{Media, Scan};

signals! {
    /// What the files are known for: MALWARE, CSAM, COPYRIGHT.
    "context.media.threats": Set ["hash_threats"] = |f| threats(f);
    /// A scanner found malware in a file.
    "context.media.infected": Bool = |f| files(f).iter().any(|file| file.scan == Some(Scan::Infected));
    /// A file was not scanned yet.
    "context.media.unscanned": Bool = |f| {
        files(f).iter().any(|file| matches!(file.scan, None | Some(Scan::Pending)))
    };
    /// A file is executable or has macros, or is of a type that is not carried.
    "context.media.refused_type": Bool ["blocked_extensions", "allowed_media_types"] = |f| refused_type(f);
    /// A file is of another type than it says.
    "context.media.mismatched": Bool ["media_type_aliases"] = |f| mismatched(f);
    /// A file is an archive that cannot be opened.
    "context.media.encrypted": Bool = |f| files(f).iter().any(|file| file.encrypted);
}

fn files<'f>(f: &'f Facts<'_>) -> &'f [Media] {
    f.request.action.media()
}

fn threats<'f>(f: &'f Facts<'_>) -> Result<Vec<&'f str>, Cause> {
    if files(f).is_empty() {
        return Ok(Vec::new());
    }
    let known = f.list("hash_threats")?;
    Ok(files(f).iter().filter_map(|file| known.get(&file.sha256)).filter_map(Json::as_str).collect())
}

/// A type that is not declared is that of the content; one that is neither is not known to be carried.
fn refused_type(f: &Facts<'_>) -> Result<bool, Cause> {
    if files(f).is_empty() {
        return Ok(false);
    }
    let (blocked, allowed) = (f.list("blocked_extensions")?, f.list("allowed_media_types")?);
    Ok(files(f).iter().any(|file| {
        let declared = given(file.mime.as_deref()).or_else(|| given(file.sniffed_mime.as_deref()));
        extension(file).is_some_and(|extension| blocked.contains(extension))
            || !declared.is_some_and(|mime| allowed.contains(mime))
    }))
}

fn mismatched(f: &Facts<'_>) -> Result<bool, Cause> {
    let aliases = f.list("media_type_aliases")?;
    let same = |a: &str, b: &str| {
        let name =
            |mime: &str| aliases.get(mime).and_then(Json::as_str).map_or(mime.to_owned(), str::to_owned);
        name(a).eq_ignore_ascii_case(&name(b))
    };
    Ok(files(f).iter().any(|file| {
        let types = given(file.mime.as_deref()).zip(given(file.sniffed_mime.as_deref()));
        types.is_some_and(|(declared, found)| !same(declared, found))
    }))
}

/// A media type without its parameters.
fn given(mime: Option<&str>) -> Option<&str> {
    mime.map(|mime| mime.split(';').next().unwrap_or_default().trim()).filter(|mime| !mime.is_empty())
}

/// What follows the last dot; dots and blanks at the end hide it from people alone.
fn extension(file: &Media) -> Option<&str> {
    let name = file.filename.as_deref()?.trim_end_matches(|c: char| c == '.' || c.is_whitespace());
    name.rsplit_once('.').map(|(_, extension)| extension)
}
