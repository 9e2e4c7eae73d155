//! What texts say, as far as no lexicon tells it: numbers that belong to a person, links, and signs of
//! hiding. (What lexicons tell is `context.lexicon.NAME`.)

use std::sync::{Arc, Mutex, PoisonError};

use super::account::account;
use super::{Cause, Facts, signals};
use crate::content::{Content, Html};
use crate::domain::{Action, ActionKind};

signals! {
    /// Invisible characters between Latin letters.
    "context.content.hidden": Long (costly) = |f| f.content().map(|c| i64::try_from(c.evasion.hidden).unwrap_or(i64::MAX));
    /// One word has Latin and Cyrillic letters.
    "context.content.mixed_script": Bool (costly) = |f| f.content().map(|c| c.evasion.mixed);
    /// A whole payment card number.
    "context.content.card": Bool (costly) ["card_schemes"] = |f| f.content().map(|c| c.card);
    /// An Aadhaar number in groups of four.
    "context.content.aadhaar_grouped": Bool (costly) = |f| f.content().map(|c| c.aadhaar_grouped);
    /// Twelve digits that would be an Aadhaar number; one in ten random ones would.
    "context.content.aadhaar_digits": Bool (costly) = |f| f.content().map(|c| c.aadhaar);
    /// A link that is meant to be one.
    "context.content.link": Bool (costly) = |f| f.content().map(|c| c.links.iter().any(|link| link.certain));
    /// A number to call.
    "context.content.callable": Bool (costly) = |f| f.content().map(|c| c.callable);
    /// The account may promote betting wherever the request goes.
    "context.content.gambling_permitted": Bool = |f| account(f).map(|a| {
        let permitted = &a.content_permissions.gambling_countries;
        let mut countries = super::destination::countries(f);
        !permitted.is_empty() && countries.all(|country| permitted.contains(&*country))
    });
}

/// The texts of a request, and what they say.
pub struct Wording {
    /// What a reader sees of a mail.
    pub(super) html: Option<Html>,
    /// What all texts say; a cause where they cannot be read.
    pub(super) content: Result<Content, Cause>,
}

/// What the texts of one request after the other say. Items of a batch often have their text in common;
/// it is read once for as long as the next item says the same. For one snapshot of the policy only.
#[derive(Default)]
pub struct SharedTexts {
    last: Mutex<Option<(Worded, Arc<Wording>)>>,
}

/// Everything that the reading of a request's texts depends on, besides the policy.
#[derive(PartialEq, Eq)]
struct Worded {
    kind: ActionKind,
    parts: [Box<str>; 3],
    names: Vec<Box<str>>,
}

// === impl SharedTexts ===

impl SharedTexts {
    /// What the texts of this request say; read only if those of the last one were others.
    pub(super) fn wording(&self, f: &Facts<'_>) -> Arc<Wording> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((worded, wording)) = &*last
            && worded.is_of(f)
        {
            return wording.clone();
        }
        let wording = Arc::new(Wording::of(f));
        *last = Some((Worded::of(f), wording.clone()));
        wording
    }
}

// === impl Worded ===

impl Worded {
    fn of(f: &Facts<'_>) -> Self {
        Self {
            kind: f.request.action.kind(),
            parts: parts(f).map(Box::from),
            names: names(f).iter().map(Box::from).collect(),
        }
    }

    fn is_of(&self, f: &Facts<'_>) -> bool {
        self.kind == f.request.action.kind()
            && self.parts.iter().map(|part| &**part).eq(parts(f))
            && self.names.iter().map(|name| &**name).eq(names(f).iter())
    }
}

/// The texts as they came in.
fn parts<'t>(f: &'t Facts<'_>) -> [&'t str; 3] {
    match &f.request.action {
        Action::SendEmail(mail) => [&mail.subject, &mail.text, &mail.html],
        _ => texts(f, None),
    }
}

// === impl Wording ===

impl Wording {
    /// Reads the texts of a request.
    pub(super) fn of(f: &Facts<'_>) -> Self {
        let html = match &f.request.action {
            Action::SendEmail(mail) if !mail.html.is_empty() => Some(Html::read(&mail.html)),
            _ => None,
        };
        let content = f.lists.card_schemes().ok_or(Cause::Lists).map(|schemes| {
            let mut content = Content::default();
            for text in texts(f, html.as_ref()).into_iter().filter(|text| !text.is_empty()) {
                content.read(text, &f.lists.lexicons, schemes);
            }
            for name in names(f).iter() {
                content.read_name(name, &f.lists.lexicons, schemes);
            }
            for anchor in html.iter().flat_map(|html| &html.anchors) {
                content.links.extend(crate::content::links(&anchor.href));
            }
            content
        });
        Self { html, content }
    }
}

/// Everything that people get to read or hear.
fn texts<'t>(f: &'t Facts<'_>, html: Option<&'t Html>) -> [&'t str; 3] {
    match &f.request.action {
        Action::SendSms(m) | Action::SendMms(m) => [&m.body, "", ""],
        Action::SendEmail(m) => [&m.subject, &m.text, html.map_or("", |html| html.text.as_str())],
        Action::PlaceCall(c) => [c.tts_text.as_deref().unwrap_or_default(), "", ""],
        Action::StartCampaign(c) => [&c.body, &c.name, ""],
        Action::ReceiveMessage(m) => [&m.body, "", ""],
        Action::SendOtp(_)
        | Action::ProvisionNumber(_)
        | Action::ConfigureNumber(_)
        | Action::RegisterSender(_)
        | Action::UploadMedia(_)
        | Action::CreateSubaccount(_)
        | Action::Resell(_)
        | Action::AlterRecord(_)
        | Action::ApiOperation(_)
        | Action::OpenSession(_) => ["", "", ""],
    }
}

/// Names that stand beside a text; those of whoever wrote to the account are not the account's.
fn names<'f>(f: &'f Facts<'_>) -> super::Texts<'f> {
    match &f.request.action {
        Action::ReceiveMessage(_) => super::Texts::None,
        _ => super::sender::names(f),
    }
}
