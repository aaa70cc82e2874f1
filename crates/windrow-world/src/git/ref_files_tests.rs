//! The files say what git says, or leave it to git.

use super::super::fixture::Fixture;
use super::*;

#[test]
fn loose_packed_and_missing_refs_are_read_as_git_reads_them() {
    let fixture = Fixture::new();
    let (repo, common) = (&fixture.repo, fixture.repo.common_dir());
    let base = fixture.base.clone();
    let set = |name: &str| {
        repo.git(["update-ref", name, base.as_str()]).success().unwrap();
    };
    set("refs/heads/one");
    set("refs/windrow/kept/s-1/1");
    let all = ["refs/heads/main", "refs/heads/one", "refs/windrow/kept/s-1/1"];
    for name in all {
        assert_eq!(read(common, name), Found::Value(base.clone()), "{name}");
    }
    repo.git(["pack-refs", "--all"]).success().unwrap();
    for name in all {
        assert!(!common.join(name).is_file(), "{name} is packed");
        assert_eq!(read(common, name), Found::Value(base.clone()), "{name}");
    }
    // A part of a name is another name; a loose ref goes before a packed one.
    for name in ["refs/heads/on", "refs/heads/one/two", "refs/windrow/kept/s-1", "refs/heads/ne"] {
        assert_eq!(read(common, name), Found::Nothing, "{name}");
    }
    let tree = super::super::merge::tree_of(repo, &base).unwrap();
    let newer = ["commit-tree", "-m", "newer", "-p", base.as_str(), tree.as_str()];
    let newer = repo.git(newer).env("GIT_AUTHOR_NAME", "A").env("GIT_AUTHOR_EMAIL", "a@b");
    let newer = newer.env("GIT_COMMITTER_NAME", "A").env("GIT_COMMITTER_EMAIL", "a@b");
    let newer = Oid::parse(&String::from_utf8_lossy(&newer.success().unwrap())).unwrap();
    repo.git(["update-ref", "refs/heads/one", newer.as_str()]).success().unwrap();
    assert_eq!(read(common, "refs/heads/one"), Found::Value(newer.clone()));
    assert_eq!(repo.ref_value("refs/heads/one").unwrap(), Some(newer));
    repo.git(["update-ref", "-d", "refs/heads/one"]).success().unwrap();
    assert_eq!(read(common, "refs/heads/one"), Found::Nothing);
}

#[test]
fn what_is_not_plain_is_left_to_git() {
    let fixture = Fixture::new();
    let (repo, common) = (&fixture.repo, fixture.repo.common_dir());
    repo.git(["symbolic-ref", "refs/heads/alias", "refs/heads/main"]).success().unwrap();
    assert_eq!(read(common, "refs/heads/alias"), Found::AskGit);
    assert_eq!(repo.ref_value("refs/heads/alias").unwrap(), Some(fixture.base.clone()));
    crate::files::replace(&common.join("refs/heads/cut"), b"").unwrap();
    assert_eq!(read(common, "refs/heads/cut"), Found::AskGit);
    assert_eq!(repo.ref_value("refs/heads/cut").unwrap(), None, "as git says");
    std::os::unix::fs::symlink("main", common.join("refs/heads/link")).unwrap();
    assert_eq!(read(common, "refs/heads/link"), Found::AskGit);
    for odd in [
        "HEAD",
        "refs/bisect/bad",
        "refs/worktree/x",
        "refs/heads/../../config",
        "refs/heads/.hidden",
        "refs/heads//x",
        "refs/heads/x.lock",
        "refs/heads/with space",
        "refs/heads/müller",
        "refs/heads/",
    ] {
        assert_eq!(read(common, odd), Found::AskGit, "{odd}");
    }
    std::fs::create_dir(common.join("reftable")).unwrap();
    assert_eq!(read(common, "refs/heads/main"), Found::AskGit);
}
