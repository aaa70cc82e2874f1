//! `cargo xtask fuzz`: the fuzz targets of the normal suite, with more cases and other seeds.

use crate::run::{Program, say};

/// Each target with the package and the test binary it lies in; its test has its name.
const TARGETS: &[(&str, &str, &str)] = &[
    ("tasks_md", "windrow-testkit", "fuzz"),
    ("plan_json", "windrow-testkit", "fuzz"),
    ("journal", "windrow-testkit", "fuzz"),
    ("frames", "windrow", "it"),
];

/// Cases of each target when nothing is said.
const CASES: &str = "20000";

/// Runs one target, or all of them.
pub(crate) fn run(args: &[&str]) -> Result<(), String> {
    let (mut chosen, mut cases, mut seed, mut only) = (None, CASES, "2", None);
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut value = || args.next().copied().ok_or(format!("`{arg}` needs a number"));
        match *arg {
            "--cases" => cases = value()?,
            "--seed" => seed = value()?,
            "--only" => only = Some(value()?),
            target if TARGETS.iter().any(|(name, ..)| *name == target) => chosen = Some(target),
            other => return Err(format!("no such target or option `{other}`; {}", usage())),
        }
    }
    let number = |text: &&str| text.parse::<u64>().is_err();
    if let Some(text) = [Some(cases), Some(seed), only].into_iter().flatten().find(number) {
        return Err(format!("`{text}` is no number"));
    }
    for (name, package, binary) in TARGETS {
        if chosen.is_some_and(|chosen| chosen != *name) {
            continue;
        }
        say(&format!("xtask: fuzz {name}, {cases} cases, seed {seed}"));
        let filter =
            if *binary == "it" { format!("frames::{name}") } else { format!("{name}::{name}") };
        let args = ["test", "--locked", "-p", package, "--test", binary, "--", "--exact", &filter];
        let mut program = Program::new("cargo", &args)
            .env("WINDROW_FUZZ_CASES", cases)
            .env("WINDROW_FUZZ_SEED", seed);
        if let Some(only) = only {
            program = program.env("WINDROW_FUZZ_ONLY", only);
        }
        program.shown()?;
    }
    Ok(())
}

fn usage() -> String {
    let names: Vec<&str> = TARGETS.iter().map(|(name, ..)| *name).collect();
    format!("targets are {}, options `--cases N`, `--seed N`, `--only CASE`", names.join(", "))
}
