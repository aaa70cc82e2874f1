//! Which lines are fields, which are slips, and which are prose.

use std::ops::Range;

use super::super::nearest::distance;

/// A field of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Name {
    DependsOn,
    Files,
    Priority,
    Kind,
    Type,
    Agent,
    Model,
    Run,
    Gate,
    Status,
}

impl Name {
    const ALL: [Self; 10] = [
        Self::DependsOn,
        Self::Files,
        Self::Priority,
        Self::Kind,
        Self::Type,
        Self::Agent,
        Self::Model,
        Self::Run,
        Self::Gate,
        Self::Status,
    ];

    /// As it is written in a file, with its colon.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::DependsOn => "Depends on:",
            Self::Files => "Files:",
            Self::Priority => "Priority:",
            Self::Kind => "Kind:",
            Self::Type => "Type:",
            Self::Agent => "Agent:",
            Self::Model => "Model:",
            Self::Run => "Run:",
            Self::Gate => "Gate:",
            Self::Status => "Status:",
        }
    }

    fn word(self) -> &'static str {
        self.label().trim_end_matches(':')
    }

    fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|name| name.word().eq_ignore_ascii_case(word))
    }
}

/// What a line of text turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// A field; the range is its value's place in the line, without white space around it.
    Field(Name, Range<usize>),
    /// Probably meant as a field: what was written, and what was meant.
    Slip(String, Name),
    /// A field that stands in a list, where it would be lost.
    Listed(Name),
    /// Text.
    Prose,
}

/// Words that other formats use where this one has a field; only read as slips before the prose.
const FOREIGN: [(&str, Name); 10] = [
    ("depends", Name::DependsOn),
    ("dependency", Name::DependsOn),
    ("dependencies", Name::DependsOn),
    ("needs", Name::DependsOn),
    ("requires", Name::DependsOn),
    ("blocked by", Name::DependsOn),
    ("after", Name::DependsOn),
    ("scope", Name::Files),
    ("scopes", Name::Files),
    ("paths", Name::Files),
];

/// Reads one line at a task's own level; `leads` says that no prose came before it.
pub(super) fn read(line: &str, leads: bool) -> Reading {
    let offset = line.len() - line.trim_start().len();
    let text = line.trim();
    if let Some(entry) = ["- ", "* ", "+ "].iter().find_map(|mark| text.strip_prefix(mark)) {
        return listed(entry.trim_start());
    }
    let Some((word, value)) = split(text) else { return Reading::Prose };
    let word = word.replace(['-', '_'], " ");
    let rest = &text[value.clone()];
    match Name::of(&word) {
        Some(name) => Reading::Field(name, offset + value.start..offset + value.end),
        None if rest.is_empty() || text.as_bytes()[..value.start].ends_with(b" ") => {
            slip(&word, leads)
                .map_or(Reading::Prose, |name| Reading::Slip(format!("{word}:"), name))
        }
        None => Reading::Prose,
    }
}

/// Fields that people write as list entries, and that hardly ever start a sentence there.
fn listed(entry: &str) -> Reading {
    let name = split(entry).and_then(|(word, _)| Name::of(&word.replace(['-', '_'], " ")));
    match name {
        Some(name @ (Name::DependsOn | Name::Files | Name::Priority)) => Reading::Listed(name),
        _ => Reading::Prose,
    }
}

/// Splits `Key: value`, `**Key:** value` and `**Key**: value` into the key and the value's place.
fn split(text: &str) -> Option<(&str, Range<usize>)> {
    let mark = ["**", "__", "*", "_"].into_iter().find(|mark| text.starts_with(mark)).unwrap_or("");
    let (head, tail) = text[mark.len()..].split_once(':')?;
    let (word, tail) = match head.strip_suffix(mark) {
        Some(word) if !mark.is_empty() => (word, tail),
        _ => (head, tail.strip_prefix(mark)?),
    };
    let is_word = word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word.ends_with(|c: char| c.is_ascii_alphabetic())
        && word.chars().all(|c| c.is_ascii_alphabetic() || " -_".contains(c));
    // `std::fs` and `https://` are no keys.
    if !is_word || tail.starts_with([':', '/']) {
        return None;
    }
    let value = tail.trim();
    let start = text.len() - tail.trim_start().len();
    Some((word, start..start + value.len()))
}

/// The field that `word` is a slip of.
///
/// Long keys are recognised anywhere, since no ordinary word is close to them. Short ones (`Rule:`
/// is one letter from `Role:`, `Date:` from `Gate:`) only before the task's prose and with their
/// first letter right.
fn slip(word: &str, leads: bool) -> Option<Name> {
    let word = word.to_ascii_lowercase();
    let letters: Vec<char> = word.chars().collect();
    let slips = |name: &Name| {
        let known: Vec<char> = name.word().to_ascii_lowercase().chars().collect();
        (distance(&letters, &known), known.first() == letters.first())
    };
    let long = [Name::Priority, Name::DependsOn].into_iter().find(|name| slips(name).0 <= 2);
    if long.is_some() || !leads {
        return long;
    }
    if let Some((_, name)) = FOREIGN.iter().find(|(foreign, _)| *foreign == word) {
        return Some(*name);
    }
    Name::ALL.into_iter().find(|name| slips(name) == (1, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, leads: bool, expected: &Reading) {
        assert_eq!(read(line, leads), *expected, "{line}");
    }

    fn check_field(line: &str, name: Name, value: &str) {
        let Reading::Field(found, range) = read(line, false) else { panic!("{line} is no field") };
        assert_eq!((found, &line[range]), (name, value), "{line}");
    }

    #[test]
    fn fields_are_known_keys_in_any_dress() {
        check_field("Depends on: 1, 2", Name::DependsOn, "1, 2");
        check_field("  depends-on:\t1  ", Name::DependsOn, "1");
        check_field("FILES:src/**", Name::Files, "src/**");
        check_field("**Files:** `src`", Name::Files, "`src`");
        check_field("**Files**: src", Name::Files, "src");
        check_field("_Run:_ a: b", Name::Run, "a: b");
        check_field("Gate:", Name::Gate, "");
    }

    #[test]
    fn slips_are_told_and_prose_is_left_alone() {
        let slip = |word: &str, name| Reading::Slip(word.to_owned(), name);
        check("Depend on: 1", false, &slip("Depend on:", Name::DependsOn));
        check("Prioriy: P1", false, &slip("Prioriy:", Name::Priority));
        check("File: src", true, &slip("File:", Name::Files));
        check("Depends: 1", true, &slip("Depends:", Name::DependsOn));
        check("Stauts: done", true, &slip("Stauts:", Name::Status));
        for prose in ["Note: x", "Rule: x", "Date: x", "File: x", "See also: x", "type", "a b c: d"]
        {
            check(prose, false, &Reading::Prose);
        }
        for prose in ["Note: x", "Rule: x", "Date: x", "Goal: x", "std::fs", "run://x", "Filez:x"] {
            check(prose, true, &Reading::Prose);
        }
    }

    #[test]
    fn a_field_in_a_list_is_told_when_it_can_be_nothing_else() {
        check("- **Files:** src", false, &Reading::Listed(Name::Files));
        check("* Depends on: 1", false, &Reading::Listed(Name::DependsOn));
        check("- Run: the tests", false, &Reading::Prose);
    }
}
