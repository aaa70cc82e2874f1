//! Moments as people write them: `2h`, `10:30`, `2026-11-27 10:30`, `2026-11-27T10:30:00Z`.
//!
//! Without a zone the person's own is meant; a span counts back from now.

use jiff::civil::{DateTime, Time};
use jiff::{Span, Timestamp, Zoned};

/// What can be written, for messages.
const FORMS: &str = "write `2h`, `10:30`, `2026-11-27`, `\"2026-11-27 10:30\"` or \
                     `2026-11-27T10:30:00Z`";

/// Reads a moment, in milliseconds since 1970-01-01 UTC.
pub(crate) fn parse_ms(text: &str) -> Result<i64, String> {
    parse_at(text, &Zoned::now()).ok_or_else(|| format!("`{text}` is no moment; {FORMS}"))
}

fn parse_at(text: &str, now: &Zoned) -> Option<i64> {
    let text = text.trim();
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment.as_millisecond());
    }
    // A date alone is its midnight, a time alone is today's.
    let today = || text.contains(':').then(|| text.parse::<Time>().ok()).flatten();
    let today = || today().map(|time| now.date().to_datetime(time));
    let local = text.parse::<DateTime>().ok().or_else(today);
    if let Some(local) = local {
        let moment = local.to_zoned(now.time_zone().clone()).ok()?;
        return Some(moment.timestamp().as_millisecond());
    }
    let words = text.strip_suffix("ago").unwrap_or(text).trim();
    let span: Span = words.parse().ok()?;
    if span.is_negative() {
        return None;
    }
    Some(now.checked_sub(span).ok()?.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_the_person_s_zone() {
        let now: Zoned = "2026-11-27T12:00:00+02:00[+02:00]".parse().unwrap();
        let at = |text: &str| {
            let ms = parse_at(text, &now)?;
            Some(Timestamp::from_millisecond(ms).unwrap().to_string())
        };
        for (text, moment) in [
            ("2h", "2026-11-27T08:00:00Z"),
            ("1h30m", "2026-11-27T08:30:00Z"),
            ("2d", "2026-11-25T10:00:00Z"),
            ("90 seconds ago", "2026-11-27T09:58:30Z"),
            ("10:30", "2026-11-27T08:30:00Z"),
            ("2026-11-26", "2026-11-25T22:00:00Z"),
            ("2026-11-26 10:30", "2026-11-26T08:30:00Z"),
            ("2026-11-26T10:30:05", "2026-11-26T08:30:05Z"),
            ("2026-11-26T10:30:05Z", "2026-11-26T10:30:05Z"),
        ] {
            assert_eq!(at(text).as_deref(), Some(moment), "{text}");
        }
        for text in ["", "soon", "-2h", "25:00", "2026-13-01", "12"] {
            assert_eq!(at(text), None, "{text}");
        }
        assert!(parse_ms("soon").unwrap_err().contains("`soon` is no moment"));
    }
}
