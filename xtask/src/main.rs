//! The house's own tasks: `cargo xtask tidy | reference | simulate | fuzz | mutants | bench | test`.
//!
//! `tidy` reads the tree and names every broken rule; `reference` writes the pages that are made from
//! the program; `simulate` runs the engine through made-up disasters, `fuzz` its readers through bad
//! input; `mutants` breaks rules on purpose; `bench` measures what docs/performance.md says; `test`
//! is the one command that passes every test; `clients` installs what some of them run; `ci` is `test`
//! with skips counted as failures. Nothing here is shipped, and nothing here may use another room: it
//! must build when they do not.

mod bench;
mod clients;
mod fuzz;
mod mutants;
mod rivals;
mod run;
mod simulate;
mod test;
mod tidy;

use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask <TASK>

  tidy  Check walls, sizes, words, licences and forgotten files
  reference          Write docs/reference, docs/man and the settings of `windrow init`
  reference --check  Name the files of these that are stale; `test` does this too
  simulate --seeds N [--from K]   Run the simulator over seeds; without numbers, a thousand
  simulate --seed N [--only ...]  Tell the story of one that fails
  test  Pass every test: tidy, format, lints, docs, doc tests, simulation, tests
  ci    Do the same with CI=true: a skipped test is a failure
  fuzz [TARGET] [--cases N] [--seed N] [--only CASE]
        Change kept samples at random and check what is made of them
  mutants [NAME...]  Break each rule of xtask/mutants.toml, and require that a test notices
  bench   Measure everything and write docs/performance.md ([--quick] [--only PART])
  rivals  Install the tools that the benches compare with
  clients install  Install real agent clients for the tests; `test` does this too
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["tidy"] => tidy::report(),
        ["reference"] => test::reference(true),
        ["reference", "--check"] => test::reference(false),
        ["test"] => test::run(run::in_ci()),
        ["ci"] => test::run(true),
        ["fuzz", ref args @ ..] => fuzz::run(args),
        ["mutants", ref names @ ..] => mutants::run(names),
        ["simulate", ref words @ ..] => simulate::run(words),
        ["bench", ref args @ ..] => bench::run(args),
        ["rivals"] => rivals::install(),
        ["clients", "install"] => clients::install(),
        ["help" | "--help" | "-h"] => {
            run::say(USAGE);
            Ok(())
        }
        _ => Err(format!("no such task\n\n{USAGE}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            run::say(&format!("xtask: error: {message}"));
            ExitCode::FAILURE
        }
    }
}
