//! Reads what `git merge-tree --write-tree -z` prints (git 2.38 and newer, see its "OUTPUT").

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use super::merge::{ConflictFile, Merged};
use super::repo::{GitError, Oid};

/// The tree of a clean merge: the first field.
pub(super) fn tree(answer: &[u8]) -> Result<Oid, GitError> {
    let first = answer.split(|byte| *byte == 0).next().unwrap_or_default();
    Oid::parse(&String::from_utf8_lossy(first))
}

/// The collisions of a merge that is not clean.
///
/// Fields end in NUL: the tree; one `<mode> <oid> <stage>\t<path>` for each side of each file; an
/// empty field; then messages of a count, that many paths, a kind and a text.
pub(super) fn conflict(answer: &[u8]) -> Result<Merged, GitError> {
    let mut fields = answer.split(|byte| *byte == 0).skip(1);
    let mut files: BTreeMap<PathBuf, ConflictFile> = BTreeMap::new();
    for field in fields.by_ref() {
        if field.is_empty() {
            break;
        }
        let (path, stage, oid) = side(field)?;
        let file = files.entry(path.clone()).or_insert_with(|| ConflictFile {
            path,
            base: None,
            ours: None,
            theirs: None,
        });
        match stage {
            1 => file.base = Some(oid),
            2 => file.ours = Some(oid),
            _ => file.theirs = Some(oid),
        }
    }
    let mut messages = Vec::new();
    while let Some(count) = fields.next().filter(|count| !count.is_empty()) {
        let count: usize = text(count).parse().map_err(|_| unreadable(count))?;
        // After the paths comes the kind, then the text meant for a person.
        if let Some(message) = fields.nth(count + 1) {
            messages.push(text(message).trim().to_owned());
        }
    }
    Ok(Merged::Conflict { files: files.into_values().collect(), messages })
}

fn side(field: &[u8]) -> Result<(PathBuf, u8, Oid), GitError> {
    let tab = field.iter().position(|byte| *byte == b'\t').ok_or_else(|| unreadable(field))?;
    let (head, path) = field.split_at(tab);
    let head = text(head);
    let mut words = head.split(' ').skip(1);
    let oid = Oid::parse(words.next().unwrap_or_default())?;
    let stage = words.next().and_then(|word| word.parse().ok()).ok_or_else(|| unreadable(field))?;
    Ok((PathBuf::from(OsStr::from_bytes(path.get(1..).unwrap_or_default())), stage, oid))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn unreadable(field: &[u8]) -> GitError {
    GitError::Answer { what: "merge answer", text: text(field) }
}
