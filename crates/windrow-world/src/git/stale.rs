//! Lock files that a killed git left behind, and the proof that nobody holds them.
//!
//! A lock is removed only when it is old and nobody can be behind it. For windrow's own refs age is
//! enough: a live git holds such a lock for milliseconds. The lock of `packed-refs` belongs to the
//! person's git as well, and removing a live one could cost them refs; so no git process may be at
//! work in the repository, as far as can be seen, and one that cannot be looked at counts as there.

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use super::repo::Repo;
use super::served;

/// How old a lock must be, by its own time of change.
const OLD: Duration = Duration::from_secs(5);

/// Removes what kept `refname` from being written, if that was left by a killed git; true when
/// something was removed and writing is worth another try.
pub(super) fn remove_locks(repo: &Repo, refname: &str) -> bool {
    let own = refname.starts_with("refs/windrow/") || refname.starts_with("refs/heads/windrow/");
    let on_ref = own && remove_old(&repo.common_dir().join(format!("{refname}.lock")));
    let packed = repo.common_dir().join("packed-refs.lock");
    let on_all = is_old(&packed) && nobody_at_work(repo, None) && remove_old(&packed);
    on_ref || on_all
}

fn is_old(lock: &Path) -> bool {
    let made = fs::symlink_metadata(lock).and_then(|meta| meta.modified());
    made.ok().and_then(|made| made.elapsed().ok()).is_some_and(|age| age > OLD)
}

fn remove_old(lock: &Path) -> bool {
    is_old(lock) && fs::remove_file(lock).is_ok()
}

/// Whether no git process can be at work in the repository, or in `checkout`, which may be a main
/// worktree that does not lie around its git directory.
pub(super) fn nobody_at_work(repo: &Repo, checkout: Option<&Path>) -> bool {
    let Ok(processes) = fs::read_dir("/proc") else { return false };
    let mut folders = folders_of(repo);
    folders.extend(checkout.map(Path::to_owned));
    processes.flatten().all(|process| {
        let process = process.path();
        let Ok(name) = fs::read_to_string(process.join("comm")) else { return true };
        if !name.starts_with("git") || is_waiting(&process) {
            return true;
        }
        let look = fs::read_link(process.join("cwd"))
            .and_then(|cwd| Ok((cwd, fs::read(process.join("environ"))?)));
        let (cwd, env) = match look {
            Ok(look) => look,
            Err(error) => return is_leaving(&error) || has_ended(&process),
        };
        if env.is_empty() && has_ended(&process) {
            return true;
        }
        let named = |folder: &Path| {
            let folder = folder.as_os_str().as_encoded_bytes();
            env.windows(folder.len().max(1)).any(|part| part == folder)
        };
        !folders.iter().any(|folder| cwd.starts_with(folder) || named(folder))
    })
}

/// Whether it is one of our own that has nothing to do.
fn is_waiting(process: &Path) -> bool {
    let pid = process.file_name().and_then(|name| name.to_str()?.parse().ok());
    pid.is_some_and(served::is_waiting)
}

/// On its way out a process has no folder any more, or no memory to read an environment from.
fn is_leaving(error: &io::Error) -> bool {
    let no_memory = rustix::io::Errno::SRCH.raw_os_error();
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(no_memory)
}

/// Gone, waiting for its parent to take notice, or on its way there: without memory of its own, as
/// `vsize` tells (proc_pid_stat(5), field 23; the state is field 3).
fn has_ended(process: &Path) -> bool {
    fs::read_to_string(process.join("stat")).map_or(true, |stat| says_ended(&stat))
}

fn says_ended(stat: &str) -> bool {
    let Some((_, rest)) = stat.rsplit_once(") ") else { return true };
    let mut fields = rest.split(' ');
    matches!(fields.next(), Some("Z" | "X") | None) || fields.nth(19) == Some("0")
}

/// The git directory, the main worktree around it, and every other worktree.
fn folders_of(repo: &Repo) -> Vec<std::path::PathBuf> {
    let common = repo.common_dir();
    let mut folders = vec![common.to_owned()];
    folders.extend(common.parent().map(Path::to_owned));
    for entry in fs::read_dir(common.join("worktrees")).into_iter().flatten().flatten() {
        let link = fs::read_to_string(entry.path().join("gitdir")).unwrap_or_default();
        folders.extend(Path::new(link.trim()).parent().map(Path::to_owned));
    }
    folders.retain(|folder| !folder.as_os_str().is_empty());
    folders
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::super::fixture::{Fixture, put};
    use super::*;
    use crate::cmd::Cmd;

    fn leave(lock: &Path, age: Duration) {
        put(lock, "");
        let file = fs::File::options().write(true).open(lock).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
    }

    #[test]
    fn a_process_without_memory_of_its_own_has_ended() {
        let live = "7 (git) R 1 7 7 0 -1 4194304 98 0 0 0 0 0 0 0 20 0 1 0 44 16961536 1208 1";
        assert!(!says_ended(live));
        assert!(says_ended(&live.replace("16961536", "0")), "its memory is given back");
        assert!(says_ended(&live.replace("(git) R", "(git (a) b) Z")));
        let own = fs::read_to_string("/proc/self/stat").unwrap();
        assert!(!says_ended(&own), "{own}");
    }

    #[test]
    fn old_locks_of_killed_git_give_way_and_young_ones_do_not() {
        let made = Fixture::new();
        let (repo, base) = (&made.repo, &made.base);
        let name = "refs/windrow/kept/s-1/1";
        let minute = Duration::from_secs(60);
        for lock in [format!("{name}.lock"), "packed-refs.lock".to_owned()] {
            repo.move_ref(name, Some(base), None).unwrap();
            let lock = repo.common_dir().join(lock);
            leave(&lock, Duration::ZERO);
            repo.move_ref(name, None, Some(base)).unwrap_err();
            assert!(lock.exists());
            leave(&lock, minute);
            repo.move_ref(name, None, Some(base)).unwrap();
            assert!(!lock.exists());
        }
        let theirs = repo.common_dir().join("refs/heads/main.lock");
        leave(&theirs, minute);
        repo.move_ref("refs/heads/main", None, Some(base)).unwrap_err();
        assert!(theirs.exists());
    }

    #[test]
    fn the_lock_of_all_refs_stays_while_any_git_is_at_work_in_the_repository() {
        let made = Fixture::new();
        let (repo, base) = (&made.repo, &made.base);
        let name = "refs/windrow/kept/s-1/1";
        repo.move_ref(name, Some(base), None).unwrap();
        let lock = repo.common_dir().join("packed-refs.lock");
        leave(&lock, Duration::from_secs(60));
        // It waits for its input, in the person's checkout.
        let cat = Cmd::new("git").args(["cat-file", "--batch"]).dir(&made.main);
        let mut theirs = cat.dialogue().unwrap();
        repo.move_ref(name, None, Some(base)).unwrap_err();
        assert!(lock.exists());
        drop(theirs.stdin.take());
        theirs.wait().unwrap();
        repo.move_ref(name, None, Some(base)).unwrap();
        assert!(!lock.exists());
    }
}
