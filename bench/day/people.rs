//! Accounts that mean no harm: clinics that remind, shops that send codes, desks that call.

use std::collections::BTreeMap;

use aupd::domain::{Answer, Answered, Decision, ResolvedAccount, Verdict};
use aupd::traffic::outcome::Became;
use serde_json::{Value, json};

use super::world::{Actor, Attempt, Random, SECOND, account};

/// What an account does all day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trade {
    /// Reminders to the same customers, by text.
    Reminders,
    /// Codes to whoever signs in; most are typed in, some are asked for again.
    Codes,
    /// Calls, of which most are answered.
    Calls,
}

/// One of them.
pub struct Honest {
    account: ResolvedAccount,
    trade: Trade,
    number: String,
    /// Between two attempts, ms.
    every: i64,
    again: Option<String>,
    pub attempts: u64,
    pub denied: BTreeMap<String, u64>,
}

// === impl Honest ===

impl Honest {
    pub fn new(example: &Value, nth: i64, trade: Trade, every: i64) -> Self {
        let number = format!("+1415{:07}", 2_000_000 + nth);
        let patch = json!({"numbers": [{"e164": number, "type": "LONG_CODE", "use": ["A2P", "BULK", "AUTODIAL"]}],
            "tcr": {"brand_id": format!("B{nth}"), "campaigns": [{"id": format!("C{nth}"), "numbers": [number], "att_tpm": 2400,
            "status": "ACTIVE", "use_case": "MIXED"}]}});
        let account = account(example, &format!("acc_{nth}"), &patch);
        Self { account, trade, number, every, again: None, attempts: 0, denied: BTreeMap::new() }
    }

    fn reminder(&self, random: &mut Random) -> Attempt {
        // One customer in 1,500, and one appointment in 600.
        let (customer, minute) = (random.below(1_500), random.below(600));
        let to = format!("+1212{:07}", 2_000_000 + customer);
        let body =
            format!("Northwind: your appointment is on Thursday at {}:{:02}.", 8 + minute / 60, minute % 60);
        let request = json!({"action": "SEND_SMS", "from": {"type": "LONG_CODE", "value": self.number}, "to": to,
            "body": body, "category": "SERVICE", "automated": true});
        Attempt { request, outcomes: Vec::new(), attack: false }
    }

    fn code(&mut self, random: &mut Random) -> Attempt {
        let to = self.again.take().unwrap_or_else(|| any_number(random));
        let typed_in = random.percent(85);
        if !typed_in && random.percent(50) {
            self.again = Some(to.clone());
        }
        let after = if typed_in { 15 + random.below(45) } else { 600 };
        let end_user = format!("198.51.{}.{}", random.below(256), random.below(256));
        let request = json!({"action": "SEND_OTP", "to": to, "channel": "SMS", "end_user": {"ip": end_user}});
        let outcomes = vec![(after * SECOND, Became::Code { verified: typed_in })];
        Attempt { request, outcomes, attack: false }
    }

    fn call(&self, random: &mut Random) -> Attempt {
        let request = json!({"action": "PLACE_CALL", "from": {"type": "E164", "value": self.number},
            "to": any_number(random), "category": "CONVERSATIONAL", "automated": false});
        let (status, duration) = match random.below(100) {
            0..62 => (Answered::Answered, Some((3 + random.below(240)) * SECOND)),
            62..87 => (Answered::NoAnswer, None),
            _ => (Answered::Busy, None),
        };
        Attempt { request, outcomes: call(status, 5 + random.below(20), duration), attack: false }
    }
}

impl Actor for Honest {
    fn account(&self) -> &ResolvedAccount {
        &self.account
    }

    fn next(&mut self, random: &mut Random) -> Option<(Attempt, i64)> {
        let mut attempt = match self.trade {
            Trade::Reminders => self.reminder(random),
            Trade::Codes => self.code(random),
            Trade::Calls => self.call(random),
        };
        attempt.request["account_id"] = Value::from(self.account.account.id.as_str());
        attempt.request["actor"] = actor();
        // Whoever paces what they send is never in a hurry.
        Some((attempt, self.every / 2 + random.below(self.every)))
    }

    fn told(&mut self, _: i64, _: bool, decision: &Decision) {
        self.attempts += 1;
        if decision.verdict == Verdict::Deny {
            let reason =
                decision.violations.first().map_or_else(String::new, |reason| reason.code.to_string());
            *self.denied.entry(reason).or_default() += 1;
        }
    }

    fn honest(&self) -> Option<&Honest> {
        Some(self)
    }
}

pub fn actor() -> Value {
    json!({"api_key_id": "key_1", "ip": "203.0.113.10", "ip_country": "US"})
}

/// What becomes of a call: it is answered after `ring` s and lasts `duration` ms, or not.
pub fn call(status: Answered, ring: i64, duration: Option<i64>) -> Vec<(i64, Became)> {
    let answer = |duration_ms| Answer { status, ring_ms: Some(ring * SECOND), duration_ms, cost: None };
    let first = (ring * SECOND, Became::Call(answer(None)));
    let last = duration.map(|length| (ring * SECOND + length, Became::Call(answer(Some(length)))));
    std::iter::once(first).chain(last).collect()
}

/// A number in New York.
pub fn any_number(random: &mut Random) -> String {
    format!("+1212{:07}", 2_000_000 + random.below(7_999_999))
}
