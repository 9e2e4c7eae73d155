//! Mail: whose address it shows, how it is authenticated, and what its subject and links pretend.

use super::account::account;
use super::{Cause, Facts, signals};
use crate::content::host_of;
use crate::domain::{Action, Email, EmailDomain};

signals! {
    /// The holder has a postal address on file.
    "principal.postal_address": Bool = |f| account(f).map(|a| given(a.postal_address.as_deref()));
    /// The platform adds ways to unsubscribe to the account's mail.
    "principal.managed_unsubscribe": Bool = |f| account(f).map(|a| a.managed_unsubscribe);
    /// The address that it is from is of a domain that the account has verified, or below one.
    "context.mail.from_verified": Bool = |f| verified(f).map(|domain| domain.is_some());
    /// The name shown beside the address is an address of another domain.
    "context.mail.shows_other_address": Bool = |f| shows_other_address(f);
    /// The domain has DKIM, and SPF or DMARC.
    "context.mail.authenticated": Bool = |f| {
        verified(f).map(|domain| domain.is_some_and(|d| d.dkim && (d.spf || d.dmarc)))
    };
    /// A link shows another host than the one it leads to.
    "context.mail.link_mismatch": Bool (costly) = |f| link_mismatch(f);
    /// The subject begins as an answer's or a forwarded mail's does.
    "context.mail.subject_of_answer": Bool ["answer_prefixes"] = |f| subject_of_answer(f);
    /// It answers a message.
    "context.mail.in_thread": Bool = |f| mail(f).is_some_and(|m| given(m.in_reply_to.as_deref()));
    /// It shows a postal address.
    "context.mail.postal_address": Bool = |f| mail(f).is_some_and(|m| given(m.postal_address.as_deref()));
    /// It has a list-unsubscribe header.
    "context.mail.list_unsubscribe": Bool = |f| mail(f).is_some_and(|m| given(m.list_unsubscribe.as_deref()));
}

fn mail<'f>(f: &'f Facts<'_>) -> Option<&'f Email> {
    match &f.request.action {
        Action::SendEmail(mail) => Some(mail),
        _ => None,
    }
}

fn given(text: Option<&str>) -> bool {
    text.is_some_and(|text| !text.trim().is_empty())
}

/// The domain of a mail address, in small letters.
pub(super) fn domain(address: &str) -> Option<String> {
    let (_, domain) = address.rsplit_once('@')?;
    let domain = domain.trim().trim_end_matches(['>', '.']).to_lowercase();
    (!domain.is_empty()).then_some(domain)
}

/// Whether `host` is `domain` or below it.
pub(super) fn within(host: &str, domain: &str) -> bool {
    let host = host.strip_suffix(domain);
    !domain.is_empty() && host.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// The nearest of the account's domains.
fn verified<'f>(f: &'f Facts<'_>) -> Result<Option<&'f EmailDomain>, Cause> {
    let from = mail(f).and_then(|m| m.from.as_ref()).and_then(|sender| domain(&sender.value));
    let Some(from) = from else { return Ok(None) };
    let domains = account(f)?.email_domains.iter();
    Ok(domains.filter(|d| within(&from, &d.domain.to_lowercase())).max_by_key(|d| d.domain.len()))
}

fn shows_other_address(f: &Facts<'_>) -> bool {
    let Some(sender) = mail(f).and_then(|m| m.from.as_ref()) else { return false };
    let shown = sender.display_name.as_deref().unwrap_or_default();
    let addresses =
        shown.split(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '(' | ')' | ','));
    let own = domain(&sender.value).unwrap_or_default();
    addresses
        .filter(|word| word.find('@').is_some_and(|at| at > 0))
        .filter_map(domain)
        .any(|domain| !within(&domain, &own) && !within(&own, &domain))
}

/// One host below the other is the same house.
fn link_mismatch(f: &Facts<'_>) -> bool {
    let anchors = f.wording().html.iter().flat_map(|html| &html.anchors);
    let bare = |host: String| host.strip_prefix("www.").map_or(host.clone(), str::to_owned);
    anchors.into_iter().any(|anchor| {
        let shown = crate::content::links(&anchor.text).into_iter().map(|link| bare(link.host));
        let target = host_of(&anchor.href).map(bare);
        target.is_some_and(|target| {
            shown.into_iter().any(|shown| !within(&shown, &target) && !within(&target, &shown))
        })
    })
}

/// The list has the words without the colon; a number in brackets may stand between.
fn subject_of_answer(f: &Facts<'_>) -> Result<bool, Cause> {
    let subject = mail(f).map_or("", |m| m.subject.trim());
    let Some((prefix, _)) = subject.split_once([':', '：']) else { return Ok(false) };
    let word =
        prefix.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '[' | ']' | '(' | ')')).trim();
    Ok(f.list("answer_prefixes")?.contains(word))
}
