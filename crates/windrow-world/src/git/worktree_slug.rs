//! Names for branches and folders, made from text that anybody may have written.
//!
//! Invariant: a slug holds only `a-z`, `0-9` and single inner dashes, is never empty and is at most
//! [`LONGEST`] bytes, so it can neither leave its folder nor be read as an option or a revision.

/// The longest slug, in bytes.
const LONGEST: usize = 48;

/// Makes the last part of a branch name from a title.
#[must_use]
pub fn branch_slug(title: &str) -> String {
    slug(title)
}

/// Makes a folder name from a title.
#[must_use]
pub fn path_slug(title: &str) -> String {
    slug(title)
}

fn slug(title: &str) -> String {
    let mut slug = String::new();
    for c in title.chars().flat_map(char::to_lowercase) {
        if slug.len() == LONGEST {
            break;
        }
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') && c != '\'' {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    if slug.is_empty() { "untitled".to_owned() } else { slug }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(title: &str, expected: &str) {
        assert_eq!(branch_slug(title), expected, "{title:?}");
        assert_eq!(path_slug(title), expected, "{title:?}");
    }

    #[test]
    fn hostile_titles_become_plain_names() {
        check("Fix the parser", "fix-the-parser");
        check("don't \"quote\" $(me)", "dont-quote-me");
        check("../../etc/passwd", "etc-passwd");
        check("a\nb\tc", "a-b-c");
        check("--force", "force");
        check("refs.lock", "refs-lock");
        check("HEAD@{1}..main~2^", "head-1-main-2");
        check("\u{1f680}", "untitled");
        check("", "untitled");
        check(".", "untitled");
        check("Ünïcode \u{202e}x", "n-code-x");
        check(&"x".repeat(300), &"x".repeat(LONGEST));
        check(&format!("{} y", "x".repeat(LONGEST - 1)), &"x".repeat(LONGEST - 1));
    }
}
