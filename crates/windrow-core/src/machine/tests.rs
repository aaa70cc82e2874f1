//! Names are unique and never empty, leases are idempotent, approvals last.

#![expect(clippy::indexing_slicing, reason = "a test may fail on what it did not expect")]

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::ids::SessionId;
use crate::time::{Stamp, Timestamp};

use super::{
    Machine, MachineCommand, MachineEvent, MachineLease, MachineRejection, NAMES, Project,
    decide_machine, evolve_machine,
};

fn give(machine: &mut Machine, command: &MachineCommand) -> Result<usize, MachineRejection> {
    let events = decide_machine(machine, command)?;
    for event in &events {
        let seq = machine.seq + 1;
        evolve_machine(machine, seq, event, Stamp { now: Timestamp(5) });
    }
    Ok(events.len())
}

fn lease(session: u64, port_offset: u32) -> MachineCommand {
    let project = "p".to_owned();
    MachineCommand::LeaseName { project, session: SessionId(session), port_offset }
}

fn free(session: u64) -> MachineCommand {
    MachineCommand::FreeName { project: "p".to_owned(), session: SessionId(session) }
}

#[test]
fn names_are_given_out_in_order_and_come_back_late() {
    let mut machine = Machine::default();
    let mut names = Vec::new();
    for n in 0..3 {
        assert_eq!(give(&mut machine, &lease(n, 0)), Ok(1));
        names.push(machine.lease("p", SessionId(n)).unwrap().name.clone());
        assert_eq!(give(&mut machine, &free(n)), Ok(1));
    }
    assert_eq!(names, ["toast", "shadow", "obsidian"], "a freed name is not used at once");
    assert!(machine.offsets().is_empty());
}

#[test]
fn what_a_session_has_already_is_kept_unless_it_is_anothers() {
    let mut machine = Machine::default();
    let keep = |session, name: &str, port_offset| MachineCommand::KeepLease {
        project: "p".to_owned(),
        session: SessionId(session),
        lease: MachineLease { name: name.to_owned(), port_offset },
    };
    assert_eq!(give(&mut machine, &keep(7, "toast", 100)), Ok(1));
    assert_eq!(give(&mut machine, &keep(7, "toast", 100)), Ok(0));
    assert_eq!(
        give(&mut machine, &keep(8, "toast", 200)),
        Err(MachineRejection::NameInUse("toast".to_owned()))
    );
    assert_eq!(give(&mut machine, &keep(8, "jam", 100)), Err(MachineRejection::OffsetInUse(100)));
    assert_eq!(give(&mut machine, &lease(9, 300)), Ok(1));
    assert_ne!(machine.lease("p", SessionId(9)).unwrap().name, "toast");
    assert_eq!(give(&mut machine, &free(7)), Ok(1));
}

#[test]
fn a_lease_is_the_same_when_asked_again_and_is_given_back_once() {
    let mut machine = Machine::default();
    assert_eq!(give(&mut machine, &lease(1, 100)), Ok(1));
    let first = machine.lease("p", SessionId(1)).cloned();
    assert_eq!(give(&mut machine, &lease(1, 300)), Ok(0), "whatever offset is offered then");
    assert_eq!(machine.lease("p", SessionId(1)).cloned(), first);
    let taken = Err(MachineRejection::OffsetInUse(100));
    assert_eq!(give(&mut machine, &lease(2, 100)), taken);
    assert_eq!(give(&mut machine, &free(1)), Ok(1));
    assert_eq!(give(&mut machine, &free(1)), Ok(0));
    assert_eq!(give(&mut machine, &lease(2, 100)), Ok(1));
}

#[test]
fn more_sessions_than_words_get_names_of_their_own() {
    let mut machine = Machine::default();
    let count = NAMES.len() as u64 * 2 + 5;
    for n in 0..count {
        give(&mut machine, &lease(n, u32::try_from(n).unwrap())).unwrap();
    }
    let leases = machine.leases.values().flat_map(std::collections::BTreeMap::values);
    let names: BTreeSet<&str> = leases.map(|lease| lease.name.as_str()).collect();
    assert_eq!(names.len() as u64, count);
    assert!(names.contains("toast-2"));
}

#[test]
fn the_words_are_words_and_differ() {
    let words: BTreeSet<&str> = NAMES.iter().copied().collect();
    assert_eq!(words.len(), NAMES.len());
    assert!(words.iter().all(|w| w.len() > 1 && w.bytes().all(|b| b.is_ascii_lowercase())));
}

#[test]
fn projects_and_approvals_are_recorded_once() {
    let mut machine = Machine::default();
    let about = |name: &str| Project {
        name: name.to_owned(),
        git_dir: "/g".to_owned(),
        root: "/r".to_owned(),
    };
    let open =
        |name: &str| MachineCommand::OpenProject { project: "p".to_owned(), about: about(name) };
    assert_eq!(give(&mut machine, &open("shop")), Ok(1));
    assert_eq!(give(&mut machine, &open("shop")), Ok(0));
    assert_eq!(give(&mut machine, &open("store")), Ok(1), "it was moved");
    assert_eq!(machine.projects["p"].name, "store");
    let approve = MachineCommand::Approve { hash: "h".to_owned(), place: "/f".to_owned() };
    assert_eq!(give(&mut machine, &approve), Ok(1));
    assert_eq!(give(&mut machine, &approve), Ok(0));
    assert_eq!(machine.approvals["h"].at, Timestamp(5));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whoever comes and goes: names and offsets in use are unique, and a replay gives the same.
    #[test]
    fn leases_are_unique_whoever_comes_and_goes(steps in prop::collection::vec((0..40_u64, 0..60_u32, any::<bool>()), 0..200)) {
        let mut machine = Machine::default();
        let mut journal: Vec<MachineEvent> = Vec::new();
        for (session, offset, comes) in steps {
            let command = if comes { lease(session, offset) } else { free(session) };
            journal.extend(decide_machine(&machine, &command).unwrap_or_default());
            let _refused = give(&mut machine, &command);
            let leases: Vec<_> = machine.leases.values().flat_map(std::collections::BTreeMap::values).collect();
            let names: BTreeSet<_> = leases.iter().map(|lease| &lease.name).collect();
            prop_assert_eq!(names.len(), leases.len());
            prop_assert_eq!(machine.offsets().len(), leases.len());
            prop_assert!(names.iter().all(|name| !name.is_empty()));
        }
        let mut replayed = Machine::default();
        for (seq, event) in (1..).zip(&journal) {
            evolve_machine(&mut replayed, seq, event, Stamp { now: Timestamp(5) });
        }
        prop_assert_eq!(&replayed, &machine);
        let stored = serde_json::to_string(&machine).unwrap();
        prop_assert_eq!(serde_json::from_str::<Machine>(&stored).unwrap(), machine);
    }
}
