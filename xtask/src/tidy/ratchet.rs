//! The list of things that are larger than the house likes: `xtask/ratchet.txt`.
//!
//! One line each: `path lines reason` for a file, `path::function lines reason` for a function.
//! What is listed may shrink, not grow; when it shrinks, its number follows, and when it is within
//! the limit, its line goes.

use super::finding::Finding;

/// The file's own path.
pub(super) const PATH: &str = "xtask/ratchet.txt";

/// One excused thing.
pub(super) struct Entry<'a> {
    pub(super) line: usize,
    pub(super) thing: &'a str,
    pub(super) lines: usize,
}

/// Reads the list; lines that cannot be read are findings.
pub(super) fn parse(text: &str) -> (Vec<Entry<'_>>, Vec<Finding>) {
    let (mut entries, mut found) = (Vec::new(), Vec::new());
    for (at, raw) in text.lines().enumerate() {
        let raw = raw.trim();
        if raw.is_empty() || raw.starts_with('#') {
            continue;
        }
        let mut words = raw.splitn(3, ' ');
        let thing = words.next().unwrap_or_default();
        let lines = words.next().and_then(|word| word.parse().ok());
        match (lines, words.next()) {
            (Some(lines), Some(_)) => entries.push(Entry { line: at + 1, thing, lines }),
            _ => found.push(
                Finding::new(PATH, at + 1, "ratchet", "not `path lines reason`")
                    .remedy("write the path, its number of lines and why it is as large as it is"),
            ),
        }
    }
    (entries, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_without_a_reason_is_a_finding() {
        let (entries, found) = parse(
            "# note\n\ncrates/a/src/b.rs 600 a table\ncrates/a/src/b.rs::f 90\nx many reason\n",
        );
        assert_eq!(
            (entries.len(), entries[0].thing, entries[0].lines),
            (1, "crates/a/src/b.rs", 600)
        );
        assert_eq!(found.iter().map(|f| f.line).collect::<Vec<_>>(), [4, 5]);
    }
}
