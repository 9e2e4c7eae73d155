//! How much a traffic memory may keep.

use super::super::attempts::Most;
use super::super::shard::{KEY_CELLS, Room};
use super::{SHARDS, STRIPES};

/// How much is kept. A cell is 48 bytes: an entry is one, or two in a key with more than 24 of which the
/// values count, and a key costs three more.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Cells of one account.
    pub cells_of_account: usize,
    /// Cells of all accounts.
    pub cells_of_all: usize,
    /// Keys of one counter.
    pub keys_of_counter: usize,
    /// Attempts of one account of which it may yet be told what became of them.
    pub attempts_of_account: usize,
    /// Such attempts of all accounts.
    pub attempts_of_all: usize,
    /// Prefix blocks of one account.
    pub blocks: usize,
}

/// Memory for keys and their entries where nobody says, MiB.
pub const USUAL_MIB: usize = 1_536;
/// Bytes of a cell.
const CELL: usize = 48;

impl Default for Bounds {
    fn default() -> Self {
        Self::of_mib(USUAL_MIB)
    }
}

// === impl Bounds ===

impl Bounds {
    /// So much memory for keys and their entries. An account may have a quarter of it, and a counter the keys
    /// of a day of a million recipients and more.
    pub const fn of_mib(mib: usize) -> Self {
        let cells = (mib << 20) / CELL;
        Self {
            cells_of_account: cells / 4,
            cells_of_all: cells,
            keys_of_counter: cells / 6,
            attempts_of_account: 1 << 17,
            attempts_of_all: 1 << 19,
            blocks: 1_024,
        }
    }

    /// What one shard may have: its part, and never less than it takes to keep anything.
    pub(super) fn room(self) -> Room {
        let part = |all: usize| all.div_ceil(SHARDS).max(4 * KEY_CELLS);
        Room {
            cells_of_account: part(self.cells_of_account),
            cells_of_all: part(self.cells_of_all),
            keys_of_counter: self.keys_of_counter.div_ceil(SHARDS).max(1),
        }
    }

    pub(super) const fn attempts(self) -> Most {
        Most { of_account: self.attempts_of_account, of_all: self.attempts_of_all.div_ceil(STRIPES) }
    }
}
