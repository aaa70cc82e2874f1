//! The one command that passes every test, on a machine that has just Rust and git.
//!
//! Steps run in order, cheapest first; the test runner is last, so that its closing lines stand at
//! the end. Here the first failure ends it; a build machine runs every step and names all failures.
//!
//! Skips are counted, never silent: tests the runner would leave out are read from its own list,
//! and a test that finds at run time that it cannot run appends `name: reason` to the file that
//! `WINDROW_SKIPS` names. On a build machine each is a failure.

use std::fs::{self, File};
use std::path::PathBuf;
use std::time::Instant;

use serde_json::Value;

use crate::clients;
use crate::run::{self, Program, say};
use crate::simulate;
use crate::tidy;

/// The runner that is installed when there is none; built by the compiler the house is kept with.
const NEXTEST: &str = "0.9.143";

/// The test that makes and compares the reference.
const REFERENCE: &str = "the_reference_says_what_the_program_does";

/// Seeds of the simulator that a build machine runs, and that everybody else does.
const CI_SEEDS: u64 = 10_000;
const SEEDS: u64 = 500;

type Step = fn(&Plan) -> Result<(), String>;

const STEPS: &[(&str, Step)] = &[
    ("tidy", |_| tidy::report()),
    ("format", format),
    ("lints", lints),
    ("docs", docs),
    ("doc tests", doc_tests),
    ("simulation", simulation),
    ("clients", real_clients),
    ("tests", tests),
];

/// How strict this run is.
struct Plan {
    ci: bool,
    /// Whether the compiler is the one whose lints and format the house keeps. A newer one may know
    /// more lints: they are shown, and do not fail.
    strict: bool,
}

/// Passes every test, or says which steps failed.
pub(crate) fn run(ci: bool) -> Result<(), String> {
    let plan = Plan { ci, strict: house_compiler()? };
    if !plan.strict {
        say("xtask: another Rust than the house's: its lints and format are shown, not required");
    }
    let (mut failed, mut times) = (Vec::new(), Vec::new());
    for (name, step) in STEPS {
        say(&format!("xtask: {name}"));
        let start = Instant::now();
        if let Err(message) = step(&plan) {
            say(&format!("xtask: {name}: {message}"));
            failed.push(*name);
        }
        times.push(format!("{name} {}s", start.elapsed().as_secs()));
        if !ci && !failed.is_empty() {
            break;
        }
    }
    say(&format!("xtask: {}", times.join(", ")));
    if failed.is_empty() {
        say("xtask: every step passed");
        return Ok(());
    }
    Err(format!("failed: {}", failed.join(", ")))
}

fn format(plan: &Plan) -> Result<(), String> {
    component("fmt", "rustfmt")?;
    plan.judge(Program::new("cargo", &["fmt", "--all", "--check"]).shown())
}

/// Lints are denied behind `--`, for our crates only, so that dependencies are not built again.
fn lints(plan: &Plan) -> Result<(), String> {
    component("clippy", "clippy")?;
    let mut args = vec!["clippy", "--locked", "--workspace", "--all-targets"];
    if plan.strict {
        args.extend(["--", "-D", "warnings"]);
    }
    Program::new("cargo", &args).shown()
}

fn docs(plan: &Plan) -> Result<(), String> {
    let args = ["doc", "--locked", "--workspace", "--no-deps", "--document-private-items"];
    let program = Program::new("cargo", &args);
    if plan.strict { program.env("RUSTDOCFLAGS", "-D warnings").shown() } else { program.shown() }
}

fn doc_tests(_: &Plan) -> Result<(), String> {
    Program::new("cargo", &["test", "--locked", "--workspace", "--doc", "--quiet"]).shown()
}

fn simulation(plan: &Plan) -> Result<(), String> {
    simulate::seeds(if plan.ci { CI_SEEDS } else { SEEDS })
}

/// Without Node the tests that need the clients say that they cannot run.
fn real_clients(plan: &Plan) -> Result<(), String> {
    match clients::install() {
        Err(message) if !plan.ci => {
            say(&format!("xtask: {message}"));
            Ok(())
        }
        outcome => outcome,
    }
}

fn tests(plan: &Plan) -> Result<(), String> {
    let nextest = nextest()?;
    let scope = ["nextest", "list", "--locked", "--workspace", "--message-format", "json"];
    let left_out = left_out(&Program::new(&nextest, &scope).answer()?)?;
    let note = run::root().join("target/xtask/skips.txt");
    fs::create_dir_all(run::root().join("target/xtask")).map_err(|error| error.to_string())?;
    File::create(&note)
        .map_err(|error| format!("failed to write `{}`: {error}", note.display()))?;
    let profile = if plan.ci { "ci" } else { "default" };
    let args = ["nextest", "run", "--locked", "--workspace", "--profile", profile];
    Program::new(&nextest, &args).env("WINDROW_SKIPS", &note).shown()?;
    let mut skips = left_out;
    let noted = fs::read_to_string(&note).map_err(|error| error.to_string())?;
    skips.extend(noted.lines().map(str::to_owned));
    for skip in &skips {
        say(&format!("xtask: skipped {skip}"));
    }
    say(&format!("xtask: {} tests skipped", skips.len()));
    if plan.ci && !skips.is_empty() {
        return Err("a skipped test is a failure on a build machine".to_owned());
    }
    Ok(())
}

/// Writes the pages that the program itself is the source of, or names those that are stale.
///
/// The test that compares them makes them too, with everything the binary knows; no other way
/// leads into a crate that is only a binary.
pub(crate) fn reference(write: bool) -> Result<(), String> {
    let nextest = nextest()?;
    let args = ["nextest", "run", "--locked", "-p", "windrow", "--bin", "windrow", REFERENCE];
    let program = Program::new(nextest, &args);
    if write { program.env("WINDROW_REFERENCE", "write").shown() } else { program.shown() }
}

impl Plan {
    /// What the house's own compiler requires, another only remarks.
    fn judge(&self, outcome: Result<(), String>) -> Result<(), String> {
        match outcome {
            Err(message) if !self.strict => {
                say(&message);
                Ok(())
            }
            outcome => outcome,
        }
    }
}

/// The tests that the runner would not run, from its own list.
fn left_out(list: &str) -> Result<Vec<String>, String> {
    let list: Value = serde_json::from_str(list)
        .map_err(|error| format!("failed to read the list of tests: {error}"))?;
    let suites = list["rust-suites"].as_object().ok_or("the list of tests has no suites")?;
    let mut found = Vec::new();
    for (suite, about) in suites {
        let Some(cases) = about["testcases"].as_object() else { continue };
        if about["status"] == "skipped" {
            found.push(format!("{suite}: left out whole"));
        }
        for (name, case) in cases {
            if case["ignored"] == true || case["filter-match"]["status"] != "matches" {
                found.push(format!("{suite} {name}: marked or filtered"));
            }
        }
    }
    Ok(found)
}

/// The runner: the one on this machine, else one of our own below `target`.
pub(crate) fn nextest() -> Result<PathBuf, String> {
    if Program::new("cargo-nextest", &["nextest", "--version"]).works() {
        return Ok(PathBuf::from("cargo-nextest"));
    }
    let tools = run::root().join("target/tools");
    let own = tools.join("bin/cargo-nextest");
    if !Program::new(&own, &["nextest", "--version"]).works() {
        say("xtask: installing cargo-nextest below target/tools; this happens once");
        let root = tools.to_string_lossy();
        let args = ["install", "--locked", "--root", &root, "--version", NEXTEST, "cargo-nextest"];
        Program::new("cargo", &args).shown()?;
    }
    Ok(own)
}

/// Makes sure that `cargo <tool>` is there; a minimal toolchain comes without.
fn component(tool: &str, name: &str) -> Result<(), String> {
    if Program::new("cargo", &[tool, "--version"]).works() {
        return Ok(());
    }
    Program::new("rustup", &["component", "add", name])
        .shown()
        .map_err(|error| format!("`cargo {tool}` is missing and could not be added: {error}"))
}

/// Whether this is the compiler that the workspace names as its `rust-version`.
fn house_compiler() -> Result<bool, String> {
    let version = Program::new("rustc", &["--version"]).answer()?;
    Ok(same_minor(&version, env!("CARGO_PKG_RUST_VERSION")))
}

fn same_minor(version: &str, ours: &str) -> bool {
    let number = version.split_whitespace().nth(1).unwrap_or_default();
    let minor = |text: &str| text.split('.').take(2).map(str::to_owned).collect::<Vec<_>>();
    minor(number) == minor(ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_that_would_not_run_are_read_from_the_list() {
        let list = r#"{"rust-suites": {"windrow": {"status": "listed", "testcases": {
            "a": {"ignored": false, "filter-match": {"status": "matches"}},
            "b": {"ignored": true, "filter-match": {"status": "mismatch", "reason": "ignored"}},
            "c": {"ignored": false, "filter-match": {"status": "mismatch", "reason": "string"}}
        }}}}"#;
        let found = left_out(list).expect("the sample is well-formed");
        assert_eq!(found, ["windrow b: marked or filtered", "windrow c: marked or filtered"]);
        assert!(left_out("{}").is_err());
    }

    #[test]
    fn only_the_named_compiler_is_the_houses() {
        assert!(same_minor("rustc 1.95.0 (59807616e 2026-04-14)", "1.95"));
        assert!(!same_minor("rustc 1.96.1 (x)", "1.95"));
        assert!(!same_minor("rustc 1.9.0 (x)", "1.95"));
    }
}
