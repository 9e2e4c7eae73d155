//! Calls to a destination as a week of wholesale call records has them: how many at each hour, to how many
//! numbers, how concentrated and how long.

use std::collections::BTreeMap;
use std::path::Path;

use aupd::domain::{Answered, Decision, ResolvedAccount, Verdict};
use serde::Deserialize;
use serde_json::{Value, json};

use super::people::{actor, call};
use super::world::{Actor, Attempt, Day, HOUR, MIDNIGHT, Random, SECOND, account};

/// How mobile numbers of the countries begin, and how many digits follow.
const NUMBERS: [(&str, &str, &str, u32); 12] = [
    ("ERITREA", "ER", "+2917", 6),
    ("SRI LANKA", "LK", "+9477", 7),
    ("VIETNAM", "VN", "+8498", 7),
    ("MYANMAR", "MM", "+95979", 7),
    ("PAPUA NEW GUINEA", "PG", "+67570", 6),
    ("TAIWAN", "TW", "+88691", 7),
    ("TURKEY", "TR", "+9053", 8),
    ("CHINA", "CN", "+86139", 8),
    ("ALGERIA", "DZ", "+21355", 7),
    ("TURKMENISTAN", "TM", "+9936", 7),
    ("BANGLADESH", "BD", "+88017", 8),
    ("PAKISTAN", "PK", "+9230", 8),
];
const DAYS: i64 = 7;

#[derive(Deserialize)]
struct Profiles {
    destinations: Vec<Profile>,
}

/// What is known of the calls to a destination.
#[derive(Clone, Deserialize)]
pub struct Profile {
    country: String,
    dest: String,
    calls: i64,
    duration_deciles: Vec<f64>,
    short_le6: f64,
    distinct_cld: i64,
    max_calls_one_cld: i64,
    top_10k_block_share: f64,
    by_hour: BTreeMap<String, i64>,
}

/// An account that makes those calls.
pub struct Caller {
    account: ResolvedAccount,
    pub profile: Profile,
    times: Vec<i64>,
    pub denied: BTreeMap<String, u64>,
    /// Calls before the first denial.
    pub before: u64,
}

/// Lets in one account for each destination of a file, and the end of the week.
pub fn populate(day: &mut Day, examples: &BTreeMap<String, Value>, file: &Path) -> i64 {
    let text = std::fs::read_to_string(file).expect("the file can be read");
    let profiles: Profiles = serde_json::from_str(&text).expect("the file has profiles");
    let example = examples.get("acc_us_clinic").expect("it is one of the examples");
    for (nth, profile) in profiles.destinations.into_iter().enumerate() {
        let caller = Caller::new(example, nth, profile, day.random());
        let begin = caller.times.last().copied().unwrap_or(MIDNIGHT);
        day.enter(Box::new(caller), begin);
    }
    MIDNIGHT + DAYS * 24 * HOUR
}

// === impl Caller ===

impl Caller {
    fn new(example: &Value, nth: usize, profile: Profile, random: &mut Random) -> Self {
        let regions: Vec<&str> = NUMBERS.iter().map(|(_, region, ..)| *region).collect();
        let patch = json!({"limits": {}, "geo": {"voice": regions, "high_risk": true, "premium": true}});
        let mut example = example.clone();
        example["limits"] = json!({});
        let account = account(&example, &format!("acc_cdr_{nth}"), &patch);
        let at = |hour: i64, random: &mut Random| {
            MIDNIGHT + random.below(DAYS) * 24 * HOUR + hour * HOUR + random.below(HOUR)
        };
        let hours = profile.by_hour.iter().map(|(hour, calls)| (hour.parse().expect("an hour"), *calls));
        let mut times: Vec<i64> = hours
            .flat_map(|(hour, calls)| (0..calls).map(|_| at(hour, random)).collect::<Vec<_>>())
            .collect();
        // The next one is the last.
        times.sort_unstable_by(|a, b| b.cmp(a));
        Self { account, profile, times, denied: BTreeMap::new(), before: 0 }
    }

    fn number(&self, random: &mut Random) -> String {
        let Profile { calls, distinct_cld, max_calls_one_cld, top_10k_block_share, country, .. } =
            &self.profile;
        let (.., begin, digits) = NUMBERS.iter().find(|(name, ..)| name == country).expect("a known country");
        let all = 10_i64.pow(*digits);
        let place = if random.below(*calls) < *max_calls_one_cld {
            0
        } else if random.below(10_000) < (top_10k_block_share * 1e4) as i64 {
            random.below(10_000)
        } else {
            // So many numbers, spread over all.
            random.below(*distinct_cld) * (all / distinct_cld.max(&1)) % all
        };
        format!("{begin}{place:0width$}", width = *digits as usize)
    }

    fn seconds(&self, random: &mut Random) -> i64 {
        if random.below(10_000) < (self.profile.short_le6 * 1e4) as i64 {
            return 1 + random.below(6);
        }
        let long: Vec<f64> = self.profile.duration_deciles.iter().copied().filter(|s| *s > 6.0).collect();
        let place = usize::try_from(random.below(long.len().max(1) as i64)).unwrap_or(0);
        long.get(place).map_or(30, |seconds| *seconds as i64)
    }

    pub fn line(&self) -> String {
        let Profile { country, dest, calls, short_le6, top_10k_block_share, .. } = &self.profile;
        let denied: u64 = self.denied.values().sum();
        let share = denied as f64 * 100.0 / (*calls).max(1) as f64;
        let reasons: Vec<_> = self.denied.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
        let before = if denied == 0 { "–".to_owned() } else { self.before.to_string() };
        format!(
            "| {country}, {dest} | {calls} | {:.1} % | {:.1} % | {before} | {share:.1} % | {} |",
            short_le6 * 1e2,
            top_10k_block_share * 1e2,
            reasons.join(", ")
        )
    }
}

impl Actor for Caller {
    fn account(&self) -> &ResolvedAccount {
        &self.account
    }

    fn next(&mut self, random: &mut Random) -> Option<(Attempt, i64)> {
        let at = self.times.pop()?;
        let request = json!({"action": "PLACE_CALL", "account_id": self.account.account.id.as_str(), "actor": actor(),
            "from": {"type": "E164", "value": "+14155550100"}, "to": self.number(random),
            "category": "CONVERSATIONAL", "automated": false});
        let outcomes = call(Answered::Answered, 5, Some(self.seconds(random) * SECOND));
        Some((Attempt { request, outcomes, attack: false }, self.times.last().map_or(1, |next| next - at)))
    }

    fn told(&mut self, _: i64, _: bool, decision: &Decision) {
        if decision.verdict == Verdict::Allow {
            self.before += u64::from(self.denied.is_empty());
        } else if let Some(reason) = decision.violations.first() {
            *self.denied.entry(reason.code.to_string()).or_default() += 1;
        }
    }

    fn caller(&self) -> Option<&Caller> {
        Some(self)
    }
}
