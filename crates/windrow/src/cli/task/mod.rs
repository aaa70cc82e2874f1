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
