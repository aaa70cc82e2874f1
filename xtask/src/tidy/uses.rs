//! Every full path that a file's `use` items name, groups spread out.
//!
//! `use std::{fs, io::{self, Read as _}};` gives `std::fs`, `std::io` and `std::io::Read`.

use super::rust::{Rust, line_of, places};

/// The paths, each with the line its item begins on.
pub(super) fn paths(file: &Rust) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for at in places(&file.code, "use") {
        let rest = &file.code[at + 3..];
        let Some(end) = rest.find(';') else { continue };
        // A precise-capturing bound, `use<'a>`, is no item.
        if rest.trim_start().starts_with('<') {
            continue;
        }
        let mut paths = Vec::new();
        spread("", &rest[..end], &mut paths);
        let line = line_of(&file.code, at);
        found.extend(paths.into_iter().map(|path| (path, line)));
    }
    found
}

fn spread(prefix: &str, tree: &str, found: &mut Vec<String>) {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        // Nothing stands behind a last comma.
        if let Some(name) = tree.split_whitespace().next() {
            let path = format!("{prefix}{name}");
            let path = path.strip_suffix("::self").unwrap_or(&path).trim_start_matches("::");
            found.push(path.to_owned());
        }
        return;
    };
    let prefix = format!("{prefix}{}", tree[..open].trim());
    let inner = tree[open + 1..].trim_end().strip_suffix('}').unwrap_or(&tree[open + 1..]);
    for part in parts(inner) {
        spread(&prefix, part, found);
    }
}

/// The parts between the commas of the outermost level.
fn parts(inner: &str) -> Vec<&str> {
    let (mut depth, mut start, mut found) = (0_usize, 0, Vec::new());
    for (at, byte) in inner.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            b',' if depth == 0 => {
                found.push(&inner[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(&inner[start..]);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_spread_out() {
        let file = Rust::new(
            "a.rs",
            "//! A.\npub(crate) use std::{\n    fs, // files\n    io::{self, Read as _},\n};\nuse ::tokio as t;\n",
        );
        let found = paths(&file);
        let names: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
        assert_eq!(names, ["std::fs", "std::io", "std::io::Read", "tokio"]);
        assert_eq!(found[0].1, 2);
    }
}
