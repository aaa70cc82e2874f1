//! Moves that are refused with the files named, nothing touched.

use super::ground::Ground;
use crate::git::Why;

#[test]
fn an_edit_is_in_the_way() {
    let ground = Ground::new();
    let new = ground.usual();
    ground.put("a", "a: edited\n");
    ground.assert_in_the_way(&new, &[("a", Why::Edited)]);
}

#[test]
fn an_ignored_file_is_in_the_way() {
    let ground = Ground::new();
    let new = ground.work(|at| super::ground::put(&at.join("x.log"), "landed\n"));
    ground.put("x.log", "the person's\n");
    ground.assert_in_the_way(&new, &[("x.log", Why::Ignored)]);
}
