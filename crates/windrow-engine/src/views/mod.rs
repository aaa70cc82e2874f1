//! Turns the state into views: what people see of it.

mod ahead;
mod explanation;
mod run;
mod session;
mod task;
mod tree;

pub(crate) use explanation::explanation;
pub(crate) use run::{run_row, run_view};
pub(crate) use session::session_rows;
pub(crate) use task::{held_rows, task_rows, task_view};
pub(crate) use tree::tree_rows;
