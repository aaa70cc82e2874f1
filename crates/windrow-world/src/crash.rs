//! Crash points: the named steps at which a test lets windrow die as by kill -9.
//!
//! A test writes into the file [`PLAN`] of windrow's home where windrow is to die, one line for each
//! death, in order: `land.moved 1` is the first time that a process passes step `moved` of `land`.
//! Whoever dies takes its line out before and adds it to [`DIED`], so that the daemon which comes
//! after goes on. A file and not a variable, because daemons are started by commands, keepers and
//! the guard, each with an environment of its own.
//!
//! Only builds with debug assertions have it, so a shipped one has neither the check nor the file.
//! A cargo feature would build every room above this one twice, and `cargo build --workspace` would
//! switch it on in what is shipped, because the testkit is a member.
//!
//! Invariant: every step passed to [`point`] is in [`POINTS`], and every one there is reached by a
//! sweep (`crates/windrow/tests/it/crash_points`).

/// The file in windrow's home that says where to die next.
pub const PLAN: &str = "crash-points";

/// The file in windrow's home that says who died where: the line of the plan, and a process id.
pub const DIED: &str = "crash-points.died";

/// Every act that can be cut short, and its steps. A step is named by what has just been done.
pub const POINTS: &[(&str, &[&str])] = &[
    ("append", &["decided", "durable"]),
    ("snapshot", &["due", "saved"]),
    ("open", &["recovered", "folded"]),
    ("spawn", &["leased", "opened", "briefed", "launched", "kept", "begun"]),
    ("tree", &["branched", "registered", "marked", "filled", "headed"]),
    ("reuse", &["marked", "moved"]),
    ("keeper", &["recorded", "held", "on-record", "let-go", "ending", "all-gone", "written"]),
    ("seal", &["staged", "indexed", "committed", "headed", "pinned", "sealed"]),
    ("capture", &["written", "committed", "kept", "listed", "trashed"]),
    ("merge", &["committed", "pinned"]),
    ("gate", &["laned", "launched", "ended", "judged"]),
    (
        "land",
        &[
            "locked",
            "checked",
            "recorded",
            "prepared",
            "noted",
            "files",
            "moved",
            "written",
            "installed",
            "landed",
            "unpinned",
            // These belong to the recovery of a landing that was cut short.
            "judging",
            "judged",
            "settled",
            "rewritten",
            "reinstalled",
        ],
    ),
    ("check-off", &["written"]),
    ("release", &["saved", "reset", "unbranched", "freed"]),
    ("reset", &["marked", "cleared", "detached", "filled", "cleaned", "warm"]),
    ("remove", &["marked", "aside", "unregistered"]),
    ("restore", &["begun", "marked", "filled", "headed", "restored", "struck"]),
    ("prune", &["forgotten", "dropped", "pruned"]),
];

/// Names the home whose plan this process follows.
#[cfg(not(debug_assertions))]
pub const fn arm(_home: &std::path::Path) {}

/// Ends this process if that is planned for `step` of `act`.
#[cfg(not(debug_assertions))]
pub const fn point(_act: &str, _step: &str) {}

#[cfg(debug_assertions)]
pub use armed::{arm, point};

#[cfg(debug_assertions)]
mod armed {
    use std::fs::{self, File};
    use std::io::Write as _;
    use std::path::{Path, PathBuf};
    use std::sync::{Mutex, OnceLock, PoisonError};

    use super::{DIED, PLAN};
    use crate::files;

    static HOME: OnceLock<PathBuf> = OnceLock::new();

    /// The line that is waited for, and how often this process passed its step.
    static PASSED: Mutex<(String, u32)> = Mutex::new((String::new(), 0));

    /// Names the home whose plan this process follows.
    pub fn arm(home: &Path) {
        let _the_first_stays = HOME.set(home.to_owned());
    }

    /// Ends this process if that is planned for `step` of `act`.
    pub fn point(act: &str, step: &str) {
        let Some(home) = HOME.get() else { return };
        let Ok(plan) = fs::read_to_string(home.join(PLAN)) else { return };
        let (next, rest) = plan.split_once('\n').unwrap_or((&plan, ""));
        let Some((name, nth)) = next.split_once(' ') else { return };
        if name.split_once('.') != Some((act, step)) {
            return;
        }
        let mut passed = PASSED.lock().unwrap_or_else(PoisonError::into_inner);
        if passed.0 != next {
            *passed = (next.to_owned(), 0);
        }
        passed.1 += 1;
        if nth.parse() == Ok(passed.1) && take_out(home, next, rest).is_ok() {
            die();
        }
    }

    /// Takes the line out of the plan; of several processes that are to die of it only one does.
    fn take_out(home: &Path, next: &str, rest: &str) -> std::io::Result<()> {
        let own = std::process::id();
        let taken = home.join(format!("{PLAN}.{own}"));
        fs::rename(home.join(PLAN), &taken)?;
        fs::remove_file(taken)?;
        let mut died = File::options().append(true).create(true).open(home.join(DIED))?;
        died.write_all(format!("{next} {own}\n").as_bytes())?;
        if !rest.is_empty() {
            files::replace(&home.join(PLAN), rest.as_bytes()).map_err(std::io::Error::other)?;
        }
        Ok(())
    }

    /// Not `abort`: that would leave a core file, and nothing can catch this one either.
    fn die() -> ! {
        let own = rustix::process::getpid();
        let _never_comes_back = rustix::process::kill_process(own, rustix::process::Signal::KILL);
        std::process::abort();
    }
}
