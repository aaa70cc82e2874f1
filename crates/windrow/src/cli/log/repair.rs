//! `windrow log repair`: go on from the last good record of a damaged journal.

use std::fmt::Write as _;

use windrow_api::summary::short;
use windrow_api::view::RepairView;
use windrow_api::{ExitKind, ProjectCall, Reply};

use super::args::RepairArgs;
use crate::context::Context;
use crate::desk::unexpected;
use crate::error::Outcome;
use crate::output::{Format, listed, one_line};

/// Repairs.
pub(super) fn run(context: &Context, args: &RepairArgs) -> Outcome {
    let answer = context.desk()?.ask_once(ProjectCall::RepairLog { to: args.to })?;
    let Reply::Repaired(done) = answer else { return Err(unexpected(&answer)) };
    match args.format {
        Format::Json => context.out.json(&done)?,
        Format::Text => context.out.answer(&page(&done))?,
    }
    Ok(ExitKind::Success)
}

fn page(done: &RepairView) -> String {
    let RepairView { kept, lost, aside, landings, jobs } = done;
    let records = if *lost == 1 { "record" } else { "records" };
    let mut page =
        format!("The journal ends at record {kept} now; {lost} {records} behind it are lost.\n");
    let mut say = |text: String| {
        let _never_fails = writeln!(page, "{text}");
    };
    say(format!("As it was it lies in {}.", aside.display()));
    if *jobs > 0 {
        say(format!(
            "There are {jobs} folders of jobs, too, with what lost workers and gates said."
        ));
    }
    if !landings.is_empty() {
        let named = landings.iter().map(|landing| {
            let what = landing.source.as_ref().or(landing.task.as_ref());
            format!(
                "{} {}",
                short(&landing.commit),
                what.map(|text| one_line(text)).unwrap_or_default()
            )
        });
        let named: Vec<String> = named.collect();
        say(format!("Landed meanwhile, and not landed again: {}.", listed(&named, ", ")));
    }
    say("To do:".to_owned());
    say("- `windrow status` and `windrow task list` show what is known; add what is missing"
        .to_owned());
    say("- `windrow run FILE` takes a file's tasks in again, without those that landed".to_owned());
    say("- `windrow restore --list` lists work that was kept, of lost workers too".to_owned());
    say("- `git worktree list` names trees of lost workers; windrow leaves them alone".to_owned());
    page
}
