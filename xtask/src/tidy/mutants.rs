//! Mutants still find the text that holds the rule they break.

use std::collections::BTreeSet;

use super::finding::Finding;
use super::house::Text;
use crate::mutants::{LIST, parse};

const RULE: &str = "mutants";

/// Checks every mutant against the tree.
pub(super) fn check(texts: &[Text]) -> Vec<Finding> {
    let Some(list) = texts.iter().find(|text| text.path == LIST) else {
        return vec![Finding::new(LIST, 1, RULE, "the list is missing").remedy("put it back")];
    };
    let mutants = match parse(&list.raw) {
        Ok(mutants) => mutants,
        Err(why) => return vec![Finding::new(LIST, 1, RULE, why).remedy("mend the list")],
    };
    let mut found = Vec::new();
    let mut names = BTreeSet::new();
    for mutant in &mutants {
        let line = list.raw.lines().position(|line| line == format!("name = \"{}\"", mutant.name));
        let line = line.map_or(1, |at| at + 1);
        let mut add = |why: String| {
            let remedy = "give it the text that holds its rule now, and run `cargo xtask mutants`";
            let what = format!("`{}`: {why}", mutant.name);
            found.push(Finding::new(LIST, line, RULE, what).remedy(remedy));
        };
        if !names.insert(&mutant.name) {
            add("the name is taken".to_owned());
        }
        match texts.iter().find(|text| text.path == mutant.file) {
            Some(text) => mutant.applied(&text.raw).map(drop).unwrap_or_else(add),
            None => add(format!("there is no `{}`", mutant.file)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mutant_whose_text_is_gone_is_found() {
        let one = |name: &str, file: &str| {
            format!(
                "[[mutant]]\nname = \"{name}\"\nrule = \"r\"\nfile = \"{file}\"\nsearch = \"b\"\n\
                 replace = \"x\"\npackage = \"p\"\ntests = \"all()\"\n"
            )
        };
        let lines = |list: String, text: &str| -> Vec<usize> {
            let texts = [
                Text { path: LIST.to_owned(), raw: list },
                Text { path: "a.rs".to_owned(), raw: text.to_owned() },
            ];
            check(&texts).iter().map(|finding| finding.line).collect()
        };
        assert!(lines(one("n", "a.rs"), "abc").is_empty());
        assert_eq!(lines(one("n", "a.rs"), "ac"), [2]);
        assert_eq!(lines(one("n", "gone.rs"), "abc"), [2]);
        assert_eq!(lines(one("n", "a.rs") + &one("n", "a.rs"), "abc"), [2]);
        assert_eq!(lines("nonsense".to_owned(), "abc"), [1]);
    }
}
