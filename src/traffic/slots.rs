//! Numbered places that grow by a chunk at a time: nothing is ever moved, so that a large memory needs no
//! second one of its size to grow into.

/// Places of one chunk.
const CHUNK: usize = 1_024;

/// Values by their numbers; a number is used again once its value was taken.
#[derive(Debug)]
pub(super) struct Slots<T> {
    // INVARIANT: all but the last are full, and none has room for more than a chunk.
    chunks: Vec<Vec<Option<T>>>,
    free: Vec<u32>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { chunks: Vec::new(), free: Vec::new() }
    }
}

// === impl Slots ===

impl<T> Slots<T> {
    /// How many numbers there are, used or not.
    pub(super) fn len(&self) -> usize {
        self.chunks.last().map_or(0, |last| (self.chunks.len() - 1) * CHUNK + last.len())
    }

    pub(super) fn get(&self, number: usize) -> Option<&T> {
        self.chunks.get(number / CHUNK)?.get(number % CHUNK)?.as_ref()
    }

    pub(super) fn get_mut(&mut self, number: usize) -> Option<&mut T> {
        self.chunks.get_mut(number / CHUNK)?.get_mut(number % CHUNK)?.as_mut()
    }

    /// Keeps a value; its number, or none if all are used.
    pub(super) fn insert(&mut self, value: T) -> Option<u32> {
        if let Some(number) = self.free.pop() {
            let place = usize::try_from(number).ok()?;
            *self.chunks.get_mut(place / CHUNK)?.get_mut(place % CHUNK)? = Some(value);
            return Some(number);
        }
        let number = u32::try_from(self.len()).ok()?;
        if self.chunks.last().is_none_or(|last| last.len() == CHUNK) {
            self.chunks.push(Vec::with_capacity(CHUNK));
        }
        self.chunks.last_mut()?.push(Some(value));
        Some(number)
    }

    pub(super) fn take(&mut self, number: usize) -> Option<T> {
        let taken = self.chunks.get_mut(number / CHUNK)?.get_mut(number % CHUNK)?.take()?;
        self.free.extend(u32::try_from(number));
        Some(taken)
    }

    /// The values with their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &T)> {
        let all = self.chunks.iter().flatten().enumerate();
        all.filter_map(|(number, value)| Some((number, value.as_ref()?)))
    }
}
