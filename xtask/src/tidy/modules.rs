//! Forgotten files: a Rust file that no `mod` names is neither compiled nor tested.
//!
//! This holds for sources and for the files of an integration test with its own folder.

use super::finding::Finding;
use super::rust::{Rust, places};

/// Checks that each file is named by its parent.
pub(super) fn check(files: &[Rust]) -> Vec<Finding> {
    files.iter().filter_map(|file| check_file(file, files)).collect()
}

fn check_file(file: &Rust, files: &[Rust]) -> Option<Finding> {
    let (dir, name) = file.path.rsplit_once('/')?;
    let (home, stem) = match name.strip_suffix(".rs")? {
        "mod" => dir.rsplit_once('/')?,
        "lib" | "main" | "build" => return None,
        stem => (dir, stem),
    };
    // Cargo finds these by itself.
    if ["tests", "benches", "examples", "bin"].iter().any(|own| home.ends_with(&format!("/{own}")))
    {
        return None;
    }
    let owners = ["lib.rs", "main.rs", "mod.rs"].map(|owner| format!("{home}/{owner}"));
    let beside = format!("{home}.rs");
    // A file may also be named by its path, from a file in the same folder.
    let attribute = format!("#[path = \"{name}\"]");
    let named = files.iter().any(|other| {
        let owner = other.path == beside || owners.contains(&other.path);
        let same = other.path.rsplit_once('/').is_some_and(|(there, _)| there == dir);
        (owner && declares(other, stem)) || (same && other.raw.contains(&attribute))
    });
    let remedy = format!("write `mod {stem};` into its parent, or delete the file");
    (!named).then(|| Finding::new(&file.path, 1, "modules", "no `mod` names it").remedy(remedy))
}

fn declares(file: &Rust, stem: &str) -> bool {
    places(&file.code, "mod").any(|at| {
        let rest = file.code[at + 3..].trim_start();
        rest.strip_prefix("r#")
            .unwrap_or(rest)
            .strip_prefix(stem)
            .is_some_and(|rest| rest.trim_start().starts_with(';'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let files: Vec<Rust> = files.iter().map(|(path, text)| Rust::new(path, text)).collect();
        check(&files).into_iter().map(|f| f.path).collect()
    }

    #[test]
    fn a_test_file_that_main_does_not_list_is_found() {
        let files = [
            ("crates/windrow/tests/it/main.rs", "mod run;\n// mod lost;\n"),
            ("crates/windrow/tests/it/run.rs", ""),
            ("crates/windrow/tests/it/lost.rs", ""),
        ];
        assert_eq!(found(&files), ["crates/windrow/tests/it/lost.rs"]);
    }

    #[test]
    fn sources_are_named_by_mod_rs_or_the_file_beside_their_folder() {
        let files = [
            ("crates/a/src/lib.rs", "mod b;\npub mod c;\n"),
            ("crates/a/src/b.rs", "#[cfg(test)]\nmod tests;\n#[path = \"b_more.rs\"]\nmod more;\n"),
            ("crates/a/src/b_more.rs", ""),
            ("crates/a/src/b/tests.rs", ""),
            ("crates/a/src/c/mod.rs", "mod d;\n"),
            ("crates/a/src/c/d.rs", ""),
            ("crates/a/src/c/e.rs", ""),
            ("crates/a/src/bin/tool.rs", ""),
            ("crates/a/tests/whole.rs", ""),
        ];
        assert_eq!(found(&files), ["crates/a/src/c/e.rs"]);
    }
}
