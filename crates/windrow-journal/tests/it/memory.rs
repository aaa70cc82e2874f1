//! The suite in memory, and the failures it can be asked for.

use windrow_journal::conformance::draft;
use windrow_journal::{
    AppendError, Fault, Journal as _, MemoryStore, Reader as _, Seq, StoreError, Stream, verify,
};

windrow_journal::conformance_suite!(MemoryStore::new());

#[tokio::test]
async fn a_failed_append_is_settled_by_the_head() {
    let work = |nth| vec![draft(Stream::Work, nth)];
    let store = MemoryStore::new();
    let mut journal = store.open();
    let mut tail = journal.reader().tail(Seq(1));
    // On this one-threaded runtime a yield lets the tail run until it waits.
    let tail = tokio::spawn(async move { tail.next(9).await });
    tokio::task::yield_now().await;
    for fault in [Fault::Full, Fault::Before, Fault::After] {
        store.fail_next(fault);
        let failed = journal.append(Seq::EMPTY, work(1)).await;
        let full = matches!(failed, Err(AppendError::Store(StoreError::Full { .. })));
        assert_eq!(full, fault == Fault::Full, "{failed:?}");
        let durable = journal.head().await.unwrap().seq;
        assert_eq!(durable, if fault == Fault::After { Seq(1) } else { Seq(0) });
    }
    // What became durable behind an error is there for tails and for the chain.
    tokio::task::yield_now().await;
    assert!(tail.is_finished());
    assert_eq!(tail.await.unwrap().unwrap().unwrap().len(), 1);
    assert!(matches!(journal.append(Seq::EMPTY, work(2)).await, Err(AppendError::Conflict { .. })));
    journal.append(Seq(1), work(2)).await.unwrap();
    let report = verify(&journal.reader(), Seq::FIRST, &[]).await.unwrap();
    assert_eq!((report.checked, report.bad), (2, None));
}
