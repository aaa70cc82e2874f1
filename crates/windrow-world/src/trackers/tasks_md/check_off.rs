//! Marking one task done, in place.

use super::super::nearest;
use super::field::Name;
use super::scan::{Item, Mark, scan};

/// A task that could not be marked done; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum CheckOffError {
    /// The file is no text any more.
    #[error("the file is not UTF-8 any more; check off `{key}` by hand")]
    NotUtf8 {
        /// The task.
        key: String,
    },
    /// No task has that key any more.
    #[error("task `{key}` is not in the file any more{}", hint(.nearest.as_deref()))]
    Vanished {
        /// The task.
        key: String,
        /// A key that is close to it.
        nearest: Option<String>,
    },
    /// Several tasks have that key by now.
    #[error("task `{key}` is there several times by now (lines {lines:?}); check it off by hand")]
    Duplicated {
        /// The task.
        key: String,
        /// The lines, counted from 1.
        lines: Vec<usize>,
    },
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |near| format!("; `{near}` may be what it became"))
}

/// Marks the task `key` done and returns the whole new content; every other byte is as it was.
///
/// A task that is done already gives the same bytes. Faults elsewhere in the file do not matter: a
/// person may be in the middle of editing it.
///
/// # Errors
/// When the key is gone or ambiguous by now.
pub fn check_off(bytes: &[u8], key: &str) -> Result<Vec<u8>, CheckOffError> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_not_text| CheckOffError::NotUtf8 { key: key.to_owned() })?;
    let items = scan(text).items;
    let found: Vec<&Item<'_>> = items.iter().filter(|item| item.key == key).collect();
    let item = match found[..] {
        [item] => item,
        [] => {
            let near = nearest(key, items.iter().map(|item| item.key.as_str()));
            let nearest = near.map(str::to_owned);
            return Err(CheckOffError::Vanished { key: key.to_owned(), nearest });
        }
        _ => {
            let lines = found.iter().map(|item| item.line).collect();
            return Err(CheckOffError::Duplicated { key: key.to_owned(), lines });
        }
    };
    let (place, new) = edit(text, item);
    let mut done = bytes[..place.start].to_vec();
    done.extend_from_slice(new.as_bytes());
    done.extend_from_slice(&bytes[place.end..]);
    Ok(done)
}

/// What to put where.
fn edit(text: &str, item: &Item<'_>) -> (std::ops::Range<usize>, String) {
    match &item.mark {
        Mark::Box { at, done: true } => (*at..*at, String::new()),
        Mark::Box { at, done: false } => (*at..at + 1, "x".to_owned()),
        Mark::Status { behind, end } => {
            match item.fields.iter().find(|field| field.name == Name::Status) {
                Some(field) if field.value.trim_matches('`').eq_ignore_ascii_case("done") => {
                    (*behind..*behind, String::new())
                }
                Some(field) if field.value.is_empty() => (field.place.clone(), " done".to_owned()),
                Some(field) => (field.place.clone(), "done".to_owned()),
                None => (*behind..*behind, format!("{}Status: done", line_end(text, end))),
            }
        }
    }
}

/// The line end to write behind a line that may have none itself: that of the file's first line.
fn line_end<'a>(text: &str, own: &'a str) -> &'a str {
    match (own, text.split_inclusive('\n').next()) {
        ("", Some(first)) if first.ends_with("\r\n") => "\r\n",
        ("", _) => "\n",
        (own, _) => own,
    }
}
