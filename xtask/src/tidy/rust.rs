//! One Rust file as the checks see it: code apart from comments, tests apart from the rest.

use super::lexer;

/// A Rust source file.
pub(super) struct Rust {
    pub(super) path: String,
    pub(super) raw: String,
    /// Code only: comments and the inside of literals are blank.
    pub(super) code: String,
    /// Comments only.
    pub(super) comments: String,
    /// For every line, whether it belongs to a test.
    test_lines: Vec<bool>,
}

/// A function with a body.
pub(super) struct Function {
    pub(super) name: String,
    /// The line of its `fn`, counted from 1.
    pub(super) line: usize,
    /// From the `fn` to the closing brace, both included.
    pub(super) lines: usize,
}

impl Rust {
    pub(super) fn new(path: &str, raw: &str) -> Self {
        let halves = lexer::split(raw);
        let mut file = Self {
            path: path.to_owned(),
            raw: raw.to_owned(),
            code: halves.code,
            comments: halves.comments,
            test_lines: Vec::new(),
        };
        file.test_lines = vec![file.is_test_file(); raw.lines().count() + 1];
        for mark in ["#[cfg(test)]", "#[cfg(all(test,"] {
            for (at, _) in file.code.match_indices(mark) {
                let end = item_end(&file.code, at);
                let (first, last) = (line_of(&file.code, at), line_of(&file.code, end));
                file.test_lines[first - 1..last].fill(true);
            }
        }
        file
    }

    /// Whether the whole file is test code by its place or its name.
    pub(super) fn is_test_file(&self) -> bool {
        self.path.contains("/tests/")
            || self.path.contains("/benches/")
            || self.path.ends_with("/tests.rs")
            || self.path.ends_with("_tests.rs")
    }

    /// Whether a line, counted from 1, belongs to a test.
    pub(super) fn in_test(&self, line: usize) -> bool {
        self.test_lines.get(line - 1).copied().unwrap_or(false)
    }

    /// How many lines there are without tests.
    pub(super) fn size(&self) -> usize {
        (1..=self.raw.lines().count()).filter(|line| !self.in_test(*line)).count()
    }

    /// The lines on which `word` stands in code as a word of its own.
    pub(super) fn lines_with(&self, word: &str) -> Vec<usize> {
        places(&self.code, word).map(|at| line_of(&self.code, at)).collect()
    }

    /// Every function with a body.
    pub(super) fn functions(&self) -> Vec<Function> {
        let mut found = Vec::new();
        for at in places(&self.code, "fn") {
            let rest = self.code[at + 2..].trim_start();
            let name: String = rest.chars().take_while(|c| is_name(*c)).collect();
            let end = item_end(&self.code, at);
            // A pointer type has no name; a declaration without a body ends in `;`.
            if name.is_empty() || !self.code[..end].ends_with('}') {
                continue;
            }
            let line = line_of(&self.code, at);
            found.push(Function { name, line, lines: line_of(&self.code, end) - line + 1 });
        }
        found
    }
}

/// The line of a byte, counted from 1.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes()[..at].iter().filter(|b| **b == b'\n').count() + 1
}

/// Where `word` stands in `text` without a name touching it on either side.
pub(super) fn places(text: &str, word: &str) -> impl Iterator<Item = usize> {
    text.match_indices(word).map(|(at, _)| at).filter(move |at| {
        let end = at + word.len();
        let opens = word.starts_with(is_name) && text[..*at].ends_with(is_name);
        let closes = word.ends_with(is_name) && text[end..].starts_with(is_name);
        !opens && !closes
    })
}

pub(super) fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The end of the item that begins at `at`: after its `;` or its closing brace.
fn item_end(code: &str, at: usize) -> usize {
    let (mut depth, mut braces) = (0_usize, 0_usize);
    for (offset, byte) in code.as_bytes()[at..].iter().enumerate() {
        let end = at + offset + 1;
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b'{' => braces += 1,
            b'}' if braces <= 1 => return end,
            b'}' => braces -= 1,
            b';' if depth == 0 && braces == 0 => return end,
            _ => {}
        }
    }
    code.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = "\
//! Sample.
fn long(a: [u8; 3]) -> u8 {
    if a.is_empty() {
        1
    } else { 2 }
}
trait T { fn declared(&self); }
#[cfg(test)]
mod tests {
    #[test]
    fn it() { todo!() }
}
fn after(f: fn(u8) -> u8) {}
";

    #[test]
    fn test_items_end_where_their_brace_closes() {
        let file = Rust::new("crates/a/src/b.rs", SAMPLE);
        assert!(!file.in_test(7));
        assert!((8..=12).all(|line| file.in_test(line)));
        assert!(!file.in_test(13));
        assert_eq!(file.size(), 8);
        let sibling = Rust::new("a/src/c.rs", "#[cfg(test)]\nmod tests;\nfn a() {}\n");
        assert!(sibling.in_test(2) && !sibling.in_test(3));
    }

    #[test]
    fn functions_are_measured_and_declarations_are_not() {
        let file = Rust::new("crates/a/src/b.rs", SAMPLE);
        let found: Vec<(String, usize, usize)> =
            file.functions().into_iter().map(|f| (f.name, f.line, f.lines)).collect();
        assert_eq!(found[0], ("long".to_owned(), 2, 5));
        assert_eq!(found.len(), 3, "{found:?}");
        assert_eq!(found[2].0, "after");
    }

    #[test]
    fn a_word_inside_a_name_does_not_count() {
        let file = Rust::new("a.rs", "use MyHashMap;\nlet x: HashMap<u8>;\nHashMapper");
        assert_eq!(file.lines_with("HashMap"), [2]);
    }
}
