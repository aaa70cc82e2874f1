//! A job's exit as the core knows it: by its status, and by what a client told of its turn.

use std::path::Path;

use windrow_core::spec::TextRef;
use windrow_core::state::{ClientTurn, Exit};
use windrow_journal::Text;
use windrow_world::agents::{self, Client, Told};

use crate::jobs;
use crate::keeper;

/// An exit, with the end of the output as a text, and whether a client's model began to work, so
/// that it saw what it was told. Reads the whole output of a client.
pub(super) fn exit_of(
    exit: &keeper::Exit,
    client: Option<&'static dyn Client>,
    folder: &Path,
) -> (Exit, Text, bool) {
    let how = jobs::agent_exit(&exit.how);
    let Some((client, told)) = client.and_then(|client| Some((client, told(client, folder)?)))
    else {
        let (exit, tail) = with_text(Exit::of(how), &exit.tail);
        return (exit, tail, false);
    };
    if !told.unknown.is_empty() || told.broken > 0 {
        let (name, unknown, broken) = (client.name(), &told.unknown, told.broken);
        tracing::warn!("{name} told what is not known here: {unknown:?}, unreadable: {broken}");
    }
    let how = jobs::client_exit(how, told.end.as_ref());
    let (exit, tail) =
        with_text(Exit { turn: Some(turn(&told)), ..Exit::of(how) }, &told.summary());
    (exit, tail, told.is_begun)
}

fn told(client: &'static dyn Client, folder: &Path) -> Option<Told> {
    match agents::read_file(client, &folder.join("transcript")) {
        Ok(told) => Some(told),
        Err(error) => {
            tracing::warn!("the output in `{}` could not be read: {error}", folder.display());
            None
        }
    }
}

fn with_text(exit: Exit, tail: &str) -> (Exit, Text) {
    let said = jobs::last_line(tail);
    let tail = Text::new(tail.as_bytes().to_vec());
    (Exit { tail: Some(TextRef(tail.hash().to_string())), said, ..exit }, tail)
}

fn turn(told: &Told) -> ClientTurn {
    ClientTurn {
        conversation: told.conversation.clone(),
        cost_microusd: told.cost.and_then(microusd),
        input_tokens: told.input_tokens,
        output_tokens: told.output_tokens,
        retries: told.retries,
        denied: told.denied.clone(),
    }
}

/// Dollars as millionths; nothing for what is no amount.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the range is looked at first"
)]
fn microusd(dollars: f64) -> Option<u64> {
    let millionths = (dollars * 1e6).round();
    (0.0..1e15).contains(&millionths).then_some(millionths as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_counted_in_millionths() {
        assert_eq!(microusd(0.1009), Some(100_900));
        assert_eq!(microusd(0.0), Some(0));
        for none in [-1.0, f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(microusd(none), None);
        }
    }
}
