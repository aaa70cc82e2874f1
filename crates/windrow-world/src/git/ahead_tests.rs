use super::*;
use crate::git::fixture::{Fixture, git, put};

/// A commit on top of another, on no branch.
fn on(fixture: &Fixture, base: &Oid, name: &str) -> Oid {
    git(&fixture.main, ["checkout", "-q", "--detach", base.as_str()]);
    put(&fixture.main.join(name), name);
    git(&fixture.main, ["add", "-A"]);
    git(&fixture.main, ["commit", "-q", "-m", name]);
    Oid::parse(&git(&fixture.main, ["rev-parse", "HEAD"])).unwrap()
}

fn branch_to(fixture: &Fixture, commit: &Oid) {
    git(&fixture.main, ["update-ref", "refs/heads/main", commit.as_str()]);
}

fn end(fixture: &Fixture) -> (Oid, bool) {
    let tip = tip(&fixture.repo, "main").unwrap().unwrap();
    (tip.commit, tip.ahead)
}

#[test]
fn the_end_of_a_branch_is_what_is_ahead_of_it_until_it_has_that() {
    let fixture = Fixture::new();
    let (repo, base) = (&fixture.repo, &fixture.base);
    let (one, persons) = (on(&fixture, base, "one"), on(&fixture, base, "persons"));
    assert_eq!(end(&fixture), (base.clone(), false));
    assert!(advance(repo, "main", base, &one).unwrap());
    assert_eq!(end(&fixture), (one.clone(), true));
    branch_to(&fixture, &persons);
    assert_eq!(end(&fixture), (one.clone(), true), "beside each other, what landed counts");
    git(&fixture.main, ["update-ref", "-d", "refs/heads/main"]);
    assert_eq!(end(&fixture), (one.clone(), true));
    branch_to(&fixture, &on(&fixture, &one, "later"));
    assert!(!end(&fixture).1, "the branch has it");
    assert_eq!(tip(repo, "none").unwrap(), None);
}

#[test]
fn the_ref_moves_forward_from_where_the_work_was_merged_and_else_not() {
    let fixture = Fixture::new();
    let (repo, base) = (&fixture.repo, &fixture.base);
    let (one, beside) = (on(&fixture, base, "one"), on(&fixture, base, "beside"));
    let two = on(&fixture, &one, "two");
    assert!(!advance(repo, "main", &one, &two).unwrap(), "nothing is ahead yet");
    assert!(advance(repo, "main", base, &one).unwrap());
    assert!(advance(repo, "main", base, &one).unwrap(), "a repetition changes nothing");
    assert!(!advance(repo, "main", base, &beside).unwrap(), "it would drop what landed");
    assert_eq!(end(&fixture).0, one);
    assert!(advance(repo, "main", &one, &two).unwrap());
    assert!(advance(repo, "main", base, &one).unwrap(), "it has that already");
    assert_eq!(end(&fixture).0, two);
    branch_to(&fixture, &one);
    assert!(!advance(repo, "none", &one, &two).unwrap(), "there is no such branch");
}

#[test]
fn the_ref_goes_only_when_the_branch_has_it_and_comes_back_when_somebody_took_it() {
    let fixture = Fixture::new();
    let (repo, base) = (&fixture.repo, &fixture.base);
    let one = on(&fixture, base, "one");
    let two = on(&fixture, &one, "two");
    assert!(advance(repo, "main", base, &two).unwrap());
    let_go(repo, "main").unwrap();
    assert_eq!(end(&fixture), (two.clone(), true), "the branch lacks it");
    branch_to(&fixture, &one);
    let_go(repo, "main").unwrap();
    assert_eq!(all_ahead(repo).unwrap(), [(ahead_ref("main"), two.clone())]);
    for away in [
        ["update-ref", "-d", "refs/windrow/target/main", two.as_str()].as_slice(),
        ["update-ref", "refs/windrow/target/main", base.as_str()].as_slice(),
    ] {
        git(&fixture.main, away);
        hold(repo, "main", &two).unwrap();
        assert_eq!(end(&fixture), (two.clone(), true));
    }
    hold(repo, "main", &one).unwrap();
    assert_eq!(end(&fixture).0, two, "what contains it stays");
    branch_to(&fixture, &two);
    let_go(repo, "main").unwrap();
    let_go(repo, "main").unwrap();
    assert_eq!(all_ahead(repo).unwrap(), []);
}

#[test]
fn the_commits_of_one_side_are_told_with_their_number() {
    let fixture = Fixture::new();
    let one = on(&fixture, &fixture.base, "one");
    let two = on(&fixture, &one, "two");
    let told = |limit| lines_between(&fixture.repo, &fixture.base, &two, limit).unwrap();
    assert!(told(2)[0].ends_with(" two") && told(2)[1].ends_with(" one"), "{:?}", told(2));
    assert_eq!(told(1)[1], "and 1 more");
    assert_eq!(fork_point(&fixture.repo, &one, &two).unwrap(), one);
}
