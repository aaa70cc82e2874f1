//! The engine's doors that the binary uses.

pub(crate) use windrow_engine::keeper::{exec_shim_main, keeper_main};
pub(crate) use windrow_engine::{Home, Secrets, daemon_main, guard_main};
