//! Dead documents: a page that a comment or another page names must be in the tree.
//!
//! A reader of the project has the project and nothing else.

use super::finding::Finding;
use super::house::Text;
use super::rust::Rust;

/// Names that mean a file in somebody else's repository.
const FORMATS: &[&str] = &["TASKS.md", "AGENTS.md", "CLAUDE.md", "GEMINI.md", "PLAN.md"];

/// Checks comments of Rust files, and pages and settings as a whole.
pub(super) fn check(texts: &[Text], rust: &[Rust], paths: &[String]) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in rust {
        found.extend(names(&file.path, &file.comments, paths));
    }
    for text in texts {
        if [".md", ".toml", ".yml"].iter().any(|end| text.path.ends_with(end)) {
            found.extend(names(&text.path, &text.raw, paths));
        }
        if text.path.ends_with(".md") {
            found.extend(links(text, paths));
        }
    }
    found
}

/// Pages by name: capital letters and `.md`.
fn names(path: &str, text: &str, paths: &[String]) -> Vec<Finding> {
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let apart = |c: char| !(c.is_ascii_alphanumeric() || "._-/".contains(c));
        for word in line.split(apart) {
            let name = word.rsplit('/').next().unwrap_or(word);
            let Some(stem) = name.strip_suffix(".md") else { continue };
            let page = !stem.is_empty() && !stem.contains(|c: char| c.is_lowercase() || c == '.');
            let there = paths.iter().any(|path| path.rsplit('/').next() == Some(name));
            if page && !there && !FORMATS.contains(&name) {
                found.push(dead(path, at + 1, name));
            }
        }
    }
    found
}

/// Links of a page: `[text](path)`.
fn links(text: &Text, paths: &[String]) -> Vec<Finding> {
    let dir = text.path.rsplit_once('/').map_or("", |(dir, _)| dir);
    let mut found = Vec::new();
    for (at, line) in text.raw.lines().enumerate() {
        for (open, _) in line.match_indices("](") {
            let target = line[open + 2..].split([')', ' ', '#']).next().unwrap_or_default();
            if target.is_empty() || target.contains(':') || line[..open].contains('`') {
                continue;
            }
            let goal = resolve(dir, target);
            let there =
                paths.iter().any(|path| *path == goal || path.starts_with(&format!("{goal}/")));
            if !there {
                found.push(dead(&text.path, at + 1, target));
            }
        }
    }
    found
}

fn resolve(dir: &str, target: &str) -> String {
    let mut parts: Vec<&str> = dir.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

fn dead(path: &str, line: usize, name: &str) -> Finding {
    Finding::new(path, line, "documents", format!("`{name}` is not in the tree"))
        .remedy("say here what it says, or name a page that is there")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_are_not_there_are_found() {
        let paths = ["README.md", "docs/design/0001-a.md"].map(str::to_owned);
        let rust = [Rust::new(
            "a.rs",
            "//! See LOST.md, README.md and TASKS.md.\nconst A: &str = \"OTHER.md\";\n",
        )];
        let page = Text {
            path: "docs/b.md".to_owned(),
            raw: "[a](design/0001-a.md) [up](../README.md#x) [web](https://x.org)\n[gone](c.md)\n"
                .to_owned(),
        };
        let found = check(&[page], &rust, &paths);
        let found: Vec<(&str, usize)> = found.iter().map(|f| (f.path.as_str(), f.line)).collect();
        assert_eq!(found, [("a.rs", 1), ("docs/b.md", 2)]);
    }
}
