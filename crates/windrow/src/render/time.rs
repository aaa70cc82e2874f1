//! Moments and spans as people read them.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use windrow_api::summary::span;

/// A moment in the person's time zone: `2026-11-21 10:04:53`.
pub(crate) fn clock(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map_or_else(
        |_out_of_range| ms.to_string(),
        |moment| moment.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
    )
}

/// How long ago a moment is.
pub(crate) fn since(then_ms: i64, now_ms: i64) -> String {
    span(now_ms.saturating_sub(then_ms))
}
