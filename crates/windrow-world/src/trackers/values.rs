//! Values that both formats have, read and checked in one way.

use windrow_core::scope::Scope;

use super::Problem;

/// The longest name of a task, in bytes: it becomes a folder's name.
const MAX_NAME: usize = 64;

pub(super) const PRIORITY: &str = "`P0` to `P4`";
pub(super) const KIND: &str = "`foundation`, `feature` or `polish`";
pub(super) const TYPE: &str = "a commit type such as `feat` or `fix(parser)`";
pub(super) const COMMAND: &str = "one shell line without control characters";
pub(super) const LINE: &str = "one line of text";
pub(super) const WORD: &str = "one word that does not start with `-`";

/// Whether `name` can name a task: it ends up in file names, refs and command lines.
pub(super) fn is_name(name: &str) -> bool {
    name.len() <= MAX_NAME
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !name.ends_with('.')
        && !name.contains("..")
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

/// The title without white space around it.
pub(super) fn title(text: &str) -> Result<String, Problem> {
    let title = text.trim();
    if title.is_empty() {
        Err(Problem::EmptyTitle)
    } else if title.chars().any(|c| c.is_control() && c != '\t') {
        Err(Problem::ControlInTitle { title: title.to_owned() })
    } else {
        Ok(title.to_owned())
    }
}

/// `P0` to `P4`, or the digit alone.
pub(super) fn priority(text: &str) -> Option<u8> {
    match text.strip_prefix(['P', 'p']).unwrap_or(text).as_bytes() {
        [digit @ b'0'..=b'4'] => Some(digit - b'0'),
        _ => None,
    }
}

pub(super) fn kind(text: &str) -> Option<String> {
    let kind = text.to_ascii_lowercase();
    matches!(&kind[..], "foundation" | "feature" | "polish").then_some(kind)
}

/// `feat`, `fix(parser)`, `feat!`: lowercase letters, a scope in parentheses, an exclamation mark.
pub(super) fn commit_type(text: &str) -> Option<String> {
    let plain = text.strip_suffix('!').unwrap_or(text);
    let (word, scope) = match plain.strip_suffix(')') {
        Some(open) => open.split_once('(')?,
        None => (plain, "x"),
    };
    let good = !word.is_empty()
        && word.chars().all(|c| c.is_ascii_lowercase() || c == '-')
        && !scope.trim().is_empty()
        && scope.chars().all(|c| !c.is_control() && !"()".contains(c));
    (good && !word.starts_with('-')).then(|| text.to_owned())
}

/// The name of an agent or a model; a leading `-` would read as an option of the client.
pub(super) fn word(text: &str) -> Option<String> {
    let bad = text.is_empty()
        || text.starts_with('-')
        || text.chars().any(|c| c.is_whitespace() || c.is_control());
    (!bad).then(|| text.to_owned())
}

/// A shell line; it is not read here, only kept from hiding anything when it is shown.
pub(super) fn command(text: &str) -> Option<String> {
    let bad = text.trim().is_empty() || text.chars().any(|c| c.is_control() && c != '\t');
    (!bad).then(|| text.to_owned())
}

pub(super) fn scope(text: &str) -> Result<Scope, Problem> {
    Scope::parse(text).map_err(Problem::BadScope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_files_and_refs_without_surprise() {
        for good in ["3", "1.2", "auth-agent", "A_b"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "-a", ".a", "a/b", "..", "a..b", "a.", "a b", "é", &"x".repeat(65)] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn commit_types_are_lowercase_words_with_an_optional_scope() {
        for good in ["feat", "fix(parser)", "feat!", "refactor(a b)!", "build-ci"] {
            assert!(commit_type(good).is_some(), "{good}");
        }
        for bad in ["", "Feat", "fix()", "fix(", "fix)", "fix me", "fix(a)b", "-x", "fix((a))"] {
            assert!(commit_type(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn priorities_run_from_zero_to_four() {
        assert_eq!(priority("P0"), Some(0));
        assert_eq!(priority("p4"), Some(4));
        assert_eq!(priority("3"), Some(3));
        for bad in ["P5", "5", "high", "", "P", "P11", "-1"] {
            assert_eq!(priority(bad), None, "{bad}");
        }
    }
}
