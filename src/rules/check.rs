//! Names in rules: every path that a rule reads must be one that something provides.

use std::sync::Arc;

use super::Names;
use super::schema::FAMILIES;
use crate::signals::{self, Number, Provider};

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
            _ => traffic(name, names),
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

fn traffic(path: &str, names: &Names<'_>) -> Result<Provider, String> {
    let (name, number) = path.split_once('.').map_or((path, None), |(name, number)| (name, Some(number)));
    let counter = names.counters.iter().find(|counter| &*counter.name == name);
    let counter = counter.ok_or_else(|| format!("counter `{name}` is not declared"))?;
    if counter.planned {
        return Err(format!("counter `{name}` is planned: nothing counts it yet"));
    }
    let number = match (number, counter.is_record()) {
        (None, false) => Number::Count,
        (Some("part"), true) => Number::Part,
        (Some("of"), true) => Number::Of,
        (Some("enough"), true) => Number::Enough,
        (None, true) => return Err(format!("counter `{name}` has a `part`, an `of` and an `enough`")),
        (Some(number), _) => return Err(format!("counter `{name}` has no `{number}`")),
    };
    Ok(Provider::Counter { counter: Arc::new(counter.clone()), number })
}
