use windrow_core::command::AddTask;
use windrow_core::spec::TaskSpec;
use windrow_journal::{Fault, MemoryJournal, MemoryStore};

use super::*;

fn add(title: &str) -> Command {
    let spec = TaskSpec { title: title.to_owned(), priority: 2, ..TaskSpec::default() };
    Command::AddTask(AddTask { spec })
}

fn at(ms: u64, base: Instant) -> Moment {
    Moment { wall: Timestamp(1_000), steady: base + Duration::from_millis(ms) }
}

/// What a new heart finds in the journal.
async fn titles(store: &MemoryStore) -> Vec<String> {
    let heart: Heart<MemoryJournal, u32> = Heart::open(store.open()).await.unwrap();
    heart.state().tasks.values().map(|task| task.spec.title.clone()).collect()
}

#[tokio::test]
async fn an_answer_leaves_with_what_is_in_the_journal_and_a_failure_is_told_as_one() {
    let (store, base) = (MemoryStore::new(), Instant::now());
    let mut heart = Heart::open(store.open()).await.unwrap();
    for fault in [Fault::Full, Fault::Before] {
        store.fail_next(fault);
        heart.apply(&add("lost"), "person", at(0, base)).unwrap();
        heart.answer(1);
        match heart.settle(at(0, base)).await.unwrap() {
            Settled::Failed { answers, .. } => assert_eq!(answers, [1], "and not again later"),
            Settled::Durable { answers, .. } => panic!("{answers:?} is told that it is written"),
        }
        assert_eq!(titles(&store).await, [""; 0]);
    }
    heart.apply(&add("kept"), "person", at(5_000, base)).unwrap();
    heart.answer(2);
    match heart.settle(at(5_000, base)).await.unwrap() {
        Settled::Durable { answers, .. } => assert_eq!(answers, [2]),
        Settled::Failed { reason, .. } => panic!("{reason}"),
    }
    assert_eq!(titles(&store).await, ["kept"]);
}
