//! `windrow task`: what is to be done.

mod add;
mod close;
mod dep;
mod edit;
mod fields;
mod group;
mod import;
mod list;
mod show;

pub(crate) use group::{TaskCommand, run};
pub(super) use list::{ListArgs, run as list_tasks};
pub(super) use show::{ShowArgs, run as show_task};
