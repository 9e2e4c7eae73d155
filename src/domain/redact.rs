//! `Debug` that cannot leak: a request is sensitive content, so its parts print their name only.

/// Implements `Debug` for each type as its bare name, whatever it holds.
macro_rules! redacted_debug {
    ($($name:ident),+ $(,)?) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), " { .. }"))
            }
        }
    )+};
}

pub(crate) use redacted_debug;
