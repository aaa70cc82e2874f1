//! `windrow init`: a commented settings file and a first task file; nothing is overwritten.

use std::path::Path;

use windrow_api::ExitKind;
use windrow_world::files::{ReplaceError, create_new};

use crate::config::FILE;
use crate::context::Context;
use crate::error::Outcome;

/// The task file's name.
const TASKS: &str = "TASKS.md";

/// The settings with everything that can be set, commented out but for the gate.
const SETTINGS: &str = include_str!("init/windrow.toml");

/// Two small tasks that work anywhere.
const EXAMPLE: &str = include_str!("init/TASKS.md");

/// Which gate fits a project with this file.
const GATES: &[(&str, &str)] = &[
    ("Cargo.toml", "cargo test"),
    ("go.mod", "go test ./..."),
    ("package.json", "npm test"),
    ("pyproject.toml", "python -m pytest"),
    ("Makefile", "make test"),
];

/// Write windrow.toml and an example TASKS.md
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  windrow init")]
pub(crate) struct InitArgs {}

/// Writes both files where they are missing.
pub(super) fn run(context: &Context, _: &InitArgs) -> Outcome {
    let project = context.project()?;
    let root = project.root();
    for (name, text) in [(FILE, settings(root)), (TASKS, EXAMPLE.to_owned())] {
        match create_new(&root.join(name), text.as_bytes()) {
            Ok(()) => context.out.say(&format!("Wrote {name}.")),
            Err(ReplaceError::Exists { .. }) => {
                context.out.say(&format!("Left {name} as it is: it exists."));
            }
            Err(error) => return Err(error.into()),
        }
    }
    context.out.say("Next: edit both, `git add` them, then `windrow run TASKS.md`.");
    Ok(ExitKind::Success)
}

fn settings(root: &Path) -> String {
    let fits = GATES.iter().find(|(file, _)| root.join(file).exists());
    let gate =
        fits.map_or("# gate = \"make test\"".to_owned(), |(_, gate)| format!("gate = \"{gate}\""));
    SETTINGS.replace("@GATE@", &gate)
}

#[cfg(test)]
mod tests {
    use windrow_world::trackers;

    use super::*;
    use crate::config::ProjectConfig;

    #[test]
    fn what_is_written_can_be_read() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::File::create(folder.path().join("go.mod")).expect("a file");
        create_new(&folder.path().join(FILE), settings(folder.path()).as_bytes()).expect("written");
        let config = ProjectConfig::load(folder.path()).expect("readable");
        assert_eq!(config.gates(), ["go test ./..."]);
        let tasks = trackers::parse(TASKS, EXAMPLE.as_bytes()).expect("readable");
        assert!(tasks.tasks().len() > 1);
    }

    #[test]
    fn every_commented_setting_is_one_that_exists() {
        let whole: String = settings(Path::new("/nowhere"))
            .lines()
            .map(|line| line.strip_prefix("# ").filter(|rest| is_setting(rest)).unwrap_or(line))
            .fold(String::new(), |text, line| text + line + "\n");
        assert!(whole.contains("\nworktrees = "), "{whole}");
        let folder = tempfile::tempdir().expect("a folder");
        create_new(&folder.path().join(FILE), whole.as_bytes()).expect("written");
        ProjectConfig::load(folder.path()).unwrap_or_else(|error| panic!("{error:?}\n{whole}"));
    }

    fn is_setting(line: &str) -> bool {
        line.starts_with('[') || line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '))
    }
}
