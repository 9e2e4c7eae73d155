//! Standard output for people or programs.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::bundle::{Bundle, Problem};

/// Where results go, and in which form.
pub(super) struct Output {
    /// Whether programs read it.
    pub(super) json: bool,
}

// === impl Output ===

impl Output {
    pub(super) const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Prints text for people, or the value for programs.
    pub(super) fn show(&self, text: impl FnOnce() -> String, value: &impl Serialize) -> anyhow::Result<()> {
        let text = if self.json { serde_json::to_string_pretty(value)? } else { text() };
        self.line(&text);
        Ok(())
    }

    /// Prints a line. A reader that went away is no failure.
    #[expect(clippy::unused_self, reason = "everything that is printed goes through here")]
    pub(super) fn line(&self, text: &str) {
        let _ = writeln!(std::io::stdout(), "{text}");
    }

    /// Prints what is wrong with a bundle.
    pub(super) fn problems(&self, problems: &[Problem]) {
        if self.json {
            let _ = serde_json::to_writer_pretty(std::io::stdout(), problems);
            self.line("");
            return;
        }
        for problem in problems {
            eprintln!("{problem}");
        }
    }

    /// Prints an error with everything behind it.
    pub(super) fn error(&self, error: &anyhow::Error) {
        let text = error.chain().map(ToString::to_string).collect::<Vec<_>>().join(": ");
        if self.json {
            self.line(&serde_json::json!({ "error": text }).to_string());
        } else {
            eprintln!("aupd: {text}");
        }
    }

    /// Loads a bundle, with a progress bar where somebody watches.
    pub(super) fn bundle(&self, dir: Option<&Path>) -> Result<Bundle, Vec<Problem>> {
        let mut bar: Option<ProgressBar> = None;
        let loaded = Bundle::at(dir, &mut |done, of| {
            bar.get_or_insert_with(|| self.progress(of))
                .set_position(u64::try_from(done).unwrap_or(u64::MAX));
        });
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
        loaded
    }

    /// A progress bar for `length` steps of long work; silent where nobody watches.
    pub(super) fn progress(&self, length: usize) -> ProgressBar {
        if self.json || !std::io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::new(u64::try_from(length).unwrap_or(u64::MAX));
        match ProgressStyle::with_template("{bar:40} {pos}/{len} {eta}") {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        }
    }
}
