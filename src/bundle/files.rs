//! Where a bundle's files come from: the copy inside the binary, or a directory.

use std::collections::BTreeMap;
use std::path::Path;

use include_dir::{Dir, include_dir};

use super::Problem;

static EMBEDDED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/policies");

/// Largest file of a bundle, in bytes; real ones are a hundredth of it.
const MAX_FILE_BYTES: u64 = 64 << 20;
/// Most files of a bundle.
const MAX_FILES: usize = 10_000;

/// The files of a bundle by path, `/` between folders.
#[derive(Debug, Clone, Default)]
pub struct Files(pub BTreeMap<String, String>);

// === impl Files ===

impl Files {
    /// The default bundle, as it was when the binary was built.
    pub fn embedded() -> Self {
        let mut files = BTreeMap::new();
        collect_embedded(&EMBEDDED, &mut files);
        Self(files)
    }

    /// Reads `.cedar`, `.cedarschema` and `.yaml` files below `dir`.
    ///
    /// # Errors
    /// A problem for each file or folder that cannot be read, is too large or is not UTF-8.
    pub fn read(dir: &Path) -> Result<Self, Vec<Problem>> {
        let mut files = BTreeMap::new();
        let mut problems = Vec::new();
        collect(dir, "", &mut files, &mut problems);
        if files.is_empty() && problems.is_empty() {
            problems.push(Problem::whole("", "holds no bundle"));
        }
        if problems.is_empty() { Ok(Self(files)) } else { Err(problems) }
    }
}

fn collect_embedded(dir: &Dir<'_>, files: &mut BTreeMap<String, String>) {
    for file in dir.files() {
        if let (Some(path), Some(text)) = (file.path().to_str(), file.contents_utf8())
            && wanted(path)
        {
            files.insert(path.replace('\\', "/"), text.to_owned());
        }
    }
    for dir in dir.dirs() {
        collect_embedded(dir, files);
    }
}

fn wanted(path: &str) -> bool {
    let extension = Path::new(path).extension().and_then(|e| e.to_str()).unwrap_or_default();
    ["cedar", "cedarschema", "yaml"].contains(&extension)
}

fn collect(dir: &Path, prefix: &str, files: &mut BTreeMap<String, String>, problems: &mut Vec<Problem>) {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) => return problems.push(Problem::whole(prefix, &error.to_string())),
    };
    for entry in entries.flatten() {
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{path}/"), files, problems);
        } else if wanted(&path) && files.len() < MAX_FILES {
            match read(&entry.path()) {
                Ok(text) => drop(files.insert(path, text)),
                Err(error) => problems.push(Problem::whole(&path, &error.to_string())),
            }
        }
    }
}

fn read(path: &Path) -> std::io::Result<String> {
    if std::fs::metadata(path)?.len() > MAX_FILE_BYTES {
        return Err(std::io::Error::other("is larger than 64 MiB"));
    }
    std::fs::read_to_string(path)
}
