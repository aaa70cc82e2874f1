//! Whether the filters of a checkout work, found out before anything in it is touched.
//!
//! A required filter whose program is gone would fail in the middle of the move, and once more when
//! the move is taken back.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::LandError;
use super::calls::Checkout;
use super::changes::Change;
use super::index_file::IndexCopy;
use super::judge::Models;
use crate::git::Oid;

/// Writes the files of both ends beside the checkout, if filters may have a part in that.
pub(super) fn try_out(
    at: Checkout<'_>,
    copy: &IndexCopy,
    state: &Path,
    changes: &[Change],
    (old, new): (&Oid, &Oid),
) -> Result<(), LandError> {
    if !any_filtered(at, copy, changes)? {
        return Ok(());
    }
    Models::make(at, state, changes, old, new)?.clear()
}

fn any_filtered(at: Checkout<'_>, copy: &IndexCopy, changes: &[Change]) -> Result<bool, LandError> {
    let attributes = Some(OsStr::new(".gitattributes"));
    if changes.iter().any(|change| change.path.file_name() == attributes) {
        return Ok(true);
    }
    let mut list = Vec::new();
    for change in changes {
        list.extend_from_slice(change.path.as_os_str().as_bytes());
        list.push(0);
    }
    let call = copy.git(at, ["check-attr", "-z", "--stdin", "filter"]).stdin(list);
    let listing = at.calls.succeed(call)?;
    // Path, attribute and value, over and over.
    let mut values = listing.split(|byte| *byte == 0).skip(2).step_by(3);
    Ok(values.any(|value| !matches!(value, b"unspecified" | b"unset" | b"set")))
}
