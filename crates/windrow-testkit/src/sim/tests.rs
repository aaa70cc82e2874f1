use super::git::{Files, Git, Merge};
use super::plan::{BRANCHES, Item};
use super::simulate::simulate;
use super::world::{Alive, Tree, World};
use super::{plan, shrink};

fn files(lines: &[(&str, &str)]) -> Files {
    lines.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn a_seed_always_tells_the_same_story() {
    let items = plan::of(7);
    let (one, other) = (simulate(7, &items, true), simulate(7, &items, true));
    assert_eq!(one.broken, None);
    assert_eq!(one.trace, other.trace);
    assert!(one.counts.missing(false).is_none(), "{}", one.counts);
}

#[test]
fn leaving_a_fault_out_leaves_the_schedule_otherwise_as_it_is() {
    let all = shrink::chosen(3, None);
    let kept: Vec<usize> = all.iter().map(|(n, _)| *n).filter(|n| n % 2 == 0).collect();
    let some = shrink::chosen(3, Some(&kept));
    let shown = |items: &[(usize, Item)]| -> Vec<String> {
        let even = items.iter().filter(|(n, _)| n % 2 == 0);
        even.map(|(n, item)| format!("{n} {item}")).collect()
    };
    assert_eq!(shown(&all), shown(&some));
}

#[test]
fn files_merge_three_ways_and_collide_where_both_sides_changed_one() {
    let mut git = Git::default();
    let base = git.commit(&[], files(&[("a", "1"), ("b", "1")]), "base", 0);
    let one = git.commit(std::slice::from_ref(&base), files(&[("a", "2"), ("b", "1")]), "one", 0);
    let two = git.commit(std::slice::from_ref(&base), files(&[("a", "1"), ("c", "1")]), "two", 0);
    let bad = git.commit(std::slice::from_ref(&base), files(&[("a", "3"), ("b", "1")]), "bad", 0);
    let Merge::Clean(merged) = git.merge(&one, &two) else { panic!("they do not meet") };
    assert_eq!(merged, files(&[("a", "2"), ("c", "1")]));
    assert!(matches!(git.merge(&one, &bad), Merge::Conflict(paths) if paths == ["a"]));
    assert!(matches!(git.merge(&one, &base), Merge::AlreadyIn));
    let again = git.commit(&[base], files(&[("a", "2"), ("b", "1")]), "one", 0);
    assert_eq!(one, again, "the same commit has the same name");
}

#[test]
fn work_that_is_nowhere_kept_may_not_be_overwritten() {
    let world = || {
        let mut world = World::new(0, &BRANCHES);
        let tree = Tree { files: files(&[("a", "s-1.1 0")]), filled: true, ..Tree::default() };
        world.trees.insert("t".to_owned(), tree);
        world
    };
    let fresh = std::rc::Rc::new(files(&[("a", "base")]));
    let mut lost = world();
    lost.fill("t", &fresh, false);
    assert!(lost.check.verdict().is_some_and(|broken| broken.contains("nowhere kept")));
    let mut kept = world();
    let commit = kept.git.commit(&[], files(&[("a", "s-1.1 0")]), "captured", 0);
    kept.git.set("refs/windrow/kept/s-1/1", Some(&commit));
    kept.fill("t", &fresh, false);
    assert_eq!(kept.check.verdict(), None);
}

#[test]
fn a_program_starts_once_and_alone_in_its_tree() {
    let alive = |job: &str| Alive { job: job.to_owned(), tree: None, parent: Some(1) };
    let mut world = World::new(0, &BRANCHES);
    world.alive.insert(2, alive("s-1.1"));
    world.started("s-1.1", 2, "t");
    assert_eq!(world.check.verdict(), None);
    world.alive.insert(3, alive("s-2.1"));
    world.started("s-2.1", 3, "t");
    assert!(world.check.verdict().is_some_and(|broken| broken.contains("s-1.1 runs in it")));
    let mut twice = World::new(0, &BRANCHES);
    twice.started("s-1.1", 2, "t");
    twice.started("s-1.1", 2, "t");
    assert!(twice.check.verdict().is_some_and(|broken| broken.contains("started 2 times")));
}
