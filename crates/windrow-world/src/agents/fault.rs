//! Why a model did not answer, in words that say what helps.

/// A sentence for an HTTP status that a client got from the model's service.
pub(super) fn of_status(status: u64, said: &str) -> String {
    let what = match status {
        401 => "the key was refused",
        402 => "the account has no credit",
        403 => "the account may not do this",
        404 => "the model is not there",
        429 => "the limit of requests was reached",
        503 | 529 => "the model's service is overloaded",
        500..=599 => "the model's service failed",
        _ => "the model's service refused the request",
    };
    format!("{what} ({status}){}", behind(said))
}

/// What was said, as the end of a sentence; one line and not too long.
pub(super) fn behind(said: &str) -> String {
    let said = short(said);
    if said.is_empty() { said } else { format!(": {said}") }
}

/// The first line of a text, cut where it gets long.
pub(super) fn short(said: &str) -> String {
    const LONGEST: usize = 200;
    let line = said.trim().lines().next().unwrap_or_default();
    match line.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}...", line.get(..at).unwrap_or_default()),
        None => line.to_owned(),
    }
}

/// Milliseconds as a client says them, whole.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the range is looked at first"
)]
pub(super) fn whole(ms: f64) -> Option<u64> {
    (0.0..1e15).contains(&ms).then_some(ms as u64)
}

/// The status that a message names, such as `unexpected status 401 Unauthorized`.
pub(super) fn status_in(said: &str) -> Option<u64> {
    let (_, rest) = said.rsplit_once("status")?;
    let digits: String = rest
        .chars()
        .skip_while(|c| matches!(c, ' ' | ':'))
        .take_while(char::is_ascii_digit)
        .collect();
    digits.parse().ok().filter(|status| (400..600).contains(status))
}
