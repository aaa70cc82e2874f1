use windrow_core::command::{AddTask, CloseTask};
use windrow_core::ids::TaskId;
use windrow_core::spec::TaskSpec;
use windrow_core::state::ClosedAs;
use windrow_journal::{Fault, MemoryJournal, MemoryStore};

use super::*;

const NOW: Timestamp = Timestamp(1_000);

fn add(title: &str) -> Command {
    let spec = TaskSpec { title: title.to_owned(), priority: 2, ..TaskSpec::default() };
    Command::AddTask(AddTask { spec })
}

async fn open(store: &MemoryStore) -> Ledger<State, MemoryJournal> {
    Ledger::open(store.open()).await.unwrap()
}

fn titles(ledger: &Ledger<State, MemoryJournal>) -> Vec<&str> {
    ledger.state().tasks.values().map(|task| task.spec.title.as_str()).collect()
}

#[tokio::test]
async fn what_was_committed_is_there_after_a_crash_and_what_was_not_is_not() {
    let store = MemoryStore::new();
    let mut ledger = open(&store).await;
    ledger.apply(&add("kept"), "person", NOW).unwrap();
    ledger.commit().await.unwrap();
    ledger.apply(&add("lost"), "person", NOW).unwrap();
    assert_eq!(titles(&ledger), ["kept", "lost"], "the batch is decided on what it leaves");
    drop(ledger);
    assert_eq!(titles(&open(&store).await), ["kept"]);
}

#[tokio::test]
async fn a_batch_that_could_not_be_written_counts_for_nothing_and_the_next_one_does() {
    let store = MemoryStore::new();
    let mut ledger = open(&store).await;
    ledger.apply(&add("before"), "person", NOW).unwrap();
    ledger.commit().await.unwrap();
    for fault in [Fault::Full, Fault::Before] {
        store.fail_next(fault);
        ledger.apply(&add("lost"), "person", NOW).unwrap();
        ledger.commit().await.unwrap_err();
        assert_eq!(titles(&ledger), ["before"]);
        assert!(!ledger.has_pending());
    }
    ledger.apply(&add("after"), "person", NOW).unwrap();
    ledger.commit().await.unwrap();
    assert_eq!(titles(&ledger), ["before", "after"]);
    assert_eq!(titles(&open(&store).await), ["before", "after"]);
}

#[tokio::test]
async fn a_batch_that_became_durable_though_it_was_reported_lost_counts() {
    let store = MemoryStore::new();
    let mut ledger = open(&store).await;
    store.fail_next(Fault::After);
    ledger.apply(&add("there all the same"), "person", NOW).unwrap();
    ledger.commit().await.unwrap_err();
    assert_eq!(titles(&ledger), ["there all the same"]);
    ledger.apply(&add("and on"), "person", NOW).unwrap();
    ledger.commit().await.unwrap();
    assert_eq!(titles(&open(&store).await), ["there all the same", "and on"]);
}

#[tokio::test]
async fn a_refusal_leaves_nothing_to_write() {
    let store = MemoryStore::new();
    let mut ledger = open(&store).await;
    let close = CloseTask { task: TaskId(7), how: ClosedAs::Done, reason: String::new() };
    ledger.apply(&Command::CloseTask(close), "person", NOW).unwrap_err();
    assert!(!ledger.has_pending());
}

#[tokio::test]
async fn the_state_of_a_snapshot_and_its_tail_is_the_state_of_the_whole_journal() {
    let store = MemoryStore::new();
    let mut ledger = open(&store).await;
    for n in 0..SNAPSHOT_EVERY + 10 {
        ledger.apply(&add(&format!("task {n}")), "person", NOW).unwrap();
        if n % 1_000 == 0 {
            ledger.commit().await.unwrap();
        }
    }
    ledger.commit().await.unwrap();
    ledger.apply(&add("in the tail"), "person", NOW).unwrap();
    ledger.commit().await.unwrap();
    let mut live = ledger.state().clone();
    live.take_dirty();
    let mut again = open(&store).await;
    assert!(again.snapshot_at > 0, "a snapshot was used");
    again.state_mut().take_dirty();
    assert!(again.state() == &live);
}

#[tokio::test]
async fn the_state_of_any_record_is_folded_from_the_nearest_snapshot_before_it() {
    let store = MemoryStore::new();
    let mut ledger = open(&store).await;
    ledger.snapshot_every(5_000);
    for n in 0..=10_000 {
        ledger.apply(&add(&format!("task {n}")), "person", NOW).unwrap();
        if n % 1_000 == 0 {
            ledger.commit().await.unwrap();
        }
    }
    for (until, snapshot) in [(1, false), (4_999, false), (6_500, true), (10_001, true)] {
        let past = fold::<State, _>(&ledger.reader(), Seq(until)).await.unwrap();
        assert_eq!(past.head, Seq(until));
        assert_eq!(past.snapshot_at > Seq::EMPTY, snapshot, "at {until}");
        assert_eq!(past.state.seq, until);
        assert_eq!(past.state.tasks.len() as u64, until, "one task a record");
    }
}

#[tokio::test]
async fn a_record_of_a_newer_windrow_is_refused_by_name() {
    let store = MemoryStore::new();
    let mut journal = store.open();
    let draft = Draft {
        at_ms: 0,
        actor: "a newer one".to_owned(),
        stream: Stream::Work,
        cause: None,
        kind: "task_dreamt".to_owned(),
        body: "{}".to_owned(),
    };
    journal.append(Seq::EMPTY, vec![draft]).await.unwrap();
    drop(journal);
    let refused = Ledger::<State, _>::open(store.open()).await.err().unwrap().to_string();
    assert!(refused.contains("record 1") && refused.contains("`task_dreamt`"), "{refused}");
}
