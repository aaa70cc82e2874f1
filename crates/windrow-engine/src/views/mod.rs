//! Turns the state into views: what people see of it.

mod activity;
mod ahead;
mod explanation;
mod run;
mod session;
mod talk;
mod task;
mod tree;

pub(crate) use activity::of_journal as activity_of_journal;
pub(crate) use explanation::explanation;
pub(crate) use run::{run_row, run_view};
pub(crate) use session::session_rows;
pub(crate) use talk::message_view;
pub(crate) use task::{held_rows, task_rows, task_view};
pub(crate) use tree::tree_rows;
