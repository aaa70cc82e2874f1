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
            found.extend(links(text, texts, paths));
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

/// Links of a page: `[text](path#heading)`.
fn links(text: &Text, texts: &[Text], paths: &[String]) -> Vec<Finding> {
    let dir = text.path.rsplit_once('/').map_or("", |(dir, _)| dir);
    let mut found = Vec::new();
    for (at, line) in text.raw.lines().enumerate() {
        for (open, _) in line.match_indices("](") {
            let target = line[open + 2..].split([')', ' ']).next().unwrap_or_default();
            if target.is_empty() || target.contains(':') || is_code(&line[..open]) {
                continue;
            }
            let (target, heading) = target.split_once('#').unwrap_or((target, ""));
            let goal = if target.is_empty() { text.path.clone() } else { resolve(dir, target) };
            let page = texts.iter().find(|text| text.path == goal);
            if page.is_some_and(|page| !heading.is_empty() && !has_heading(&page.raw, heading)) {
                found.push(dead(&text.path, at + 1, &format!("{target}#{heading}")));
            }
            let there =
                paths.iter().any(|path| *path == goal || path.starts_with(&format!("{goal}/")));
            if !there {
                found.push(dead(&text.path, at + 1, target));
            }
        }
    }
    found
}

/// Whether what follows this part of a line stands between backticks.
fn is_code(before: &str) -> bool {
    before.matches('`').count() % 2 == 1
}

/// Whether a page has a heading whose address is this, as GitHub makes it.
fn has_heading(page: &str, address: &str) -> bool {
    let mut fenced = false;
    page.lines().any(|line| {
        fenced ^= line.starts_with("```");
        let heading = line.trim_start_matches('#');
        !fenced && heading.len() < line.len() && slug(heading.trim()) == address
    })
}

fn slug(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
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
    fn headings_that_are_not_there_are_found() {
        let paths = ["a.md", "docs/b.md"].map(str::to_owned);
        let page = |path: &str, raw: &str| Text { path: path.to_owned(), raw: raw.to_owned() };
        let a = page(
            "a.md",
            "# What `run` does, now\n[here](#what-run-does-now)\n[no](#run)\n```sh\n# run\n```\n",
        );
        let b = page("docs/b.md", "`x` [up](../a.md#what-run-does-now) and [no](../a.md#what)\n");
        let found = check(&[a, b], &[], &paths);
        let found: Vec<(&str, usize)> = found.iter().map(|f| (f.path.as_str(), f.line)).collect();
        assert_eq!(found, [("a.md", 3), ("docs/b.md", 1)]);
    }

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
