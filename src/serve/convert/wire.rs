//! Times on the wire.

use std::time::Duration;

use jiff::Timestamp;

const NANOS: i32 = 1_000_000_000;

/// An instant as `google.protobuf.Timestamp`.
pub fn timestamp(at: Timestamp) -> prost_types::Timestamp {
    let (seconds, nanos) = (at.as_second(), at.subsec_nanosecond());
    // Before 1970 jiff counts both parts back from the epoch; the wire counts nanoseconds forward.
    let (seconds, nanos) = if nanos < 0 { (seconds - 1, nanos + NANOS) } else { (seconds, nanos) };
    prost_types::Timestamp { seconds, nanos }
}

/// A length of time as `google.protobuf.Duration`; one that does not fit is the longest that does.
pub fn duration(length: Duration) -> prost_types::Duration {
    let longest = prost_types::Duration { seconds: i64::MAX, nanos: NANOS - 1 };
    prost_types::Duration::try_from(length).unwrap_or(longest)
}
