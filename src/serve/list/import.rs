//! `ImportEntries`: a stream of entries becomes one write, whole or not at all.
//!
//! A client may send parts for as long as it likes, so everything is bounded: a part, the whole, its
//! bytes, and the wait for the next part. Entries are checked as they come in, so that a bad file is
//! refused at its first bad part.

use std::time::Duration;

use tokio::time::timeout;
use tonic::{Status, Streaming};

use super::refuse::{Violations, of_list};
use super::{check_name, new_entry};
use crate::live_lists::{ListError, LiveLists, NewEntry, rows};
use crate::proto::{ImportEntriesRequest, ImportEntriesResponse};
use crate::serve::status::{Refusal, status};
use crate::store::{ListRow, MAX_ROWS};

/// Most entries of one message.
const MAX_PART: usize = 10_000;
/// Most bytes of values and payloads of one import.
const MAX_BYTES: usize = 256 << 20;
/// How long the next message may take.
const PART_TIMEOUT: Duration = Duration::from_secs(30);

/// Reads the stream to its end and writes what it brought.
pub(super) async fn import(
    lists: &LiveLists,
    mut parts: Streaming<ImportEntriesRequest>,
) -> Result<ImportEntriesResponse, Status> {
    let first = next(&mut parts).await?.ok_or_else(|| {
        Violations::one("list", "must be given in the first message, and there was no message").status()
    })?;
    let (list, replace) = (first.list.clone(), first.replace);
    check_name(&list)?;
    let mut whole = Whole { lists, list, rows: Vec::new(), bytes: 0 };
    let mut part = Some(first);
    while let Some(message) = part {
        whole.take(message)?;
        part = next(&mut parts).await?;
    }
    whole.write(replace).await
}

/// Too many imports are under way.
pub(super) fn busy() -> Status {
    status(Refusal::Overloaded)
}

async fn next(parts: &mut Streaming<ImportEntriesRequest>) -> Result<Option<ImportEntriesRequest>, Status> {
    timeout(PART_TIMEOUT, parts.message()).await.unwrap_or_else(|_| Err(status(Refusal::DeadlineExceeded)))
}

/// What an import has brought so far.
struct Whole<'l> {
    lists: &'l LiveLists,
    list: String,
    rows: Vec<ListRow>,
    bytes: usize,
}

// === impl Whole ===

impl Whole<'_> {
    fn take(&mut self, part: ImportEntriesRequest) -> Result<(), Status> {
        if !part.list.is_empty() && part.list != self.list {
            return Err(Violations::one("list", "must be empty or the first message's").status());
        }
        let (given, whole) = (part.entries.len(), self.rows.len() + part.entries.len());
        for (given, limit) in [(given, MAX_PART), (whole, MAX_ROWS)] {
            if given > limit {
                return Err(status(Refusal::TooManyItems { given, limit }));
            }
        }
        let before = self.rows.len();
        let entries: Vec<NewEntry> = part.entries.into_iter().map(new_entry).collect();
        let list = self.lists.writable(&self.list).map_err(|error| of_list(error, |_| String::new()))?;
        // Places are those in the import as a whole: a client that splits a file need not count.
        let rows = rows(&list, entries).map_err(|problems| {
            of_list(ListError::Invalid { problems }, |index| format!("entries[{}]", before + index))
        })?;
        self.bytes += rows.iter().map(size).sum::<usize>();
        if self.bytes > MAX_BYTES {
            return Err(status(Refusal::MessageTooLarge));
        }
        self.rows.extend(rows);
        Ok(())
    }

    async fn write(self, replace: bool) -> Result<ImportEntriesResponse, Status> {
        let imported = u64::try_from(self.rows.len()).unwrap_or(u64::MAX);
        let written = self.lists.put_rows(&self.list, self.rows, replace).await;
        let revision = written.map_err(|error| of_list(error, |index| format!("entries[{index}]")))?;
        Ok(ImportEntriesResponse { imported, freshness_token: revision.to_string() })
    }
}

fn size(row: &ListRow) -> usize {
    row.key.len() + row.payload.as_ref().map_or(0, String::len)
}
