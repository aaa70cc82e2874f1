//! Sizes: files, `lib.rs` and `mod.rs`, functions and the architecture page, with a ratchet.
//!
//! Tests are not counted. Functions are measured from `fn` to the closing brace.

use std::collections::BTreeMap;

use super::finding::Finding;
use super::house::Text;
use super::ratchet;
use super::rust::Rust;

const FILE: usize = 500;
const FRONT: usize = 100;
const FUNCTION: usize = 80;
const MAP: usize = 200;

/// One thing that has a size.
struct Thing {
    name: String,
    path: String,
    line: usize,
    lines: usize,
    limit: usize,
    remedy: &'static str,
}

/// Measures everything and holds it against the limits and the list.
pub(super) fn check(files: &[Rust], list: &str) -> Vec<Finding> {
    let (entries, mut found) = ratchet::parse(list);
    let mut things = measure(files);
    for entry in &entries {
        let problem = match things.remove(entry.thing) {
            None => format!("`{}` is not there", entry.thing),
            Some(thing) if thing.lines <= thing.limit => {
                format!("`{}` is within the limit of {} lines", entry.thing, thing.limit)
            }
            Some(thing) if thing.lines < entry.lines => {
                let what = format!("`{}` shrank to {} lines", entry.thing, thing.lines);
                found.push(
                    Finding::new(ratchet::PATH, entry.line, "ratchet", what)
                        .remedy("write the new number into its line"),
                );
                continue;
            }
            Some(thing) if thing.lines > entry.lines => {
                let what = format!("grew from {} lines to {}", entry.lines, thing.lines);
                found.push(
                    Finding::new(&thing.path, thing.line, "sizes", what).remedy(thing.remedy),
                );
                continue;
            }
            Some(_) => continue,
        };
        let remedy = "remove its line";
        found.push(Finding::new(ratchet::PATH, entry.line, "ratchet", problem).remedy(remedy));
    }
    found.extend(things.into_values().filter(|thing| thing.lines > thing.limit).map(|thing| {
        let what =
            format!("`{}` has {} lines, the limit is {}", thing.name, thing.lines, thing.limit);
        Finding::new(&thing.path, thing.line, "sizes", what).remedy(thing.remedy)
    }));
    found
}

/// The architecture page is read in one sitting.
pub(super) fn check_map(texts: &[Text]) -> Vec<Finding> {
    let map = texts.iter().find(|text| text.path == "ARCHITECTURE.md");
    let lines = map.map_or(0, |text| text.raw.lines().count());
    if lines <= MAP {
        return Vec::new();
    }
    let what = format!("{lines} lines, the limit is {MAP}");
    let remedy = "move details to module docs or docs/design";
    vec![Finding::new("ARCHITECTURE.md", MAP + 1, "sizes", what).remedy(remedy)]
}

/// Every file and, by `path::name`, the largest function of each name.
fn measure(files: &[Rust]) -> BTreeMap<String, Thing> {
    let mut things = BTreeMap::new();
    for file in files.iter().filter(|file| !file.is_test_file()) {
        let front = file.path.ends_with("/lib.rs") || file.path.ends_with("/mod.rs");
        let (limit, remedy) = if front {
            (FRONT, "leave docs, `mod` and `pub use` here and move the rest to files of its own")
        } else {
            (FILE, "split it where its parts talk least")
        };
        let (name, path) = (file.path.clone(), file.path.clone());
        things
            .insert(name.clone(), Thing { name, path, line: 1, lines: file.size(), limit, remedy });
        for function in file.functions() {
            if file.in_test(function.line) {
                continue;
            }
            let name = format!("{}::{}", file.path, function.name);
            let thing = Thing {
                path: file.path.clone(),
                line: function.line,
                lines: function.lines,
                limit: FUNCTION,
                remedy: "name its steps and call them",
                name: name.clone(),
            };
            let largest = things.get(&name).is_none_or(|other: &Thing| other.lines < thing.lines);
            if largest {
                things.insert(name, thing);
            }
        }
    }
    things
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, lines: usize) -> Rust {
        Rust::new(path, &"const A: u8 = 0;\n".repeat(lines))
    }

    fn function(lines: usize) -> Rust {
        let body = "    g();\n".repeat(lines - 2);
        Rust::new("crates/a/src/f.rs", &format!("fn small() {{}}\nfn big() {{\n{body}}}\n"))
    }

    fn found(files: &[Rust], list: &str) -> Vec<String> {
        check(files, list).iter().map(|f| format!("{}:{} {}", f.path, f.line, f.what)).collect()
    }

    #[test]
    fn a_large_file_is_found_and_its_tests_are_not_counted() {
        assert_eq!(found(&[file("crates/a/src/b.rs", 501)], "").len(), 1);
        assert!(found(&[file("crates/a/src/b.rs", 500)], "").is_empty());
        assert!(found(&[file("crates/a/src/tests.rs", 900)], "").is_empty());
        assert_eq!(found(&[file("crates/a/src/b/mod.rs", 101)], "").len(), 1);
        let tested = format!(
            "{}#[cfg(test)]\nmod tests {{\n{}}}\n",
            "const A: u8 = 0;\n".repeat(500),
            "const B: u8 = 0;\n".repeat(300)
        );
        assert!(found(&[Rust::new("crates/a/src/b.rs", &tested)], "").is_empty());
    }

    #[test]
    fn a_long_function_is_found_at_its_line() {
        assert!(found(&[function(80)], "").is_empty());
        assert_eq!(
            found(&[function(81)], ""),
            ["crates/a/src/f.rs:2 `crates/a/src/f.rs::big` has 81 lines, the limit is 80"]
        );
    }

    #[test]
    fn a_listed_thing_may_shrink_and_not_grow() {
        let list = "crates/a/src/b.rs 600 a table\n";
        assert!(found(&[file("crates/a/src/b.rs", 600)], list).is_empty());
        assert!(found(&[file("crates/a/src/b.rs", 601)], list)[0].contains("grew from 600"));
        assert!(found(&[file("crates/a/src/b.rs", 550)], list)[0].contains("shrank to 550"));
        assert!(found(&[file("crates/a/src/b.rs", 500)], list)[0].contains("within the limit"));
        assert!(found(&[], list)[0].contains("is not there"));
        assert!(found(&[function(90)], "crates/a/src/f.rs::big 90 one arm per event\n").is_empty());
    }

    #[test]
    fn the_architecture_page_stays_short() {
        let page = |lines| [Text { path: "ARCHITECTURE.md".to_owned(), raw: "x\n".repeat(lines) }];
        assert!(check_map(&page(200)).is_empty());
        assert_eq!(check_map(&page(201)).len(), 1);
    }
}
