//! Names that are somebody else's: brands and public authorities.

use super::account::account;
use super::{Cause, Facts, Texts, signals};
use crate::domain::Action;
use crate::lists::{Brand, List, Near, folded};

/// Most words of a name that are read together.
const MAX_WORDS: usize = 5;

signals! {
    /// A name is that of a public authority.
    "context.impersonation.government": Bool (costly) ["government_names"] = |f| government(f);
    /// A name is that of a protected brand which the account may not use.
    "context.impersonation.protected": Bool (costly) ["protected_brands"] = |f| {
        foreign(f).map(|near| near.iter().any(|near| near.equal))
    };
    /// Letters of the longest such brand that a name looks like or is one edit away from; 0 without one.
    "context.impersonation.confusable_letters": Long (costly) ["protected_brands"] = |f| foreign(f).map(|near| {
        let letters = near.iter().filter(|near| !near.equal).map(|near| near.letters).max();
        i64::try_from(letters.unwrap_or(0)).unwrap_or(i64::MAX)
    });
    /// A mail's display name has such a brand in it, and the mail is not from one of the brand's domains.
    "context.impersonation.display_name": Bool (costly) ["protected_brands"] = |f| display_name(f);
}

/// Names that stand for the sender: sender id, caller name, brand of a code. What a mail shows beside
/// its address is judged by the address's domain instead.
fn candidates<'f>(f: &'f Facts<'_>) -> Texts<'f> {
    match &f.request.action {
        Action::SendEmail(_) | Action::ReceiveMessage(_) => Texts::None,
        Action::SendOtp(_) => {
            f.request.envelope.brand.as_deref().filter(|brand| !brand.is_empty()).into_iter().collect()
        }
        _ => super::sender::names(f),
    }
}

fn foreign<'f>(f: &'f Facts<'_>) -> Result<Vec<Near<'f>>, Cause> {
    let names = candidates(f);
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let brands = f.lists.brands().ok_or(Cause::Lists)?;
    let mut found = Vec::new();
    for near in names.iter().flat_map(|name| brands.near(name)) {
        if !may_use(f, near.brand)? {
            found.push(near);
        }
    }
    Ok(found)
}

/// The owner, and whoever the owner gave leave that has not ended.
pub(super) fn may_use(f: &Facts<'_>, brand: &Brand) -> Result<bool, Cause> {
    let account = account(f)?;
    let named = |name: &str| brand.names.contains(&folded(name));
    let own = account.brands.iter().any(|name| named(name));
    Ok(own || account.brand_authorizations.iter().any(|leave| named(&leave.mark) && !f.passed(leave.to)))
}

fn display_name(f: &Facts<'_>) -> Result<bool, Cause> {
    let Action::SendEmail(mail) = &f.request.action else { return Ok(false) };
    let Some(sender) = &mail.from else { return Ok(false) };
    let Some(shown) = sender.display_name.as_deref().filter(|name| !name.is_empty()) else {
        return Ok(false);
    };
    let brands = f.lists.brands().ok_or(Cause::Lists)?;
    let domain = super::mail::domain(&sender.value).unwrap_or_default();
    for near in brands.named_in(shown).into_iter().chain(brands.near(shown)) {
        if !near.brand.owns(&domain) && !may_use(f, near.brand)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn government(f: &Facts<'_>) -> Result<bool, Cause> {
    let shown = match &f.request.action {
        Action::SendEmail(mail) => mail.from.as_ref().and_then(|sender| sender.display_name.as_deref()),
        _ => None,
    };
    let names = candidates(f);
    if names.is_empty() && shown.is_none() {
        return Ok(false);
    }
    let known = f.list("government_names")?;
    Ok(names.iter().chain(shown).any(|name| names_authority(known, name)))
}

/// Looked for in every row of whole words, so that HMRC is found in `HMRC refunds` and not in a longer
/// word; some only as the whole name.
fn names_authority(known: &List, name: &str) -> bool {
    let words = words(name);
    let found = |from: usize, length: usize| {
        let row: String = words.iter().skip(from).take(length).map(String::as_str).collect();
        known.get(&row).is_some_and(|how| how != "whole" || length == words.len())
    };
    (0..words.len()).any(|from| (1..=MAX_WORDS.min(words.len() - from)).any(|length| found(from, length)))
}

/// Words by blanks, punctuation, and changes from small letters or digits to capitals.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before = ' ';
    for c in name.chars() {
        let turn = before.is_lowercase() && c.is_uppercase() || before.is_numeric() != c.is_numeric();
        if !c.is_alphanumeric() || turn {
            words.push(String::new());
        }
        if let (true, Some(word)) = (c.is_alphanumeric(), words.last_mut()) {
            word.push(c);
        }
        before = c;
    }
    words.retain(|word| !word.is_empty());
    words
}
