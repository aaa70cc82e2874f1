//! Everything the checks look at, read once: files, packages, the lock file and the package rules.
//!
//! Files are those git tracks or would add. A file that vanishes while it is read is left out: the
//! tree may be edited at the same time.

use std::fs;

use super::packages::{Deny, Packages};
use super::rust::Rust;
use crate::run::{Program, root};

/// The tree as it is.
pub(super) struct House {
    /// Every path, relative to the root, with `/`.
    pub(super) paths: Vec<String>,
    /// Every file that is UTF-8 text.
    pub(super) texts: Vec<Text>,
    /// The Rust files among them.
    pub(super) rust: Vec<Rust>,
    pub(super) packages: Packages,
    pub(super) deny: Deny,
    pub(super) lock: String,
    /// The text of `xtask/ratchet.txt`.
    pub(super) ratchet: String,
}

/// A text file.
pub(super) struct Text {
    pub(super) path: String,
    pub(super) raw: String,
}

impl House {
    pub(super) fn load() -> Result<Self, String> {
        let list = Program::new(
            "git",
            &["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"],
        )
        .answer()?;
        let root = root();
        let paths: Vec<String> = list
            .split_terminator('\0')
            .filter(|path| root.join(path).is_file())
            .map(str::to_owned)
            .collect();
        let texts: Vec<Text> = paths
            .iter()
            .filter_map(|path| {
                let raw = fs::read_to_string(root.join(path)).ok()?;
                Some(Text { path: path.clone(), raw })
            })
            .collect();
        let rust = texts
            .iter()
            .filter(|text| text.path.ends_with(".rs"))
            .map(|text| Rust::new(&text.path, &text.raw))
            .collect();
        let read = |path: &str| {
            fs::read_to_string(root.join(path))
                .map_err(|error| format!("failed to read `{path}`: {error}"))
        };
        Ok(Self {
            packages: Packages::load()?,
            deny: Deny::parse(&read("deny.toml")?)?,
            lock: read("Cargo.lock")?,
            ratchet: read("xtask/ratchet.txt")?,
            paths,
            texts,
            rust,
        })
    }
}
