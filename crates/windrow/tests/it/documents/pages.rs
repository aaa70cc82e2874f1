//! Runs the blocks of README and guide.

use std::path::{Path, PathBuf};

use windrow_testkit::TestEnv;

use super::matching::Bound;
use super::page::{Block, blocks};
use crate::place::bare_place;

/// What Ann's shell does before anything else.
const ANN: &str =
    "[user]\n\tname = Ann\n\temail = ann@example.org\n[init]\n\tdefaultBranch = main\n";

/// Where the shell notes the folder it is in.
const FOLDER: &str = "folder";

/// A page that is being run.
struct Reader {
    env: TestEnv,
    page: &'static str,
    bound: Bound,
    not_run: usize,
}

pub(super) fn text_of(page: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(page);
    std::fs::read_to_string(path).unwrap()
}

/// Runs every block of a page, of which as many as that are marked as not run.
#[track_caller]
fn run(page: &'static str, not_run: usize) {
    let env = bare_place();
    windrow_world::files::replace(&env.home().join(".gitconfig"), ANN.as_bytes()).unwrap();
    let mut reader = Reader { env, page, bound: Bound::default(), not_run: 0 };
    reader.stand_in(&reader.env.home());
    for block in blocks(&text_of(page)) {
        reader.read(&block);
    }
    reader.env.end_all();
    assert_eq!(reader.not_run, not_run, "blocks of {page} that are not run");
}

impl Reader {
    fn read(&mut self, block: &Block) {
        if let Some(reason) = block.note("not run:") {
            assert!(!reason.is_empty(), "{}:{}: why not?", self.page, block.line);
            self.not_run += 1;
            return;
        }
        if let Some(before) = block.note("before:") {
            let (code, said) = self.shell(before);
            assert!(code == 0, "{}:{}: before it: {code}\n{said}", self.page, block.line);
        }
        match block.kind.as_str() {
            "sh" => {
                let (code, said) = self.shell(&block.lines.join("\n"));
                assert!(code == 0, "{}:{}: ended with {code}\n{said}", self.page, block.line);
            }
            "console" => self.console(block),
            "toml" if block.lines.first().is_some_and(|line| line == "# config.toml") => {
                self.taken(block);
            }
            "toml" => self.parsed(block, "windrow.toml"),
            "json" => self.parsed(block, "plan.json"),
            other => panic!("{}:{}: nobody runs `{other}`", self.page, block.line),
        }
    }

    /// Types each command, and compares what comes.
    fn console(&mut self, block: &Block) {
        for (command, shown) in block.commands() {
            let command = self.bound.filled(&command);
            let (_, said) = self.shell(&command);
            let compared = if block.note("any order").is_some() {
                self.bound.compare_any(&shown, &said)
            } else {
                self.bound.compare(&shown, &said)
            };
            if let Err(fault) = compared {
                let (page, line) = (self.page, block.line);
                panic!("{page}:{line}: `{command}`\n{fault}\n--- all of it:\n{said}");
            }
        }
    }

    /// Lets windrow read a file, in a repository of its own.
    fn parsed(&self, block: &Block, name: &str) {
        let (text, line) = (block.lines.join("\n") + "\n", block.line);
        let folder = self.env.root().join(format!("read-{line}"));
        std::fs::create_dir_all(&folder).unwrap();
        windrow_world::files::replace(&folder.join(name), text.as_bytes()).unwrap();
        let made = "git init -q && git commit -q --allow-empty -m base";
        let read = format!("cd {} && {made} && windrow approve --show {name}", folder.display());
        let was = self.folder();
        let (code, said) = self.shell(&read);
        self.stand_in(&was);
        assert!(code == 0, "{}:{line}: {said}", self.page);
    }

    /// Lets windrow take settings for Ann's own.
    fn taken(&self, block: &Block) {
        let own = self.env.root().join("config/windrow");
        std::fs::create_dir_all(&own).unwrap();
        let text = block.lines.join("\n") + "\n";
        windrow_world::files::replace(&own.join("config.toml"), text.as_bytes()).unwrap();
        // Only windrow itself: what the machine has of clients is not started here.
        let (code, said) = self.shell("PATH=${PATH%%:*}:/bin windrow agents");
        assert!(code == 0, "{}:{}: {said}", self.page, block.line);
        std::fs::remove_dir_all(&own).unwrap();
    }

    fn folder(&self) -> PathBuf {
        std::fs::read_to_string(self.env.root().join(FOLDER)).unwrap().trim().into()
    }

    fn stand_in(&self, folder: &Path) {
        let text = folder.to_str().unwrap();
        windrow_world::files::replace(&self.env.root().join(FOLDER), text.as_bytes()).unwrap();
    }

    /// Types lines into a shell that goes on where the last one was; both outputs as one, with the
    /// paths that Ann would see.
    fn shell(&self, lines: &str) -> (i32, String) {
        let exe = Path::new(env!("CARGO_BIN_EXE_windrow")).parent().unwrap().display();
        let note = self.env.root().join(FOLDER);
        let note = note.display();
        let script = format!(
            "exec 2>&1\nPATH='{exe}':$PATH\ncd \"$(cat '{note}')\" || exit 1\n\
             trap 'pwd > {note}' EXIT\nset -e\n{lines}\n"
        );
        let call = self.env.command_of("/bin/sh", self.env.root(), &["-c", &script]);
        let ran = self.env.finish(call);
        let place = |path: PathBuf| path.display().to_string();
        let said = ran.out.replace(&place(self.env.state()), "/home/ann/.local/state/windrow");
        (ran.code, said.replace(&place(self.env.home()), "/home/ann"))
    }
}

#[test]
fn everything_the_readme_shows_happens() {
    run("README.md", 1);
}

#[test]
fn everything_the_guide_shows_happens() {
    run("docs/guide.md", 1);
}

#[test]
fn everything_the_page_on_asking_shows_happens() {
    run("docs/guide/asking.md", 1);
}

#[test]
fn everything_the_page_on_agents_shows_happens() {
    run("docs/guide/agents.md", 1);
}
