//! Values as Cedar has them: owned ([`Datum`], for constants and stored attributes) and borrowed
//! ([`Val`], what an expression gives). A `Val` is copied freely, so evaluation need not allocate.

use std::cell::{Cell, OnceCell};
use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::extension::Ext;
use crate::signals::Texts;

/// A record's fields by name.
pub(super) type Record = BTreeMap<Box<str>, Datum>;

/// A value that owns what it holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Datum {
    Bool(bool),
    Long(i64),
    Text(Box<str>),
    Entity(Entity),
    Ext(Ext),
    Set(DatumSet),
    Record(Record),
}

/// The uid of an entity.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Entity {
    pub(super) kind: Box<str>,
    pub(super) id: Box<str>,
}

/// A set: sorted, each element once, so that equal sets are equal vectors.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DatumSet(Vec<Datum>);

/// A value that borrows what it holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Val<'v> {
    Bool(bool),
    Long(i64),
    Text(&'v str),
    Entity(Uid<'v>),
    Ext(Ext),
    Set(Set<'v>),
    Record(&'v Record),
}

/// The uid of an entity, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Uid<'v> {
    pub(super) kind: &'v str,
    pub(super) id: &'v str,
}

/// A set: of a signal, or of anything.
#[derive(Debug, Clone, Copy)]
pub(super) enum Set<'v> {
    Texts(&'v Texts<'v>),
    Data(&'v DatumSet),
}

/// Where values that an expression makes are kept until the request is decided. Entries never move,
/// so they can be borrowed while more are added; the usual request adds none. How many there can be is
/// bounded by the size of the rules.
#[derive(Debug, Default)]
pub(super) struct Heap {
    blocks: OnceCell<Box<[Block; Heap::BLOCKS]>>,
    len: Cell<usize>,
}

/// Places for values, twice as many as in the block before.
type Block = OnceCell<Box<[OnceCell<Datum>]>>;

// === impl Entity ===

impl Entity {
    pub(super) fn uid(&self) -> Uid<'_> {
        Uid { kind: &self.kind, id: &self.id }
    }
}

// === impl Uid ===

impl Uid<'_> {
    pub(super) fn owned(self) -> Entity {
        Entity { kind: self.kind.into(), id: self.id.into() }
    }
}

// === impl DatumSet ===

impl FromIterator<Datum> for DatumSet {
    fn from_iter<I: IntoIterator<Item = Datum>>(data: I) -> Self {
        let mut data: Vec<Datum> = data.into_iter().collect();
        data.sort_unstable();
        data.dedup();
        Self(data)
    }
}

impl DatumSet {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &Datum> {
        self.0.iter()
    }

    fn contains(&self, val: Val<'_>) -> bool {
        match val {
            Val::Set(_) | Val::Record(_) => self.0.iter().any(|datum| Val::of(datum).same(val)),
            scalar => self.0.binary_search_by(|datum| order(datum, scalar)).is_ok(),
        }
    }
}

/// The order of [`DatumSet`] between one of its elements and a scalar.
fn order(datum: &Datum, scalar: Val<'_>) -> Ordering {
    match (datum, scalar) {
        (Datum::Bool(a), Val::Bool(b)) => a.cmp(&b),
        (Datum::Long(a), Val::Long(b)) => a.cmp(&b),
        (Datum::Text(a), Val::Text(b)) => (**a).cmp(b),
        (Datum::Entity(a), Val::Entity(b)) => (&*a.kind, &*a.id).cmp(&(b.kind, b.id)),
        (Datum::Ext(a), Val::Ext(b)) => a.cmp(&b),
        (datum, scalar) => rank(Val::of(datum)).cmp(&rank(scalar)),
    }
}

/// The place of a value's kind among the variants of [`Datum`].
const fn rank(val: Val<'_>) -> u8 {
    match val {
        Val::Bool(_) => 0,
        Val::Long(_) => 1,
        Val::Text(_) => 2,
        Val::Entity(_) => 3,
        Val::Ext(_) => 4,
        Val::Set(_) => 5,
        Val::Record(_) => 6,
    }
}

// === impl Val ===

impl<'v> Val<'v> {
    pub(super) fn of(datum: &'v Datum) -> Self {
        match datum {
            Datum::Bool(value) => Self::Bool(*value),
            Datum::Long(value) => Self::Long(*value),
            Datum::Text(text) => Self::Text(text),
            Datum::Entity(entity) => Self::Entity(entity.uid()),
            Datum::Ext(value) => Self::Ext(*value),
            Datum::Set(set) => Self::Set(Set::Data(set)),
            Datum::Record(record) => Self::Record(record),
        }
    }

    pub(super) fn owned(self) -> Datum {
        match self {
            Self::Bool(value) => Datum::Bool(value),
            Self::Long(value) => Datum::Long(value),
            Self::Text(text) => Datum::Text(text.into()),
            Self::Entity(uid) => Datum::Entity(uid.owned()),
            Self::Ext(value) => Datum::Ext(value),
            Self::Set(set) => Datum::Set(set.owned()),
            Self::Record(record) => Datum::Record(record.clone()),
        }
    }

    /// Cedar's `==`: values of different types are never equal.
    pub(super) fn same(self, other: Val<'_>) -> bool {
        match (self, other) {
            (Self::Bool(a), Val::Bool(b)) => a == b,
            (Self::Long(a), Val::Long(b)) => a == b,
            (Self::Text(a), Val::Text(b)) => a == b,
            (Self::Entity(a), Val::Entity(b)) => a.id == b.id && a.kind == b.kind,
            (Self::Ext(a), Val::Ext(b)) => a == b,
            (Self::Set(a), Val::Set(b)) => a.holds_all(b) && b.holds_all(a),
            (Self::Record(a), Val::Record(b)) => a == b,
            _ => false,
        }
    }
}

// === impl Set ===

impl<'v> Set<'v> {
    pub(super) fn is_empty(self) -> bool {
        match self {
            Self::Texts(texts) => texts.is_empty(),
            Self::Data(data) => data.is_empty(),
        }
    }

    pub(super) fn holds(self, val: Val<'_>) -> bool {
        match (self, val) {
            (Self::Texts(texts), Val::Text(text)) => texts.contains(text),
            (Self::Texts(_), _) => false,
            (Self::Data(data), val) => data.contains(val),
        }
    }

    pub(super) fn holds_all(self, other: Set<'_>) -> bool {
        match other {
            Set::Texts(texts) => texts.iter().all(|text| self.holds(Val::Text(text))),
            Set::Data(data) => data.iter().all(|datum| self.holds(Val::of(datum))),
        }
    }

    pub(super) fn holds_any(self, other: Set<'_>) -> bool {
        match other {
            Set::Texts(texts) => texts.iter().any(|text| self.holds(Val::Text(text))),
            Set::Data(data) => data.iter().any(|datum| self.holds(Val::of(datum))),
        }
    }

    /// The element of a set of data that has one.
    pub(super) fn only(self) -> Option<&'v Datum> {
        match self {
            Self::Data(DatumSet(data)) if data.len() == 1 => data.first(),
            Self::Data(_) | Self::Texts(_) => None,
        }
    }

    fn owned(self) -> DatumSet {
        match self {
            Self::Texts(texts) => texts.iter().map(|text| Datum::Text(text.into())).collect(),
            Self::Data(data) => data.clone(),
        }
    }
}

// === impl Heap ===

impl Heap {
    const BLOCKS: usize = 20;

    /// Keeps a value for as long as the heap lives; `None` when it is full.
    pub(super) fn keep(&self, datum: Datum) -> Option<&Datum> {
        let nth = self.len.get() + 1;
        self.len.set(nth);
        let block = nth.ilog2();
        let size = 1_usize << block;
        let blocks = self.blocks.get_or_init(Box::default);
        let cells = blocks
            .get(usize::try_from(block).ok()?)?
            .get_or_init(|| (0..size).map(|_| OnceCell::new()).collect());
        Some(cells.get(nth - size)?.get_or_init(|| datum))
    }
}
