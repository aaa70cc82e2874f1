//! What the exit of a job says, in the words of the core.

use windrow_core::state::{ExitHow, Verdict};

use crate::keeper::{FROM_OUTSIDE, How};

/// What the exit of an agent says.
#[must_use]
pub fn of_agent(how: &How) -> ExitHow {
    match how {
        How::Exited { code } => ExitHow::Code(*code),
        How::Signaled { signal, .. } => ExitHow::Signal(*signal),
        How::TimeOver => ExitHow::TimeOver,
        How::SilenceOver => ExitHow::Silent,
        How::Stopped { reason } if reason == FROM_OUTSIDE => ExitHow::Signal(15),
        How::Stopped { .. } => ExitHow::Stopped,
        How::CouldNotStart { error } => ExitHow::CouldNotStart(error.clone()),
        How::Lost { why } => ExitHow::Lost(why.clone()),
    }
}

/// What the exit of a gate's command says about the tree, and how it ended.
#[must_use]
pub fn of_gate(how: &How) -> (Verdict, String) {
    let unclear = |how: String| (Verdict::CouldNotRun(how.clone()), how);
    match how {
        How::Exited { code: 0 } => (Verdict::Passed, "passed".to_owned()),
        How::Exited { code: code @ (126 | 127) } => {
            unclear(format!("could not run: the shell says {code}"))
        }
        How::Exited { code } => (Verdict::Failed, format!("failed with {code}")),
        How::TimeOver => (Verdict::Failed, "did not end in its time".to_owned()),
        How::Signaled { signal, .. } if !matches!(signal, 1 | 2 | 9 | 15) => {
            (Verdict::Failed, format!("crashed with signal {signal}"))
        }
        How::Signaled { signal, .. } => {
            unclear(format!("was ended from outside by signal {signal}"))
        }
        How::CouldNotStart { error } => unclear(format!("could not be started: {error}")),
        How::SilenceOver | How::Stopped { .. } | How::Lost { .. } => {
            unclear("was ended before it could say anything".to_owned())
        }
    }
}
