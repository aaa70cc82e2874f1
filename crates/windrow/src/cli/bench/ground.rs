//! The repository of a bench: files like those of a small project, a worker, and its tasks.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;

use super::super::scratch::{Scratch, world};
use super::Load;
use crate::error::CliError;

/// The task list.
pub(super) const TASKS: &str = "TASKS.md";

/// The worker: waits, writes one file and commits it, as an agent is told to.
const WORKER: &str = "\
#!/bin/sh
# Called with the number of the task and the seconds it takes.
set -e
sleep \"$2\"
mkdir -p work
echo \"task $1\" > \"work/$1.txt\"
git add work
git commit -q -m \"Do task $1\"
";

/// Files in one folder.
const PER_FOLDER: u32 = 50;

/// Where the bench takes place.
#[derive(Debug)]
pub(super) struct Ground {
    pub(super) scratch: Scratch,
    pub(super) load: Load,
    /// The commit everything starts from.
    pub(super) base: String,
}

impl Ground {
    /// Makes the folder and the repository in it.
    pub(super) fn make(load: Load) -> Result<Self, CliError> {
        let scratch = Scratch::make("bench", "field")?;
        let root = scratch.repository();
        let put = |name: &str, text: &str| -> Result<(), CliError> {
            // Thrown away soon: nothing here needs to reach the disk.
            let mut file = File::create_new(root.join(name)).map_err(world)?;
            file.write_all(text.as_bytes()).map_err(world)
        };
        put("worker.sh", WORKER)?;
        put(TASKS, &tasks(load))?;
        // The worker and the list are two of the files.
        for n in 0..load.files.saturating_sub(2) {
            let folder = format!("src/part-{:03}", n / PER_FOLDER);
            if n % PER_FOLDER == 0 {
                fs::create_dir_all(root.join(&folder)).map_err(world)?;
            }
            put(&format!("{folder}/file-{n:05}.txt"), &text_of(n))?;
        }
        let base = scratch.commit_all("Plough the field")?;
        Ok(Self { scratch, load, base })
    }
}

/// The file a task writes and what is in it.
pub(super) fn result_of(task: u32) -> (String, String) {
    (format!("work/{task}.txt"), format!("task {task}\n"))
}

fn tasks(load: Load) -> String {
    let mut text = String::from("# Tasks\n");
    for n in 1..=load.sessions {
        let seconds = load.seconds;
        let _infallible =
            write!(text, "\n## Task {n}: Do task {n}\n\nRun: sh worker.sh {n} {seconds}\n");
    }
    text
}

/// 20 to 120 lines that differ from file to file, the same in every run.
fn text_of(n: u32) -> String {
    let mut text = String::new();
    let mut word = n.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    for line in 0..20 + n % 101 {
        word = word.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let _infallible = writeln!(text, "line {line} of file {n}: {word:08x}");
    }
    text
}
