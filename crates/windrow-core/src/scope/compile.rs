//! From a scope's text to a small automaton.
//!
//! The program is read from place 0; [`Step::One`] reads a character and goes on to the next
//! place, the other steps read nothing. Invariant: the last step, and only that one, is
//! [`Step::End`], and every jump stays inside.

use super::{MAX_LEN, ScopeError};

/// One place of the automaton.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Reads one character of the set.
    One(Set),
    /// Goes on at both places.
    Split(usize, usize),
    /// Goes on elsewhere.
    Jump(usize),
    /// The text matches when it ends here.
    End,
}

/// A set of characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Set {
    /// Exactly this one.
    Char(char),
    /// Any, `/` included.
    Any,
    /// Any but `/`.
    Within,
    /// A bracket: ranges, or everything outside of them; never `/`.
    Class { negated: bool, ranges: Box<[(char, char)]> },
}

impl Step {
    /// The same step where case does not count.
    pub(super) fn folded(&self) -> Self {
        match self {
            Self::One(set) => Self::One(set.folded()),
            Self::Split(..) | Self::Jump(_) | Self::End => self.clone(),
        }
    }
}

impl Set {
    /// The set that reads what this one reads, once it was folded; it may read more.
    fn folded(&self) -> Self {
        match self {
            Self::Char(c) => Self::Char(c.to_ascii_lowercase()),
            Self::Any => Self::Any,
            // What is not excluded may be the other case of what is.
            Self::Within | Self::Class { negated: true, .. } => Self::Within,
            Self::Class { negated: false, ranges } => {
                let upper = ranges.iter().map(|(low, high)| (*low.max(&'A'), *high.min(&'Z')));
                let upper = upper.filter(|(low, high)| low <= high);
                let lower = upper.map(|(a, z)| (a.to_ascii_lowercase(), z.to_ascii_lowercase()));
                let ranges = ranges.iter().copied().chain(lower).collect();
                Self::Class { negated: false, ranges }
            }
        }
    }

    pub(super) fn contains(&self, c: char) -> bool {
        match self {
            Self::Char(own) => *own == c,
            Self::Any => true,
            Self::Within => c != '/',
            Self::Class { negated, ranges } => {
                c != '/' && ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
            }
        }
    }

    /// Whether some character may be in both; errs towards yes for two brackets.
    pub(super) fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Char(c), set) | (set, Self::Char(c)) => set.contains(*c),
            (
                Self::Class { negated: false, ranges: left },
                Self::Class { negated: false, ranges: right },
            ) => left.iter().any(|a| right.iter().any(|b| a.0.max(b.0) <= a.1.min(b.1))),
            _ => true,
        }
    }
}

/// Compiles a scope's text.
pub(super) fn compile(text: &str) -> Result<Vec<Step>, ScopeError> {
    check(text)?;
    let pattern = text.strip_prefix("./").unwrap_or(text);
    if matches!(pattern, "" | "." | "**" | "**/") {
        let mut compiler = Compiler::new(text, "");
        compiler.anything();
        compiler.steps.push(Step::End);
        return Ok(compiler.steps);
    }
    let folder = pattern.strip_suffix("/**").or_else(|| pattern.strip_suffix('/'));
    let body = folder.unwrap_or(pattern);
    let mut compiler = Compiler::new(text, body);
    compiler.sequence(None)?;
    if folder.is_some() || is_plain(body) {
        compiler.below();
    }
    compiler.steps.push(Step::End);
    Ok(compiler.steps)
}

/// The text every match starts with: the places that can only read one character.
pub(super) fn prefix(steps: &[Step]) -> String {
    let single = |step: &Step| if let Step::One(Set::Char(c)) = step { Some(*c) } else { None };
    steps.iter().map_while(single).collect()
}

/// Refuses what is wrong with the text as a whole.
fn check(text: &str) -> Result<(), ScopeError> {
    let own = || text.to_owned();
    if text.is_empty() {
        return Err(ScopeError::Empty);
    }
    if text.chars().nth(MAX_LEN).is_some() {
        return Err(ScopeError::TooLong { start: text.chars().take(40).collect() });
    }
    if text.chars().any(char::is_control) {
        return Err(ScopeError::Control(own()));
    }
    if text.starts_with('!') {
        return Err(ScopeError::Negated(own()));
    }
    if text.starts_with('/') || text == "~" || text.starts_with("~/") {
        return Err(ScopeError::Absolute(own()));
    }
    if text.split(['/', ',', '{', '}', '\\']).any(|part| part == "..") {
        return Err(ScopeError::Parent(own()));
    }
    let inner = text.strip_prefix("./").unwrap_or(text);
    let inner = inner.strip_suffix('/').unwrap_or(inner);
    if text != "./" && inner != "." && inner.split('/').any(|step| step.is_empty() || step == ".") {
        return Err(ScopeError::Step(own()));
    }
    Ok(())
}

/// Whether the last step of the path has no wildcard, or braces in which one choice may have none.
fn is_plain(pattern: &str) -> bool {
    if pattern.contains('{') {
        return true;
    }
    let last = pattern.rsplit('/').next().unwrap_or(pattern);
    let mut escaped = false;
    !last.chars().any(|c| {
        let special = !escaped && matches!(c, '*' | '?');
        escaped = !escaped && c == '\\';
        special
    })
}

struct Compiler<'a> {
    text: &'a str,
    input: std::iter::Peekable<std::vec::IntoIter<char>>,
    /// What was read before the current character, for `**`.
    last: Option<char>,
    steps: Vec<Step>,
}

impl<'a> Compiler<'a> {
    fn new(text: &'a str, pattern: &str) -> Self {
        let input = pattern.chars().collect::<Vec<_>>().into_iter().peekable();
        Self { text, input, last: None, steps: Vec::new() }
    }

    /// Compiles up to the end of the text, or to the `,` or `}` that ends a choice in `open`
    /// braces; returns that character.
    fn sequence(&mut self, open: Option<char>) -> Result<Option<char>, ScopeError> {
        while let Some(c) = self.input.next() {
            match c {
                ',' | '}' if open.is_some() => {
                    self.last = Some(c);
                    return Ok(Some(c));
                }
                '}' => return Err(self.unbalanced('}')),
                '{' => self.choices()?,
                '[' => self.bracket()?,
                '*' => {
                    self.stars();
                    continue;
                }
                '?' => self.steps.push(Step::One(Set::Within)),
                '\\' => {
                    let next = self.input.next().filter(|c| "*?[]{}\\,!-".contains(*c));
                    let next = next.ok_or_else(|| ScopeError::Backslash(self.text.to_owned()))?;
                    self.literal(next);
                }
                plain => self.literal(plain),
            }
            self.last = Some(c);
        }
        match open {
            Some(bracket) => Err(self.unbalanced(bracket)),
            None => Ok(None),
        }
    }

    fn unbalanced(&self, bracket: char) -> ScopeError {
        ScopeError::Unbalanced { text: self.text.to_owned(), bracket }
    }

    fn literal(&mut self, c: char) {
        self.steps.push(Step::One(Set::Char(c)));
    }

    /// Zero or more characters of `set`.
    fn many(&mut self, set: Set) {
        let start = self.steps.len();
        self.steps.push(Step::Split(start + 1, start + 3));
        self.steps.push(Step::One(set));
        self.steps.push(Step::Jump(start));
    }

    fn anything(&mut self) {
        self.many(Set::Any);
    }

    /// Nothing, or a `/` and anything.
    fn below(&mut self) {
        let start = self.steps.len();
        // One step for `/` and three for `many`.
        self.steps.push(Step::Split(start + 1, start + 5));
        self.literal('/');
        self.anything();
    }

    /// `*`, or a run of them: `**/` at the start of a step is zero or more folders, any other run
    /// crosses folders freely.
    fn stars(&mut self) {
        let starts_step = matches!(self.last, None | Some('/' | '{' | ','));
        let mut count = 1;
        while self.input.next_if_eq(&'*').is_some() {
            count += 1;
        }
        self.last = Some('*');
        if count == 1 {
            self.many(Set::Within);
        } else if starts_step && self.input.next_if_eq(&'/').is_some() {
            let start = self.steps.len();
            self.steps.push(Step::Split(start + 1, start + 5));
            self.anything();
            self.literal('/');
            self.last = Some('/');
        } else {
            self.anything();
        }
    }

    /// `{a,b}`: each choice in turn, all of them going on behind the last.
    fn choices(&mut self) -> Result<(), ScopeError> {
        let mut ends = Vec::new();
        self.last = Some('{');
        loop {
            let split = self.steps.len();
            self.steps.push(Step::Jump(split + 1));
            let closed = self.sequence(Some('{'))? == Some('}');
            if closed {
                break;
            }
            ends.push(self.steps.len());
            self.steps.push(Step::Jump(0));
            self.steps[split] = Step::Split(split + 1, self.steps.len());
        }
        let after = self.steps.len();
        for end in ends {
            self.steps[end] = Step::Jump(after);
        }
        Ok(())
    }

    /// `[abc]`, `[a-z]`, `[!a]`: one character, or the bracket's own text.
    fn bracket(&mut self) -> Result<(), ScopeError> {
        let mut inside = Vec::new();
        loop {
            match self.input.next() {
                Some(']') if !(inside.is_empty() || matches!(inside[..], ['!' | '^'])) => break,
                Some(c) if c != '/' => inside.push(c),
                _ => return Err(self.unbalanced('[')),
            }
        }
        let start = self.steps.len();
        // The set and a jump come first, then the text: `[`, what is inside, `]`.
        let text = start + 3;
        self.steps.push(Step::Split(start + 1, text));
        self.steps.push(Step::One(class(&inside)));
        self.steps.push(Step::Jump(text + inside.len() + 2));
        self.literal('[');
        for c in inside {
            self.literal(c);
        }
        self.literal(']');
        Ok(())
    }
}

fn class(inside: &[char]) -> Set {
    let negated = matches!(inside.first(), Some('!' | '^'));
    let mut rest = if negated { &inside[1..] } else { inside };
    let mut ranges = Vec::new();
    while let Some((&low, tail)) = rest.split_first() {
        rest = match tail {
            ['-', high, after @ ..] => {
                ranges.push((low.min(*high), low.max(*high)));
                after
            }
            _ => {
                ranges.push((low, low));
                tail
            }
        };
    }
    Set::Class { negated, ranges: ranges.into() }
}
