//! A Markdown file as lines with their places, fenced blocks and comments told apart.

use super::super::{Fault, Problem};

/// How far a tab reaches at most.
const TAB: usize = 4;

/// One line without its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// Counted from 1.
    pub(super) number: usize,
    /// Where it starts in the file, in bytes.
    pub(super) start: usize,
    pub(super) text: &'a str,
    /// Its end: `\n`, `\r\n` or, on the last line, nothing.
    pub(super) end: &'a str,
    pub(super) block: Block,
}

/// What a line belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Block {
    /// Ordinary text: the only lines that mean anything.
    Plain,
    /// The first line of a fenced block or a comment.
    Opens,
    /// Within one, its last line included.
    Inside,
}

impl<'a> Line<'a> {
    /// Columns of white space before the text.
    pub(super) fn indent(&self) -> usize {
        self.text.chars().map_while(column_width).fold(0, |at, width| match width {
            Width::One => at + 1,
            Width::Tab => at + TAB - at % TAB,
        })
    }

    pub(super) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// The text without its first `columns` columns of white space.
    pub(super) fn dedented(&self, columns: usize) -> &'a str {
        let mut at = 0;
        for (place, c) in self.text.char_indices() {
            match column_width(c) {
                Some(Width::One) if at < columns => at += 1,
                Some(Width::Tab) if at < columns => at += TAB - at % TAB,
                _ => return &self.text[place..],
            }
        }
        ""
    }
}

enum Width {
    One,
    Tab,
}

fn column_width(c: char) -> Option<Width> {
    match c {
        ' ' => Some(Width::One),
        '\t' => Some(Width::Tab),
        _ => None,
    }
}

/// The lines of a file, and what is left open at its end.
///
/// A byte order mark belongs to no line.
pub(super) fn lines(text: &str) -> (Vec<Line<'_>>, Option<Fault>) {
    let mut lines = Vec::new();
    let mut open: Option<(usize, Open<'_>)> = None;
    let mut start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    while start < text.len() {
        let whole = text[start..].split_inclusive('\n').next().unwrap_or_default();
        let body = whole.strip_suffix("\r\n").or_else(|| whole.strip_suffix('\n')).unwrap_or(whole);
        let number = lines.len() + 1;
        let block = match &open {
            Some((_, opened)) => {
                if opened.is_closed_by(body) {
                    open = None;
                }
                Block::Inside
            }
            None => match Open::by(body) {
                Some(Open::Comment) if body.contains("-->") => Block::Opens,
                Some(opened) => {
                    open = Some((number, opened));
                    Block::Opens
                }
                None => Block::Plain,
            },
        };
        lines.push(Line { number, start, text: body, end: &whole[body.len()..], block });
        start += whole.len();
    }
    let fault = open.map(|(line, opened)| {
        Fault::at(
            line,
            match opened {
                Open::Comment => Problem::OpenComment,
                Open::Fence(_) => Problem::OpenFence,
            },
        )
    });
    (lines, fault)
}

/// A block in which lines mean nothing.
enum Open<'a> {
    /// `<!--`, up to `-->`.
    Comment,
    /// The marks of a fence: three or more backticks or tildes (CommonMark 0.31, 4.5).
    Fence(&'a str),
}

impl<'a> Open<'a> {
    fn by(line: &'a str) -> Option<Self> {
        let text = line.trim_start();
        if text.starts_with("<!--") {
            return Some(Self::Comment);
        }
        let mark = text.chars().next().filter(|c| "`~".contains(*c))?;
        let rest = text.trim_start_matches(mark);
        let marks = &text[..text.len() - rest.len()];
        // Backticks further on make it a line of code in the text, not a fence.
        (marks.len() >= 3 && !(mark == '`' && rest.contains('`'))).then_some(Self::Fence(marks))
    }

    fn is_closed_by(&self, line: &str) -> bool {
        match self {
            Self::Comment => line.contains("-->"),
            Self::Fence(marks) => {
                let text = line.trim();
                text.len() >= marks.len() && text.starts_with(marks) && {
                    let mark = &marks[..1];
                    text.trim_start_matches(mark).is_empty()
                }
            }
        }
    }
}
