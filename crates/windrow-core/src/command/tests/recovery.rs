//! Going on after the end of the journal was lost.

use std::collections::{BTreeMap, BTreeSet};

use crate::command::{AddTask, Command, ImportTasks, ImportedTask, RecoverJournal};
use crate::effect::Effect;
use crate::ids::TaskId;
use crate::spec::RunSpec;
use crate::state::TaskPhase;
use crate::testing::{check, given, spec};

fn recover(landed: &[u64], found: &[&str]) -> Command {
    Command::RecoverJournal(RecoverJournal {
        lost: 7,
        found: found.iter().map(|source| ((*source).to_owned(), "c1".to_owned())).collect(),
        landed: landed.iter().map(|task| (TaskId(*task), "c1".to_owned())).collect(),
        landings: BTreeSet::from(["c1".to_owned()]),
    })
}

#[test]
fn no_id_is_given_out_that_a_lost_record_may_have_given_out() {
    let run = RunSpec { pool: 1, ..RunSpec::default() };
    let mut world = given(&["one", "two"], Some(run));
    let (fence, tree) = (world.state.fence, world.state.last_tree);
    let next = (
        world.state.next_task().0,
        world.state.next_run().0,
        world.state.next_session().0,
        world.state.next_landing().0,
    );
    check(&mut world, &recover(&[], &[]), "journal_cut found={} landings=[\"c1\"] lost=7");
    let state = &world.state;
    assert_eq!(state.next_task().0, next.0 + 7);
    assert_eq!(state.next_run().0, next.1 + 7);
    assert_eq!(state.next_session().0, next.2 + 7);
    assert_eq!(state.next_landing().0, next.3 + 7);
    assert_eq!((state.fence, state.last_tree), (fence + 7, tree + 7));
    let add = Command::AddTask(AddTask { spec: spec("three") });
    check(&mut world, &add, "task_added task=10");
    check(&mut world, &add, "task_added task=11");
}

#[test]
fn what_landed_in_lost_records_is_landed_whatever_its_worker_does() {
    let run = RunSpec { pool: 1, ..RunSpec::default() };
    let mut world = given(&["one", "two <- 1", "three <- 2"], Some(run));
    world.until(|effect| matches!(effect, Effect::WatchAgent(..)));
    check(
        &mut world,
        &recover(&[1, 2, 9], &[]),
        "journal_cut found={} landings=[\"c1\"] lost=7
        stop_requested session=1 why=\"kill\"
        task_found_landed commit=\"c1\" task=1
        task_found_landed commit=\"c1\" task=2",
    );
    for id in [1, 2] {
        let phase = &world.state.tasks[&TaskId(id)].phase;
        assert!(matches!(phase, TaskPhase::Landed { commit, .. } if commit == "c1"), "{phase:?}");
    }
    // What waited for them may start, once the worker that is not needed any more has ended.
    assert_eq!(world.state.tasks[&TaskId(3)].unmet, 0);
    // Said again, there is nothing to do but to leave out more ids.
    check(&mut world, &recover(&[1, 2], &[]), "journal_cut found={} landings=[\"c1\"] lost=7");
}

#[test]
fn a_task_that_landed_and_is_not_known_any_more_is_landed_when_its_file_is_read() {
    let mut world = given(&[], None);
    let _events = world.give(&recover(&[], &["TASKS.md#task-1"])).expect("it is not refused");
    let task = |key: &str| ImportedTask {
        key: key.to_owned(),
        spec: spec(key),
        depends: Vec::new(),
        reads: Vec::new(),
        done: false,
    };
    let import = Command::ImportTasks(ImportTasks {
        file: "TASKS.md".to_owned(),
        tasks: vec![task("1"), task("2")],
    });
    check(
        &mut world,
        &import,
        "task_added task=8
        task_found_landed commit=\"c1\" task=8
        task_added task=9",
    );
    let known: BTreeMap<_, _> = world.state.tasks.iter().map(|(id, t)| (id.0, &t.phase)).collect();
    assert!(matches!(known[&8], TaskPhase::Landed { .. }) && *known[&9] == TaskPhase::Open);
}
