//! What several tests need: the binary, copies of the bundle, demo accounts.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// The project's root.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Runs `aupd` to its end.
pub(crate) fn aupd(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_aupd")).args(arguments).output().expect("aupd runs")
}

/// Standard output and error of a run, as text.
pub(crate) fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// A copy of the default bundle that a test may break.
pub(crate) struct BrokenBundle {
    dir: TempDir,
}

impl BrokenBundle {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        copy(&root().join("policies"), dir.path());
        Self { dir }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Replaces the first occurrence of a text in a file.
    pub(crate) fn replace(self, file: &str, from: &str, to: &str) -> Self {
        let path = self.path().join(file);
        let text = std::fs::read_to_string(&path).expect("the file is there");
        assert!(text.contains(from), "{file} holds `{from}`");
        std::fs::write(&path, text.replacen(from, to, 1)).expect("the file is written");
        self
    }

    /// Adds a text at the end of a file.
    pub(crate) fn append(self, file: &str, more: &str) -> Self {
        let path = self.path().join(file);
        let text = std::fs::read_to_string(&path).expect("the file is there");
        std::fs::write(&path, text + more).expect("the file is written");
        self
    }

    /// The line, from 1, of the first occurrence of a text in a file.
    pub(crate) fn line_of(&self, file: &str, text: &str) -> usize {
        let all = std::fs::read_to_string(self.path().join(file)).expect("the file is there");
        all.lines().position(|line| line.contains(text)).expect("the text is there") + 1
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder is made");
    for entry in std::fs::read_dir(from).expect("a folder is read").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a file is copied");
        }
    }
}
