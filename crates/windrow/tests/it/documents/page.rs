//! The blocks of a Markdown page, and the comments in front of them.

/// A fenced block.
#[derive(Clone, Debug, Default)]
pub(super) struct Block {
    /// The word behind the fence.
    pub(super) kind: String,
    /// The line of the page on which it opens.
    pub(super) line: usize,
    /// Its lines.
    pub(super) lines: Vec<String>,
    /// What the comments in front of it say.
    pub(super) notes: Vec<String>,
}

impl Block {
    /// What a comment with this head says.
    pub(super) fn note(&self, head: &str) -> Option<&str> {
        self.notes.iter().find_map(|note| note.strip_prefix(head)).map(str::trim)
    }

    /// The commands of a console, each with the lines that are shown below it.
    ///
    /// A command goes on in the next line after a backslash.
    pub(super) fn commands(&self) -> Vec<(String, Vec<String>)> {
        let mut all: Vec<(String, Vec<String>)> = Vec::new();
        for line in &self.lines {
            match (line.strip_prefix("$ "), all.last_mut()) {
                (Some(command), _) => all.push((command.to_owned(), Vec::new())),
                (None, Some((command, shown))) if shown.is_empty() && command.ends_with('\\') => {
                    *command = format!("{command}\n{line}");
                }
                (None, Some((_, shown))) => shown.push(line.clone()),
                (None, None) => panic!("line {}: a console begins with `$ `", self.line),
            }
        }
        all
    }
}

/// Every fenced block of a page.
pub(super) fn blocks(page: &str) -> Vec<Block> {
    let (mut found, mut notes): (Vec<Block>, Vec<String>) = (Vec::new(), Vec::new());
    let (mut open, mut comment): (Option<Block>, Option<String>) = (None, None);
    for (at, line) in page.lines().enumerate() {
        if let Some(block) = &mut open {
            if line.trim_end() == "```" {
                found.extend(open.take());
            } else {
                block.lines.push(line.to_owned());
            }
        } else if let Some(kind) = line.strip_prefix("```") {
            let (kind, notes) = (kind.trim().to_owned(), std::mem::take(&mut notes));
            open = Some(Block { kind, line: at + 1, notes, lines: Vec::new() });
        } else if comment.is_some() || line.starts_with("<!--") {
            let text = comment.get_or_insert_default();
            text.push_str(line.strip_prefix("<!--").unwrap_or(line));
            text.push('\n');
            if let Some(text) = text.trim_end().strip_suffix("-->") {
                notes.push(text.trim().to_owned());
                comment = None;
            }
        } else if !line.trim().is_empty() {
            // Words between a comment and a block: it was not in front of one.
            assert!(notes.is_empty(), "line {}: a comment that no block follows", at + 1);
        }
    }
    assert!(open.is_none() && comment.is_none() && notes.is_empty(), "a page that does not end");
    found
}

#[test]
fn blocks_are_found_with_the_comments_in_front_of_them() {
    let page = "words\n\n<!-- any order -->\n<!-- before:\na\nb -->\n```console\n$ x \\\n  y\nout\n$ z\n```\nmore\n```text\nt\n```\n";
    let found = blocks(page);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].note("before:"), Some("a\nb"));
    assert!(found[0].note("any order").is_some() && found[1].notes.is_empty());
    let commands = found[0].commands();
    assert_eq!(commands[0], ("x \\\n  y".to_owned(), vec!["out".to_owned()]));
    assert_eq!(commands[1], ("z".to_owned(), Vec::new()));
    assert_eq!((found[1].kind.as_str(), found[1].line), ("text", 14));
}
