//! Where the links of a text lead.

use std::borrow::Cow;

use serde_json::Value as Json;

use super::impersonation::may_use;
use super::{Cause, Facts, signals};
use crate::lists::{Brands, Near};

signals! {
    /// Hosts of all links.
    "context.link.hosts": Set (private, costly) = |f| f.content().map(|content| {
        content.links.iter().map(|link| Cow::Borrowed(link.host.as_str())).collect::<Vec<_>>()
    });
    /// What the hosts are known for: MALWARE, PHISHING, ADULT, IP_TAKEDOWN.
    "context.link.threats": Set (costly) ["url_threats"] = |f| threats(f);
    /// Letters of the longest protected brand that a host imitates; 0 without one.
    "context.link.lookalike_letters": Long (costly) ["protected_brands"] = |f| lookalike(f);
}

fn threats<'f>(f: &'f Facts<'_>) -> Result<Vec<&'f str>, Cause> {
    let links = &f.content()?.links;
    if links.is_empty() {
        return Ok(Vec::new());
    }
    let known = f.list("url_threats")?;
    Ok(links.iter().filter_map(|link| known.get(&link.host)).filter_map(Json::as_str).collect())
}

/// A brand's own domains are no imitation, nor is anything by those who may use the brand.
fn lookalike(f: &Facts<'_>) -> Result<i64, Cause> {
    let links = &f.content()?.links;
    if links.is_empty() {
        return Ok(0);
    }
    let brands = f.lists.brands().ok_or(Cause::Lists)?;
    let mut longest = 0;
    for link in links {
        for near in imitated(brands, &link.host) {
            if !near.brand.owns(&link.host) && !may_use(f, near.brand)? {
                longest = longest.max(near.letters);
            }
        }
    }
    Ok(i64::try_from(longest).unwrap_or(i64::MAX))
}

/// Brands that a label of the host is, looks like, holds, or is one edit away from. The last label is
/// nobody's choice.
fn imitated<'b>(brands: &'b Brands, host: &str) -> Vec<Near<'b>> {
    let labels: Vec<&str> = host.split('.').collect();
    let chosen = labels.split_last().map_or(&[][..], |(_, chosen)| chosen);
    let mut found = Vec::new();
    for label in chosen {
        let shown = shown(label);
        found.extend(brands.inside(&shown));
        found.extend(brands.near(&shown));
        found.extend(shown.split(['-', '_']).flat_map(|part| brands.near(part)));
    }
    found
}

/// What a reader sees of a label written for the domain name system.
fn shown(label: &str) -> Cow<'_, str> {
    let decoded = label.strip_prefix("xn--").and_then(idna::punycode::decode_to_string);
    decoded.map_or(Cow::Borrowed(label), Cow::Owned)
}
