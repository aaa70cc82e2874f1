//! File scopes: the globs a task declares, and whether two of them may meet.
//!
//! A scope is a path glob relative to the repository: `*` and `?` stay within a folder, `**`
//! crosses folders, `[abc]` and `{a,b}` choose, `\` makes the next special character plain. A name
//! without wildcards, or a trailing `/`, means that path and everything below it; `.` means the
//! whole repository. A bracket also matches its own text, because folders are called `[id]`.
//! Case counts, unless both sides are asked for their form without it (see [`Scope::when`]).
//!
//! Invariant: [`Scope::overlaps`] may be true for two scopes that no path shares, and is never
//! false for two that one path does share. It walks both patterns as automata, so its cost is
//! the product of their lengths and braces cannot make it explode.

#![expect(
    clippy::indexing_slicing,
    reason = "the compiler of scopes keeps every jump inside its program"
)]

mod compile;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use compile::Step;

/// The longest scope that is accepted, in characters.
pub const MAX_LEN: usize = 1024;

/// A validated path glob.
///
/// Compared, ordered, hashed and serialised as its text.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(into = "String", try_from = "String")]
pub struct Scope {
    text: Arc<str>,
    steps: Arc<[Step]>,
    /// The text that every matching path starts with.
    prefix: Arc<str>,
    /// The form in which case does not count, where that is another one.
    folded: Option<Arc<Self>>,
}

/// Whether `A` and `a` are two names in a repository. Only ASCII letters fold, as in git.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Case {
    /// They are two.
    #[default]
    Counts,
    /// They are one: `core.ignoreCase`.
    Ignored,
}

impl Case {
    /// A path as it is compared with scopes of the same form.
    #[must_use]
    pub fn fold(self, path: &str) -> Cow<'_, str> {
        match self {
            Self::Ignored if path.bytes().any(|byte| byte.is_ascii_uppercase()) => {
                Cow::Owned(path.to_ascii_lowercase())
            }
            Self::Ignored | Self::Counts => Cow::Borrowed(path),
        }
    }
}

/// A text that is no scope; the message completes "failed to read scope: ...".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// Nothing but white space.
    #[error("a scope is empty; write a path or a glob such as `src/**`")]
    Empty,
    /// Longer than [`MAX_LEN`].
    #[error("`{start}...` is longer than {MAX_LEN} characters; split it into several scopes")]
    TooLong {
        /// Its first characters.
        start: String,
    },
    /// An absolute path, or one in a home folder.
    #[error("`{0}` is absolute; write it relative to the repository")]
    Absolute(String),
    /// A `..` step.
    #[error("`{0}` leaves its folder with `..`; write it relative to the repository")]
    Parent(String),
    /// Two slashes in a row or a `.` step inside.
    #[error("`{0}` has an empty or `.` step; write each folder once with one `/`")]
    Step(String),
    /// `[` or `{` without its end, or an end without a start.
    #[error(
        "`{text}` has an unbalanced `{bracket}`; close it, or write `\\{bracket}` for the character"
    )]
    Unbalanced {
        /// The scope.
        text: String,
        /// The bracket that has no partner.
        bracket: char,
    },
    /// A backslash before a character that is not special, or at the end.
    #[error("`{0}` has a backslash that escapes nothing; separate folders with `/`")]
    Backslash(String),
    /// A leading `!`.
    #[error("`{0}` excludes with `!`, which scopes cannot; name what is touched, or write `\\!`")]
    Negated(String),
    /// A control character.
    #[error("{0:?} has a control character; remove it")]
    Control(String),
}

impl Scope {
    /// Reads a scope; white space around it and a leading `./` do not count.
    ///
    /// # Errors
    /// Anything that is no relative glob, with the text and what to write instead.
    pub fn parse(text: &str) -> Result<Self, ScopeError> {
        let trimmed = text.trim();
        let steps = compile::compile(trimmed)?;
        let folded: Vec<Step> = steps.iter().map(Step::folded).collect();
        let folded = (folded != steps).then(|| Arc::new(Self::of(trimmed, folded)));
        Ok(Self { folded, ..Self::of(trimmed, steps) })
    }

    fn of(text: &str, steps: Vec<Step>) -> Self {
        let prefix = compile::prefix(&steps);
        Self { text: text.into(), steps: steps.into(), prefix: prefix.into(), folded: None }
    }

    /// The form that is compared with others of the same form, and with paths that [`Case::fold`]
    /// gave out.
    #[must_use]
    pub fn when(&self, case: Case) -> &Self {
        match (case, &self.folded) {
            (Case::Ignored, Some(folded)) => folded,
            (Case::Ignored, None) | (Case::Counts, _) => self,
        }
    }

    /// The scope as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The text that every path in this scope starts with; an index may sort by it.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Whether `path`, relative to the repository and separated by `/`, lies in this scope.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        let mut now = vec![false; self.steps.len()];
        let mut pending = Vec::new();
        enter(&self.steps, 0, &mut now, &mut pending);
        for c in path.chars() {
            let mut next = vec![false; self.steps.len()];
            for (at, step) in self.steps.iter().enumerate() {
                if now[at] && matches!(step, Step::One(set) if set.contains(c)) {
                    enter(&self.steps, at + 1, &mut next, &mut pending);
                }
            }
            now = next;
        }
        now.last().copied().unwrap_or(false)
    }

    /// Whether some path may lie in both scopes.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let common = self.prefix.len().min(other.prefix.len());
        if self.prefix.as_bytes()[..common] != other.prefix.as_bytes()[..common] {
            return false;
        }
        self.text == other.text || meet(&self.steps, &other.steps)
    }
}

/// Marks `at` and every step reachable from it without reading a character.
fn enter(steps: &[Step], at: usize, marked: &mut [bool], pending: &mut Vec<usize>) {
    pending.push(at);
    while let Some(at) = pending.pop() {
        if std::mem::replace(&mut marked[at], true) {
            continue;
        }
        match steps[at] {
            Step::Split(a, b) => pending.extend([a, b]),
            Step::Jump(to) => pending.push(to),
            Step::One(_) | Step::End => {}
        }
    }
}

/// Whether some text is accepted by both automata: a search over the pairs of their places.
fn meet(a: &[Step], b: &[Step]) -> bool {
    let mut seen = vec![false; a.len() * b.len()];
    let mut pending = vec![(0, 0)];
    while let Some((i, j)) = pending.pop() {
        if std::mem::replace(&mut seen[i * b.len() + j], true) {
            continue;
        }
        match (&a[i], &b[j]) {
            (Step::End, Step::End) => return true,
            (Step::Split(x, y), _) => pending.extend([(*x, j), (*y, j)]),
            (Step::Jump(to), _) => pending.push((*to, j)),
            (_, Step::Split(x, y)) => pending.extend([(i, *x), (i, *y)]),
            (_, Step::Jump(to)) => pending.push((i, *to)),
            (Step::One(left), Step::One(right)) => {
                if left.meets(right) {
                    pending.push((i + 1, j + 1));
                }
            }
            (Step::One(_), Step::End) | (Step::End, Step::One(_)) => {}
        }
    }
    false
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scope({:?})", self.text)
    }
}

impl PartialEq for Scope {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Scope {}

impl PartialOrd for Scope {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Scope {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl Hash for Scope {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.text.as_ref().to_owned()
    }
}

impl TryFrom<String> for Scope {
    type Error = ScopeError;

    fn try_from(text: String) -> Result<Self, ScopeError> {
        Self::parse(&text)
    }
}

impl std::str::FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests;
