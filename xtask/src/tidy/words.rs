//! Words that a room must never contain, in code outside tests unless the rule says everywhere.

use super::finding::Finding;
use super::rust::Rust;
use super::uses;

const RULE: &str = "words";

struct Ban {
    /// Where it holds: a path prefix, empty for everywhere.
    room: &'static str,
    /// Paths where it does not hold.
    but: &'static [&'static str],
    in_tests: bool,
    words: &'static [&'static str],
    remedy: &'static str,
}

const BANS: &[Ban] = &[
    Ban {
        room: "crates/windrow-core/src/",
        but: &[],
        in_tests: false,
        words: &["std::fs", "std::net", "std::process", "std::env", "std::thread", "std::io"],
        remedy: "the core is pure: derive an effect and let the world perform it",
    },
    Ban {
        room: "crates/windrow-core/src/",
        but: &[],
        in_tests: false,
        words: &[
            "SystemTime",
            "Instant::now",
            "std::time::Instant",
            "rand",
            "getrandom",
            "fastrand",
        ],
        remedy: "time and fresh ids come in as arguments",
    },
    Ban {
        room: "crates/windrow-core/src/",
        but: &[],
        in_tests: false,
        words: &["HashMap", "HashSet"],
        remedy: "use `BTreeMap` or `BTreeSet`: a replay must walk in the same order",
    },
    Ban {
        room: "crates/windrow-core/src/",
        but: &[],
        in_tests: false,
        words: &["tokio", "async", "await", "std::sync::mpsc", "Mutex", "RwLock"],
        remedy: "the core is synchronous and owns its state: leave waiting to the engine",
    },
    Ban {
        room: "crates/windrow-api/",
        but: &[],
        in_tests: true,
        words: &["rusqlite", "windrow_journal", "windrow_world", "windrow_engine", "std::process"],
        remedy: "the api is plain data: no state, no SQL, no git",
    },
    Ban {
        room: "crates/windrow-world/",
        but: &[],
        in_tests: true,
        words: &["windrow_journal", "windrow_engine", "windrow_api", "tokio"],
        remedy: "report what happened; the engine writes it down",
    },
    Ban {
        room: "crates/windrow-journal/",
        but: &[],
        in_tests: true,
        words: &["windrow_core::decide", "windrow_core::evolve", "windrow_core::wanted_of"],
        remedy: "the journal stores envelopes and does not understand them",
    },
    Ban {
        room: "crates/windrow-world/src/",
        but: &[],
        in_tests: false,
        words: &["windrow_core::decide", "windrow_core::evolve", "windrow_core::wanted_of"],
        remedy: "the world makes no decisions: return the failure, the core says what follows",
    },
    Ban {
        room: "",
        but: &[
            "crates/windrow-world/src/cmd.rs",
            "crates/windrow-journal/tests/it/rerun.rs",
            "xtask/src/run.rs",
        ],
        in_tests: true,
        words: &["process::Command"],
        remedy: "start programs with `windrow_world::cmd::Cmd`",
    },
    Ban {
        room: "",
        but: &[],
        in_tests: true,
        words: &["#[allow(", "#![allow("],
        remedy: "write `#[expect(lint, reason = \"...\")]`, or mend the code",
    },
    Ban {
        room: "",
        but: &[],
        in_tests: true,
        words: &["todo!", "unimplemented!", "dbg!"],
        remedy: "write it, or leave the seam out until it has content",
    },
    Ban {
        room: "",
        but: &[],
        in_tests: true,
        words: &["#[ignore", "should_panic"],
        remedy: "let the test run everywhere, or make it say at run time why it cannot",
    },
];

/// Checks every file against every ban that holds there.
pub(super) fn check(files: &[Rust]) -> Vec<Finding> {
    files.iter().flat_map(check_file).collect()
}

fn check_file(file: &Rust) -> Vec<Finding> {
    let mut found = Vec::new();
    let used = uses::paths(file);
    for ban in BANS.iter().filter(|ban| file.path.starts_with(ban.room)) {
        if ban.but.contains(&file.path.as_str()) {
            continue;
        }
        for word in ban.words {
            let mut lines = file.lines_with(word);
            lines.extend(used.iter().filter(|(path, _)| names(path, word)).map(|(_, line)| *line));
            lines.retain(|line| ban.in_tests || !file.in_test(*line));
            lines.sort_unstable();
            lines.dedup();
            found.extend(lines.into_iter().map(|line| {
                let what = format!("`{word}` has no place here");
                Finding::new(&file.path, line, RULE, what).remedy(ban.remedy)
            }));
        }
    }
    found.extend(skipped_examples(file));
    found
}

/// Whether a used path is `word`, lies under it or ends in it.
fn names(path: &str, word: &str) -> bool {
    let hit = |rest: &str| rest.is_empty() || rest.starts_with("::");
    path.strip_prefix(word).is_some_and(hit)
        || path
            .match_indices(word)
            .any(|(at, _)| path[..at].ends_with("::") && hit(&path[at + word.len()..]))
}

/// Examples in documentation are tests: one that is not compiled is a skipped test.
fn skipped_examples(file: &Rust) -> Vec<Finding> {
    let opens = |line: &str| {
        line.trim_start()
            .trim_start_matches(['/', '!', '*', ' '])
            .strip_prefix("```")
            .is_some_and(|tags| tags.split(',').any(|tag| tag.trim().starts_with("ignore")))
    };
    let remedy = "make it compile (`no_run` if it must not run), or mark it ```text";
    file.comments
        .lines()
        .enumerate()
        .filter(|(_, line)| opens(line))
        .map(|(at, _)| {
            Finding::new(&file.path, at + 1, RULE, "an example is not compiled").remedy(remedy)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        let mut lines: Vec<usize> =
            check_file(&Rust::new(path, text)).into_iter().map(|f| f.line).collect();
        lines.sort_unstable();
        lines
    }

    #[test]
    fn the_core_does_nothing_but_compute() {
        let bad = "use std::{collections::HashMap, fs};\nfn f() { std::thread::spawn(g); }\nasync fn g() {}\nfn h() { let _ = Instant::now(); }\nuse tokio::sync;\n";
        assert_eq!(lines("crates/windrow-core/src/a.rs", bad), [1, 1, 2, 3, 4, 5]);
        assert!(lines("crates/windrow-engine/src/a.rs", bad).is_empty());
        assert!(lines("crates/windrow-core/src/a/tests.rs", bad).is_empty());
    }

    #[test]
    fn raw_commands_are_found_however_they_are_named() {
        for bad in [
            "use std::process::Command;",
            "use std::process::{Child, Command as C};",
            "fn f() { std::process::Command::new(\"git\"); }",
            "#[cfg(test)]\nmod t { fn f() { tokio::process::Command::new(\"x\"); } }",
        ] {
            assert_eq!(lines("crates/windrow/src/a.rs", bad).len(), 1, "{bad}");
            assert!(lines("xtask/src/run.rs", bad).is_empty());
        }
        assert!(lines("crates/windrow/src/a.rs", "use windrow_core::Command;").is_empty());
    }

    #[test]
    fn switched_off_lints_and_unfinished_work_are_found_everywhere() {
        for bad in [
            "#[allow(dead_code)]\nfn f() {}",
            "#![allow(missing_docs)]",
            "fn f() { todo!() }",
            "fn f() { unimplemented!() }",
            "#[cfg(test)]\nmod t {\n#[ignore = \"slow\"]\nfn f() {}\n}",
        ] {
            assert_eq!(lines("crates/windrow/tests/it/a.rs", bad).len(), 1, "{bad}");
        }
        assert!(
            lines("a.rs", "// todo!() and #[allow(x)]\nconst A: &str = \"todo!()\";").is_empty()
        );
    }

    #[test]
    fn an_example_that_is_not_compiled_is_found() {
        assert_eq!(lines("a.rs", "/// ```ignore\n/// f();\n/// ```\nfn f() {}"), [1]);
        assert!(lines("a.rs", "/// ```no_run\n/// f();\n/// ```\nfn f() {}").is_empty());
    }

    #[test]
    fn the_windows_side_rooms_do_not_reach_down() {
        assert_eq!(lines("crates/windrow-api/src/a.rs", "use rusqlite::Row;"), [1]);
        assert_eq!(lines("crates/windrow-world/src/a.rs", "fn f(x: windrow_journal::Seq) {}"), [1]);
        assert_eq!(
            lines("crates/windrow-journal/src/a.rs", "use windrow_core::{Event, decide};"),
            [1]
        );
    }
}
