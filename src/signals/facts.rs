//! What signals are made from: one request, one account, the lists and limits of one moment, and
//! the instant that is decided for. Costly derived facts are kept once they are had.

use std::cell::{OnceCell, RefCell};
use std::sync::Arc;

use jiff::Timestamp;

use super::Cause;
use super::destination::Destination;
use super::sender::ShownSender;
use super::text::{SharedTexts, Wording};
use crate::bundle::{Counter, Limits};
use crate::content::Content;
use crate::domain::{Account, AccountStatus, Request, ResolvedAccount};
use crate::lists::{List, Lists};
use crate::numbers::emergency::Tables;
use crate::traffic::{Event, Memory, Reading};

/// What is known of the account that is decided on.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// It exists.
    Known(&'a ResolvedAccount),
    /// It does not.
    Missing,
    /// Whether it does cannot be told.
    Unknown(Cause),
}

/// Everything that a signal may read.
pub struct Facts<'a> {
    /// The request.
    pub request: &'a Request,
    /// The account.
    pub subject: Subject<'a>,
    /// Thresholds.
    pub limits: &'a Limits,
    /// Lists.
    pub lists: &'a Lists,
    /// Emergency numbers.
    pub emergency: &'a Tables,
    /// The instant that is decided for.
    pub now: Timestamp,
    reasons: OnceCell<Vec<Arc<str>>>,
    destination: OnceCell<Destination>,
    sender: OnceCell<ShownSender>,
    nobody: OnceCell<ResolvedAccount>,
    wording: OnceCell<Arc<Wording>>,
    pub(super) shared_texts: Option<&'a SharedTexts>,
    pub(super) traffic: Option<&'a Memory>,
    pub(super) present: OnceCell<Event>,
    // Few counters are read for one request.
    readings: RefCell<Vec<(usize, Result<Reading, Cause>)>>,
}

fn nobody(request: &Request) -> ResolvedAccount {
    let account = Account::new(request.subject().clone(), AccountStatus::Closed);
    ResolvedAccount::new(Arc::new(account), 0, &[])
}

// === impl Facts ===

impl<'a> Facts<'a> {
    /// Facts about one request.
    pub fn new(
        request: &'a Request,
        subject: Subject<'a>,
        limits: &'a Limits,
        lists: &'a Lists,
        emergency: &'a Tables,
        now: Timestamp,
    ) -> Self {
        let (destination, sender, nobody) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        let wording = OnceCell::new();
        Self {
            request,
            subject,
            limits,
            lists,
            emergency,
            now,
            reasons: OnceCell::new(),
            destination,
            sender,
            nobody,
            wording,
            shared_texts: None,
            traffic: None,
            present: OnceCell::new(),
            readings: RefCell::default(),
        }
    }

    /// The same facts, with texts read in common with other requests of one snapshot.
    #[must_use]
    pub fn sharing(mut self, texts: Option<&'a SharedTexts>) -> Self {
        self.shared_texts = texts;
        self
    }

    /// The same, with the memory of past traffic.
    #[must_use]
    pub fn with_traffic(self, traffic: &'a Memory) -> Self {
        Self { traffic: Some(traffic), ..self }
    }

    /// The memory of past traffic.
    ///
    /// # Errors
    /// When there is none.
    pub(super) fn traffic(&self) -> Result<&'a Memory, Cause> {
        self.traffic.ok_or(Cause::Counters)
    }

    /// The request as the event that it will be once it is allowed.
    pub fn present(&self) -> &Event {
        self.present.get_or_init(|| super::traffic::present(self))
    }

    /// The same, once nothing else is asked.
    pub fn into_present(self) -> Event {
        self.present();
        self.present.into_inner().unwrap_or_else(|| Event::new(self.request.action.kind().as_str(), 0))
    }

    /// What a counter says. It is read once: all rules of a request see the same.
    ///
    /// # Errors
    /// When the counter or a limit of its cannot be had.
    pub(super) fn reading(&self, counter: &Counter) -> Result<Reading, Cause> {
        if let Some((_, known)) = self.readings.borrow().iter().find(|(place, _)| *place == counter.place) {
            return *known;
        }
        let reading = super::traffic::read(self, counter);
        self.readings.borrow_mut().push((counter.place, reading));
        reading
    }

    /// The account.
    ///
    /// # Errors
    /// When it could not be had. A missing account is one that has nothing and may do nothing, so
    /// that duties can be asked all the same; prohibitions that read it are not asked.
    pub fn account(&self) -> Result<&ResolvedAccount, Cause> {
        match self.subject {
            Subject::Known(account) => Ok(account),
            Subject::Missing => Ok(self.nobody.get_or_init(|| nobody(self.request))),
            Subject::Unknown(cause) => Err(cause),
        }
    }

    /// Says which violations were found. Once: duties are asked after it, and prohibitions before.
    pub fn set_reasons(&self, codes: Vec<Arc<str>>) {
        // A second finding would be one of another request.
        let _ = self.reasons.set(codes);
    }

    /// Codes of the violations found; for duties.
    pub(super) fn reasons(&self) -> &[Arc<str>] {
        self.reasons.get().map_or(&[], Vec::as_slice)
    }

    /// The list of that name.
    ///
    /// # Errors
    /// When there is none.
    pub fn list(&self, name: &str) -> Result<&'a Arc<List>, Cause> {
        self.lists.get(name).ok_or(Cause::Lists)
    }

    /// Whether what was dialled is an emergency number.
    pub fn dials_emergency(&self) -> bool {
        self.destination().emergency
    }

    /// Where the request goes.
    pub(super) fn destination(&self) -> &Destination {
        self.destination.get_or_init(|| Destination::of(self))
    }

    /// Who the request shows as its origin.
    pub(super) fn sender(&self) -> &ShownSender {
        self.sender.get_or_init(|| ShownSender::of(self))
    }

    /// The texts of the request and what they say.
    pub(super) fn wording(&self) -> &Wording {
        self.wording.get_or_init(|| match self.shared_texts {
            Some(shared) => shared.wording(self),
            None => Arc::new(Wording::of(self)),
        })
    }

    /// What the texts of the request say.
    ///
    /// # Errors
    /// When what they are read with cannot be had.
    pub(super) fn content(&self) -> Result<&Content, Cause> {
        self.wording().content.as_ref().map_err(|cause| *cause)
    }

    /// Whether an instant has come: an end is exclusive, so at the instant itself it has.
    pub(super) fn passed(&self, end: Option<Timestamp>) -> bool {
        end.is_some_and(|end| end <= self.now)
    }
}
