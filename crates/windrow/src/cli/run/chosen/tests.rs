use std::num::NonZeroU32;
use std::path::Path;

use super::*;
use crate::approval::Content;
use crate::fixture::task_row;

fn file(name: &str, tasks: &[(&str, &[&str], Option<u32>)]) -> SourceFile {
    let tasks = tasks.iter().map(|(key, depends, wave)| SourceTask {
        key: (*key).to_owned(),
        title: format!("Task {key}"),
        depends: depends.iter().map(|on| (*on).to_owned()).collect(),
        wave: *wave,
        ..SourceTask::default()
    });
    let content = Content::new(Path::new("/p"), name);
    SourceFile { file: name.to_owned(), tasks: tasks.collect(), content }
}

fn files() -> Vec<SourceFile> {
    vec![
        file("TASKS.md", &[("1", &[], None), ("2", &["1"], None), ("3", &[], None)]),
        file("plan.json", &[("a", &[], Some(1)), ("b", &["a"], Some(2)), ("3", &[], Some(2))]),
    ]
}

fn only(names: &[&str]) -> RunArgs {
    RunArgs { only: names.iter().map(|n| (*n).to_owned()).collect(), ..RunArgs::default() }
}

fn check(args: &RunArgs, known: &Known, expected: Result<&[&str], &str>) {
    let files = files();
    let found = choose(&files, args, known);
    let found = found.map(|c| c.iter().map(Chosen::reference).collect::<Vec<_>>());
    match (found, expected) {
        (Ok(found), Ok(expected)) => assert_eq!(found, expected),
        (Err(error), Err(part)) => assert!(error.message.contains(part), "{error:?}"),
        (found, expected) => panic!("{found:?} is not {expected:?}"),
    }
}

fn landed(reference: (&str, &str)) -> Known {
    let mut row = task_row("t-9", Some(reference), "Task");
    row.status = TaskStatus::Landed;
    Known::new(vec![row])
}

#[test]
fn without_a_word_all_tasks_are_meant() {
    let files = files();
    let all = choose(&files, &RunArgs::default(), &Known::default()).expect("all");
    assert_eq!(all.len(), 6);
}

#[test]
fn tasks_are_named_by_key_full_name_or_id() {
    let none = Known::default();
    check(&only(&["2", "1"]), &none, Ok(&["TASKS.md#task-1", "TASKS.md#task-2"]));
    check(&only(&["plan.json#task-3"]), &none, Ok(&["plan.json#task-3"]));
    check(&only(&["t-9"]), &landed(("plan.json", "a")), Ok(&["plan.json#a"]));
    check(&only(&["3"]), &none, Err("`3` is the key of several tasks"));
    check(&only(&["zebra"]), &none, Err("there is no task `zebra`"));
}

#[test]
fn a_task_that_would_wait_for_ever_is_refused() {
    check(&only(&["2"]), &Known::default(), Err("`2` waits for `1`, which is not done"));
    check(&only(&["2"]), &landed(("TASKS.md", "1")), Ok(&["TASKS.md#task-2"]));
    // What landed from another file does not count.
    check(&only(&["2"]), &landed(("MORE.md", "1")), Err("`2` waits for `1`"));
}

#[test]
fn a_wave_is_all_of_it_once_the_ones_before_are_done() {
    let wave = |n| RunArgs { wave: NonZeroU32::new(n), ..RunArgs::default() };
    check(&wave(1), &Known::default(), Ok(&["plan.json#a"]));
    check(&wave(2), &Known::default(), Err("`b` waits for `a`"));
    check(&wave(2), &landed(("plan.json", "a")), Ok(&["plan.json#b", "plan.json#task-3"]));
    check(&wave(3), &Known::default(), Err("there is no wave 3"));
}
