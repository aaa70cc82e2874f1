//! What an event says, as one sentence for a person.

use windrow_core::Event;
use windrow_core::ids::MessageId;
use windrow_core::state::{
    ClosedAs, Exit, ExitHow, RunEnd, SealOutcome, StopReason, TryReason, Verdict,
};

use super::names::Names;

/// How many characters of a commit's name tell it apart.
const SHORT: usize = 10;

/// The sentence, without a period.
pub(super) fn sentence(names: &Names, event: &Event) -> String {
    tasks(names, event)
        .or_else(|| runs(event))
        .or_else(|| sessions(names, event))
        .or_else(|| landings(names, event))
        .unwrap_or_default()
}

fn tasks(names: &Names, event: &Event) -> Option<String> {
    Some(match event {
        Event::TaskAdded { task, spec } => {
            let from = spec.source.as_ref().map(|source| format!(" from {}", source.reference()));
            format!("{} was added{}", names.task(*task), from.unwrap_or_default())
        }
        Event::TaskEdited { task, imported, .. } => {
            let by = if imported.is_some() { "by its file" } else { "by a person" };
            format!("{} was changed {by}", names.task(*task))
        }
        Event::TaskClosed { task, how, reason } => {
            let how = match how {
                ClosedAs::Done => "as done",
                ClosedAs::Cancelled => "as not wanted",
            };
            format!("{} was closed {how}{}", names.task(*task), because(reason))
        }
        Event::TaskRequeued { task, reason } => {
            format!("{} is tried again: {}", names.task(*task), reason.summary)
        }
        Event::TaskReopened { task } => format!("{} is open again", names.task(*task)),
        Event::TaskStuck { task, reason } => {
            format!("{} is stuck: {}", names.task(*task), reason.summary)
        }
        Event::TaskDone { task, why } => format!("{} is done: {why}", names.task(*task)),
        Event::TaskFoundLanded { task, commit } => {
            format!("{} was found on the branch, landed as {}", names.task(*task), short(commit))
        }
        Event::TaskCheckedOff { task, problem: None } => {
            format!("{} was checked off in its file", names.task(*task))
        }
        Event::TaskCheckedOff { task, problem: Some(problem) } => {
            format!("{} could not be checked off: {problem}", names.task(*task))
        }
        _ => return None,
    })
}

fn runs(event: &Event) -> Option<String> {
    Some(match event {
        Event::RunStarted { run, spec, tasks } => {
            let (count, pool, branch) = (tasks.len(), spec.pool, &spec.branch);
            let tasks = if count == 1 { "task" } else { "tasks" };
            let workers = if pool == 1 { "worker" } else { "workers" };
            format!("{run} was started: {count} {tasks} on `{branch}`, up to {pool} {workers}")
        }
        Event::JournalCut { lost, landings, .. } => {
            let landed = landings.len();
            format!("the journal was cut here: {lost} records lost, {landed} landings found again")
        }
        Event::RunResumed { run } => format!("{run} goes on"),
        Event::RunResized { run, pool } => format!("{run} has up to {pool} workers from now on"),
        Event::RunDraining { run } => format!("{run} hands out no more work"),
        Event::RunStopping { run } => format!("{run} ends its workers and keeps their work"),
        Event::RunEnded { run, how: RunEnd::Finished } => format!("{run} is finished"),
        Event::RunEnded { run, how: RunEnd::Interrupted } => format!("{run} was interrupted"),
        _ => return None,
    })
}

fn sessions(names: &Names, event: &Event) -> Option<String> {
    Some(match event {
        Event::SessionRequested { session, task, attempt, .. } => {
            let (session, task) = (names.session(*session), names.task(*task));
            format!("{session} is to work on {task}, try {attempt}")
        }
        Event::SessionLeased { session, name, port_offset, .. } => {
            format!("{session} is called `{name}`, ports from +{port_offset}")
        }
        Event::TreeOpened { session, tree, .. } => {
            let (session, path, branch) = (names.session(*session), &tree.path, &tree.branch);
            format!("{session} has the worktree `{path}` on `{branch}`")
        }
        Event::AgentStarted { session, .. } => {
            let task = names.task_of(*session);
            format!("{} started to work on {task}", names.session(*session))
        }
        Event::ClaimRenewed { session, .. } => {
            format!("{} is alive and keeps its claim", names.session(*session))
        }
        Event::ClaimQuestioned { session, .. } => {
            format!("{} is asked whether it is alive: its claim ran out", names.session(*session))
        }
        Event::StopRequested { session, why } => {
            format!("{} is to end: {}", names.session(*session), stop(*why))
        }
        Event::AgentEnded { session, exit, .. } => {
            format!("{} ended {}", names.session(*session), ended(exit))
        }
        Event::SessionSealed { session, outcome, .. } => {
            sealed(&names.session(*session), &names.task_of(*session), outcome)
        }
        Event::TreeReleased { session, .. } => {
            format!("the worktree of {} is free again", names.session(*session))
        }
        Event::TreeStays { session, why, .. } => {
            format!("the worktree of {} stays: {why}", names.session(*session))
        }
        Event::SessionRestarted { session, generation } => {
            format!("{} begins anew, generation {generation}", names.session(*session))
        }
        Event::SessionClosed { session } => format!("{} is over", names.session(*session)),
        Event::QuestionAsked { session, message, summary, .. } => {
            format!("{} asks {message}: {summary}", names.session(*session))
        }
        Event::MessageSent { session, message, summary, answers, .. } => {
            let session = names.session(*session);
            match answers {
                Some(question) => format!("{session} gets the answer to {question}: {summary}"),
                None => format!("{session} is told {message}: {summary}"),
            }
        }
        Event::MessagesHandedOver { session, messages, .. } => {
            format!("{} was given {}", names.session(*session), listed(messages))
        }
        Event::MessagesSeen { session, messages, .. } => {
            format!("{} saw {}", names.session(*session), listed(messages))
        }
        Event::TurnPaused { session, .. } => {
            format!("{} waits for an answer", names.session(*session))
        }
        Event::TurnResumed { session, generation, .. } => {
            format!("{} goes on, generation {generation}", names.session(*session))
        }
        Event::TreeForgotten { tree } => format!("the worktree {tree} was removed"),
        Event::KeptDropped { refname, why } => {
            format!("the kept work `{refname}` was removed{}", because(why))
        }
        _ => return None,
    })
}

fn landings(names: &Names, event: &Event) -> Option<String> {
    Some(match event {
        Event::WorkSubmitted { task, session, commit, .. } => {
            let (session, task) = (names.session(*session), names.task(*task));
            format!("{session} submitted {task} as {}", short(commit))
        }
        Event::EntryTaken { landing, round } => {
            let again = if *round > 1 { format!(", round {round}") } else { String::new() };
            format!("{} is in turn to land{again}", names.work(*landing))
        }
        Event::EntryMerged { landing, onto, commit, .. } => {
            let (work, commit, onto) = (names.work(*landing), short(commit), short(onto));
            format!("{work} was merged with {onto} as {commit}")
        }
        Event::EntryVerified { landing, verdict, .. } => {
            let work = names.work(*landing);
            match verdict {
                Verdict::Passed => format!("the gate passed for {work}"),
                Verdict::Failed => format!("the gate is red for {work}"),
                Verdict::CouldNotRun(why) => format!("the gate could not run for {work}: {why}"),
            }
        }
        Event::EntryHeld { landing } => format!("{} waits for a person", names.work(*landing)),
        Event::EntryReleased { landing } => format!("{} may land", names.work(*landing)),
        Event::EntryParked { landing, reason } => {
            format!("{} is parked: {reason}", names.work(*landing))
        }
        Event::EntryRequeued { landing } => format!("{} is queued again", names.work(*landing)),
        Event::EntryRejected { landing, reason } => {
            format!("{} does not land: {}", names.work(*landing), reason.summary)
        }
        Event::WorkLanded { landing, commit, ahead, .. } => {
            let ahead = if ahead.is_some() { ", ahead of the branch" } else { "" };
            format!("{} landed as {}{ahead}", names.work(*landing), short(commit))
        }
        Event::EntryGoesAhead { landing, reason } => {
            format!("{} is to land ahead of the branch: {reason}", names.work(*landing))
        }
        Event::CommitsSubmitted { branch, commit, .. } => {
            format!("a person's commits on `{branch}` up to {} came in", short(commit))
        }
        Event::TargetSeen { branch, trouble: Some(trouble), .. } => {
            format!("`{branch}` does not follow: {}", trouble.summary)
        }
        Event::TargetSeen { branch, trouble: None, .. } => {
            format!("what kept `{branch}` from following is settled")
        }
        Event::TargetFollowed { branch, commit } => {
            format!("`{branch}` followed to {}", short(commit))
        }
        Event::EntryWithdrawn { landing, reason } => {
            format!("{} left the queue: {reason}", names.work(*landing))
        }
        Event::Delayed { key, reason, .. } => format!("{} waits: {reason}", names.delayed(*key)),
        Event::DelayOver { key } => format!("{} is looked at again", names.delayed(*key)),
        _ => return None,
    })
}

fn sealed(session: &str, task: &str, outcome: &SealOutcome) -> String {
    let failed = |how: &str, reason: &TryReason| {
        format!("the try of {session} at {task} {how}: {}", reason.summary)
    };
    match outcome {
        SealOutcome::Submitted => format!("the work of {session} on {task} is safe"),
        SealOutcome::Nothing => format!("{session} changed nothing for {task}"),
        SealOutcome::Failed(reason) => failed("failed", reason),
        SealOutcome::Interrupted => format!("{session} was interrupted at {task}"),
        SealOutcome::Ended(reason) => failed("was ended", reason),
    }
}

fn ended(exit: &Exit) -> String {
    let mut text = ended_how(&exit.how);
    let Some(turn) = &exit.turn else { return text };
    if !turn.denied.is_empty() {
        text = format!("{text}, and was not allowed to use {}", turn.denied.join(", "));
    }
    let name = turn.conversation.as_ref().map(|name| format!("conversation {name}"));
    let cost = turn.cost_microusd.map(dollars);
    let tokens = (turn.input_tokens > 0)
        .then(|| format!("{} tokens in, {} out", turn.input_tokens, turn.output_tokens));
    let parts: Vec<String> = [name, cost, tokens].into_iter().flatten().collect();
    if parts.is_empty() { text } else { format!("{text} ({})", parts.join("; ")) }
}

/// Millionths of a dollar as dollars and cents, rounded up.
fn dollars(millionths: u64) -> String {
    let cents = millionths.div_ceil(10_000);
    format!("${}.{:02}", cents / 100, cents % 100)
}

fn ended_how(how: &ExitHow) -> String {
    match how {
        ExitHow::Code(0) => "well".to_owned(),
        ExitHow::Code(code) => format!("with status {code}"),
        ExitHow::Signal(signal) => format!("by signal {signal}"),
        ExitHow::Silent => "for silence".to_owned(),
        ExitHow::TimeOver => "because its time was over".to_owned(),
        ExitHow::Stopped => "as it was told".to_owned(),
        ExitHow::CouldNotStart(why) => format!("before it began: {why}"),
        ExitHow::Lost(why) => format!("unseen: {why}"),
        ExitHow::Reported(why) => format!("without success: {why}"),
    }
}

const fn stop(why: StopReason) -> &'static str {
    match why {
        StopReason::Kill => "a person ended it",
        StopReason::KillAndDrop => "a person ended it and dropped its work",
        StopReason::Close => "a person closed it",
        StopReason::RunStopped => "its run was stopped",
        StopReason::ClaimExpired => "its claim ran out",
    }
}

fn listed(messages: &[MessageId]) -> String {
    let messages: Vec<String> = messages.iter().map(ToString::to_string).collect();
    messages.join(", ")
}

fn because(reason: &str) -> String {
    if reason.is_empty() { String::new() } else { format!(": {reason}") }
}

fn short(commit: &str) -> &str {
    commit.get(..SHORT).unwrap_or(commit)
}
