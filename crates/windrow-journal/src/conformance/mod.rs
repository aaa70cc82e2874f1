//! The suite every store passes, in behaviour alone: it knows no store.
//!
//! A store's test crate implements [`Subject`] and names it in
//! [`conformance_suite!`](crate::conformance_suite), which makes one test of every case.
//! A case panics when a promise of [`Journal`](crate::Journal) is broken.

mod appending;
mod keeping;
mod reading;
mod subject;

pub use appending::*;
pub use keeping::*;
pub use reading::*;
pub use subject::{Damage, Subject, draft};

/// Makes a `#[tokio::test]` of every case for the [`Subject`](crate::conformance::Subject) that
/// the expression creates. The caller needs tokio's `macros` and `rt-multi-thread`.
#[macro_export]
macro_rules! conformance_suite {
    ($subject:expr) => {
        $crate::conformance_suite!(@cases $subject;
            records_come_back_in_order
            records_chain_from_the_first
            an_empty_batch_appends_nothing
            a_stale_writer_conflicts_on_work
            talk_is_appended_whatever_came_before
            an_expectation_beyond_the_head_conflicts
            a_refused_batch_leaves_nothing
            a_thousand_batches_are_a_thousand_batches
            stale_writers_in_a_race_lose_nothing
            awkward_text_comes_back_byte_for_byte
            reading_is_bounded
            records_are_found_by_time
            a_snapshot_of_the_past_is_found
            a_tail_wakes_and_misses_nothing
            a_tail_starts_anywhere
            readers_see_what_was_acknowledged
            what_was_acknowledged_survives_a_crash
            the_chain_goes_on_after_a_crash
            texts_are_kept_once
            texts_survive_with_their_batch
            the_newest_snapshot_of_a_schema_counts
            a_snapshot_of_the_future_is_refused
            a_damaged_snapshot_is_passed_over
            a_snapshot_beyond_the_head_is_passed_over
            a_snapshot_of_another_history_is_passed_over
            another_history_does_not_crowd_out_snapshots
            verify_accepts_what_was_written
            verify_finds_a_changed_record
            verify_finds_a_forged_record
            verify_finds_a_missing_record
            verify_finds_a_cut_end
            verify_finds_a_rewritten_journal
        );
    };
    (@cases $subject:expr; $($case:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::conformance::$case(&$subject).await;
            }
        )*
    };
}
