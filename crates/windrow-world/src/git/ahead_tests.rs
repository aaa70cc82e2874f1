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

fn moves(fixture: &Fixture, onto: &Oid, new: &Oid, landed: Option<&Oid>) -> bool {
    advance(&fixture.repo, "main", onto, new, landed).unwrap().is_some()
}

#[test]
fn the_end_of_a_branch_is_what_is_ahead_of_it_until_it_has_that() {
    let fixture = Fixture::new();
    let (repo, base) = (&fixture.repo, &fixture.base);
    let (one, persons) = (on(&fixture, base, "one"), on(&fixture, base, "persons"));
    assert_eq!(end(&fixture), (base.clone(), false));
    assert!(moves(&fixture, base, &one, None));
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
    assert!(!moves(&fixture, &one, &two, None), "nothing is ahead yet");
    assert!(moves(&fixture, base, &one, None));
    assert!(moves(&fixture, base, &one, None), "a repetition changes nothing");
    assert!(!moves(&fixture, base, &beside, Some(&one)), "it would drop what landed");
    assert_eq!(end(&fixture).0, one);
    assert!(moves(&fixture, &one, &two, Some(&one)));
    assert!(moves(&fixture, base, &one, None), "it has that already");
    assert_eq!(end(&fixture).0, two);
    branch_to(&fixture, &one);
    assert_eq!(advance(repo, "none", &one, &two, None).unwrap(), None, "there is no such branch");
}

#[test]
fn what_is_on_record_counts_and_not_where_somebody_put_the_ref() {
    for put in [None, Some("base"), Some("foreign")] {
        let fixture = Fixture::new();
        let (repo, base) = (&fixture.repo, &fixture.base);
        let (one, foreign) = (on(&fixture, base, "one"), on(&fixture, base, "foreign"));
        let (two, without) = (on(&fixture, &one, "two"), on(&fixture, base, "without"));
        assert!(moves(&fixture, base, &one, None));
        let to = match put {
            None => one.null(),
            Some("base") => base.clone(),
            Some(_) => foreign,
        };
        git(&fixture.main, ["update-ref", "refs/windrow/target/main", to.as_str()]);
        let found = tip_with(repo, "main", Some(&one)).unwrap().unwrap();
        assert_eq!((&found.commit, found.ahead), (&one, true), "{put:?}");
        assert!(!moves(&fixture, base, &without, Some(&one)), "{put:?}: it would drop what landed");
        assert!(moves(&fixture, &one, &two, Some(&one)), "{put:?}");
        assert_eq!(end(&fixture).0, two, "{put:?}");
        branch_to(&fixture, &two);
        let found = tip_with(repo, "main", Some(&one)).unwrap().unwrap();
        assert_eq!((&found.commit, found.ahead), (&two, false), "{put:?}: the branch has it");
    }
}

#[test]
fn what_the_branch_had_is_told_even_when_somebody_took_it_away_meanwhile() {
    let fixture = Fixture::new();
    let (repo, base) = (&fixture.repo, &fixture.base);
    let one = on(&fixture, base, "one");
    let (two, three) = (on(&fixture, &one, "two"), on(&fixture, base, "three"));
    // `two` was merged onto `one` while the branch was there, and the branch followed to it.
    assert_eq!(advance(repo, "main", &one, &two, Some(&one)).unwrap(), Some(one.clone()));
    // Nobody remembers a ref: what the branch has of it is told.
    assert_eq!(advance(repo, "main", &one, &two, None).unwrap(), Some(base.clone()));
    let root = git(&fixture.main, ["commit-tree", "-m", "root", &format!("{three}^{{tree}}")]);
    branch_to(&fixture, &Oid::parse(&root).unwrap());
    let told = advance(repo, "main", &one, &two, None).unwrap();
    assert_eq!(told, Some(two), "nothing of a branch that was replaced");
}

#[test]
fn the_ref_goes_only_when_the_branch_has_it_and_comes_back_when_somebody_took_it() {
    let fixture = Fixture::new();
    let (repo, base) = (&fixture.repo, &fixture.base);
    let one = on(&fixture, base, "one");
    let two = on(&fixture, &one, "two");
    assert!(moves(&fixture, base, &two, None));
    for landed in [None, Some(&two)] {
        let_go(repo, "main", landed).unwrap();
        assert_eq!(end(&fixture), (two.clone(), true), "the branch lacks it");
    }
    branch_to(&fixture, &one);
    let_go(repo, "main", None).unwrap();
    assert_eq!(all_ahead(repo).unwrap(), [(ahead_ref("main"), two.clone())]);
    for away in [
        ["update-ref", "-d", "refs/windrow/target/main", two.as_str()].as_slice(),
        ["update-ref", "refs/windrow/target/main", base.as_str()].as_slice(),
    ] {
        git(&fixture.main, away);
        hold(repo, "main", &two).unwrap();
        assert_eq!(end(&fixture), (two.clone(), true));
    }
    branch_to(&fixture, base);
    hold(repo, "main", &one).unwrap();
    assert_eq!(end(&fixture).0, one, "what is not on record does not stay");
    hold(repo, "main", &two).unwrap();
    branch_to(&fixture, &one);
    let_go(repo, "main", Some(&one)).unwrap();
    let_go(repo, "main", Some(&one)).unwrap();
    assert_eq!(all_ahead(repo).unwrap(), [], "nor when the branch has all that is");
}

#[test]
fn the_commits_of_one_side_are_told_with_their_number() {
    let fixture = Fixture::new();
    let one = on(&fixture, &fixture.base, "one");
    let two = on(&fixture, &one, "two");
    let told = |limit| lines_between(&fixture.repo, &fixture.base, &two, limit).unwrap();
    assert!(told(2)[0].ends_with(" two") && told(2)[1].ends_with(" one"), "{:?}", told(2));
    assert_eq!(told(1)[1], "and 1 more");
    assert_eq!(known(&fixture.repo, Some(&one), &two).unwrap(), one);
}
