//! Real agent clients, as `cargo xtask clients install` puts them below `target/clients`.

use std::path::{Path, PathBuf};

use crate::skip::skip;

/// The program of a client, such as `claude`.
///
/// Without it the calling test cannot run: that is noted as a skip, and there is nothing.
#[must_use]
pub fn real_client(name: &str) -> Option<PathBuf> {
    let bin = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/clients/bin");
    let found = bin.join(name).canonicalize().ok();
    if found.is_none() {
        skip(&format!("`{name}` is not installed; `cargo xtask clients install` does that"));
    }
    found
}
