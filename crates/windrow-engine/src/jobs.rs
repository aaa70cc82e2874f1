//! What a job's folder says, in the words of the core.

use windrow_core::state::{ExitHow, Verdict};
use windrow_world::agents::End;
use windrow_world::proc::ProcessId;

use crate::keeper::{Exit, FROM_OUTSIDE, How, JobState};

/// Letters of a line of output that a sentence has room for.
const LINE_LETTERS: usize = 120;

/// What is to be done when a job is to be started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// Launch it.
    Launch,
    /// Nothing: it is to end, and never began.
    Never,
    /// Nothing: it runs already, under this keeper.
    Runs(ProcessId),
    /// Look again later: a keeper is just taking it over.
    Later,
    /// Nothing: it is over already.
    Over(Exit),
    /// End what a dead keeper left of it; then it is over.
    EndOrphan,
}

/// What is to be done when a job is to be started that stands like that, or that is to end instead.
///
/// A daemon that was killed may have started it without anybody having heard of that. So whether it
/// is to end counts only when it never began: otherwise its end must be waited for.
#[must_use]
pub fn beginning(stands: JobState, is_to_end: bool) -> Beginning {
    match stands {
        JobState::NotLaunched if is_to_end => Beginning::Never,
        JobState::NotLaunched => Beginning::Launch,
        JobState::Running { keeper: Some(keeper) } => Beginning::Runs(keeper),
        JobState::Running { keeper: None } => Beginning::Later,
        JobState::Ended(exit) => Beginning::Over(exit),
        JobState::Orphaned { .. } => Beginning::EndOrphan,
    }
}

/// What the exit of an agent says.
#[must_use]
pub fn agent_exit(how: &How) -> ExitHow {
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

/// The same for a client, which says itself how its turn ended.
///
/// Its status alone is not believed: a turn that failed may end with 0. What ended it from outside
/// is, whatever it said before.
#[must_use]
pub fn client_exit(how: ExitHow, end: Option<&End>) -> ExitHow {
    /// As a shell reports a program that was interrupted from the keyboard.
    const INTERRUPTED: i32 = 130;
    match (how, end) {
        (how, _) if how.is_interruption() => how,
        (ExitHow::Code(_), Some(End::Failed(why))) => ExitHow::Reported(why.clone()),
        (ExitHow::Code(_), Some(End::Interrupted)) => ExitHow::Code(INTERRUPTED),
        (ExitHow::Code(0), None) => {
            ExitHow::Reported("its client ended without a word on how the turn ended".to_owned())
        }
        (how, _) => how,
    }
}

/// What the exit of a gate's command says about the tree, and how it ended.
#[must_use]
pub fn gate_verdict(how: &How) -> (Verdict, String) {
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

/// The last line that a program wrote, as far as a sentence has room for it.
#[must_use]
pub fn last_line(output: &str) -> Option<String> {
    let line = output.lines().rev().map(str::trim).find(|line| !line.is_empty())?;
    let plain = line.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    let mut short: String = plain.take(LINE_LETTERS).collect();
    if line.chars().nth(LINE_LETTERS).is_some() {
        short.push_str("...");
    }
    Some(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_short_and_plain() {
        assert_eq!(last_line("one\n  the oven\tis broken \n\n").unwrap(), "the oven is broken");
        assert_eq!(last_line(" \n\n"), None);
        let long = last_line(&"ä".repeat(LINE_LETTERS + 1)).unwrap();
        assert_eq!(long, format!("{}...", "ä".repeat(LINE_LETTERS)));
    }

    #[test]
    fn a_client_is_believed_that_it_failed_and_not_that_it_did_not() {
        let failed = End::Failed("the key was refused".to_owned());
        let reported = ExitHow::Reported("the key was refused".to_owned());
        for code in [0, 1] {
            assert_eq!(client_exit(ExitHow::Code(code), Some(&failed)), reported);
        }
        assert_eq!(client_exit(ExitHow::Code(0), Some(&End::Well)), ExitHow::Code(0));
        assert_eq!(client_exit(ExitHow::Code(1), Some(&End::Well)), ExitHow::Code(1));
        assert_eq!(client_exit(ExitHow::Code(1), None), ExitHow::Code(1));
        assert!(matches!(client_exit(ExitHow::Code(0), None), ExitHow::Reported(_)));
        assert!(client_exit(ExitHow::Code(0), Some(&End::Interrupted)).is_interruption());
        for ended in [ExitHow::Code(143), ExitHow::Signal(9), ExitHow::TimeOver, ExitHow::Stopped] {
            assert_eq!(client_exit(ended.clone(), Some(&failed)), ended);
            assert_eq!(client_exit(ended.clone(), None), ended);
        }
    }

    #[test]
    fn a_job_that_is_to_end_is_waited_for_if_it_began() {
        let keeper = ProcessId { pid: 7, start_time: 1 };
        let runs = JobState::Running { keeper: Some(keeper) };
        assert_eq!(beginning(runs, true), Beginning::Runs(keeper));
        assert_eq!(beginning(JobState::Running { keeper: None }, true), Beginning::Later);
        assert_eq!(beginning(JobState::Orphaned { agent: None }, true), Beginning::EndOrphan);
        assert_eq!(beginning(JobState::NotLaunched, true), Beginning::Never);
        assert_eq!(beginning(JobState::NotLaunched, false), Beginning::Launch);
    }
}
