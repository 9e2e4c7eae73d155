//! One attacker of each kind of clauses 16 to 19.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use aupd::domain::{Answered, Decision, ResolvedAccount, Verdict};
use aupd::traffic::outcome::Became;
use serde_json::{Value, json};

use super::people::{actor, any_number, call};
use super::world::{Actor, Attempt, Random, SECOND, account};

/// What one attempt asks for, by its number: the request, what becomes of it, and whether it is the attack
/// or what goes on beside it.
type Plan = fn(i64, &mut Random) -> (Value, Vec<(i64, Became)>, bool);

/// A kind of attack.
pub struct Attack {
    pub clause: u8,
    pub name: &'static str,
    /// The example account that it is made from, and what is changed of it.
    example: &'static str,
    patch: fn() -> Value,
    /// How many accounts take part.
    pub accounts: i64,
    /// Between two attempts, ms.
    every: i64,
    /// Any of these is what it ought to be denied for.
    reasons: &'static [&'static str],
    plan: Plan,
}

/// An account that takes part in one.
pub struct Attacker {
    account: ResolvedAccount,
    attack: &'static Attack,
    nth: i64,
    seen: Rc<RefCell<Seen>>,
}

/// What came of an attack, by all accounts that take part.
#[derive(Default)]
pub struct Seen {
    begun: Option<i64>,
    /// Attempts before the first denial.
    pub before: u64,
    /// The first denial for what it ought to be denied for, ms after the beginning.
    pub first: Option<i64>,
    /// Attempts after it.
    pub after: u64,
    /// Those of them that were denied.
    pub denied_after: u64,
    /// Primary reasons of all denials.
    pub reasons: BTreeMap<String, u64>,
}

/// No attacker makes more attempts.
const MOST: i64 = 4_000;
const CLINIC: &str = "acc_us_clinic";
const LOGISTICS: &str = "acc_gb_logistics";
const NEWS: &str = "acc_mail_news";

pub static ATTACKS: &[Attack] = &[
    attack(
        16,
        "pumped range, no code typed in",
        CLINIC,
        latvia,
        6,
        &["AIT_CONVERSION_LOW", "DESTINATION_COOLDOWN"],
        |n, random| {
            if n % 10 == 0 {
                return (code(&any_number(random), random), verified(true), false);
            }
            (code(&format!("+3712123{:04}", random.below(10_000)), random), verified(false), true)
        },
    ),
    attack(
        16,
        "numbers in a row, conversion faked",
        CLINIC,
        same,
        20,
        &["AIT_SEQUENTIAL_NUMBERS"],
        |n, random| (code(&format!("+1212{:07}", 5_550_000 + n % 90_000), random), verified(true), true),
    ),
    attack(
        16,
        "most codes to one range, few typed in",
        CLINIC,
        same,
        30,
        &["AIT_PREFIX_CONCENTRATION", "DESTINATION_COOLDOWN", "AIT_CONVERSION_LOW"],
        |_, random| {
            let typed_in = random.percent(20);
            if random.percent(30) {
                return (code(&any_number(random), random), verified(typed_in), false);
            }
            (code(&format!("+1212555{:04}", random.below(10_000)), random), verified(typed_in), true)
        },
    ),
    attack(16, "one end user, many numbers", CLINIC, same, 60, &["AIT_END_USER_VELOCITY"], |_, random| {
        let mut request = code(&any_number(random), random);
        request["end_user"]["ip"] = Value::from("198.51.100.7");
        (request, verified(true), true)
    }),
    attack(
        16,
        "far more than usual to a country",
        LOGISTICS,
        usual,
        10,
        &["AIT_VOLUME_SPIKE"],
        |_, random| (parcel(&format!("+6149157{:04}", random.below(10_000)), random), Vec::new(), true),
    ),
    attack(
        16,
        "calls to a range that shares revenue",
        CLINIC,
        latvia,
        60,
        &["IRSF_RANGE_BLOCKED"],
        |_, random| (talk(&format!("+37181{:06}", random.below(1_000_000))), long(), true),
    ),
    attack(16, "calls to a premium range", LOGISTICS, same, 60, &["PREMIUM_RANGE_BLOCKED"], |_, random| {
        (from_gb(&format!("+449012{:06}", random.below(1_000_000))), long(), true)
    }),
    attack(16, "calls between own numbers", CLINIC, same, 200, &["TRAFFIC_LOOP"], |_, _| {
        (talk("+14155550110"), call(Answered::Answered, 3, Some(179 * SECOND)), true)
    }),
    attack(17, "half of the minutes to a high-cost range", CLINIC, same, 60, &HIGH_COST, |_, random| {
        beside(random, 50)
    }),
    attack(17, "a quarter of the minutes to it", CLINIC, same, 60, &HIGH_COST, |_, random| {
        beside(random, 25)
    }),
    attack(17, "a seventh of the minutes to it", CLINIC, same, 60, &HIGH_COST, |_, random| {
        beside(random, 15)
    }),
    attack(18, "calls of three seconds", CLINIC, same, 20, &["SHORT_CALL_RATIO_EXCEEDED"], |_, random| {
        (talk(&any_number(random)), call(Answered::Answered, 6, Some(3 * SECOND)), true)
    }),
    attack(
        18,
        "calls that hardly anybody answers",
        CLINIC,
        same,
        20,
        &["ANSWER_RATIO_TOO_LOW"],
        |_, random| {
            let outcomes = if random.percent(10) { long() } else { call(Answered::NoAnswer, 25, None) };
            (talk(&any_number(random)), outcomes, true)
        },
    ),
    attack_ms(
        18,
        "twenty calls a second",
        CLINIC,
        same,
        50,
        &["CPS_EXCEEDED", "CONCURRENCY_EXCEEDED"],
        |_, random| (talk(&any_number(random)), long(), true),
    ),
    attack(18, "calls that do not end", CLINIC, same, 15, &["CONCURRENCY_EXCEEDED"], |_, random| {
        (talk(&any_number(random)), call(Answered::Answered, 5, Some(3_600 * SECOND)), true)
    }),
    attack_ms(
        18,
        "four hundred requests a second",
        CLINIC,
        same,
        5,
        &["ACCOUNT_RATE_EXCEEDED"],
        |_, random| (text(&any_number(random), "Northwind: the doctor is in."), Vec::new(), true),
    ),
    attack(18, "the same refused request, over and over", CLINIC, same, 2, &["RETRY_STORM"], |_, _| {
        (talk("+37121230000"), Vec::new(), true)
    }),
    attack(19, "one number called again and again", CLINIC, same, 2, &["TDOS_DESTINATION_FLOOD"], |_, _| {
        (talk("+12125550177"), call(Answered::Answered, 1, Some(2 * SECOND)), true)
    }),
    Attack {
        accounts: 5,
        ..attack(
            19,
            "one number called by five accounts",
            CLINIC,
            same,
            8,
            &["CROSS_ACCOUNT_FLOOD"],
            |_, _| (talk("+12125550178"), call(Answered::Answered, 1, Some(10 * SECOND)), true),
        )
    },
    attack(
        19,
        "codes to one number",
        CLINIC,
        same,
        30,
        &["OTP_RESEND_LIMIT", "AIT_CONVERSION_LOW", "DESTINATION_COOLDOWN"],
        |n, random| {
            if n % 4 == 0 {
                return (code(&any_number(random), random), verified(true), false);
            }
            (code("+12125550179", random), verified(false), true)
        },
    ),
    attack(19, "the same text to one number", CLINIC, same, 60, &["MESSAGE_FLOOD_IDENTICAL"], |_, _| {
        let mut same = text("+12125550180", "Northwind: please call us.");
        same["body_hash"] = Value::from("h-1");
        (same, Vec::new(), true)
    }),
    attack(19, "different texts to one number", CLINIC, same, 60, &["MESSAGE_FLOOD_DESTINATION"], |n, _| {
        (text("+12125550181", &format!("Northwind: number {n} in the queue.")), Vec::new(), true)
    }),
    attack(19, "mail to one mailbox", NEWS, same, 60, &["EMAIL_FLOOD_DESTINATION"], |n, _| {
        let subject = format!("Order {n}");
        let mail = json!({"action": "SEND_EMAIL", "from": {"type": "EMAIL", "value": "news@fourthcoffee.example.com",
            "display_name": "Fourth Coffee"}, "to_email": "dana@example.org", "subject": subject, "html": "<p>Hi</p>",
            "category": "TRANSACTIONAL"});
        (mail, Vec::new(), true)
    }),
    attack(19, "machines calling a hospital", CLINIC, same, 30, &["CRITICAL_LINE_PROTECTED"], |_, _| {
        let mut request = talk("+12125550190");
        request["automated"] = Value::from(true);
        request["category"] = Value::from("SERVICE");
        request["consent"] = json!({"basis": "EXPRESS"});
        (request, long(), true)
    }),
];

const HIGH_COST: [&str; 3] =
    ["COST_DEVIATION_EXCEEDED", "HIGH_COST_SHARE_EXCEEDED", "RANGE_CONCENTRATION_EXCEEDED"];

const fn attack(
    clause: u8,
    name: &'static str,
    example: &'static str,
    patch: fn() -> Value,
    every_s: i64,
    reasons: &'static [&'static str],
    plan: Plan,
) -> Attack {
    attack_ms(clause, name, example, patch, every_s * SECOND, reasons, plan)
}

const fn attack_ms(
    clause: u8,
    name: &'static str,
    example: &'static str,
    patch: fn() -> Value,
    every: i64,
    reasons: &'static [&'static str],
    plan: Plan,
) -> Attack {
    Attack { clause, name, example, patch, accounts: 1, every, reasons, plan }
}

// === impl Attack ===

impl Attack {
    /// One of those that take part.
    pub fn attacker(
        &'static self,
        examples: &BTreeMap<String, Value>,
        nth: i64,
        seen: &Rc<RefCell<Seen>>,
    ) -> Attacker {
        let example = examples.get(self.example).expect("it is one of the examples");
        let account = account(example, &format!("acc_attack_{nth}"), &(self.patch)());
        Attacker { account, attack: self, nth: 0, seen: seen.clone() }
    }
}

// === impl Seen ===

impl Seen {
    fn note(&mut self, at: i64, meant: &[&str], decision: &Decision) {
        let begun = *self.begun.get_or_insert(at);
        if self.first.is_some() {
            self.after += 1;
            self.denied_after += u64::from(decision.verdict == Verdict::Deny);
        } else if decision.violations.iter().any(|reason| meant.contains(&&*reason.code)) {
            self.first = Some(at - begun);
        } else {
            self.before += 1;
        }
        if let Some(reason) = decision.violations.first() {
            *self.reasons.entry(reason.code.to_string()).or_default() += 1;
        }
    }
}

impl Actor for Attacker {
    fn account(&self) -> &ResolvedAccount {
        &self.account
    }

    fn next(&mut self, random: &mut Random) -> Option<(Attempt, i64)> {
        self.nth += 1;
        if self.nth > MOST {
            return None;
        }
        let (mut request, outcomes, attack) = (self.attack.plan)(self.nth, random);
        request["account_id"] = Value::from(self.account.account.id.as_str());
        request["actor"] = actor();
        if self.attack.example == LOGISTICS {
            request["actor"]["ip_country"] = Value::from("GB");
        }
        let wait = self.attack.every * 9 / 10 + random.below(self.attack.every / 5);
        Some((Attempt { request, outcomes, attack }, wait))
    }

    fn told(&mut self, at: i64, attack: bool, decision: &Decision) {
        if attack {
            self.seen.borrow_mut().note(at, self.attack.reasons, decision);
        }
    }
}

fn same() -> Value {
    json!({})
}

fn latvia() -> Value {
    json!({"geo": {"sms": ["US", "LV"], "voice": ["US", "LV"]}})
}

fn usual() -> Value {
    json!({"baseline_12h": {"AU": {"mean": 300, "sd": 50}}})
}

fn code(to: &str, random: &mut Random) -> Value {
    let end_user = format!("198.51.{}.{}", random.below(256), random.below(256));
    json!({"action": "SEND_OTP", "to": to, "channel": "SMS", "end_user": {"ip": end_user}})
}

fn verified(verified: bool) -> Vec<(i64, Became)> {
    vec![(if verified { 30 * SECOND } else { 600 * SECOND }, Became::Code { verified })]
}

fn talk(to: &str) -> Value {
    json!({"action": "PLACE_CALL", "from": {"type": "E164", "value": "+14155550100"}, "to": to,
        "category": "CONVERSATIONAL", "automated": false})
}

fn from_gb(to: &str) -> Value {
    let mut call = talk(to);
    call["from"]["value"] = Value::from("+442079460100");
    call
}

fn text(to: &str, body: &str) -> Value {
    json!({"action": "SEND_SMS", "from": {"type": "LONG_CODE", "value": "+14155550100"}, "to": to, "body": body,
        "category": "SERVICE", "automated": true})
}

fn parcel(to: &str, random: &mut Random) -> Value {
    let body = format!("Redfern: parcel {} is on its way.", random.below(100_000));
    json!({"action": "SEND_SMS", "from": {"type": "ALPHA", "value": "REDFERN"}, "to": to, "body": body,
        "category": "SERVICE", "automated": true})
}

fn long() -> Vec<(i64, Became)> {
    call(Answered::Answered, 8, Some(120 * SECOND))
}

/// So many calls in a hundred into the high-cost range; only they are the attack.
fn beside(random: &mut Random, percent: i64) -> (Value, Vec<(i64, Became)>, bool) {
    if random.percent(percent) {
        (talk(&format!("+1712555{:04}", random.below(10_000))), long(), true)
    } else {
        (talk(&any_number(random)), long(), false)
    }
}
