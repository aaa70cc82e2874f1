//! What a client is doing, by the end of its output while it runs.

use serde_json::Value;

use super::Client;

/// What the last events say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is at work.
    Working,
    /// The model's service takes no more requests for a while.
    Limited {
        /// How long its client waits from that event on, in milliseconds, if it says so.
        wait_ms: Option<u64>,
        /// In words.
        why: String,
    },
    /// The model's service fails, and the client tries again.
    Blocked(String),
    /// Its turn is over.
    TurnOver,
}

/// What the end of an output says; nothing when no whole event is in it that says something.
#[must_use]
pub fn standing(client: &dyn Client, tail: &[u8]) -> Option<Standing> {
    let lines = tail.split(|byte| *byte == b'\n').rev().map(<[u8]>::trim_ascii);
    let events = lines.filter(|line| line.first() == Some(&b'{'));
    let events = events.filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    events.into_iter().find_map(|event| client.standing(&event))
}

#[cfg(test)]
mod tests {
    use super::super::find;
    use super::*;

    fn says(client: &str, tail: &str) -> Option<Standing> {
        standing(find(client).unwrap(), tail.as_bytes())
    }

    const RETRY: &str = r#"{"type":"system","subtype":"api_retry","attempt":1,"retry_delay_ms":1034,"error_status":429,"error":"rate_limit"}"#;

    #[test]
    fn h10_the_end_of_what_claude_says_tells_why_it_does_not_go_on() {
        let wait = Standing::Limited {
            wait_ms: Some(1034),
            why: "the limit of requests was reached (429)".to_owned(),
        };
        assert_eq!(says("claude", RETRY), Some(wait));
        let down = RETRY.replace("429", "529");
        let overloaded = "the model's service is overloaded (529)".to_owned();
        assert_eq!(says("claude", &down), Some(Standing::Blocked(overloaded)));
        // What was cut off at the front, remarks and what came before do not count.
        let later = format!(
            "_delay_ms\":5}}\n{RETRY}\n{{\"type\":\"assistant\",\"message\":{{}}}}\nremark\n\
             {{\"type\":\"system\",\"subtype\":\"status\"}}\n"
        );
        assert_eq!(says("claude", &later), Some(Standing::Working));
        let over = r#"{"type":"result","subtype":"success"}"#;
        assert_eq!(says("claude", &format!("{RETRY}\n{over}\n")), Some(Standing::TurnOver));
        assert_eq!(says("claude", "no event\n"), None);
    }

    #[test]
    fn h10_the_end_of_what_codex_says_tells_why_it_does_not_go_on() {
        let again = r#"{"type":"error","message":"Reconnecting... 1/2 (exceeded retry limit, last status: 429 Too Many Requests)"}"#;
        assert!(matches!(says("codex", again), Some(Standing::Limited { wait_ms: None, .. })));
        let down = again.replace("429 Too Many Requests", "500 Internal");
        assert!(matches!(says("codex", &down), Some(Standing::Blocked(_))));
        let on = format!("{again}\n{{\"type\":\"item.started\",\"item\":{{}}}}\n");
        assert_eq!(says("codex", &on), Some(Standing::Working));
        assert_eq!(says("codex", r#"{"type":"turn.completed"}"#), Some(Standing::TurnOver));
    }
}
