//! The keys of each table of settings, in the order in which its type declares them; for tests.
//!
//! They are read from what serde says about a key that nobody knows: a schema sorts them.

use serde::de::DeserializeOwned;

use super::agents::AgentTable;
use super::person::PersonConfig;
use super::project::{LimitsTable, ProjectConfig, TargetTable};
use super::toml_file::unknown;

pub(crate) fn project() -> Vec<String> {
    of::<ProjectConfig>()
}

pub(crate) fn limits() -> Vec<String> {
    of::<LimitsTable>()
}

pub(crate) fn target() -> Vec<String> {
    of::<TargetTable>()
}

pub(crate) fn agent() -> Vec<String> {
    of::<AgentTable>()
}

/// An `alias` is no key of its own.
pub(crate) fn person() -> Vec<String> {
    of::<PersonConfig>().into_iter().filter(|key| key != "color").collect()
}

fn of<T: DeserializeOwned>() -> Vec<String> {
    let error = toml::from_str::<T>("no-such-key = 1").err().expect("no such key");
    unknown(error.message().trim()).expect("serde lists the keys").1
}
