//! What was said already, so that the same words come once.
//!
//! A landing that waits is taken up again and again and waits anew; each look finds it as fresh.

use std::collections::BTreeSet;

use windrow_api::view::RunView;

use super::change::Change;

/// The waits and troubles that were told.
#[derive(Clone, Debug, Default)]
pub(super) struct Told(BTreeSet<(Option<String>, String)>);

impl Told {
    /// Leaves out waits and troubles that were told in the same words.
    ///
    /// Once something else happened to a task, what it waits for is news again.
    pub(super) fn only_news(&mut self, found: &mut Vec<Change>) {
        found.retain(|change| {
            if matches!(change.event, "waiting" | "trouble") {
                let words = change.note.clone().unwrap_or_default();
                return self.0.insert((change.task.clone(), words));
            }
            if change.task.is_some() {
                self.0.retain(|(task, _)| *task != change.task);
            }
            true
        });
    }
}

/// The troubles of a run but those that the queue tells in the same words.
pub(crate) fn other_troubles(view: &RunView) -> impl Iterator<Item = &String> {
    view.troubles.iter().filter(|trouble| {
        let mut waiting = view.queue.iter().filter(|row| row.state == "waiting");
        !waiting.any(|row| {
            let about = trouble.strip_prefix(row.task.as_str()).filter(|t| t.starts_with(' '));
            let note = row.note.as_deref().filter(|note| !note.is_empty());
            about.zip(note).is_some_and(|(words, note)| words.ends_with(note))
        })
    })
}

#[cfg(test)]
mod tests {
    use windrow_api::view::QueueRow;

    use super::*;
    use crate::fixture::run_view;

    fn change(event: &'static str, task: Option<&str>, note: &str) -> Change {
        let task = task.map(str::to_owned);
        Change { event, task, note: Some(note.to_owned()), ..Change::default() }
    }

    fn news(told: &mut Told, change: &Change) -> bool {
        let mut found = vec![change.clone()];
        told.only_news(&mut found);
        !found.is_empty()
    }

    #[test]
    fn the_same_wait_is_told_once_until_something_else_happened() {
        let mut told = Told::default();
        let waits = change("waiting", Some("t-1"), "`a` has edits");
        assert!(news(&mut told, &waits));
        assert!(!news(&mut told, &waits));
        assert!(news(&mut told, &change("waiting", Some("t-1"), "`b` has edits")));
        assert!(news(&mut told, &change("waiting", Some("t-2"), "`a` has edits")));
        let full = change("trouble", None, "the disk is full");
        assert!(news(&mut told, &full) && !news(&mut told, &full));
        let started = change("started", Some("t-1"), "");
        assert!(news(&mut told, &started) && news(&mut told, &started));
        assert!(news(&mut told, &waits));
        assert!(!news(&mut told, &change("waiting", Some("t-2"), "`a` has edits")));
    }

    #[test]
    fn a_trouble_that_the_queue_tells_is_left_out() {
        let mut view = run_view(Vec::new());
        view.queue = vec![QueueRow {
            id: "l-1".to_owned(),
            task: "t-1".to_owned(),
            state: "waiting".to_owned(),
            note: Some("`a` has edits".to_owned()),
        }];
        let others = ["t-1 is not checked off: gone", "t-10 waits to land: `a` has edits"];
        view.troubles = vec!["t-1 waits to land: `a` has edits".to_owned()];
        view.troubles.extend(others.map(str::to_owned));
        assert_eq!(other_troubles(&view).collect::<Vec<_>>(), others);
        view.queue.clear();
        assert_eq!(other_troubles(&view).count(), 3);
    }
}
