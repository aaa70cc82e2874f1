//! Reads and replaces one file in a tree of the object store; no work tree is touched.

use std::ffi::OsString;

use super::repo::{GitError, Oid, Repo};

/// The content of `path` in `tree`; nothing when there is no file there.
///
/// # Errors
/// Git fails.
pub fn file_in(repo: &Repo, tree: &Oid, path: &str) -> Result<Option<Vec<u8>>, GitError> {
    match entry(repo, tree, path)? {
        Some((_, blob)) => Ok(Some(repo.git(["cat-file", "blob", blob.as_str()]).success()?)),
        None => Ok(None),
    }
}

/// The tree that equals `tree` but for the content of `path`, whose mode stays.
///
/// # Errors
/// There is no file of that name, or git fails.
pub fn with_file(repo: &Repo, tree: &Oid, path: &str, bytes: &[u8]) -> Result<Oid, GitError> {
    let missing = || GitError::Answer { what: "file in a tree", text: path.to_owned() };
    let (mode, _) = entry(repo, tree, path)?.ok_or_else(missing)?;
    let blob = repo.git(["hash-object", "-w", "--no-filters", "--stdin"]).stdin(bytes);
    let blob = oid(&blob.success()?)?;
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let changed = replace_entry(repo, &subtree(tree, folder), name, &mode, &blob)?;
    up(repo, tree, folder, changed)
}

/// Puts a changed folder into its parents, up to the root.
fn up(repo: &Repo, root: &Oid, folder: &str, changed: Oid) -> Result<Oid, GitError> {
    if folder.is_empty() {
        return Ok(changed);
    }
    let (parent, name) = folder.rsplit_once('/').unwrap_or(("", folder));
    let parent_tree = replace_entry(repo, &subtree(root, parent), name, "040000", &changed)?;
    up(repo, root, parent, parent_tree)
}

fn subtree(root: &Oid, folder: &str) -> String {
    if folder.is_empty() { root.to_string() } else { format!("{root}:{folder}") }
}

fn replace_entry(
    repo: &Repo,
    tree: &str,
    name: &str,
    mode: &str,
    oid_new: &Oid,
) -> Result<Oid, GitError> {
    let listed = repo.git(["ls-tree", "-z", "--end-of-options", tree]).success()?;
    let kind = if mode == "040000" { "tree" } else { "blob" };
    let mut lines: Vec<u8> = Vec::with_capacity(listed.len());
    for line in listed.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
        let is_it = line.splitn(2, |byte| *byte == b'\t').nth(1) == Some(name.as_bytes());
        if is_it {
            lines.extend(format!("{mode} {kind} {oid_new}\t{name}").into_bytes());
        } else {
            lines.extend(line);
        }
        lines.push(0);
    }
    oid(&repo.git(["mktree", "-z"]).stdin(lines).success()?)
}

/// Mode and blob of a file.
fn entry(repo: &Repo, tree: &Oid, path: &str) -> Result<Option<(String, Oid)>, GitError> {
    let args = ["ls-tree", "-z", "--full-tree", "--end-of-options", tree.as_str(), "--"];
    let args = args.into_iter().map(OsString::from).chain([OsString::from(path)]);
    let listed = repo.git(["--literal-pathspecs"]).args(args).success()?;
    let text = String::from_utf8_lossy(&listed).into_owned();
    let Some((about, _)) = text.split_once('\t') else { return Ok(None) };
    match about.split(' ').collect::<Vec<_>>()[..] {
        [mode, "blob", blob] => Ok(Some((mode.to_owned(), Oid::parse(blob)?))),
        _ => Ok(None),
    }
}

fn oid(answer: &[u8]) -> Result<Oid, GitError> {
    Oid::parse(&String::from_utf8_lossy(answer))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Fixture;
    use super::*;

    #[test]
    fn one_file_deep_in_a_tree_is_replaced_and_nothing_else() {
        let made = Fixture::with(&[("docs/plan/TASKS.md", "old\n"), ("docs/other.md", "other\n")]);
        let tree = super::super::tree_of(&made.repo, &made.base).unwrap();
        let new = with_file(&made.repo, &tree, "docs/plan/TASKS.md", b"new\r\n").unwrap();
        let read = |tree: &Oid, path| file_in(&made.repo, tree, path).unwrap();
        assert_eq!(read(&new, "docs/plan/TASKS.md").as_deref(), Some(&b"new\r\n"[..]));
        assert_eq!(read(&new, "docs/other.md").as_deref(), Some(&b"other\n"[..]));
        assert_eq!(read(&new, "docs"), None);
        let differ = ["diff-tree", "-r", "--name-only", tree.as_str(), new.as_str()];
        let differ = made.repo.git(differ).success().unwrap();
        assert_eq!(String::from_utf8_lossy(&differ), "docs/plan/TASKS.md\n");
        assert!(with_file(&made.repo, &tree, "missing", b"").is_err());
    }
}
