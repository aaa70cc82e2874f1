//! Words that no committed text may contain: where it happened to be built.
//!
//! The words are put together from halves, so that this file does not find itself.

use super::finding::Finding;
use super::house::Text;

const FOLDERS: &[&str] =
    &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/tmp/ba", "sh_jobs")];
const HOSTS: &[&str] = &[
    concat!("index.crates", ".io"),
    concat!("static.crates", ".io"),
    concat!("registry.", "npmjs.org"),
    concat!("files.", "pythonhosted.org"),
    concat!("proxy.", "golang.org"),
];

/// Checks every line of every text.
pub(super) fn check(texts: &[Text]) -> Vec<Finding> {
    let mut found = Vec::new();
    for text in texts {
        for (at, line) in text.raw.lines().enumerate() {
            let mut add = |word: &str, remedy: &str| {
                let what = format!("`{word}` belongs to one machine");
                found.push(Finding::new(&text.path, at + 1, "texts", what).remedy(remedy));
            };
            for word in FOLDERS.iter().filter(|word| has_path(line, word)) {
                add(word, "use a path relative to the repository, or one from a temporary folder");
            }
            for word in HOSTS.iter().filter(|word| line.contains(**word)) {
                add(word, "let the package manager find its host");
            }
        }
    }
    found
}

/// Whether an absolute path begins here: `a/work/b` is not one.
fn has_path(line: &str, folder: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || "*._-/$}>)~".contains(c);
    line.match_indices(folder).any(|(at, _)| !line[..at].ends_with(inside))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_a_machine_are_found_and_relative_ones_are_not() {
        let folder = FOLDERS[0];
        let raw = format!(
            "cd {folder}main\nsrc{folder}a\n\"{folder}x\"\n**{folder}y\nfetch {}\n",
            HOSTS[0]
        );
        let found = check(&[Text { path: "a.md".to_owned(), raw }]);
        assert_eq!(found.iter().map(|f| f.line).collect::<Vec<_>>(), [1, 3, 5]);
    }
}
