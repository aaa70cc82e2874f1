//! Licences: every package's SPDX expression against the list in `deny.toml`.
//!
//! `OR` needs one allowed side, `AND` both; `/` is the old way to write `OR`. A package that names
//! no licence is a finding: somebody must look.

use super::finding::Finding;
use super::packages::{Deny, Packages};

/// Checks every package of the tree.
pub(super) fn check(packages: &Packages, deny: &Deny) -> Vec<Finding> {
    let remedy = "choose another package, or add the licence to deny.toml after reading it";
    packages
        .0
        .iter()
        .filter_map(|package| {
            let what = match &package.license {
                Some(terms) if allowed(terms, &deny.licenses.allow) => return None,
                Some(terms) => format!("`{}` is under `{terms}`", package.name),
                None => format!("`{}` names no licence", package.name),
            };
            Some(Finding::new("deny.toml", 1, "licences", what).remedy(remedy))
        })
        .collect()
}

fn allowed(terms: &str, allow: &[String]) -> bool {
    let spaced = terms.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let (answer, rest) = either(&words, allow);
    answer && rest.is_empty()
}

fn either<'a>(words: &'a [&'a str], allow: &[String]) -> (bool, &'a [&'a str]) {
    let (mut answer, mut rest) = both(words, allow);
    while let ["OR", more @ ..] = rest {
        let (side, after) = both(more, allow);
        answer |= side;
        rest = after;
    }
    (answer, rest)
}

fn both<'a>(words: &'a [&'a str], allow: &[String]) -> (bool, &'a [&'a str]) {
    let (mut answer, mut rest) = single(words, allow);
    while let ["AND", more @ ..] = rest {
        let (side, after) = single(more, allow);
        answer &= side;
        rest = after;
    }
    (answer, rest)
}

fn single<'a>(words: &'a [&'a str], allow: &[String]) -> (bool, &'a [&'a str]) {
    match words {
        ["(", inner @ ..] => match either(inner, allow) {
            (answer, [")", rest @ ..]) => (answer, rest),
            (_, rest) => (false, rest),
        },
        [name, "WITH", exception, rest @ ..] => {
            (allow.contains(&format!("{name} WITH {exception}")), rest)
        }
        [name, rest @ ..] => (allow.iter().any(|one| one == name), rest),
        [] => (false, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_read_as_spdx_means_them() {
        let allow: Vec<String> =
            ["MIT", "Unicode-3.0", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned).into();
        for good in [
            "MIT",
            "GPL-3.0 OR MIT",
            "MIT/Apache-2.0",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception OR Apache-2.0",
        ] {
            assert!(allowed(good, &allow), "{good}");
        }
        for bad in ["GPL-3.0", "MIT AND GPL-3.0", "Apache-2.0", "(MIT", "", "MIT GPL-3.0"] {
            assert!(!allowed(bad, &allow), "{bad}");
        }
    }
}
