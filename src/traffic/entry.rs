//! What is kept of one event by one key: 48 bytes, whatever the event states.

/// A number that an event does not state.
pub(super) const UNSTATED: i64 = i64::MIN;

const PART: u8 = 1;
const FROZEN: u8 = 2;

/// One event, or several old ones merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// When, ms; of several, when the last was.
    pub(super) at: i64,
    /// How long before it the first of several was, ms.
    span: u32,
    flags: u8,
    /// Its weight, or what it adds to a sum.
    pub(super) measure: i64,
    // What several have in the part of a ratio; else a value.
    value: u64,
    // What limits are compared with.
    numbers: [i64; 2],
}

// === impl Entry ===

impl Entry {
    pub(super) const fn new(at: i64, measure: i64, value: u64, numbers: [i64; 2], part: bool) -> Self {
        Self { at, span: 0, flags: if part { PART } else { 0 }, measure, value, numbers }
    }

    /// Everything but when it was and its measure: span, flags, value and numbers.
    pub(super) const fn parts(&self) -> (u32, u8, u64, [i64; 2]) {
        (self.span, self.flags, self.value, self.numbers)
    }

    pub(super) const fn of_parts(at: i64, measure: i64, parts: (u32, u8, u64, [i64; 2])) -> Self {
        let (span, flags, value, numbers) = parts;
        Self { at, span, flags, measure, value, numbers }
    }

    /// When the first of it was.
    pub(super) const fn first(&self) -> i64 {
        self.at.saturating_sub(self.span as i64)
    }

    /// Its value, or zero.
    pub(super) const fn value(&self) -> u64 {
        self.value
    }

    /// The same with no value of its own any more.
    pub(super) const fn nameless(self) -> Self {
        Self { value: 0, ..self }
    }

    pub(super) const fn is_part(&self) -> bool {
        self.flags & PART != 0
    }

    /// Whether comparisons with limits are over for it.
    pub(super) const fn is_frozen(&self) -> bool {
        self.flags & FROZEN != 0
    }

    pub(super) const fn frozen_part(&self) -> i64 {
        self.value.cast_signed()
    }

    pub(super) fn number(&self, slot: usize) -> i64 {
        self.numbers.get(slot).copied().unwrap_or(UNSTATED)
    }

    /// As the first of several, with what it has in the part.
    pub(super) const fn frozen(self, part: i64) -> Self {
        Self { value: part.cast_unsigned(), ..self.compared() }
    }

    /// With its comparisons over; its value stays.
    pub(super) const fn compared(self) -> Self {
        Self { flags: FROZEN, numbers: [UNSTATED; 2], ..self }
    }

    /// Together with an older one, if they are near enough to each other to be told apart no more.
    pub(super) fn joined(&self, older: &Self) -> Option<Self> {
        let span = u32::try_from(self.at.checked_sub(older.first().min(self.first()))?).ok()?;
        let measure = self.measure.saturating_add(older.measure);
        Some(Self { span, measure, ..*self })
    }

    /// Takes something out of several.
    pub(super) fn lessen(&mut self, measure: i64, part: i64) {
        self.measure = self.measure.saturating_sub(measure);
        self.value = self.frozen_part().saturating_sub(part).cast_unsigned();
    }

    /// Which part of it lies at or after an instant, and which at or before, in its own measure and
    /// in that of a part: as if its events were spread evenly.
    pub(super) fn share(&self, from: i64, to: i64) -> Share {
        let length = i128::from(self.span) + 1;
        let begin = i128::from(from.max(self.first()));
        let end = i128::from(to.min(self.at));
        Share { of: length, is: (end - begin + 1).clamp(0, length) }
    }
}

/// A fraction of an entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share {
    is: i128,
    of: i128,
}

// === impl Share ===

impl Share {
    pub(super) const fn of(self, measure: i64) -> i128 {
        measure as i128 * self.is / self.of
    }
}
