//! What a kept commit says about itself, as `meta.json` in its tree.
//!
//! Persisted: fields are only ever added. Paths are bytes; in JSON they are text in which `%` and
//! every byte outside of printable ASCII stand as `%` and two hexadecimal digits.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::capture_scan::{TreePath, on_disk};
use super::repo::{Oid, Tree};

/// The version of the format that is written; a higher one cannot be read.
pub(super) const VERSION: u32 = 1;

/// The file `meta.json`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Meta {
    pub(super) version: u32,
    /// The commit HEAD stood for, if there was one.
    pub(super) head: Option<Oid>,
    /// The full name of the branch HEAD was on, if it was on one.
    pub(super) branch: Option<String>,
    /// What was unfinished, such as `merge`.
    pub(super) operation: Option<String>,
    /// How many files and links were stored.
    pub(super) files: usize,
    /// How many tracked files were deleted.
    pub(super) deleted: usize,
    /// How many index entries differ from HEAD.
    pub(super) staged: usize,
    /// Objects that the index names and the repository does not have.
    pub(super) missing: Vec<Oid>,
    /// The folder that holds what git cannot.
    pub(super) trash: Option<String>,
    /// What is in that folder.
    pub(super) items: Vec<TrashItem>,
    /// What was left in the tree because it could not be moved.
    pub(super) left: Vec<String>,
}

/// Something that was moved to a trash folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TrashItem {
    /// Where it was in the tree.
    #[serde(with = "percent")]
    pub(super) path: TreePath,
    /// Its name in the trash folder.
    pub(super) stored: u32,
    /// What it is.
    pub(super) kind: String,
    /// Whether it was in the tree's git directory and not among its files.
    #[serde(default)]
    pub(super) registration: bool,
}

impl TrashItem {
    /// Where it belongs.
    pub(super) fn home(&self, tree: &Tree) -> PathBuf {
        on_disk(if self.registration { &tree.git_dir } else { &tree.path }, &self.path)
    }
}

pub(super) fn as_path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from_vec(bytes.to_vec()))
}

/// Paths as text without loss.
pub(super) mod percent {
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(in super::super) fn encode(bytes: &[u8]) -> String {
        let mut text = String::new();
        for byte in bytes {
            match byte {
                b'%' => text.push_str("%25"),
                0x20..0x7f => text.push(char::from(*byte)),
                _ => {
                    text.push('%');
                    text.extend(
                        [byte >> 4, byte & 15]
                            .map(|half| char::from_digit(u32::from(half), 16).unwrap_or('0')),
                    );
                }
            }
        }
        text
    }

    pub(in super::super) fn decode(text: &str) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut rest = text.as_bytes();
        while let [first, tail @ ..] = rest {
            if *first == b'%' {
                let hex = str::from_utf8(tail.get(..2)?).ok()?;
                bytes.push(u8::from_str_radix(hex, 16).ok()?);
                rest = &tail[2..];
            } else {
                bytes.push(*first);
                rest = tail;
            }
        }
        Some(bytes)
    }

    pub(in super::super) fn serialize<S: Serializer>(
        bytes: &[u8],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(&encode(bytes))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        decode(&text).ok_or_else(|| de::Error::custom(format!("bad path `{text}`")))
    }
}
