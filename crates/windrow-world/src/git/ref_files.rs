//! Reading a ref from its files, without starting git.
//!
//! A session's life asks for refs some twenty times, and a process takes a hundred times longer than
//! a read. Loose files first and packed ones after that, in git's own order: packing writes the
//! packed file before it removes a loose one. Whatever is not plain (a symbolic ref, a link, another
//! store of refs, an odd name, a file cut short) is left for git to answer. Nothing is ever written.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use super::repo::Oid;

/// A packed file larger than this is left to git, which searches it without reading it whole.
const PACKED_LIMIT: u64 = 1 << 20;

/// What the files say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// The ref holds this object.
    Value(Oid),
    /// There is no such ref.
    Nothing,
    /// Only git can tell.
    AskGit,
}

/// Looks for a full ref name below the common git directory.
pub(super) fn read(common: &Path, name: &str) -> Found {
    if !is_plain(name) || common.join("reftable").exists() {
        return Found::AskGit;
    }
    let loose = common.join(name);
    match fs::symlink_metadata(&loose) {
        Ok(meta) if meta.is_file() => match fs::read_to_string(&loose) {
            Ok(text) => Oid::parse(&text).map_or(Found::AskGit, Found::Value),
            // Packed or deleted at this very moment.
            Err(_) => Found::AskGit,
        },
        Ok(meta) if meta.is_dir() => packed(common, name),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            packed(common, name)
        }
        Ok(_) | Err(_) => Found::AskGit,
    }
}

/// Names that are the same for every worktree and mean one file.
fn is_plain(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("refs/") else { return false };
    let own = ["bisect/", "rewritten/", "worktree/"];
    let part = |part: &str| {
        let odd = part.is_empty() || part.starts_with('.') || part.contains("..");
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.+@=,".contains(c);
        !odd && !part.ends_with('.') && !part.ends_with(".lock") && part.chars().all(plain)
    };
    !own.iter().any(|own| rest.starts_with(own)) && rest.split('/').all(part)
}

fn packed(common: &Path, name: &str) -> Found {
    let path = common.join("packed-refs");
    match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Found::Nothing,
        Ok(meta) if meta.is_file() && meta.len() <= PACKED_LIMIT => {}
        Ok(_) | Err(_) => return Found::AskGit,
    }
    let Ok(text) = fs::read(&path) else { return Found::AskGit };
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.starts_with(b"#"));
    for line in lines.filter(|line| line.ends_with(name.as_bytes())) {
        let text = String::from_utf8_lossy(line);
        if let Some((oid, held)) = text.split_once(' ')
            && held == name
        {
            return Oid::parse(oid).map_or(Found::AskGit, Found::Value);
        }
    }
    Found::Nothing
}

#[cfg(test)]
#[path = "ref_files_tests.rs"]
mod tests;
