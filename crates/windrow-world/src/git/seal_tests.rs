use super::*;
use crate::git::fixture::{Fixture, git, me, put};

#[test]
fn leftovers_become_one_commit_on_the_branch() {
    let fx = Fixture::new();
    let tree = fx.create("toast");
    put(&tree.path.join("new/-odd \n\"name"), "x\n");
    put(&tree.path.join("a.txt"), "changed\n");
    put(&tree.path.join("noise.log"), "ignored\n");
    fs::remove_file(tree.path.join("b.txt")).unwrap();
    let found = leftovers(&fx.repo, &tree).unwrap();
    assert_eq!(found.paths.len(), 3, "{found:?}");
    let commit = commit_leftovers(&fx.repo, &tree, "a task\n", &me()).unwrap().unwrap();
    assert_eq!(head(&fx.repo, &tree).unwrap(), Some(commit.clone()));
    assert_eq!(git(&tree.path, ["status", "--porcelain"]), "");
    assert_eq!(git(&tree.path, ["log", "--format=%s|%an", "-1"]), "a task|A Person");
    let changed = changed_paths(&fx.repo, &fx.base, &commit).unwrap();
    let names = ["a.txt", "b.txt", "new/-odd \n\"name"].map(PathBuf::from);
    assert_eq!(changed, names);
    assert_eq!(commit_leftovers(&fx.repo, &tree, "a task\n", &me()).unwrap(), None);
}
