//! `cargo xtask mutants [NAME...]`: breaks a rule on purpose and requires that a test notices.
//!
//! The list stands in `xtask/mutants.toml`, and `tidy` checks that each mutant still finds its text.
//! The work is done on a copy of the tree below `target/mutants`, with a target folder of its own
//! that stays warm. Before any rule is broken, the same tests must pass: a test that fails anyway
//! notices nothing.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::run::{self, Heard, Program, say};
use crate::test;

/// Where the list stands.
pub(crate) const LIST: &str = "xtask/mutants.toml";

/// What the test runner ends with when a test failed, and when there was none to run.
const FAILED: i32 = 100;
const NO_TESTS: i32 = 4;

/// One rule and how it is broken.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mutant {
    pub(crate) name: String,
    /// What holds in the program and not in the mutant.
    pub(crate) rule: String,
    pub(crate) file: String,
    /// Stands once in the file.
    pub(crate) search: String,
    pub(crate) replace: String,
    /// The room whose tests are expected to notice.
    package: String,
    /// Which of them, as a filter of the test runner.
    tests: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    mutant: Vec<Mutant>,
}

/// Reads the list.
pub(crate) fn parse(text: &str) -> Result<Vec<Mutant>, String> {
    let list: List = toml::from_str(text).map_err(|error| format!("`{LIST}`: {error}"))?;
    Ok(list.mutant)
}

impl Mutant {
    /// The text of the file with the rule broken; why it cannot be, otherwise.
    pub(crate) fn applied(&self, text: &str) -> Result<String, String> {
        if self.search == self.replace || self.search.trim().is_empty() {
            return Err("it changes nothing".to_owned());
        }
        match text.matches(self.search.as_str()).count() {
            1 => Ok(text.replacen(&self.search, &self.replace, 1)),
            0 => Err(format!("its text is not in `{}` any more", self.file)),
            several => Err(format!("its text stands {several} times in `{}`", self.file)),
        }
    }
}

/// Breaks every rule, or those of that name, and says which test noticed.
pub(crate) fn run(names: &[&str]) -> Result<(), String> {
    let text = fs::read_to_string(run::root().join(LIST)).map_err(|error| error.to_string())?;
    let chosen = choose(parse(&text)?, names)?;
    let lab = Lab::set_up()?;
    for mutant in &chosen {
        mutant
            .applied(&lab.read(&mutant.file)?)
            .map_err(|why| format!("{}: {why}", mutant.name))?;
    }
    lab.require_passing(&chosen)?;
    let mut survived = Vec::new();
    for mutant in &chosen {
        say(&format!("{}: {}", mutant.name, mutant.rule));
        match lab.noticed(mutant)? {
            Some(test) => say(&format!("    caught by {test}")),
            None => {
                say(&format!("    SURVIVED {} {}", mutant.package, mutant.tests));
                survived.push(mutant.name.as_str());
            }
        }
    }
    say(&format!("{} of {} caught", chosen.len() - survived.len(), chosen.len()));
    if survived.is_empty() {
        return Ok(());
    }
    Err(format!("survived, so a test is missing: {}", survived.join(", ")))
}

fn choose(all: Vec<Mutant>, names: &[&str]) -> Result<Vec<Mutant>, String> {
    let known = |name: &&&str| !all.iter().any(|mutant| mutant.name == **name);
    if let Some(unknown) = names.iter().find(known) {
        let all: Vec<&str> = all.iter().map(|mutant| mutant.name.as_str()).collect();
        return Err(format!("no mutant is called `{unknown}`; there are {}", all.join(", ")));
    }
    let wanted = |mutant: &Mutant| names.is_empty() || names.contains(&mutant.name.as_str());
    Ok(all.into_iter().filter(wanted).collect())
}

/// The copy of the tree in which rules are broken.
struct Lab {
    tree: PathBuf,
    target: PathBuf,
    nextest: PathBuf,
}

impl Lab {
    /// Brings the copy to the tree as it is; what is the same is left alone, so that it stays built.
    fn set_up() -> Result<Self, String> {
        let nextest = test::nextest()?;
        let folder = run::root().join("target/mutants");
        let lab = Self { tree: folder.join("tree"), target: folder.join("target"), nextest };
        let list = ["ls-files", "-z", "-c", "-o", "--exclude-standard", "--deduplicate"];
        let list = Program::new("git", &list).answer()?;
        let wanted: Vec<&str> = list.split_terminator('\0').collect();
        for old in files_below(&lab.tree)? {
            let name = old.strip_prefix(&lab.tree).unwrap_or(&old).to_string_lossy().into_owned();
            if !wanted.contains(&name.as_str()) {
                fs::remove_file(&old).map_err(|error| failed("remove", &old, &error))?;
            }
        }
        for name in wanted {
            // A file that was removed and not yet committed is listed all the same.
            let Ok(bytes) = fs::read(run::root().join(name)) else { continue };
            lab.write(name, &bytes)?;
        }
        Ok(lab)
    }

    fn read(&self, name: &str) -> Result<String, String> {
        let path = self.tree.join(name);
        fs::read_to_string(&path).map_err(|error| failed("read", &path, &error))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), String> {
        let path = self.tree.join(name);
        if fs::read(&path).is_ok_and(|old| old == bytes) {
            return Ok(());
        }
        let made = path.parent().map_or(Ok(()), fs::create_dir_all);
        let written = made.and_then(|()| write_file(&path, bytes));
        written.map_err(|error| failed("write", &path, &error))
    }

    /// Requires that the tests which are to notice pass while every rule holds.
    fn require_passing(&self, chosen: &[Mutant]) -> Result<(), String> {
        let mut filters: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for mutant in chosen {
            let filter = format!("({})", mutant.tests);
            filters.entry(&mutant.package).or_default().push(filter);
        }
        for (package, mut all) in filters {
            all.dedup();
            say(&format!("with every rule in place: {package}"));
            let heard = self.test(package, &all.join(" | "))?;
            if heard.code != Some(0) {
                return Err(format!("the tests do not pass as it is:\n{}", heard.said));
            }
        }
        Ok(())
    }

    /// The test that notices the mutant.
    fn noticed(&self, mutant: &Mutant) -> Result<Option<String>, String> {
        let text = self.read(&mutant.file)?;
        self.write(&mutant.file, mutant.applied(&text)?.as_bytes())?;
        let heard = self.test(&mutant.package, &mutant.tests);
        self.write(&mutant.file, text.as_bytes())?;
        let heard = heard?;
        match heard.code {
            Some(0) => Ok(None),
            Some(FAILED) => {
                let test = first_failure(&heard.said);
                Ok(Some(test.ok_or_else(|| format!("no test is named in:\n{}", heard.said))?))
            }
            Some(NO_TESTS) => Err(format!("{}: no test has that filter", mutant.name)),
            _ => Err(format!("{}: it could not be built or run:\n{}", mutant.name, heard.said)),
        }
    }

    fn test(&self, package: &str, filter: &str) -> Result<Heard, String> {
        let args = ["nextest", "run", "--locked", "--fail-fast", "-p", package, "-E", filter];
        let program = Program::new(&self.nextest, &args).dir(&self.tree);
        program.env("CARGO_TARGET_DIR", &self.target).env("NO_COLOR", "1").heard()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a copy below `target` is made again when it is torn"
)]
fn write_file(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    fs::write(path, bytes)
}

/// The first test that failed or did not end, in what the runner said.
fn first_failure(said: &str) -> Option<String> {
    let bad =
        |line: &&str| ["FAIL [", "TIMEOUT [", "SIGABRT ["].iter().any(|word| line.contains(word));
    let line = said.lines().find(bad)?;
    let behind = line.split_once(']')?.1.trim();
    // A place among all, such as `(1/3)`, comes before the name.
    let named =
        behind.strip_prefix('(').and_then(|rest| rest.split_once(')')).map(|(_, name)| name);
    Some(named.unwrap_or(behind).trim().to_owned())
}

fn files_below(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else { return Ok(found) };
    for entry in entries {
        let path = entry.map_err(|error| failed("list", folder, &error))?.path();
        if path.is_dir() {
            found.extend(files_below(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

fn failed(act: &str, path: &Path, error: &std::io::Error) -> String {
    format!("failed to {act} `{}`: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutant(search: &str, replace: &str) -> Mutant {
        let text = "[[mutant]]\nname = 'a'\nrule = 'r'\nfile = 'f'\nsearch = 's'\nreplace = 't'\n\
                    package = 'p'\ntests = 'all()'\n";
        let mut mutant = parse(text).expect("the sample is well-formed").remove(0);
        (mutant.search, mutant.replace) = (search.to_owned(), replace.to_owned());
        mutant
    }

    #[test]
    fn a_mutant_changes_the_one_place_of_its_text_or_says_why_not() {
        assert_eq!(mutant("b", "x").applied("abc"), Ok("axc".to_owned()));
        for (search, replace, text, why) in [
            ("b", "x", "ac", "not in `f`"),
            ("b", "x", "bb", "2 times"),
            ("b", "b", "abc", "nothing"),
        ] {
            let refused = mutant(search, replace).applied(text).expect_err("it does not apply");
            assert!(refused.contains(why), "{refused}");
        }
        assert!(parse("[[mutant]]\nname = 'a'\nrulse = 'r'\n").is_err());
    }

    #[test]
    fn the_test_that_noticed_is_read_from_what_the_runner_says() {
        let said = "    PASS [   0.1s] (1/3) a b\n    FAIL [   0.2s] (2/3) windrow-core x::y\n";
        assert_eq!(first_failure(said).as_deref(), Some("windrow-core x::y"));
        assert_eq!(first_failure("    TIMEOUT [ 60s] a b").as_deref(), Some("a b"));
        assert_eq!(first_failure("error: build failed"), None);
    }

    #[test]
    fn an_unknown_name_is_refused_with_those_there_are() {
        let refused = choose(vec![mutant("b", "x")], &["z"]).expect_err("there is no `z`");
        assert!(refused.contains("`z`") && refused.contains("there are a"), "{refused}");
    }
}
