//! The compiled rules against Cedar's own authorizer: the same policies hold, the same fail, and so the
//! verdict is the same. Programs, entities and requests are generated; every shared case is run too.
//!
//! `ORACLE_PAIRS` says how many pairs of a rule and a request are tried (`make oracle` for the long run),
//! `ORACLE_SEED` where the generator begins; a failure prints the seed of its program.

mod cases;
mod expressions;
mod program;
mod random;

use std::collections::BTreeSet;

use aupd::rules::any::AnyProgram;
use program::Generated;
use random::Random;

/// Pairs that the test command tries.
const PAIRS: usize = 20_000;
const POLICIES: usize = 12;
const QUESTIONS: usize = 25;

/// What must have been tried, as it is written.
const CONSTRUCTS: [&str; 41] = [
    " && ",
    " || ",
    "!(",
    "(if ",
    " == ",
    " != ",
    " < ",
    " <= ",
    " > ",
    " >= ",
    " + ",
    " - ",
    " * ",
    "-(",
    " in Team::",
    " in [",
    " is User",
    " is User in ",
    " has ",
    " like ",
    "].contains(",
    "].containsAll(",
    "].containsAny(",
    "].isEmpty()",
    ".containsAll([",
    ".containsAny([",
    ".hasTag(",
    ".getTag(",
    ".isInRange(",
    ".isIpv4()",
    ".isIpv6()",
    ".isLoopback()",
    ".isMulticast()",
    ".offset(",
    ".durationSince(",
    ".toDate()",
    ".toTime()",
    ".toMilliseconds()",
    ".lessThanOrEqual(",
    ".greaterThan(",
    ").x",
];

#[derive(Default)]
struct Tally {
    pairs: usize,
    matched: usize,
    failed: usize,
    offered: usize,
    refused: usize,
    constructs: BTreeSet<&'static str>,
}

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn generated_programs_are_answered_as_by_cedar() {
    let wanted = variable("ORACLE_PAIRS").and_then(|pairs| usize::try_from(pairs).ok()).unwrap_or(PAIRS);
    let first = variable("ORACLE_SEED").unwrap_or(1);
    let mut tally = Tally::default();
    for seed in first.. {
        one_program(seed, &mut tally);
        if tally.pairs >= wanted {
            break;
        }
    }
    let Tally { pairs, matched, failed, offered, refused, constructs } = tally;
    println!(
        "{pairs} pairs: {matched} matched, {failed} failed; {refused} of {offered} policies refused by Cedar"
    );
    // A generator whose rules never hold or never fail would prove nothing.
    assert!(matched * 20 > pairs && failed * 50 > pairs && (pairs - matched - failed) * 10 > pairs);
    let untried: Vec<_> = CONSTRUCTS.iter().filter(|construct| !constructs.contains(*construct)).collect();
    assert!(untried.is_empty(), "{untried:?} stood in no policy");
    assert!(refused * 5 < offered, "most generated policies must be ones that Cedar's validator accepts");
}

fn one_program(seed: u64, tally: &mut Tally) {
    let mut random = Random::new(seed);
    let generated = Generated::new(&mut random);
    let offered: Vec<String> = (0..POLICIES).map(|_| generated.policy(&mut random)).collect();
    let sound: Vec<&String> =
        offered.iter().filter(|policy| accepted(AnyProgram::parse(&generated.schema, policy))).collect();
    tally.offered += offered.len();
    tally.refused += offered.len() - sound.len();
    let text = sound.iter().map(|policy| policy.as_str()).collect::<Vec<_>>().join("\n");
    let program = AnyProgram::parse(&generated.schema, &text).expect("its policies are sound one by one");
    tally.constructs.extend(CONSTRUCTS.iter().filter(|construct| text.contains(**construct)));
    for _ in 0..QUESTIONS {
        let (entities, request) = generated.question(&mut random);
        let world = program.world(entities.clone()).expect("the entities are well formed");
        let question = program.question(&request).expect("the request is well formed");
        let answers = program.ask(&world, &question);
        assert!(
            answers.agree,
            "seed {seed}: {answers:#?}\n{}\n{text}\n{entities:#}\n{request:#}",
            generated.schema
        );
        tally.pairs += program.len();
        tally.matched += answers.compiled.matched.len();
        tally.failed += answers.compiled.errors.len();
    }
}

/// What Cedar's validator refuses is no program; what only the compiler refuses is a hole in it.
fn accepted(program: Result<AnyProgram, aupd::rules::any::AnyError>) -> bool {
    use aupd::rules::any::AnyError;
    match program {
        Ok(_) => true,
        Err(AnyError::Policies(_)) => false,
        Err(other) => panic!("{other}"),
    }
}

/// Sets within sets must cost what they are long, not two to the power of how deep they are.
#[test]
fn nested_sets_are_evaluated_once() {
    let schema =
        "entity User; action read appliesTo { principal: User, resource: User, context: { on: Bool } };";
    let nested = (0..40).fold("context.on".to_owned(), |inner, _| {
        format!("[context.on, {inner}].contains({inner_true})", inner_true = "true")
    });
    let policies = format!("permit (principal, action, resource) when {{ {nested} }};");
    let program = AnyProgram::parse(schema, &policies).expect("it is sound");
    let world = program.world(serde_json::json!([])).expect("no entities");
    for on in [true, false] {
        let request = serde_json::json!({
            "principal": "User::\"a\"", "action": "Action::\"read\"", "resource": "User::\"b\"", "context": {"on": on},
        });
        let answers = program.ask(&world, &program.question(&request).expect("it is well formed"));
        assert!(answers.agree && answers.compiled.matched.len() == usize::from(on), "{answers:?}");
    }
}
