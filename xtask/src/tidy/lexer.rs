//! Splits Rust text into code and comments, line for line.
//!
//! Both answers have the length and the line breaks of the text; what belongs elsewhere, and the
//! inside of every string and character literal, is blanked. This is a lexer for well-formed code:
//! on broken code it may blank too much, and the compiler says so first.

/// The two halves of a text, of equal length and with equal lines.
pub(super) struct Halves {
    /// Code without comments; literals are empty.
    pub(super) code: String,
    /// Comments with their markers, doc comments included.
    pub(super) comments: String,
}

/// Splits `text`.
pub(super) fn split(text: &str) -> Halves {
    let bytes = text.as_bytes();
    let blank: Vec<u8> = bytes.iter().map(|b| if *b == b'\n' { b'\n' } else { b' ' }).collect();
    let mut code = blank.clone();
    let mut comments = blank;
    let mut at = 0;
    while at < bytes.len() {
        let end = at + piece(bytes, at);
        match kind(bytes, at) {
            Kind::Comment => comments[at..end].copy_from_slice(&bytes[at..end]),
            Kind::Literal => {
                code[at] = b'"';
                code[end - 1] = b'"';
            }
            Kind::Code => code[at..end].copy_from_slice(&bytes[at..end]),
        }
        at = end;
    }
    // Pieces end at ASCII bytes or cover whole characters, so both halves are UTF-8 again.
    Halves {
        code: String::from_utf8_lossy(&code).into_owned(),
        comments: String::from_utf8_lossy(&comments).into_owned(),
    }
}

enum Kind {
    Code,
    Comment,
    Literal,
}

fn kind(bytes: &[u8], at: usize) -> Kind {
    let rest = &bytes[at..];
    if rest.starts_with(b"//") || rest.starts_with(b"/*") {
        Kind::Comment
    } else if rest[0] == b'"' || raw_hashes(bytes, at).is_some() || char_literal(rest).is_some() {
        Kind::Literal
    } else {
        Kind::Code
    }
}

/// The length of the piece that begins at `at`: a comment, a literal or one byte of code.
fn piece(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at..];
    if rest.starts_with(b"//") {
        return rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
    }
    if rest.starts_with(b"/*") {
        return block_comment(rest);
    }
    if let Some(hashes) = raw_hashes(bytes, at) {
        return raw_string(rest, hashes);
    }
    if rest[0] == b'"' {
        return string(rest);
    }
    char_literal(rest).unwrap_or(1)
}

fn block_comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        if rest[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

fn string(rest: &[u8]) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// How many `#` a raw string that begins here (at its `r`) has.
fn raw_hashes(bytes: &[u8], at: usize) -> Option<usize> {
    // `br"…"` and `cr"…"` reach their `r` after one byte of code; any other name does not begin a
    // string.
    let named = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let before = match at.checked_sub(1).map(|at| bytes[at]) {
        Some(b'b' | b'c') => at.checked_sub(2).map(|at| bytes[at]),
        other => other,
    };
    if bytes[at] != b'r' || before.is_some_and(named) {
        return None;
    }
    let hashes = bytes[at + 1..].iter().take_while(|b| **b == b'#').count();
    (bytes.get(at + 1 + hashes) == Some(&b'"')).then_some(hashes)
}

fn raw_string(rest: &[u8], hashes: usize) -> usize {
    let mut close = vec![b'"'];
    close.resize(hashes + 1, b'#');
    let body = hashes + 2;
    rest[body..]
        .windows(close.len())
        .position(|window| window == close)
        .map_or(rest.len(), |found| body + found + close.len())
}

/// The length of a character literal, or nothing when the quote begins a lifetime.
fn char_literal(rest: &[u8]) -> Option<usize> {
    if rest[0] != b'\'' {
        return None;
    }
    if rest.get(1) == Some(&b'\\') {
        let close = rest[3.min(rest.len())..].iter().position(|b| *b == b'\'')?;
        return Some(3 + close + 1);
    }
    let width = match rest.get(1)? {
        0..=0x7f => 1,
        0x80..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xff => 4,
    };
    (rest.get(1 + width) == Some(&b'\'')).then_some(width + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_comments_and_literals_are_not_code() {
        let text = "let a = \"todo!()\"; // todo!()\n/* todo!() /* todo!() */ */ let b = r#\"todo!()\"\"#;\nlet c = br\"todo!()\";\n";
        let halves = split(text);
        assert!(!halves.code.contains("todo!"), "{}", halves.code);
        assert_eq!(halves.code.lines().count(), 3);
        assert_eq!(halves.comments.matches("todo!").count(), 3);
        assert!(halves.code.contains("let b = "));
    }

    #[test]
    fn a_lifetime_does_not_open_a_literal() {
        let halves =
            split("fn f<'a>(x: &'a str) { g('\\'', '\"', 'é', '\\u{1f600}'); h(b'\\\\') }");
        assert!(halves.code.contains("h(b"), "{}", halves.code);
        assert!(halves.code.contains("&'a str"));
        assert_eq!(halves.code.matches('{').count(), 1);
    }

    #[test]
    fn an_escaped_quote_does_not_end_a_string() {
        let halves = split(r#"a("x\"y{"); b()"#);
        assert!(halves.code.contains("b()"));
        assert!(!halves.code.contains('{'));
    }

    #[test]
    fn a_raw_identifier_is_code() {
        assert!(split("let r#type = for_r(\"x\");").code.contains("r#type"));
    }
}
