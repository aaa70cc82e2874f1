//! Reading the index and blobs, and telling which files need not be read at all.

use std::collections::{BTreeMap, HashSet};
use std::fs::Metadata;
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::capture_scan::{TreePath, on_disk};
use super::capture_view::{View, open_plain};
use super::repo::{GitError, Oid, Repo};
use super::served::Kind;

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
/// and nothing asks git for a conversion that keeps the size.
pub(super) fn unconverted(
    repo: &Repo,
    view: &View,
    entries: &[Entry],
    files: &BTreeMap<TreePath, Metadata>,
) -> Result<HashSet<TreePath>, GitError> {
    if may_convert(repo, view, entries, files)? {
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

/// Whether files may be converted into others of the same size.
///
/// Ends of lines do not count: a file that is converted in that way has another size than its blob.
fn may_convert(
    repo: &Repo,
    view: &View,
    entries: &[Entry],
    files: &BTreeMap<TreePath, Metadata>,
) -> Result<bool, GitError> {
    let named = |path: &[u8]| path == b".gitattributes" || path.ends_with(b"/.gitattributes");
    // What the index knows and nobody can read any more may say anything.
    if entries.iter().any(|entry| named(&entry.path) && !files.contains_key(&entry.path)) {
        return Ok(true);
    }
    let own = files.keys().filter(|path| named(path)).map(|path| on_disk(&view.tree.path, path));
    let shared = repo.common_dir().join("info/attributes");
    let all = repo.path_set("core.attributesFile")?.map(PathBuf::from);
    if all.as_ref().is_some_and(|path| path.is_relative()) {
        return Ok(true);
    }
    Ok(own.chain([shared]).chain(all).any(|path| converts(&path)))
}

/// Whether a file of attributes asks for a conversion, or cannot be read.
fn converts(path: &Path) -> bool {
    let mut text = Vec::new();
    match open_plain(path).and_then(|mut file| file.read_to_end(&mut text)) {
        Err(error) => error.kind() != ErrorKind::NotFound,
        Ok(_) => ["filter", "ident", "encoding", "[attr]"]
            .iter()
            .any(|word| text.windows(word.len()).any(|part| part == word.as_bytes())),
    }
}

/// The sizes of objects in bytes; nothing for a missing one.
fn sizes<'a>(
    repo: &Repo,
    oids: impl Iterator<Item = &'a Oid>,
) -> Result<Vec<Option<u64>>, GitError> {
    let known = infos(repo, oids.map(ToString::to_string))?;
    Ok(known.into_iter().map(|known| Some(known?.1)).collect())
}

/// The objects that exist, out of the given revisions, peeled to what they ask for.
pub(super) fn existing(
    repo: &Repo,
    revisions: impl IntoIterator<Item = String>,
) -> Result<Vec<Option<Oid>>, GitError> {
    let known = infos(repo, revisions)?;
    Ok(known.into_iter().map(|known| Some(known?.0)).collect())
}

/// How many objects are asked for before the answers are read: few enough for a pipe.
const AT_ONCE: usize = 200;

/// The names and sizes in bytes of objects; nothing for one that is not there.
fn infos(
    repo: &Repo,
    revisions: impl IntoIterator<Item = String>,
) -> Result<Vec<Option<(Oid, u64)>>, GitError> {
    let revisions: Vec<String> = revisions.into_iter().collect();
    if revisions.is_empty() {
        return Ok(Vec::new());
    }
    let served = repo.ask(Kind::Objects, |objects| {
        let mut known = Vec::with_capacity(revisions.len());
        for some in revisions.chunks(AT_ONCE) {
            let question: String = some.iter().map(|name| format!("info {name}\n")).collect();
            objects.say(question.as_bytes())?;
            for _ in some {
                known.push(info(&objects.line()?));
            }
        }
        Ok(known)
    });
    if let Some(known) = served {
        return Ok(known);
    }
    let call = repo.git(["cat-file", "--batch-check=%(objectname) %(objectsize)", "--buffer"]);
    let answer = call.stdin(revisions.join("\n") + "\n").success()?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    Ok(answer.lines().map(info).collect())
}

/// `<oid> <size>`, or the name and a word on what is wrong.
fn info(line: &str) -> Option<(Oid, u64)> {
    let (oid, size) = line.split_once(' ')?;
    Some((Oid::parse(oid).ok()?, size.parse().ok()?))
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
