//! Git processes that stay and answer one question after another.
//!
//! Starting git takes longer than most of what it is asked for. Three of its commands read questions
//! from their standard input as long as there are any, and answer each at once (`merge-tree --stdin`
//! does not: it keeps its answers until the end). They are started when they are first needed and
//! kept with the repository's handle.
//! Invariants: nothing depends on them. Whatever is not answered in full is asked again with a
//! process of its own, which also finds the words for what is wrong. One that was started under
//! other settings is not asked any more. They end by themselves when windrow does, because their
//! standard input does.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout};
use std::sync::{Arc, Mutex, PoisonError};

use super::repo::{DURABLE, Repo};

/// Questions after which a process is replaced: some remember every object they ever saw.
const QUESTIONS: u32 = 1_000;

/// Processes of one kind that are kept while nobody asks.
const KEPT: usize = 2;

/// The processes that wait for a question at this moment.
static WAITING: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `update-ref --stdin`.
    Refs,
    /// `hash-object -t commit -w --stdin-paths`.
    Commits,
    /// `cat-file --batch-command`.
    Objects,
}

/// What the answers of a process depend on besides objects and refs: the repository's settings, by
/// the marks of their files.
pub(super) type Ground = [Option<(u64, u64, i64, i64)>; 2];

/// A process and the ends of its pipes.
#[derive(Debug)]
pub(super) struct Talk {
    kind: Kind,
    ground: Ground,
    asked: u32,
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

/// The processes of a repository, shared by all clones of its handle.
#[derive(Clone, Default)]
pub(super) struct Served(Arc<Mutex<Vec<Talk>>>);

impl fmt::Debug for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Served")
    }
}

/// Tells whether a process is one of ours that nobody asks anything at the moment.
pub(super) fn is_waiting(pid: u32) -> bool {
    WAITING.lock().unwrap_or_else(PoisonError::into_inner).contains(&pid)
}

impl Repo {
    /// Asks a process that stays; nothing when it does not answer, or not all of it.
    pub(super) fn ask<T>(
        &self,
        kind: Kind,
        question: impl FnOnce(&mut Talk) -> io::Result<T>,
    ) -> Option<T> {
        let ground = ground(self.common_dir());
        let mut talk =
            self.served.take(kind, ground).or_else(|| Talk::begin(self, kind, ground))?;
        talk.asked += 1;
        // One that failed is dropped with whatever it still had to say.
        let answer = question(&mut talk).ok()?;
        self.served.give_back(talk);
        Some(answer)
    }
}

impl Served {
    fn take(&self, kind: Kind, ground: Ground) -> Option<Talk> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (stale, fresh): (Vec<Talk>, Vec<Talk>) =
            std::mem::take(&mut *all).into_iter().partition(|talk| talk.ground != ground);
        *all = fresh;
        let found = all.iter().position(|talk| talk.kind == kind).map(|at| all.swap_remove(at));
        if let Some(talk) = &found {
            waits(talk, false);
        }
        drop(all);
        drop(stale);
        found
    }

    fn give_back(&self, talk: Talk) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = all.iter().filter(|other| other.kind == talk.kind).count();
        if same < KEPT && talk.asked < QUESTIONS {
            waits(&talk, true);
            all.push(talk);
        }
    }
}

fn waits(talk: &Talk, waits: bool) {
    let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
    if waits {
        waiting.insert(talk.child.id());
    } else {
        waiting.remove(&talk.child.id());
    }
}

impl Talk {
    fn begin(repo: &Repo, kind: Kind, ground: Ground) -> Option<Self> {
        let command: &[&str] = match kind {
            Kind::Refs => &["update-ref", "--stdin"],
            Kind::Commits => &["hash-object", "-t", "commit", "-w", "--stdin-paths"],
            Kind::Objects => &["cat-file", "--batch-command=%(objectname) %(objectsize)"],
        };
        let silent = File::options().write(true).open("/dev/null").ok()?;
        // Not in the repository, whose disk somebody may want to take away.
        let call = repo.git(DURABLE).args(command).dir("/").stderr_to(silent);
        let mut child = call.dialogue().ok()?;
        let (input, output) = (child.stdin.take(), child.stdout.take()?);
        let output = BufReader::new(output);
        Some(Self { kind, ground, asked: 0, child, input, output })
    }

    /// Sends a question.
    pub(super) fn say(&mut self, question: &[u8]) -> io::Result<()> {
        let input = self.input.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        input.write_all(question)?;
        input.flush()
    }

    /// Reads one line of the answer.
    pub(super) fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        if line.pop() == Some('\n') { Ok(line) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        waits(self, false);
        drop(self.input.take());
        // Read to the end, so that it is not stopped by a full pipe.
        let _unread = self.output.read_to_end(&mut Vec::new());
        let _ended = self.child.wait();
    }
}

pub(super) fn ground(common: &Path) -> Ground {
    ["config", "config.worktree"].map(|name| {
        let meta = fs::symlink_metadata(common.join(name)).ok()?;
        Some((meta.ino(), meta.size(), meta.mtime(), meta.mtime_nsec()))
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::Fixture;
    use super::*;

    fn processes(repo: &Repo) -> Vec<u32> {
        let all = repo.served.0.lock().unwrap();
        all.iter().map(|talk| talk.child.id()).collect()
    }

    #[test]
    fn a_process_stays_until_the_settings_change_and_is_never_at_work_while_it_waits() {
        let made = Fixture::new();
        let repo = &made.repo;
        let name = |n: u32| format!("refs/windrow/kept/s-{n}/1");
        repo.move_ref(&name(1), Some(&made.base), None).unwrap();
        let first = processes(repo);
        assert_eq!(first.len(), 1);
        assert!(is_waiting(first[0]));
        repo.move_ref(&name(2), Some(&made.base), None).unwrap();
        assert_eq!(processes(repo), first);
        super::super::fixture::git(&made.main, ["config", "core.logAllRefUpdates", "false"]);
        repo.move_ref(&name(3), Some(&made.base), None).unwrap();
        let second = processes(repo);
        assert!(second.len() == 1 && second != first, "{second:?}");
        assert!(!is_waiting(first[0]));
    }

    #[test]
    fn what_a_process_refuses_is_asked_again_and_the_next_one_answers() {
        let made = Fixture::new();
        let (repo, name) = (&made.repo, "refs/windrow/kept/s-1/1");
        repo.move_ref(name, Some(&made.base), None).unwrap();
        // No object of that name: refused by both, in words.
        let nowhere = made.base.as_str().replace(|c: char| c != '0', "1");
        let nowhere = super::super::repo::Oid::parse(&nowhere).unwrap();
        let refused = repo.move_ref(name, Some(&nowhere), Some(&made.base)).unwrap_err();
        assert!(refused.to_string().contains("nonexistent object"), "{refused}");
        assert_eq!(processes(repo), Vec::<u32>::new());
        repo.move_ref(name, None, Some(&made.base)).unwrap();
        assert_eq!(repo.ref_value(name).unwrap(), None);
    }
}
