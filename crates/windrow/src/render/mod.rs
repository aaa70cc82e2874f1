//! Pure text from views: tables, times, words. Nothing here prints, asks or reads a clock.

mod session;
mod table;
mod task;
mod time;
mod wrap;

pub(crate) use session::{session_details, session_table};
pub(crate) use table::{Column, Table, cut, width_of};
pub(crate) use task::{commit_of, task_details, task_table};
pub(crate) use time::{clock, since};
pub(crate) use wrap::wrapped;
