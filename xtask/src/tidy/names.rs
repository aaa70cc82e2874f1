//! File names that say nothing.

use super::finding::Finding;

const EMPTY: &[&str] = &["utils", "util", "helpers", "helper", "common", "imp", "misc"];

/// Checks every part of every path.
pub(super) fn check(paths: &[String]) -> Vec<Finding> {
    let remedy = "name it after what it holds";
    paths
        .iter()
        .filter_map(|path| {
            let stem = |part: &str| part.split('.').next().unwrap_or_default().to_owned();
            let word = path.split('/').map(stem).find(|part| EMPTY.contains(&part.as_str()))?;
            let what = format!("`{word}` says nothing");
            Some(Finding::new(path, 1, "names", what).remedy(remedy))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_folders_without_a_meaning_are_found() {
        let paths = ["a/src/utils.rs", "a/common/mod.rs", "a/src/commons.rs", "a/imp.rs"];
        let found = check(&paths.map(str::to_owned));
        let found: Vec<&str> = found.iter().map(|f| f.path.as_str()).collect();
        assert_eq!(found, ["a/src/utils.rs", "a/common/mod.rs", "a/imp.rs"]);
    }
}
