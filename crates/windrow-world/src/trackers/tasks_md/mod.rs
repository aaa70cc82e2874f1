//! `TASKS.md`: a task list that people write and windrow checks off.
//!
//! Two forms, one per file. **Headings**: `## Task 3: Title`, then free text up to the next task
//! or the next heading of the same or a higher level; the key is what stands before the colon.
//! Boxes in the text are text. **Items**: `- [ ] Title` or `- [x] Title` with indented text; a box
//! inside an item's text is text. An item's key is the `{#id}` at the end of its title, else the
//! title in lowercase words joined by `-`. So a key stays the same when its box is checked, and when
//! other items come, go or change; editing the title itself makes another task. Two items with the
//! same key are refused rather than numbered, because numbers would shift with the lines.
//!
//! **Fields** are lines `Key: value` at the task's own level: not in a fenced block, a comment, a
//! nested list or an indented block. The known keys are `Depends on`, `Files`, `Priority`, `Kind`,
//! `Type`, `Agent`, `Model`, `Run`, `Gate` and `Status` (`done` or `open`), in any case, plain or
//! emphasised (`**Files:** src`). A line with another key is prose, unless it is clearly a slip:
//! close to `Priority` or `Depends on` anywhere, or close to any key before the task's prose begins.
//!
//! Invariant: [`check_off()`] changes the one box or the one `Status` line, and no other byte.

mod check_off;
mod field;
mod key;
mod lines;
mod read;
mod scan;

pub use check_off::{CheckOffError, check_off};
pub use read::{TaskFile, parse};

#[cfg(test)]
mod tests;
