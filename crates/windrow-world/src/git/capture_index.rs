//! Reading the index and blobs, and telling which files need not be read at all.

use std::collections::{BTreeMap, HashSet};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;

use super::capture_scan::TreePath;
use super::capture_view::View;
use super::repo::{GitError, Oid, Repo};
use super::worktree_registry::is_there;

/// One entry of the index.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) mode: u32,
    pub(super) oid: Oid,
    /// 0, or 1 to 3 for the sides of a conflict.
    pub(super) stage: u8,
    pub(super) path: TreePath,
    /// Whether the entry is flagged skip-worktree or assume-unchanged.
    flagged: bool,
    /// git's own flag bits.
    flags: u32,
    /// ctime, ctime ns, mtime, mtime ns, dev, ino, uid, gid, size; as 32 bit numbers.
    stat: [u32; 9],
}

/// The index flag for `git add --intent-to-add`.
const INTENT_TO_ADD: u32 = 1 << 29;

impl Entry {
    pub(super) fn is_gitlink(&self) -> bool {
        self.mode == 0o160_000
    }

    pub(super) fn is_flagged(&self) -> bool {
        self.flagged
    }

    pub(super) fn is_intent(&self) -> bool {
        self.flags & INTENT_TO_ADD != 0
    }

    /// Tells whether a file is the very one that git last compared with this entry.
    fn is_untouched(&self, meta: &Metadata, index_time: (i64, i64)) -> bool {
        let now = [
            meta.ctime(),
            meta.ctime_nsec(),
            meta.mtime(),
            meta.mtime_nsec(),
            meta.dev().cast_signed(),
            meta.ino().cast_signed(),
            i64::from(meta.uid()),
            i64::from(meta.gid()),
            meta.len().cast_signed(),
        ];
        // A file changed in the instant in which the index was written may look the same.
        let settled = (meta.mtime(), meta.mtime_nsec()) < index_time;
        let same = now.iter().zip(self.stat).all(|(now, then)| low(*now) == then);
        settled && same && !self.flagged
    }
}

/// The lower 32 bits, which is what the index stores of each number.
fn low(number: i64) -> u32 {
    u32::try_from(number & 0xffff_ffff).unwrap_or_default()
}

/// Every entry of the index, with stat data and flags.
pub(super) fn entries(repo: &Repo, view: &View) -> Result<Vec<Entry>, GitError> {
    let answer = view.ask(repo, &["ls-files", "-s", "-v", "-z", "--debug"])?;
    let mut rest = &answer[..];
    let mut entries = Vec::new();
    while !rest.is_empty() {
        let entry = parse(&mut rest).ok_or_else(|| {
            let text = String::from_utf8_lossy(&rest[..rest.len().min(200)]).into_owned();
            GitError::Answer { what: "index", text }
        })?;
        entries.push(entry);
    }
    Ok(entries)
}

/// Reads `<tag> <mode> <oid> <stage>\t<path>\0` and the five lines of numbers after it.
fn parse(rest: &mut &[u8]) -> Option<Entry> {
    let end = rest.iter().position(|byte| *byte == 0)?;
    let (line, after) = (&rest[..end], &rest[end + 1..]);
    let tab = line.iter().position(|byte| *byte == b'\t')?;
    let head = str::from_utf8(&line[..tab]).ok()?;
    let mut words = head.split(' ');
    let tag = words.next()?.chars().next()?;
    let mode = u32::from_str_radix(words.next()?, 8).ok()?;
    let oid = Oid::parse(words.next()?).ok()?;
    let stage = words.next()?.parse().ok()?;
    let ends = after.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at);
    let end = ends.take(5).nth(4)?;
    let text = str::from_utf8(&after[..end]).ok()?;
    let (text, flags) = text.split_once("flags: ")?;
    let numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|word| !word.is_empty());
    let numbers: Vec<u32> = numbers.map(str::parse).collect::<Result<_, _>>().ok()?;
    *rest = &after[end + 1..];
    Some(Entry {
        mode,
        oid,
        stage,
        path: line[tab + 1..].to_vec(),
        flagged: tag == 'S' || tag.is_ascii_lowercase(),
        flags: u32::from_str_radix(flags.trim(), 16).ok()?,
        stat: numbers.try_into().ok()?,
    })
}

/// The paths whose files surely hold the bytes of their entries, judged without reading them.
///
/// That is so when git compared the file last, nothing touched it since, its size is the blob's,
/// and nothing in the repository asks git to convert files on their way in or out.
pub(super) fn unconverted(
    repo: &Repo,
    view: &View,
    entries: &[Entry],
    files: &BTreeMap<TreePath, Metadata>,
) -> Result<HashSet<TreePath>, GitError> {
    let attributes = |path: &[u8]| path == b".gitattributes" || path.ends_with(b"/.gitattributes");
    let asked = entries.iter().any(|entry| attributes(&entry.path))
        || files.keys().any(|path| attributes(path))
        || is_there(&repo.common_dir().join("info/attributes"));
    if asked || has_conversion_setting(repo)? {
        return Ok(HashSet::new());
    }
    let index = view.tree.git_dir.join("index");
    let Ok(meta) = index.metadata() else { return Ok(HashSet::new()) };
    let time = (meta.mtime(), meta.mtime_nsec());
    let untouched: Vec<_> = entries
        .iter()
        .filter(|entry| entry.stage == 0)
        .filter_map(|entry| Some((entry, files.get(&entry.path)?)))
        .filter(|(entry, meta)| meta.is_file() && entry.is_untouched(meta, time))
        .collect();
    let sizes = sizes(repo, untouched.iter().map(|(entry, _)| &entry.oid))?;
    let fits = untouched.iter().zip(sizes).filter(|((_, meta), size)| Some(meta.len()) == *size);
    Ok(fits.map(|((entry, _), _)| entry.path.clone()).collect())
}

fn has_conversion_setting(repo: &Repo) -> Result<bool, GitError> {
    let keys = "^core\\.(autocrlf|eol|attributesfile)$";
    let done = repo.git(["config", "--get-regexp", keys]).output()?;
    // Only this code says that there is none; in doubt every file is read.
    Ok(done.status.code() != Some(1))
}

/// The sizes of objects in bytes; nothing for a missing one.
fn sizes<'a>(
    repo: &Repo,
    oids: impl Iterator<Item = &'a Oid>,
) -> Result<Vec<Option<u64>>, GitError> {
    let input: String = oids.map(|oid| format!("{oid}\n")).collect();
    let call = repo.git(["cat-file", "--batch-check=%(objectsize)", "--buffer"]);
    let answer = call.stdin(input).success()?;
    let lines = answer.split_inclusive(|byte| *byte == b'\n');
    Ok(lines.map(|line| str::from_utf8(line).ok()?.trim().parse().ok()).collect())
}

/// The objects that exist, out of the given revisions, peeled to what they ask for.
pub(super) fn existing(
    repo: &Repo,
    revisions: impl IntoIterator<Item = String>,
) -> Result<Vec<Option<Oid>>, GitError> {
    let input: String = revisions.into_iter().map(|revision| revision + "\n").collect();
    if input.is_empty() {
        return Ok(Vec::new());
    }
    let call = repo.git(["cat-file", "--batch-check=%(objectname)", "--buffer"]);
    let answer = call.stdin(input).success()?;
    let lines = answer.split_inclusive(|byte| *byte == b'\n');
    Ok(lines.map(|line| Oid::parse(str::from_utf8(line).ok()?).ok()).collect())
}

/// The bytes of blobs, in order; a missing one is an error.
pub(super) fn blobs<'a>(
    repo: &Repo,
    oids: impl IntoIterator<Item = &'a Oid>,
) -> Result<Vec<Vec<u8>>, GitError> {
    let input: String = oids.into_iter().map(|oid| format!("{oid}\n")).collect();
    if input.is_empty() {
        return Ok(Vec::new());
    }
    let answer = repo.git(["cat-file", "--batch", "--buffer"]).stdin(input).success()?;
    let mut rest = &answer[..];
    let mut blobs = Vec::new();
    while !rest.is_empty() {
        let blob = next_blob(&mut rest).ok_or_else(|| {
            let text = String::from_utf8_lossy(&rest[..rest.len().min(200)]).into_owned();
            GitError::Answer { what: "object", text }
        })?;
        blobs.push(blob.to_vec());
    }
    Ok(blobs)
}

/// Reads `<oid> <type> <size>\n<bytes>\n`.
fn next_blob<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let size: usize = str::from_utf8(&rest[..end]).ok()?.split(' ').nth(2)?.parse().ok()?;
    let blob = rest.get(end + 1..end + 1 + size)?;
    *rest = rest.get(end + 1 + size + 1..)?;
    Some(blob)
}
