//! The memory as bytes: a snapshot of its parts, and the changes since. Numbers and addresses are
//! hashes in both.

use std::collections::VecDeque;
use std::sync::MutexGuard;

use super::codec::{Malformed, Reader, put_entry, put_i64, put_len, put_text, put_u64, put_words};
use crate::traffic::blocks::{Block, Cooling, Origin};
use crate::traffic::digest::Key;
use crate::traffic::event::Event;
use crate::traffic::log::Log;
use crate::traffic::plan::{Plan, Plans};
use crate::traffic::shard::{Shard, Slot};

const RECORD: u8 = 1;
const AMEND: u8 = 2;
const COOLING: u8 = 3;

/// How cool-downs change.
const OPEN: u8 = 1;
const SET: u8 = 2;
const LIFT: u8 = 3;

/// One change.
pub(in crate::traffic) enum Change<'c> {
    /// An event was recorded, as it is encoded.
    Record(&'c [u8]),
    /// An attempt became another.
    Amend(&'c [u8], &'c [u8]),
    /// Cool-downs of an account changed.
    Cooling(&'c str, &'c Cooling),
}

/// One change, as it was read.
pub(in crate::traffic) enum Changed {
    Record(Box<Event>),
    Amend(Box<(Event, Event)>),
    Cooling(String, Cooling),
}

// === impl Change ===

impl Change<'_> {
    pub(in crate::traffic) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(512);
        match self {
            Self::Record(event) => {
                bytes.push(RECORD);
                bytes.extend_from_slice(event);
            }
            Self::Amend(old, new) => {
                bytes.push(AMEND);
                bytes.extend_from_slice(old);
                bytes.extend_from_slice(new);
            }
            Self::Cooling(account, cooling) => put_cooling(&mut bytes, account, cooling),
        }
        bytes
    }
}

/// Changes, one after the other.
pub(in crate::traffic) fn changes(bytes: &[u8]) -> impl Iterator<Item = Result<Changed, Malformed>> {
    let mut reader = Reader::new(bytes);
    std::iter::from_fn(move || (!reader.is_empty()).then(|| change(&mut reader)))
}

fn change(reader: &mut Reader<'_>) -> Result<Changed, Malformed> {
    Ok(match reader.byte()? {
        RECORD => Changed::Record(Box::new(reader.event()?)),
        AMEND => Changed::Amend(Box::new((reader.event()?, reader.event()?))),
        COOLING => Changed::Cooling(reader.text()?.into(), cooling(reader)?),
        _ => return Err(Malformed),
    })
}

fn put_cooling(bytes: &mut Vec<u8>, account: &str, cooling: &Cooling) {
    bytes.push(COOLING);
    put_text(bytes, account);
    match cooling {
        Cooling::Open(block) => put_block(bytes, OPEN, block),
        Cooling::Set(block) => put_block(bytes, SET, block),
        Cooling::Lift { prefix, now } => {
            bytes.push(LIFT);
            put_text(bytes, prefix);
            put_i64(bytes, *now);
        }
    }
}

fn put_block(bytes: &mut Vec<u8>, kind: u8, block: &Block) {
    let Block { prefix, opened, until, life, origin, note } = block;
    bytes.push(kind);
    put_text(bytes, prefix);
    for number in [*opened, *until, *life] {
        put_i64(bytes, number);
    }
    bytes.push(u8::from(*origin == Origin::Operator));
    put_text(bytes, note);
}

fn cooling(reader: &mut Reader<'_>) -> Result<Cooling, Malformed> {
    Ok(match reader.byte()? {
        OPEN => Cooling::Open(block(reader)?),
        SET => Cooling::Set(block(reader)?),
        LIFT => Cooling::Lift { prefix: reader.text()?.into(), now: reader.signed()? },
        _ => return Err(Malformed),
    })
}

fn block(reader: &mut Reader<'_>) -> Result<Block, Malformed> {
    Ok(Block {
        prefix: reader.text()?.into(),
        opened: reader.signed()?,
        until: reader.signed()?,
        life: reader.signed()?,
        origin: if reader.flag()? { Origin::Operator } else { Origin::Rule },
        note: reader.text()?.into(),
    })
}

/// A shard: its keys as they are, then what changed in them since the cut, to be undone.
pub(in crate::traffic) fn of_shard(shard: &mut Shard, plans: &Plans) -> Vec<u8> {
    let mut bytes = Vec::new();
    for slot in shard.slots() {
        if let Some(plan) = plans.get(number(slot.place)) {
            bytes.push(1);
            put_slot(&mut bytes, slot, &plan.counter.name);
        }
    }
    bytes.push(0);
    for since in shard.since_the_cut() {
        if let Some(plan) = plans.get(since.counter) {
            put_text(&mut bytes, &plan.counter.name);
            put_words(&mut bytes, since.key.0);
            put_u64(&mut bytes, since.owner);
            bytes.push(u8::from(since.added));
            put_entry(&mut bytes, &since.entry, 0);
        }
    }
    bytes
}

fn put_slot(bytes: &mut Vec<u8>, slot: &Slot, counter: &str) {
    put_text(bytes, counter);
    put_words(bytes, slot.key.0);
    put_u64(bytes, slot.owner);
    put_u64(bytes, u64::from(slot.log.level()));
    put_len(bytes, slot.log.len());
    let mut last = 0;
    for entry in slot.log.iter() {
        put_entry(bytes, entry, last);
        last = entry.at;
    }
}

/// Puts keys back as they were at the cut, each into its shard. Counters that are not declared any
/// more are left out.
///
/// # Errors
/// When the bytes are malformed.
pub(in crate::traffic) fn to_shards<'s>(
    bytes: &[u8],
    plans: &Plans,
    shard: &dyn Fn(Key) -> Option<MutexGuard<'s, Shard>>,
) -> Result<(), Malformed> {
    let mut reader = Reader::new(bytes);
    while reader.flag()? {
        let (plan, key, owner, log) = slot(&mut reader, plans)?;
        if let (Some(plan), Some(mut shard)) = (plan, shard(key)) {
            shard.restore(plan, key, owner, log);
        }
    }
    let mut since = Vec::new();
    while !reader.is_empty() {
        let (plan, key, owner) = (plans.named(reader.text()?), Key(reader.words()?), reader.number()?);
        since.push((plan, key, owner, reader.flag()?, reader.entry(0)?));
    }
    // The last change first.
    for (plan, key, owner, added, entry) in since.into_iter().rev() {
        let (Some(plan), Some(mut shard)) = (plan, shard(key)) else { continue };
        if added {
            shard.take_out(plan, key, &entry);
        } else {
            shard.put_back(plan, key, owner, entry);
        }
    }
    Ok(())
}

fn slot<'p>(
    reader: &mut Reader<'_>,
    plans: &'p Plans,
) -> Result<(Option<&'p Plan>, Key, u64, Log), Malformed> {
    let (plan, key) = (plans.named(reader.text()?), Key(reader.words()?));
    let (owner, level) = (reader.number()?, u32::try_from(reader.number()?).map_err(|_| Malformed)?);
    let mut entries = VecDeque::new();
    let mut last = 0;
    for _ in 0..reader.length()? {
        let entry = reader.entry(last)?;
        if !entries.is_empty() && entry.at < last {
            return Err(Malformed);
        }
        last = entry.at;
        entries.push_back(entry);
    }
    Ok((plan, key, owner, Log::restored(entries, level)))
}

/// Attempts that may yet get an outcome, one encoded after the other, as they were read.
pub(in crate::traffic) fn attempts(bytes: &[u8]) -> impl Iterator<Item = Result<Event, Malformed>> {
    let mut reader = Reader::new(bytes);
    std::iter::from_fn(move || (!reader.is_empty()).then(|| reader.event()))
}

/// How long the events of each counter are kept.
pub(in crate::traffic) fn of_spans<'n>(spans: impl Iterator<Item = (&'n str, i64)>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, span) in spans {
        put_text(&mut bytes, name);
        put_i64(&mut bytes, span);
    }
    bytes
}

/// The same, as it was read.
pub(in crate::traffic) fn spans(bytes: &[u8]) -> impl Iterator<Item = Result<(&str, i64), Malformed>> {
    let mut reader = Reader::new(bytes);
    std::iter::from_fn(move || (!reader.is_empty()).then(|| Ok((reader.text()?, reader.signed()?))))
}

fn number(place: u32) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}
