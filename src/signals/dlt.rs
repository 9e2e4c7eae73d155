//! The Indian registry: entity, header, template with typed variables, links that may be named, chain.

use super::account::account;
use super::{Cause, Facts, signals};
use crate::content::{Fit, Link, Template, links};
use crate::domain::{Action, Category, Dlt, DltHeader, DltKeys, DltTemplate, Message};

const ACTIVE: &str = "ACTIVE";
const BOUND: &str = "BOUND";

signals! {
    /// The text is business traffic; people who write to each other are in no registry.
    "context.dlt.applies": Bool = |f| message(f).is_some_and(|m| {
        m.automated || m.category != Some(Category::Conversational) || !f.is_from_number()
    });
    /// The entity is the account's, and active.
    "context.dlt.entity_valid": Bool = |f| registration(f).map(|(dlt, keys)| {
        dlt.is_some_and(|dlt| keys.is_some_and(|keys| {
            !keys.entity_id.is_empty() && dlt.entity_id == keys.entity_id && dlt.status == ACTIVE
        }))
    });
    /// The header is registered and active.
    "context.dlt.header_valid": Bool = |f| header(f).map(|header| header.is_some_and(|h| h.status == ACTIVE));
    /// The header is registered for what the text is for.
    "context.dlt.header_fits": Bool = |f| header(f).map(|header| header.is_some_and(|header| {
        letter(f).is_some_and(|letter| header.categories.contains(letter))
    }));
    /// The template is registered, active, and bound to the header.
    "context.dlt.template_valid": Bool = |f| template(f).map(|template| template.is_some_and(|template| {
        let header = message(f).and_then(|m| m.dlt.as_ref()).map_or("", |keys| keys.header.as_str());
        template.status == ACTIVE && template.headers.contains(header)
    }));
    /// The text is what the template says, and for what the template is for.
    "context.dlt.text_fits": Bool (costly) = |f| fit(f).map(|fit| fit != Fit::Mismatch);
    /// Every variable holds what its tag allows.
    "context.dlt.values_fit": Bool (costly) = |f| fit(f).map(|fit| matches!(fit, Fit::Fits { .. }));
    /// Every link and call-back number of the text is whitelisted.
    "context.dlt.links_whitelisted": Bool (costly) = |f| links_whitelisted(f);
    /// The chain from the entity to the platform is bound.
    "context.dlt.chain_bound": Bool = |f| registration(f).map(|(dlt, _)| {
        dlt.is_some_and(|dlt| dlt.chain_status == BOUND)
    });
}

fn message<'f>(f: &'f Facts<'_>) -> Option<&'f Message> {
    match &f.request.action {
        Action::SendSms(m) | Action::SendMms(m) => Some(m),
        _ => None,
    }
}

type Registration<'f> = (Option<&'f Dlt>, Option<&'f DltKeys>);

fn registration<'f>(f: &'f Facts<'_>) -> Result<Registration<'f>, Cause> {
    Ok((account(f)?.dlt.as_ref(), message(f).and_then(|m| m.dlt.as_ref())))
}

fn header<'f>(f: &'f Facts<'_>) -> Result<Option<&'f DltHeader>, Cause> {
    let (Some(dlt), Some(keys)) = registration(f)? else { return Ok(None) };
    Ok(dlt.headers.iter().find(|header| header.header == keys.header))
}

fn template<'f>(f: &'f Facts<'_>) -> Result<Option<&'f DltTemplate>, Cause> {
    let (Some(dlt), Some(keys)) = registration(f)? else { return Ok(None) };
    Ok(dlt.templates.iter().find(|template| template.id == keys.template_id))
}

/// The letter of a category among a header's.
fn letter(f: &Facts<'_>) -> Option<&'static str> {
    match message(f)?.category? {
        Category::Promotional => Some("P"),
        Category::Service => Some("S"),
        Category::Transactional | Category::Otp => Some("T"),
        Category::Government => Some("G"),
        Category::Conversational | Category::Internal => None,
    }
}

/// A template's type names a category, sometimes more closely (`SERVICE_EXPLICIT`); codes are
/// transactional.
fn is_for(template: &DltTemplate, category: Option<Category>) -> bool {
    let name = category.map_or("", Category::as_str);
    let kind = template.r#type.as_str();
    let transactional = |name: &str| name == "OTP" || name == "TRANSACTIONAL";
    let closer = kind.strip_prefix(name).is_some_and(|rest| rest.starts_with('_'));
    !name.is_empty() && (kind == name || closer || transactional(kind) && transactional(name))
}

fn fit(f: &Facts<'_>) -> Result<Fit, Cause> {
    let (Some(message), Some(template)) = (message(f), template(f)?) else { return Ok(Fit::Mismatch) };
    if !is_for(template, message.category) {
        return Ok(Fit::Mismatch);
    }
    let longest = f.limits.get("dlt_variable_chars").ok_or(Cause::Rule)?.default;
    Ok(Template::parse(&template.text).fit(&message.body, usize::try_from(longest).unwrap_or(usize::MAX)))
}

fn links_whitelisted(f: &Facts<'_>) -> Result<bool, Cause> {
    let (Some(dlt), Some(message)) = (registration(f)?.0, message(f)) else { return Ok(false) };
    let listed = |link: &Link| dlt.cta_whitelist.iter().any(|entry| covers(entry, link));
    let call_backs = match fit(f)? {
        Fit::Fits { call_backs } => call_backs,
        Fit::Mismatch | Fit::WrongValue => Vec::new(),
    };
    let called = |number: &String| dlt.cta_whitelist.iter().any(|entry| same_number(entry, number));
    Ok(links(&message.body).iter().all(listed) && call_backs.iter().all(called))
}

/// A whitelisted address covers everything below it; one that ends in `?` any query behind it. An app
/// file must be whitelisted itself.
fn covers(entry: &str, link: &Link) -> bool {
    let Some(allowed) = links(entry.trim_end_matches('?')).into_iter().next() else { return false };
    let path = |link: &Link| link.tail.trim_end_matches('/').to_owned();
    let (allowed, wanted) = ((allowed.host.clone(), path(&allowed)), (link.host.clone(), path(link)));
    let file = wanted.1.split(['?', '#']).next().unwrap_or_default();
    if file.to_ascii_lowercase().ends_with(".apk") {
        return allowed == wanted;
    }
    let rest = wanted.1.strip_prefix(allowed.1.as_str());
    allowed.0 == wanted.0 && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
}

fn same_number(entry: &str, number: &str) -> bool {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let (entry, number) = (digits(entry), digits(number));
    !number.is_empty()
        && (entry == number || entry.trim_start_matches("91") == number.trim_start_matches("91"))
}
