//! Module docs: every Rust file opens with what it is.
//!
//! A `tests.rs` or `x_tests.rs` beside its module is that module's and needs none.

use super::finding::Finding;
use super::rust::Rust;

const LONGEST: usize = 40;

/// Checks that each file opens with `//!` and does not turn into an essay.
pub(super) fn check(files: &[Rust]) -> Vec<Finding> {
    let beside = |path: &str| path.ends_with("/tests.rs") || path.ends_with("_tests.rs");
    files.iter().filter(|file| !beside(&file.path)).filter_map(check_file).collect()
}

fn check_file(file: &Rust) -> Option<Finding> {
    let docs = file.raw.lines().take_while(|line| line.starts_with("//!")).count();
    if docs == 0 {
        let remedy = "open with `//!` lines: what it is, its invariants, what it must not do";
        return Some(Finding::new(&file.path, 1, "docs", "no module docs").remedy(remedy));
    }
    let what = format!("{docs} lines of module docs, the limit is {LONGEST}");
    let remedy = "move the essay to docs/design and keep what a reader of the code needs";
    (docs > LONGEST).then(|| Finding::new(&file.path, LONGEST + 1, "docs", what).remedy(remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_docs_or_with_an_essay_is_found() {
        let found = |text: &str| check(&[Rust::new("a/src/b.rs", text)]).len();
        assert_eq!(found("use std::fs;\n//! Late.\n"), 1);
        assert_eq!(found("/// Not the module's.\nfn f() {}\n"), 1);
        assert_eq!(found(&"//! Essay.\n".repeat(41)), 1);
        assert_eq!(found("//! What it is.\nfn f() {}\n"), 0);
        assert!(check(&[Rust::new("a/src/b/tests.rs", "use super::*;\n")]).is_empty());
    }
}
