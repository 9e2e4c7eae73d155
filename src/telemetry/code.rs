//! The status codes of gRPC, as metric labels and records name them.

macro_rules! codes {
    ($($variant:ident = $number:literal $text:literal),+ $(,)?) => {
        /// How a call ended.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "they are gRPC's own")]
        pub enum Code { $($variant = $number),+ }

        impl Code {
            /// Every code, in gRPC's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name, e.g. `INVALID_ARGUMENT`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The code with gRPC's number; `UNKNOWN` for a number that is none.
            pub const fn from_number(number: i32) -> Self {
                match number { $($number => Self::$variant,)+ _ => Self::Unknown }
            }
        }
    };
}

codes! {
    Ok = 0 "OK",
    Cancelled = 1 "CANCELLED",
    Unknown = 2 "UNKNOWN",
    InvalidArgument = 3 "INVALID_ARGUMENT",
    DeadlineExceeded = 4 "DEADLINE_EXCEEDED",
    NotFound = 5 "NOT_FOUND",
    AlreadyExists = 6 "ALREADY_EXISTS",
    PermissionDenied = 7 "PERMISSION_DENIED",
    ResourceExhausted = 8 "RESOURCE_EXHAUSTED",
    FailedPrecondition = 9 "FAILED_PRECONDITION",
    Aborted = 10 "ABORTED",
    OutOfRange = 11 "OUT_OF_RANGE",
    Unimplemented = 12 "UNIMPLEMENTED",
    Internal = 13 "INTERNAL",
    Unavailable = 14 "UNAVAILABLE",
    DataLoss = 15 "DATA_LOSS",
    Unauthenticated = 16 "UNAUTHENTICATED",
}
