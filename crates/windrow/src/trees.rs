//! Looking into a session's worktree from outside: what changed there since it began.
//!
//! Git is told where everything is (a worker may have rewritten the tree's own `.git`), works on a
//! copy of the index, and runs no external diff or text conversion.

use std::fs;
use std::path::Path;

use serde::Serialize;
use tempfile::TempDir;
use windrow_api::view::SessionRow;
use windrow_world::files;
use windrow_world::git::Tree;

use crate::context::Project;
use crate::error::{CliError, chain};

/// How much changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Change {
    /// Files.
    pub(crate) files: u32,
    /// Lines that came.
    pub(crate) added: u32,
    /// Lines that went.
    pub(crate) removed: u32,
}

/// How much a live session changed; nothing when it has no tree.
pub(crate) fn changed(project: &Project, row: &SessionRow) -> Result<Option<Change>, CliError> {
    let Some(bytes) = diff(project, row, &["--numstat", "-z", "--no-renames"])? else {
        return Ok(None);
    };
    let mut change = Change::default();
    for line in bytes.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
        let line = String::from_utf8_lossy(line);
        let mut parts = line.split('\t');
        // A binary file has dashes in place of numbers.
        let mut number = || parts.next().and_then(|part| part.parse::<u32>().ok()).unwrap_or(0);
        change.files += 1;
        change.added += number();
        change.removed += number();
    }
    Ok(Some(change))
}

/// The changes of a live session against where it began, uncommitted and untracked ones included;
/// nothing when it has no tree.
pub(crate) fn diff(
    project: &Project,
    row: &SessionRow,
    options: &[&str],
) -> Result<Option<Vec<u8>>, CliError> {
    let (Some(path), Some(base)) = (&row.path, &row.base) else { return Ok(None) };
    let Some(tree) = tree_at(project.found.repo.common_dir(), path) else { return Ok(None) };
    let scratch = scratch()?;
    let index = scratch.path().join("index");
    match fs::copy(tree.git_dir.join("index"), &index) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(CliError::world(&error));
        }
        Ok(_) | Err(_) => {}
    }
    let repo = &project.found.repo;
    // Untracked files are entered as empty in the copy; no object is written.
    let enter = ["-c", "advice.addEmbeddedRepo=false", "add", "--intent-to-add", "--", "."];
    repo.git_in(&tree, enter).env("GIT_INDEX_FILE", &index).success()?;
    let mut args = vec!["-c", "core.quotePath=false", "diff", "--no-ext-diff", "--no-textconv"];
    args.extend(options);
    args.extend([base.as_str(), "--"]);
    Ok(Some(repo.git_in(&tree, args).env("GIT_INDEX_FILE", &index).success()?))
}

/// The worktree at a path, as the repository has it registered.
fn tree_at(common: &Path, path: &Path) -> Option<Tree> {
    let wanted = path.join(".git");
    let entries = fs::read_dir(common.join("worktrees")).ok()?;
    let mut found = entries.filter_map(Result::ok).map(|entry| entry.path()).filter(|git_dir| {
        let named = fs::read_to_string(git_dir.join("gitdir")).unwrap_or_default();
        Path::new(named.trim_end_matches('\n')) == wanted
    });
    found.next().map(|git_dir| Tree { path: path.to_owned(), git_dir })
}

/// What a whole captured worktree holds against `base`: its index, with the files over it.
///
/// See `windrow_world::git::capture` for what lies where in the kept commit.
pub(crate) fn diff_of_capture(
    project: &Project,
    base: &str,
    commit: &str,
    options: &[&str],
) -> Result<Vec<u8>, CliError> {
    let repo = &project.found.repo;
    let scratch = scratch()?;
    let index = scratch.path().join("index");
    let tree = Tree { path: scratch.path().to_owned(), git_dir: repo.common_dir().to_owned() };
    let git = |args: &[&str]| repo.git_in(&tree, args).env("GIT_INDEX_FILE", &index);
    // What a capture has nothing of is not in it.
    let stored = |name: &str| -> Result<Option<Vec<u8>>, CliError> {
        let done = repo.git(["cat-file", "blob", &format!("{commit}:{name}")]).output()?;
        Ok(done.status.success().then_some(done.stdout))
    };
    if let Some(bytes) = stored("index")? {
        files::replace(&index, &bytes)?;
    }
    let mut entries = Vec::new();
    let null = "0".repeat(commit.len());
    let gone = stored("deleted")?.unwrap_or_default();
    for path in gone.split(|byte| *byte == 0).filter(|path| !path.is_empty()) {
        entries.extend(format!("0 {null}\t").bytes().chain(path.iter().copied()).chain([0]));
    }
    let over = repo.git(["ls-tree", "-r", "-z", &format!("{commit}:files")]).output()?;
    if over.status.success() {
        entries.extend(over.stdout);
    }
    git(&["update-index", "-z", "--index-info"]).stdin(entries).success()?;
    let mut args = vec!["-c", "core.quotePath=false", "diff-index", "--cached", "--no-ext-diff"];
    args.push("--no-textconv");
    args.extend(if options.is_empty() { &["-p"] } else { options });
    args.extend([base, "--"]);
    Ok(git(&args).success()?)
}

fn scratch() -> Result<TempDir, CliError> {
    let scratch = tempfile::Builder::new().prefix("windrow-diff-").tempdir();
    scratch.map_err(|error| CliError::world(&error))
}

/// Reads why a folder cannot be looked at, for messages.
pub(crate) fn gone(row: &SessionRow) -> CliError {
    let name = &row.name;
    let path = row.path.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
    let cause = row.path.as_ref().and_then(|path| fs::metadata(path).err());
    let cause = cause.map_or_else(|| "nothing is registered there".to_owned(), |e| chain(&e));
    CliError::user(format!("`{name}` has no worktree to look at (`{path}`: {cause})"))
        .hint("`windrow restore --list` shows what was kept of it")
}
