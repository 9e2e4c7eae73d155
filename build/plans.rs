//! Turns the number plans of `data/phone/plans.tsv` into one automaton over digits, as Rust tables.
//!
//! The patterns of a calling code, of all of its regions and kinds, are made into one DFA. No number is longer than
//! [`MAX_DIGITS`], so the DFA unrolls into a graph without cycles; nodes that answer the same for everything that can
//! follow are merged, from the ends backwards. Which region and kind a number has is decided here, once for each node,
//! by libphonenumber's rules; what is left for run time is a walk of one step a digit.

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Write as _;

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::util::{primitives::StateID, start, syntax};
use regex_automata::{Anchored, MatchKind};

type Dfa = dense::DFA<Vec<u32>>;
type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The most digits behind a calling code: 15 in all, and a code has one at least.
const MAX_DIGITS: usize = 14;
/// The calling code whose regions have no main one.
const NORTH_AMERICA: u16 = 1;
/// libphonenumber's name for codes of no country.
const WORLD: &str = "001";

/// Kinds in the order in which they are tried, and that of `KINDS` in `src/numbers/plan.rs`, which begins with none.
const KINDS: [&str; 10] = [
    "premium_rate",
    "toll_free",
    "shared_cost",
    "voip",
    "personal",
    "pager",
    "uan",
    "voicemail",
    "fixed_line",
    "mobile",
];
/// Place of a number that is both a fixed line's and a mobile's.
const FIXED_LINE_OR_MOBILE: usize = KINDS.len() + 1;

/// Ten next nodes and an answer. Node 0 is the one from which nothing matches.
type Node = ([u16; 10], u16);

/// The merged graph.
struct Graph {
    ids: HashMap<Node, u16>,
    nodes: Vec<Node>,
}

/// One line of the table.
struct Row<'a> {
    code: u16,
    region: &'a str,
    what: &'a str,
    lengths: Vec<usize>,
    local: Vec<usize>,
    pattern: &'a str,
}

/// What one pattern means where it matches.
struct Use<'a> {
    /// Place of the region in [`Plans::regions`].
    region: u16,
    what: &'a str,
    /// Any, if empty.
    lengths: &'a [usize],
    /// Its place in the DFA.
    pattern: usize,
}

/// Everything that is written.
struct Plans<'a> {
    graph: Graph,
    /// The first stands for no region.
    regions: Vec<&'a str>,
    codes: String,
    /// Of the first three digits of a number: its place in `codes`, from 1; 0 for none.
    places: Vec<usize>,
}

/// The tables as Rust source.
///
/// # Errors
/// A line that cannot be read, a pattern that does not compile, or a graph too large for 16 bits.
pub fn tables(table: &str) -> Result<String> {
    let rows: Vec<Row> =
        table.lines().filter(|line| !line.starts_with('#')).map(row).collect::<Result<_>>()?;
    let mut plans =
        Plans { graph: Graph::new(), regions: vec![""], codes: String::new(), places: vec![0; 1000] };
    for (place, rows) in rows.chunk_by(|a, b| a.code == b.code).enumerate() {
        plans.add(place + 1, rows)?;
    }
    plans.written()
}

fn row(line: &str) -> Result<Row<'_>> {
    let Ok([code, region, what, lengths, local, pattern]) =
        <[&str; 6]>::try_from(line.split('\t').collect::<Vec<_>>())
    else {
        return Err(format!("not six fields: {line}").into());
    };
    Ok(Row { code: code.parse()?, region, what, lengths: numbers(lengths)?, local: numbers(local)?, pattern })
}

fn numbers(text: &str) -> Result<Vec<usize>> {
    let each = text.split(',').filter(|number| *number != "-");
    each.map(|number| number.parse().map_err(Into::into)).collect()
}

// === impl Plans ===

impl<'a> Plans<'a> {
    /// Adds the code that is at `place`, from all of its rows: the main region's come first.
    fn add(&mut self, place: usize, rows: &'a [Row<'a>]) -> Result<()> {
        let first = rows.first().ok_or("a code without rows")?;
        let main = |what: &str| rows.iter().find(|row| row.region == first.region && row.what == what);
        let general = main("general").ok_or("a region without numbers")?;
        let (patterns, uses) = self.uses(rows)?;
        let root = self.graph.add_plan(&dfa(&patterns, MatchKind::All)?, &uses)?;
        let prefix = match main("national_prefix") {
            Some(row) => self.graph.add_prefix(&dfa(&[row.pattern.to_owned()], MatchKind::LeftmostFirst)?)?,
            None => 0,
        };
        let otherwise = if first.code == NORTH_AMERICA { 0 } else { self.region(first.region)? };
        writeln!(
            self.codes,
            "Code {{ digits: {}, root: {root}, prefix: {prefix}, rewrites: {}, lengths: {:#b}, local: {:#b}, \
             otherwise: {otherwise} }},",
            first.code,
            main("national_prefix_rewrite").is_some(),
            mask(&general.lengths),
            mask(&general.local),
        )?;
        self.place(first.code, place)
    }

    /// The patterns of a code, each once, and what they are for.
    fn uses(&mut self, rows: &'a [Row<'a>]) -> Result<(Vec<String>, Vec<Use<'a>>)> {
        let mut patterns = Vec::new();
        let mut uses = Vec::new();
        for row in rows.iter().filter(|row| !row.what.starts_with("national_prefix")) {
            let pattern = match row.what {
                "leading_digits" => format!("(?:{})[0-9]*", row.pattern),
                _ => row.pattern.to_owned(),
            };
            let found = patterns.iter().position(|known| *known == pattern);
            let place = found.unwrap_or_else(|| {
                patterns.push(pattern);
                patterns.len() - 1
            });
            let region = self.region(row.region)?;
            uses.push(Use { region, what: row.what, lengths: &row.lengths, pattern: place });
        }
        Ok((patterns, uses))
    }

    fn region(&mut self, name: &'a str) -> Result<u16> {
        if name == WORLD {
            return Ok(0);
        }
        let known = self.regions.iter().position(|region| *region == name);
        Ok(u16::try_from(known.unwrap_or_else(|| {
            self.regions.push(name);
            self.regions.len() - 1
        }))?)
    }

    fn place(&mut self, code: u16, place: usize) -> Result<()> {
        let (start, size) = match usize::from(code) {
            code @ 0..10 => (code * 100, 100),
            code @ 10..100 => (code * 10, 10),
            code => (code, 1),
        };
        self.places.get_mut(start..start + size).ok_or("a code of more than three digits")?.fill(place);
        Ok(())
    }

    fn written(&self) -> Result<String> {
        let mut text = String::new();
        writeln!(text, "pub(super) static REGIONS: [Option<Region>; {}] = [None,", self.regions.len())?;
        for region in self.regions.iter().skip(1) {
            writeln!(text, "Some(Region::of(*b\"{region}\")),")?;
        }
        text.push_str("];\n");
        writeln!(text, "pub(super) static PLACES: [u8; 1000] = {:?};", self.places)?;
        writeln!(text, "pub(super) static CODES: &[Code] = &[{}];", self.codes)?;
        writeln!(text, "pub(super) static NODES: [Node; {}] = [", self.graph.nodes.len())?;
        for (next, answer) in &self.graph.nodes {
            writeln!(text, "Node {{ next: {next:?}, answer: {answer} }},")?;
        }
        text.push_str("];\n");
        Ok(text)
    }
}

/// One bit for each length.
fn mask(lengths: &[usize]) -> u32 {
    lengths.iter().fold(0, |mask, length| mask | 1 << length)
}

fn dfa(patterns: &[String], matching: MatchKind) -> Result<Dfa> {
    let config = dense::Config::new().match_kind(matching).start_kind(StartKind::Anchored);
    let syntax = syntax::Config::new().unicode(false).utf8(false);
    Ok(dense::Builder::new().configure(config).syntax(syntax).build_many(patterns)?)
}

fn start(dfa: &Dfa) -> Result<StateID> {
    Ok(dfa.start_state(&start::Config::new().anchored(Anchored::Yes))?)
}

// === impl Graph ===

impl Graph {
    fn new() -> Self {
        let nothing = ([0; 10], 0);
        Self { ids: HashMap::from([(nothing, 0)]), nodes: vec![nothing] }
    }

    /// Adds what the numbers of one code are; an answer is region, kind and whether the main region's numbers can look
    /// like that (in its lowest bit).
    fn add_plan(&mut self, dfa: &Dfa, uses: &[Use<'_>]) -> Result<u16> {
        let answer = |state, length| answer(&matched(dfa, state), length, uses);
        self.add(dfa, start(dfa)?, 0, &answer, &mut HashMap::new())
    }

    /// Adds a national prefix: an answer is whether it ends here if more follows (1), and if nothing does (2).
    fn add_prefix(&mut self, dfa: &Dfa) -> Result<u16> {
        let answer = |state, _| {
            let more = dfa.is_match_state(dfa.next_state(state, b'0'));
            let end = dfa.is_match_state(dfa.next_eoi_state(state));
            u16::from(more) | u16::from(end) << 1
        };
        self.add(dfa, start(dfa)?, 0, &answer, &mut HashMap::new())
    }

    /// The node for `state` after `length` digits.
    fn add(
        &mut self,
        dfa: &Dfa,
        state: StateID,
        length: usize,
        answer: &impl Fn(StateID, usize) -> u16,
        known: &mut HashMap<(StateID, usize), u16>,
    ) -> Result<u16> {
        if dfa.is_dead_state(state) {
            return Ok(0);
        }
        if let Some(id) = known.get(&(state, length)) {
            return Ok(*id);
        }
        let mut next = [0; 10];
        if length < MAX_DIGITS {
            for (digit, next) in (b'0'..=b'9').zip(&mut next) {
                *next = self.add(dfa, dfa.next_state(state, digit), length + 1, answer, known)?;
            }
        }
        let id = self.merged((next, answer(state, length)))?;
        known.insert((state, length), id);
        Ok(id)
    }

    fn merged(&mut self, node: Node) -> Result<u16> {
        if let Some(id) = self.ids.get(&node) {
            return Ok(*id);
        }
        let id = u16::try_from(self.nodes.len())?;
        self.nodes.push(node);
        self.ids.insert(node, id);
        Ok(id)
    }
}

fn matched(dfa: &Dfa, state: StateID) -> Vec<usize> {
    let end = dfa.next_eoi_state(state);
    let count = if dfa.is_match_state(end) { dfa.match_len(end) } else { 0 };
    (0..count).map(|index| dfa.match_pattern(end, index).as_usize()).collect()
}

/// The first region, in their order, whose leading digits or one of whose kinds fits decides.
fn answer(matched: &[usize], length: usize, uses: &[Use<'_>]) -> u16 {
    let fits = |it: &Use<'_>| {
        matched.contains(&it.pattern) && (it.lengths.is_empty() || it.lengths.contains(&length))
    };
    let regions = uses.chunk_by(|a, b| a.region == b.region);
    let decided = regions.clone().find_map(|of_region| {
        let has = |what: &str| of_region.iter().any(|it| it.what == what && fits(it));
        let kind = if has("general") { kind(has) } else { 0 };
        (kind != 0 || has("leading_digits")).then_some((of_region.first()?.region, kind))
    });
    let (region, kind) = decided.unwrap_or((0, 0));
    let mut main = regions.take(1).flatten();
    let viable = main.any(|it| it.what == "general" && matched.contains(&it.pattern));
    region << 5 | u16::try_from(kind).unwrap_or(0) << 1 | u16::from(viable)
}

fn kind(has: impl Fn(&str) -> bool) -> usize {
    match KINDS.iter().position(|kind| has(kind)) {
        Some(place) if KINDS.get(place) == Some(&"fixed_line") && has("mobile") => FIXED_LINE_OR_MOBILE,
        found => found.map_or(0, |place| place + 1),
    }
}
