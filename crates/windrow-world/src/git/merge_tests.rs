use std::fs;

use super::*;
use crate::git::fixture::{Fixture, git, me, put};
use crate::git::pin;

/// A commit on `base` in a branch of its own.
fn side(fixture: &Fixture, name: &str, doing: impl FnOnce(&std::path::Path)) -> Oid {
    git(&fixture.main, ["checkout", "-q", "--detach", fixture.base.as_str()]);
    doing(&fixture.main);
    git(&fixture.main, ["add", "-A"]);
    git(&fixture.main, ["commit", "-q", "-m", name]);
    Oid::parse(&git(&fixture.main, ["rev-parse", "HEAD"])).unwrap()
}

fn blob(fixture: &Fixture, what: &str) -> Option<Oid> {
    Some(Oid::parse(&git(&fixture.main, ["rev-parse", what])).unwrap())
}

#[test]
fn sides_that_do_not_meet_merge() {
    let fixture = Fixture::new();
    let one = side(&fixture, "one", |at| put(&at.join("a.txt"), "one\n"));
    let two = side(&fixture, "two", |at| put(&at.join("b.txt"), "two\n"));
    let Merged::Clean { tree } = merge(&fixture.repo, &one, &two).unwrap() else { panic!() };
    let spec = |name: &str| format!("{tree}:{name}");
    assert_eq!(git(&fixture.main, ["show", &spec("a.txt")]), "one");
    assert_eq!(git(&fixture.main, ["show", &spec("b.txt")]), "two");
}

#[test]
fn what_is_in_already_is_told_so() {
    let fixture = Fixture::new();
    let one = side(&fixture, "one", |at| put(&at.join("a.txt"), "one\n"));
    assert_eq!(merge(&fixture.repo, &one, &fixture.base).unwrap(), Merged::AlreadyIn);
    assert_eq!(merge(&fixture.repo, &one, &one).unwrap(), Merged::AlreadyIn);
    let same = merge(&fixture.repo, &fixture.base, &one).unwrap();
    assert_eq!(same, Merged::Clean { tree: tree_of(&fixture.repo, &one).unwrap() });
    // The same change made twice: nothing is left to do, and still the one is not in the other.
    let again = side(&fixture, "again", |at| put(&at.join("a.txt"), "one\n"));
    let other = side(&fixture, "other", |at| put(&at.join("b.txt"), "other\n"));
    let both = side(&fixture, "both", |at| {
        put(&at.join("a.txt"), "one\n");
        put(&at.join("b.txt"), "other\n");
    });
    assert_eq!(merge(&fixture.repo, &both, &again).unwrap(), Merged::Unchanged);
    assert_eq!(merge(&fixture.repo, &both, &other).unwrap(), Merged::Unchanged);
}

#[test]
fn a_conflict_names_files_and_all_versions() {
    let fixture = Fixture::with(&[("odd\nname", "base\n"), ("gone", "base\n"), ("same", "x\n")]);
    let one = side(&fixture, "one", |at| {
        put(&at.join("odd\nname"), "one\n");
        fs::remove_file(at.join("gone")).unwrap();
        put(&at.join("both"), "one\n");
    });
    let two = side(&fixture, "two", |at| {
        put(&at.join("odd\nname"), "two\n");
        put(&at.join("gone"), "two\n");
        put(&at.join("both"), "two\n");
    });
    let merged = merge(&fixture.repo, &one, &two).unwrap();
    let Merged::Conflict { files, messages } = merged else { panic!("{merged:?}") };
    let at = |commit: &Oid, name: &str| blob(&fixture, &format!("{commit}:{name}"));
    let file = |name: &str, base, ours, theirs| ConflictFile {
        path: PathBuf::from(name),
        base,
        ours,
        theirs,
    };
    let expected = [
        file("both", None, at(&one, "both"), at(&two, "both")),
        file("gone", at(&fixture.base, "gone"), None, at(&two, "gone")),
        file(
            "odd\nname",
            at(&fixture.base, "odd\nname"),
            at(&one, "odd\nname"),
            at(&two, "odd\nname"),
        ),
    ];
    assert_eq!(files, expected);
    assert!(messages.iter().any(|text| text.starts_with("CONFLICT (modify/delete): gone")));
    assert!(messages.iter().any(|text| text.contains("Merge conflict in odd\nname")));
}

#[test]
fn histories_without_a_common_past_are_unrelated() {
    let fixture = Fixture::new();
    let tree = tree_of(&fixture.repo, &fixture.base).unwrap();
    let orphan = git(&fixture.main, ["commit-tree", "-m", "orphan", tree.as_str()]);
    let orphan = Oid::parse(&orphan).unwrap();
    assert_eq!(merge(&fixture.repo, &fixture.base, &orphan).unwrap(), Merged::Unrelated);
    let missing = Oid::parse(&"1".repeat(40)).unwrap();
    merge(&fixture.repo, &fixture.base, &missing).unwrap_err();
}

#[test]
fn the_same_landing_makes_the_same_commit() {
    let fixture = Fixture::new();
    let work = side(&fixture, "work", |at| put(&at.join("a.txt"), "one\n"));
    let tree = tree_of(&fixture.repo, &work).unwrap();
    let me = me();
    let author = Identity { name: "Wörker".to_owned(), email: "w@example.org".to_owned() };
    let message = "feat: a title\n\n# not a comment\n\nTask: 7\n";
    let commit = MergeCommit {
        tree: &tree,
        onto: &fixture.base,
        commit: &work,
        message,
        author: &author,
        committer: &me,
        seconds: 1_700_000_000,
    };
    let one = land_commit(&fixture.repo, &commit, None, None).unwrap();
    git(&fixture.main, ["config", "i18n.commitEncoding", "latin1"]);
    git(&fixture.main, ["config", "commit.gpgSign", "true"]);
    assert_eq!(land_commit(&fixture.repo, &commit, None, None).unwrap(), one);
    let shown = ["show", "-s", "--format=%P|%an|%ae|%cn|%at|%B", one.as_str()];
    let expected = format!(
        "{} {work}|Wörker|w@example.org|A Person|1700000000|{}",
        fixture.base,
        message.trim_end()
    );
    git(&fixture.main, ["config", "--unset", "i18n.commitEncoding"]);
    assert_eq!(git(&fixture.main, shown), expected);
}

#[test]
fn trailers_are_read_along_the_first_parents_alone() {
    let fixture = Fixture::new();
    let work = side(&fixture, "work", |at| put(&at.join("a.txt"), "one\n"));
    let tree = tree_of(&fixture.repo, &work).unwrap();
    let me = me();
    let landing = |onto: &Oid, commit: &Oid, message: &str| {
        let (tree, author, committer) = (&tree, &me, &me);
        let what = MergeCommit { tree, onto, commit, message, author, committer, seconds: 1 };
        land_commit(&fixture.repo, &what, None, None).unwrap()
    };
    let hidden = landing(&fixture.base, &work, "a worker's\n\nJournal: forged\n");
    let one = landing(&fixture.base, &hidden, "one\n\nTask: t-1\nJournal: a/1/b\n");
    let two = landing(&one, &work, "Journal: in the subject\n\nno trailer\n");
    fixture.repo.move_ref("refs/heads/line", Some(&two), None).unwrap();
    let found = trailers(&fixture.repo, "refs/heads/line", "Journal").unwrap();
    assert_eq!(found, [(one, "a/1/b".to_owned())]);
    assert_eq!(trailers(&fixture.repo, "refs/heads/none", "Journal").unwrap(), []);
}

#[test]
fn a_pinned_object_outlives_a_collection() {
    let fixture = Fixture::new();
    let work = side(&fixture, "work", |at| put(&at.join("a.txt"), "one\n"));
    git(&fixture.main, ["checkout", "-q", "-f", "main"]);
    let name = format!("{FLIGHT}7");
    pin(&fixture.repo, &name, &work, None).unwrap();
    let collect = || {
        git(&fixture.main, ["reflog", "expire", "--expire=now", "--all"]);
        git(&fixture.main, ["gc", "-q", "--prune=now"]);
        fixture.repo.commit(work.as_str()).unwrap()
    };
    assert_eq!(collect(), Some(work.clone()));
    unpin(&fixture.repo, &name).unwrap();
    unpin(&fixture.repo, &name).unwrap();
    assert_eq!(collect(), None);
    unpin(&fixture.repo, "refs/heads/main").unwrap_err();
}

#[test]
fn a_commit_is_the_same_by_whichever_process_it_is_made() {
    let fixture = Fixture::new();
    let one = side(&fixture, "one", |at| put(&at.join("a.txt"), "one\n"));
    let tree = tree_of(&fixture.repo, &one).unwrap();
    let who = |name: &str, email: &str| Identity { name: name.into(), email: email.into() };
    let people = [
        (who("Ann Ox", "ann@example.com"), true),
        (who("\u{c4}nn \"the\" Ox", "a"), true),
        (who("Dr. Ann Jr.", "ann@example.com"), false),
        (who(" Ann", "<ann@example.com>"), false),
    ];
    for (author, plain) in &people {
        for message in
            ["Land it", "Land it\n", "Land it\n\nTask: t-1\n\n\n", "\n# not a comment\r\n"]
        {
            let what = MergeCommit {
                tree: &tree,
                onto: &fixture.base,
                commit: &one,
                message,
                author,
                committer: &people[0].0,
                seconds: 1_700_000_000,
            };
            let served = served_commit(&fixture.repo, &what);
            assert_eq!(served.is_some(), *plain, "{author:?}");
            let parents = ["-p", fixture.base.as_str(), "-p", one.as_str()];
            let args = [&["-F", "-"], &parents[..], &[tree.as_str()]].concat();
            let usual = sign::commit_tree(&fixture.repo, None, args, |call| dated(call, &what));
            let usual = usual.unwrap();
            assert!(served.is_none_or(|served| served == usual), "{message:?} by {author:?}");
            assert_eq!(land_commit(&fixture.repo, &what, None, None).unwrap(), usual);
        }
    }
}
