//! Names in rules: every path that a rule reads must be one that something provides.

use std::sync::Arc;

use super::Names;
use super::schema::FAMILIES;
use crate::signals::{self, Provider};

/// What provides a path.
///
/// # Errors
/// A sentence that says which name is not declared.
pub(super) fn provider(path: &str, names: &Names<'_>) -> Result<Provider, String> {
    if let Some((family, name)) = family(path) {
        return match family {
            "principal.limits" => limit(name, names),
            "context.listed" => listed(name, names),
            "context.lexicon" => lexicon(name, names),
            _ => Err(traffic(name, names)),
        };
    }
    signals::find(path)
        .map(Provider::Signal)
        .ok_or_else(|| format!("attribute `{path}` is provided by no signal"))
}

fn family(path: &str) -> Option<(&'static str, &str)> {
    FAMILIES.into_iter().find_map(|family| Some((family, path.strip_prefix(family)?.strip_prefix('.')?)))
}

fn limit(name: &str, names: &Names<'_>) -> Result<Provider, String> {
    names.limits.place(name).map(Provider::Limit).ok_or_else(|| format!("limit `{name}` is not declared"))
}

fn listed(name: &str, names: &Names<'_>) -> Result<Provider, String> {
    let list = names.lists.get(name).ok_or_else(|| format!("list `{name}` is not declared"))?;
    let of = list.of.as_ref().ok_or_else(|| format!("list `{name}` does not say what is looked up in it"))?;
    let of = signals::find(of)
        .ok_or_else(|| format!("list `{name}` looks up `{of}`, which no signal provides"))?;
    Ok(Provider::Listed { list: Arc::clone(&list.name), of })
}

fn lexicon(name: &str, names: &Names<'_>) -> Result<Provider, String> {
    let place = names.lists.lexicons.place(name);
    place.map(Provider::Lexicon).ok_or_else(|| format!("lexicon `{name}` is not declared"))
}

fn traffic(name: &str, names: &Names<'_>) -> String {
    let declared = names.counters.iter().any(|counter| &*counter.name == name);
    if declared {
        format!("counter `{name}` is planned: nothing counts it yet")
    } else {
        format!("counter `{name}` is not declared")
    }
}
