use std::fs;

use crate::git::fixture::{Fixture, git, put};

#[test]
fn a_new_tree_has_the_files_of_its_base_and_a_branch() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    assert_eq!(fs::read_to_string(tree.path.join("a.txt")).unwrap(), "one\ntwo\nthree\n");
    assert_eq!(git(&tree.path, ["status", "--porcelain"]), "");
    assert_eq!(git(&tree.path, ["branch", "--show-current"]), "windrow/toast");
}

#[test]
fn creating_a_finished_tree_again_leaves_its_work_alone() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    put(&tree.path.join("a.txt"), "mine\n");
    assert_eq!(fx.create("toast"), tree);
    assert_eq!(fs::read_to_string(tree.path.join("a.txt")).unwrap(), "mine\n");
}
