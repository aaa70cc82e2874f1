//! A broken rule: where, which, and what to do about it; and the run over all checks.

use std::fmt;

use super::house::House;
use super::{
    docs, documents, licences, modules, mutants, names, packages, sizes, texts, walls, words,
};
use crate::run;

/// One broken rule at one place.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Finding {
    pub(super) path: String,
    /// Counted from 1.
    pub(super) line: usize,
    pub(super) rule: &'static str,
    pub(super) what: String,
    pub(super) remedy: String,
}

impl Finding {
    pub(super) fn new(
        path: &str,
        line: usize,
        rule: &'static str,
        what: impl Into<String>,
    ) -> Self {
        Self { path: path.to_owned(), line, rule, what: what.into(), remedy: String::new() }
    }

    #[must_use]
    pub(super) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = remedy.into();
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, rule, what, remedy } = self;
        write!(f, "{path}:{line}: [{rule}] {what}\n    do: {remedy}")
    }
}

/// Checks the whole house and prints what it found.
pub(crate) fn report() -> Result<(), String> {
    let found = check(&House::load()?);
    for finding in &found {
        run::say(&finding.to_string());
    }
    if found.is_empty() { Ok(()) } else { Err(format!("tidy found {} broken rules", found.len())) }
}

fn check(house: &House) -> Vec<Finding> {
    let mut found = Vec::new();
    found.extend(walls::check(&house.packages));
    found.extend(packages::check(&house.packages, &house.deny, &house.lock));
    found.extend(licences::check(&house.packages, &house.deny));
    found.extend(words::check(&house.rust));
    found.extend(sizes::check(&house.rust, &house.ratchet));
    found.extend(sizes::check_map(&house.texts));
    found.extend(docs::check(&house.rust));
    found.extend(modules::check(&house.rust));
    found.extend(names::check(&house.paths));
    found.extend(texts::check(&house.texts));
    found.extend(mutants::check(&house.texts));
    found.extend(documents::check(&house.texts, &house.rust, &house.paths));
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_house_is_tidy() {
        let found = check(&House::load().expect("the tree can be read"));
        let lines: Vec<String> = found.iter().map(Finding::to_string).collect();
        assert!(lines.is_empty(), "broken rules:\n{}", lines.join("\n"));
    }

    #[test]
    fn a_finding_names_place_rule_and_remedy() {
        let finding = Finding::new("crates/a/src/b.rs", 7, "words", "`todo!`").remedy("write it");
        assert_eq!(finding.to_string(), "crates/a/src/b.rs:7: [words] `todo!`\n    do: write it");
    }
}
