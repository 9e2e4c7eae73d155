//! A simulated day of a platform: 5,000 accounts that mean no harm, and one attacker of each kind of clauses
//! 16 to 19. Says of each attack how soon it was denied and how much of it after that, and of the others how
//! many were denied though they did nothing.
//!
//! `cargo run --release --example day`, some minutes on one core; `-- 200000 100` for fewer attempts and accounts;
//! `-- cdr FILE` for a week of calls by the profiles of a file.

#![allow(missing_docs, reason = "a program of its own")]
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "a measurement that cannot be made ends and says so"
)]

mod attacks;
mod cdr;
mod people;
mod world;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use aupd::bundle::{Bundle, Snapshot};
use aupd::cases::Suite;
use serde_json::{Map, Value};

use attacks::{ATTACKS, Attack, Seen};
use people::{Honest, Trade};
use world::{Day, HOUR, MIDNIGHT};

/// As the service allocates.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const SEED: u64 = 20_261_125;

fn main() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("demo/cases");
    let suite = Suite::load(&[cases], None).expect("the demo cases load");
    let policy = Snapshot::new(Arc::new(Bundle::embedded().expect("the default bundle loads")));
    let policy = suite.fixtures.apply(&policy, &Map::new()).expect("the fixtures fit");
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["cdr", file] => week(policy, &suite.accounts, Path::new(file)),
        ref numbers => {
            let number = |place: usize, usual: i64| {
                numbers.get(place).map_or(usual, |text| text.parse::<i64>().expect("a number"))
            };
            one_day(&policy, &suite.accounts, number(0, 10_000_000), number(1, 5_000).max(1));
        }
    }
}

fn week(policy: Snapshot, examples: &BTreeMap<String, Value>, file: &Path) {
    let mut day = Day::new(policy, SEED);
    let end = cdr::populate(&mut day, examples, file);
    day.run(end, &mut |done| eprintln!("{done} calls"));
    println!(
        "| destination | calls | of them up to 6 s | to the top 10,000 numbers | before the first denial | denied | for |"
    );
    println!("| --- | --: | --: | --: | --: | --: | --- |");
    for caller in day.actors().filter_map(|actor| actor.caller()) {
        println!("{}", caller.line());
    }
}

fn one_day(policy: &Snapshot, examples: &BTreeMap<String, Value>, attempts: i64, accounts: i64) {
    let mut day = Day::new(policy.clone(), SEED);
    let seen = populate(&mut day, examples, attempts, accounts);
    let begun = Instant::now();
    day.run(MIDNIGHT + 24 * HOUR, &mut |done| eprintln!("{done} attempts"));
    let took = begun.elapsed();
    report(&day, &seen);
    let stats = policy.traffic.stats();
    println!(
        "\n{} attempts of {accounts} accounts and {} attackers in {:.0} s, {:.1} µs each with what became of them; at the end {} keys, \
         {} entries, {} keys forgotten for want of room",
        day.attempts,
        ATTACKS.iter().map(|attack| attack.accounts).sum::<i64>(),
        took.as_secs_f64(),
        took.as_secs_f64() * 1e6 / day.attempts as f64,
        stats.keys,
        stats.entries,
        stats.evicted.iter().map(|(_, gone)| gone).sum::<u64>(),
    );
}

/// Lets everybody in; what is seen of each attack.
fn populate(
    day: &mut Day,
    examples: &BTreeMap<String, Value>,
    attempts: i64,
    accounts: i64,
) -> Vec<Rc<RefCell<Seen>>> {
    let example = examples.get("acc_us_clinic").expect("it is one of the examples");
    let every = 24 * HOUR * accounts / attempts.max(1);
    for nth in 0..accounts {
        let trade = match nth % 10 {
            0..5 => Trade::Reminders,
            5..8 => Trade::Codes,
            _ => Trade::Calls,
        };
        let begin = MIDNIGHT + day.random().below(every.max(1));
        day.enter(Box::new(Honest::new(example, nth, trade, every)), begin);
    }
    let mut nth = 0;
    let mut attack = |attack: &'static Attack| {
        let seen = Rc::default();
        for _ in 0..attack.accounts {
            nth += 1;
            let begin = MIDNIGHT + 10 * HOUR + 60_000 * nth;
            day.enter(Box::new(attack.attacker(examples, nth, &seen)), begin);
        }
        seen
    };
    ATTACKS.iter().map(&mut attack).collect()
}

fn report(day: &Day, seen: &[Rc<RefCell<Seen>>]) {
    println!(
        "| clause | attack | attempts before the first denial | seconds until then | of those after it denied | denied for |"
    );
    println!("| --: | --- | --: | --: | --: | --- |");
    for (attack, seen) in ATTACKS.iter().zip(seen) {
        let Seen { before, first, after, denied_after, reasons, .. } = &*seen.borrow();
        let first = first.map_or_else(|| "never".to_owned(), |first| format!("{:.1}", first as f64 / 1e3));
        let share = *denied_after as f64 * 100.0 / (*after).max(1) as f64;
        let reasons: Vec<_> = reasons.iter().map(|(code, count)| format!("{code} {count}")).collect();
        let (clause, name, reasons) = (attack.clause, attack.name, reasons.join(", "));
        println!("| {clause} | {name} | {before} | {first} | {share:.1} % | {reasons} |");
    }
    let honest: Vec<&Honest> = day.actors().filter_map(|actor| actor.honest()).collect();
    let attempts: u64 = honest.iter().map(|one| one.attempts).sum();
    let mut denied: BTreeMap<&str, u64> = BTreeMap::new();
    for (reason, count) in honest.iter().flat_map(|one| &one.denied) {
        *denied.entry(reason).or_default() += count;
    }
    let all: u64 = denied.values().sum();
    println!(
        "\nOf {attempts} attempts that mean no harm {all} were denied, {:.4} %: {denied:?}",
        all as f64 * 100.0 / attempts.max(1) as f64
    );
}
