//! What lies at a path of a checkout, seen without following any link.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// How far a folder is searched for files in the way; they are named, not counted.
const NAMED: usize = 50;

/// What is found at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lies {
    /// Nothing, and nothing hinders making it.
    Nothing,
    /// A file, a link or something special.
    Something,
    /// A folder.
    Folder,
}

/// Looks at `path` itself.
pub(super) fn lies(path: &Path) -> Lies {
    match fs::symlink_metadata(path) {
        Ok(data) if data.is_dir() => Lies::Folder,
        Ok(_) => Lies::Something,
        Err(_) => Lies::Nothing,
    }
}

/// The first parent of `path` below `root` that is no folder: a file or a link in its place.
pub(super) fn blocked_by(root: &Path, path: &Path) -> Option<PathBuf> {
    let mut parents: Vec<&Path> = path.ancestors().skip(1).collect();
    parents.pop();
    parents
        .into_iter()
        .rev()
        .find(|parent| lies(&root.join(parent)) == Lies::Something)
        .map(Path::to_owned)
}

/// Everything in the folder `path` that is no folder and not in `but`, with paths from `root`.
pub(super) fn contents(root: &Path, path: &Path, but: &BTreeSet<&Path>) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![path.to_owned()]);
    while let Some(folder) = folders.pop() {
        let Ok(listing) = fs::read_dir(root.join(&folder)) else {
            // Nobody can say what an unreadable folder holds.
            found.push(folder);
            continue;
        };
        for item in listing.flatten() {
            let path = folder.join(item.file_name());
            if item.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(path);
            } else if !but.contains(path.as_path()) && found.len() < NAMED {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// How a file on disk compares with the one it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    /// Same kind, same bytes, same exec bit where that counts.
    Same,
    /// A file that holds the beginning of the other: a write that was cut off.
    Beginning,
    /// Anything else.
    Other,
}

/// Compares `path` with `model`; neither link is followed.
pub(super) fn compare(path: &Path, model: &Path, exec_counts: bool) -> io::Result<Likeness> {
    let (here, there) = (fs::symlink_metadata(path)?, fs::symlink_metadata(model)?);
    if here.is_symlink() && there.is_symlink() {
        let same = fs::read_link(path)? == fs::read_link(model)?;
        return Ok(if same { Likeness::Same } else { Likeness::Other });
    }
    if !here.is_file() || !there.is_file() || here.len() > there.len() {
        return Ok(Likeness::Other);
    }
    if !begins(path, model)? {
        return Ok(Likeness::Other);
    }
    let exec = |data: &fs::Metadata| data.permissions().mode() & 0o100 != 0;
    Ok(if here.len() < there.len() {
        Likeness::Beginning
    } else if exec_counts && exec(&here) != exec(&there) {
        Likeness::Other
    } else {
        Likeness::Same
    })
}

/// Whether `model` begins with all of `path`.
fn begins(path: &Path, model: &Path) -> io::Result<bool> {
    let (mut here, mut there) = (File::open(path)?, File::open(model)?);
    let mut one = vec![0; 64 * 1024];
    let mut two = vec![0; 64 * 1024];
    loop {
        let read = here.read(&mut one)?;
        if read == 0 {
            return Ok(true);
        }
        let Some(part) = two.get_mut(..read) else { return Ok(false) };
        match there.read_exact(part) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            Err(error) => return Err(error),
            Ok(()) if one.get(..read) != Some(&*part) => return Ok(false),
            Ok(()) => {}
        }
    }
}
