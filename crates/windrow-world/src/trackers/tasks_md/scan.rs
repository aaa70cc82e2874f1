//! Where the tasks of a file are: their titles, fields and text, without judging values.

use std::ops::Range;

use super::super::{Fault, Problem, values};
use super::field::{self, Name, Reading};
use super::key;
use super::lines::{Block, Line, lines};

/// How far a line may be indented before Markdown takes it for code, and a little list for text.
const MAX_INDENT: usize = 3;

/// A file taken apart.
#[derive(Debug, Default)]
pub(super) struct Scan<'a> {
    pub(super) items: Vec<Item<'a>>,
    pub(super) faults: Vec<Fault>,
}

/// One task's part of the file.
#[derive(Debug)]
pub(super) struct Item<'a> {
    pub(super) line: usize,
    pub(super) key: String,
    pub(super) title: &'a str,
    pub(super) mark: Mark,
    pub(super) fields: Vec<Field<'a>>,
    pub(super) body: String,
}

/// How a task shows that it is done.
#[derive(Debug)]
pub(super) enum Mark {
    /// By a `Status` line, which belongs behind this place: the end of the last field's line, or
    /// of the heading's, before its line end.
    Status { behind: usize, end: String },
    /// By its box; the place is that of the character in it.
    Box { at: usize, done: bool },
}

/// One field of a task.
#[derive(Debug)]
pub(super) struct Field<'a> {
    pub(super) name: Name,
    pub(super) value: &'a str,
    /// Where the value is in the file, in bytes.
    pub(super) place: Range<usize>,
    pub(super) line: usize,
}

/// Takes a file apart.
pub(super) fn scan(text: &str) -> Scan<'_> {
    let (lines, open) = lines(text);
    let is_task = |line: &Line<'_>| match heading(line) {
        Some(Heading::Task { .. }) => true,
        Some(Heading::Broken { numbered }) => numbered,
        _ => false,
    };
    let mut scan = if lines.iter().any(is_task) { by_headings(&lines) } else { by_boxes(&lines) };
    scan.faults.extend(open);
    scan
}

/// What a heading says.
enum Heading<'a> {
    Task {
        level: usize,
        id: &'a str,
        title: &'a str,
    },
    /// `## Task 3 Title` or `##Task 3: Title` (numbered), `## Task: Title` (not).
    Broken {
        numbered: bool,
    },
    Other {
        level: usize,
    },
}

fn heading<'a>(line: &Line<'a>) -> Option<Heading<'a>> {
    let text = line.text.trim();
    let rest = text.trim_start_matches('#');
    let level = text.len() - rest.len();
    if line.block != Block::Plain || line.indent() > MAX_INDENT || !(1..=6).contains(&level) {
        return None;
    }
    let other = Heading::Other { level };
    let spaced = rest.is_empty() || rest.starts_with([' ', '\t']);
    let rest = without_closing(rest.trim(), level);
    let task = rest.get(..4).filter(|word| word.eq_ignore_ascii_case("task"));
    let Some(after) = task.map(|word| &rest[word.len()..]) else {
        return spaced.then_some(other);
    };
    let words = after.trim_start();
    let numbered = words.trim_start_matches('#').starts_with(|c: char| c.is_ascii_digit());
    match words.split_once(':') {
        _ if !spaced => numbered.then_some(Heading::Broken { numbered }),
        Some((id, title)) if after.len() > words.len() && values::is_name(bare(id)) => {
            Some(Heading::Task { level, id: bare(id), title: title.trim() })
        }
        Some((id, _)) if id.trim().is_empty() => Some(Heading::Broken { numbered: false }),
        _ if numbered => Some(Heading::Broken { numbered }),
        _ => Some(other),
    }
}

/// `#3` and `3 ` name task 3.
fn bare(id: &str) -> &str {
    id.trim().trim_start_matches('#')
}

/// A heading may be closed by as many `#` as opened it.
fn without_closing(text: &str, level: usize) -> &str {
    let open = text.trim_end_matches('#');
    if level > 1 && text.len() - open.len() == level && open.ends_with([' ', '\t']) {
        open.trim_end()
    } else {
        text
    }
}

fn by_headings<'a>(lines: &[Line<'a>]) -> Scan<'a> {
    let mut scan = Scan::default();
    let mut current: Option<(usize, Text<'a>)> = None;
    for line in lines {
        match heading(line) {
            Some(Heading::Task { level, id, title }) => {
                scan.items.extend(current.take().map(|(_, text)| text.finish(&mut scan.faults)));
                let behind = line.start + line.text.len();
                let item = Item {
                    line: line.number,
                    key: id.to_owned(),
                    title,
                    mark: Mark::Status { behind, end: line.end.to_owned() },
                    fields: Vec::new(),
                    body: String::new(),
                };
                current = Some((level, Text::new(item, Some(MAX_INDENT))));
            }
            Some(Heading::Broken { .. }) => {
                let text = line.text.trim().to_owned();
                scan.faults.push(Fault::at(line.number, Problem::BadHeading { text }));
            }
            Some(Heading::Other { level })
                if current.as_ref().is_some_and(|(own, _)| level <= *own) =>
            {
                scan.items.extend(current.take().map(|(_, text)| text.finish(&mut scan.faults)));
            }
            _ => match &mut current {
                Some((_, text)) => text.add(line),
                None if matches!(bullet(line), Some(Bullet::Box { .. })) => {
                    let text = line.text.trim().to_owned();
                    scan.faults.push(Fault::at(line.number, Problem::StrayBox { text }));
                }
                None => {}
            },
        }
    }
    scan.items.extend(current.map(|(_, text)| text.finish(&mut scan.faults)));
    scan
}

fn by_boxes<'a>(lines: &[Line<'a>]) -> Scan<'a> {
    let mut scan = Scan::default();
    // `## Task: Title` is a fine heading above items, and a slip when there are none.
    let mut broken = Vec::new();
    let mut current: Option<(usize, Text<'a>)> = None;
    for line in lines {
        let indent = line.indent();
        let continues = |own: usize| line.is_blank() || line.block == Block::Inside || indent > own;
        if let Some((own, text)) = &mut current
            && continues(*own)
        {
            text.add(line);
            continue;
        }
        scan.items.extend(current.take().map(|(_, text)| text.finish(&mut scan.faults)));
        match bullet(line) {
            Some(Bullet::Box { at, done, title }) => {
                let (title, id) = key::split_id(title);
                let key = id.map_or_else(|| key::slug(title), str::to_owned);
                if !values::is_name(&key) && id.is_some() {
                    let problem = Problem::BadName { name: key.clone() };
                    scan.faults.push(Fault::at(line.number, problem));
                }
                let item = Item {
                    line: line.number,
                    key,
                    title,
                    mark: Mark::Box { at: line.start + at, done },
                    fields: Vec::new(),
                    body: String::new(),
                };
                current = Some((indent, Text::new(item, None)));
            }
            Some(Bullet::Broken) => {
                let text = line.text.trim().to_owned();
                scan.faults.push(Fault::at(line.number, Problem::BadBox { text }));
            }
            None if matches!(heading(line), Some(Heading::Broken { .. })) => {
                let text = line.text.trim().to_owned();
                broken.push(Fault::at(line.number, Problem::BadHeading { text }));
            }
            None => {}
        }
    }
    scan.items.extend(current.map(|(_, text)| text.finish(&mut scan.faults)));
    if scan.items.is_empty() {
        scan.faults.append(&mut broken);
    }
    scan
}

/// A list entry with a box.
enum Bullet<'a> {
    /// The place of the box's character in the line, and what stands behind the box.
    Box { at: usize, done: bool, title: &'a str },
    /// `[]`, `[-]` and the like.
    Broken,
}

fn bullet<'a>(line: &Line<'a>) -> Option<Bullet<'a>> {
    if line.block != Block::Plain || line.indent() > MAX_INDENT {
        return None;
    }
    let text = line.text.trim_start();
    let number = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let marks: &[char] = if number.len() < text.len() { &['.', ')'] } else { &['-', '*', '+'] };
    let after = number.strip_prefix(marks)?;
    let boxed = after.trim_start();
    let inner = boxed.strip_prefix('[').filter(|_| boxed.len() < after.len())?;
    let (state, title) = inner.split_once(']')?;
    let at = line.text.len() - inner.len();
    let closed = title.is_empty() || title.starts_with([' ', '\t']);
    match state {
        " " if closed => Some(Bullet::Box { at, done: false, title: title.trim() }),
        "x" | "X" if closed => Some(Bullet::Box { at, done: true, title: title.trim() }),
        // `[x](https://...)` is a link.
        " " | "x" | "X" if !title.starts_with(['(', '[', ':']) => Some(Bullet::Broken),
        _ if closed && !state.contains(|c: char| c.is_alphanumeric()) => Some(Bullet::Broken),
        _ if closed && state.trim().eq_ignore_ascii_case("x") => Some(Bullet::Broken),
        _ => None,
    }
}

/// A task's lines below its first one, as they come.
struct Text<'a> {
    item: Item<'a>,
    /// How far the task's own lines are indented at most; an item learns it from its first line.
    own: Option<usize>,
    /// Columns that belong to the list and not to the text.
    dedent: usize,
    /// Whether nothing but fields came yet.
    leads: bool,
    body: Vec<&'a str>,
    faults: Vec<Fault>,
}

impl<'a> Text<'a> {
    fn new(item: Item<'a>, own: Option<usize>) -> Self {
        Self { item, own, dedent: 0, leads: true, body: Vec::new(), faults: Vec::new() }
    }

    fn add(&mut self, line: &Line<'a>) {
        if !line.is_blank() && self.own.is_none() {
            self.own = Some(line.indent());
            self.dedent = line.indent();
        }
        let is_own = self.own.is_some_and(|own| line.indent() <= own);
        let reading = if line.block == Block::Plain && is_own {
            field::read(line.text, self.leads)
        } else {
            Reading::Prose
        };
        match reading {
            Reading::Field(name, range) => {
                if let Mark::Status { behind, end } = &mut self.item.mark {
                    *behind = line.start + line.text.len();
                    line.end.clone_into(end);
                }
                let value = &line.text[range.clone()];
                let place = line.start + range.start..line.start + range.end;
                self.item.fields.push(Field { name, value, place, line: line.number });
                return;
            }
            Reading::Slip(field, near) => {
                let nearest = Some(near.label().to_owned());
                let problem = Problem::UnknownField { field, nearest };
                self.faults.push(Fault::at(line.number, problem));
                return;
            }
            Reading::Listed(name) => {
                let field = name.label().to_owned();
                self.faults.push(Fault::at(line.number, Problem::FieldInList { field }));
            }
            Reading::Prose => {}
        }
        if !line.is_blank() {
            self.leads = false;
        }
        self.body.push(line.dedented(self.dedent));
    }

    fn finish(mut self, faults: &mut Vec<Fault>) -> Item<'a> {
        let text: Vec<usize> =
            (0..self.body.len()).filter(|at| !self.body[*at].trim().is_empty()).collect();
        if let (Some(first), Some(last)) = (text.first(), text.last()) {
            self.item.body = self.body[*first..=*last].join("\n");
        }
        faults.append(&mut self.faults);
        self.item
    }
}
