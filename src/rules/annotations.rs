//! The annotations of a rule: which there are, and what they may say.

use cedar_policy::pst;

use super::{DutyOn, Effect, Names};
use crate::bundle::{On, Origin};
use crate::domain::Mode;

/// The rule's `@id` that makes the default an allow.
pub(super) const BASE: &str = "base";

/// A complaint about one annotation, with the word to look for in the text.
pub(super) struct Complaint {
    /// Where to point.
    pub(super) word: String,
    /// What is wrong.
    pub(super) message: String,
}

fn complain(word: &str, message: impl Into<String>) -> Complaint {
    Complaint { word: word.to_owned(), message: message.into() }
}

/// What a policy's annotations make of it.
///
/// # Errors
/// Every annotation that is unknown, out of place or names something unknown.
pub(super) fn read(policy: &pst::Template, names: &Names<'_>) -> Result<(Effect, Mode), Vec<Complaint>> {
    let mut wrong = Vec::new();
    for name in policy.annotations.keys() {
        if !["id", "reason", "mode", "obligation", "on"].contains(&name.as_str()) {
            wrong.push(complain(name, format!("annotation `@{name}` is unknown")));
        }
    }
    let mode = mode(policy, &mut wrong);
    let effect = match policy.effect {
        pst::Effect::Forbid => forbid(policy, names, &mut wrong),
        pst::Effect::Permit => permit(policy, names, &mut wrong),
    };
    match effect {
        Some(effect) if wrong.is_empty() => Ok((effect, mode)),
        _ => Err(wrong),
    }
}

fn get<'a>(policy: &'a pst::Template, name: &str) -> Option<&'a str> {
    policy.annotations.get(name).map(pst::SmolStr::as_str)
}

fn mode(policy: &pst::Template, wrong: &mut Vec<Complaint>) -> Mode {
    match get(policy, "mode") {
        None | Some("enforce") => Mode::Enforce,
        Some("monitor") => Mode::Monitor,
        Some("off") => Mode::Off,
        Some(other) => {
            wrong.push(complain("mode", format!("mode `{other}` is unknown: it is enforce, monitor or off")));
            Mode::Enforce
        }
    }
}

fn refuse(policy: &pst::Template, names: &[&str], kind: &str, wrong: &mut Vec<Complaint>) {
    for name in names.iter().filter(|name| get(policy, name).is_some()) {
        wrong.push(complain(name, format!("annotation `@{name}` has no place on {kind}")));
    }
}

fn forbid(policy: &pst::Template, names: &Names<'_>, wrong: &mut Vec<Complaint>) -> Option<Effect> {
    refuse(policy, &["obligation", "on"], "a forbid", wrong);
    let Some(code) = get(policy, "reason") else {
        wrong.push(complain("forbid", "a forbid needs a `@reason`"));
        return None;
    };
    let Some(rank) = names.catalogue.rank(code) else {
        wrong.push(complain(code, format!("reason `{code}` is not in the catalogue")));
        return None;
    };
    let origin = names.catalogue.reasons.get(rank).map(|reason| reason.origin);
    match origin {
        Some(Origin::Code) => {
            wrong.push(complain(code, format!("reason `{code}` is found by code, not by rules")));
        }
        Some(Origin::Planned) => {
            wrong
                .push(complain(code, format!("reason `{code}` is marked as planned, and this rule uses it")));
        }
        Some(Origin::Rules) | None => {}
    }
    Some(Effect::Forbid(rank))
}

fn permit(policy: &pst::Template, names: &Names<'_>, wrong: &mut Vec<Complaint>) -> Option<Effect> {
    refuse(policy, &["reason"], "a permit", wrong);
    let Some(kinds) = get(policy, "obligation") else {
        if get(policy, "id") == Some(BASE) {
            refuse(policy, &["on", "mode"], "the base permit", wrong);
            if !unconditional(policy) {
                wrong.push(complain(
                    "permit",
                    "the base permit is for everybody: only an action may bound it",
                ));
            }
            return Some(Effect::Base);
        }
        wrong.push(complain(
            "permit",
            "a permit needs an `@obligation`, unless it is the one with `@id(\"base\")`",
        ));
        return None;
    };
    let on = duty_on(policy, wrong)?;
    let obligations = kinds.split(',').filter_map(|kind| obligation(kind.trim(), on, names, wrong)).collect();
    Some(Effect::Duty { obligations, on })
}

fn unconditional(policy: &pst::Template) -> bool {
    let anybody = matches!(policy.principal, pst::PrincipalConstraint::Any);
    anybody && matches!(policy.resource, pst::ResourceConstraint::Any) && policy.clauses().is_empty()
}

fn duty_on(policy: &pst::Template, wrong: &mut Vec<Complaint>) -> Option<DutyOn> {
    match get(policy, "on") {
        None | Some("allow") => Some(DutyOn::Allow),
        Some("deny") => Some(DutyOn::Deny),
        Some("always") => Some(DutyOn::Always),
        Some(other) => {
            wrong.push(complain("on", format!("`@on(\"{other}\")` is unknown: it is allow, deny or always")));
            None
        }
    }
}

fn obligation(kind: &str, on: DutyOn, names: &Names<'_>, wrong: &mut Vec<Complaint>) -> Option<usize> {
    let place = names.catalogue.obligations.iter().position(|entry| &*entry.kind == kind);
    let Some(entry) = place.and_then(|place| names.catalogue.obligations.get(place)) else {
        wrong.push(complain("obligation", format!("obligation `{kind}` is not in the catalogue")));
        return None;
    };
    if entry.planned {
        wrong.push(complain(
            "obligation",
            format!("obligation `{kind}` is marked as planned, and this rule uses it"),
        ));
    }
    let needed: &[On] = match on {
        DutyOn::Allow => &[On::Allow],
        DutyOn::Deny => &[On::Deny],
        DutyOn::Always => &[On::Allow, On::Deny],
    };
    if !needed.iter().all(|on| entry.on.contains(on)) {
        wrong.push(complain("on", format!("obligation `{kind}` cannot stand with that verdict")));
    }
    place
}
