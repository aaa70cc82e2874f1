//! `windrow run --dry-run`: the order, what would run and what needs consent; nothing changes.
//!
//! A daemon that is there is asked what it knows; none is started.

use std::collections::BTreeMap;

use serde::Serialize;
use windrow_api::ExitKind;

use super::chosen::{Chosen, Known};
use super::nothing::{self, NOTHING};
use super::setup::Setup;
use super::start::Meant;
use crate::approval::{Content, command_line};
use crate::context::Context;
use crate::desk::Desk;
use crate::error::{CliError, Outcome};
use crate::output::{Format, one_line};
use crate::render::{Column, Table, task_table};
use crate::source::USUAL_PRIORITY;

/// What would happen.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Plan {
    branch: String,
    pool: u32,
    gates: Vec<String>,
    tasks: Vec<Step>,
    /// Files whose commands nobody approved yet, as far as is known.
    to_approve: Vec<String>,
}

/// One task.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Step {
    /// Tasks of one step may run at the same time; counted from 1, 0 for what is over.
    step: usize,
    task: String,
    title: String,
    after: Vec<String>,
    /// The shell line, or the agent's command.
    runs: String,
    agent: Option<String>,
}

/// Shows what would happen.
pub(super) fn show(
    context: &Context,
    setup: &Setup,
    chosen: &[Chosen<'_>],
    known: &Known,
    to_approve: &[&Content],
    format: Format,
) -> Outcome {
    let plan = Plan {
        branch: setup.spec.branch.clone(),
        pool: setup.spec.pool,
        gates: setup.spec.gates.clone(),
        tasks: steps(setup, chosen, known),
        to_approve: to_approve.iter().map(|content| content.place.clone()).collect(),
    };
    match format {
        Format::Json => context.out.json(&plan)?,
        Format::Text => context.out.answer(&text(&plan, context.out.width()))?,
    }
    Ok(ExitKind::Success)
}

fn steps(setup: &Setup, chosen: &[Chosen<'_>], known: &Known) -> Vec<Step> {
    let names: Vec<String> = chosen.iter().map(Chosen::reference).collect();
    let numbers = numbers(chosen, &names, known);
    let mut order: Vec<usize> = (0..chosen.len()).collect();
    order.sort_by_key(|at| {
        let priority = chosen.get(*at).and_then(|c| c.task.priority).unwrap_or(USUAL_PRIORITY);
        (numbers.get(*at).copied(), priority)
    });
    let one = |at: usize| Some(step(setup, chosen.get(at)?, numbers.get(at).copied()?));
    order.into_iter().filter_map(one).collect()
}

/// The step of each task: one more than the last of those it waits for, 0 when it is over.
fn numbers(chosen: &[Chosen<'_>], names: &[String], known: &Known) -> Vec<usize> {
    let place: BTreeMap<&str, usize> =
        names.iter().enumerate().map(|(at, name)| (name.as_str(), at)).collect();
    let mut numbers = vec![0; chosen.len()];
    let mut waits_for = vec![0_usize; chosen.len()];
    let mut waiting: Vec<Vec<usize>> = vec![Vec::new(); chosen.len()];
    let mut todo = Vec::new();
    for (at, one) in chosen.iter().enumerate().filter(|(_, one)| !known.is_over(one)) {
        let on = one.task.depends.iter().map(|key| one.file.reference(key));
        let on = on.filter_map(|name| place.get(name.as_str()).copied());
        for on in on.filter(|on| chosen.get(*on).is_some_and(|on| !known.is_over(on))) {
            waiting[on].push(at);
            waits_for[at] += 1;
        }
        if waits_for[at] == 0 {
            numbers[at] = 1;
            todo.push(at);
        }
    }
    while let Some(at) = todo.pop() {
        for next in std::mem::take(&mut waiting[at]) {
            numbers[next] = numbers[next].max(numbers[at] + 1);
            waits_for[next] -= 1;
            if waits_for[next] == 0 {
                todo.push(next);
            }
        }
    }
    numbers
}

fn step(setup: &Setup, chosen: &Chosen<'_>, step: usize) -> Step {
    let task = chosen.task;
    let agent = task.agent.as_ref().or(setup.spec.agent.as_ref());
    let by_agent = || agent.and_then(|name| setup.spec.agents.get(name)).map(command_line);
    Step {
        step,
        task: chosen.reference(),
        title: task.title.clone(),
        after: task.depends.clone(),
        runs: task.run.clone().or_else(by_agent).unwrap_or_default(),
        agent: agent.filter(|_| task.run.is_none()).cloned(),
    }
}

fn text(plan: &Plan, width: Option<usize>) -> String {
    let column = |title, goes| Column { title, goes };
    let columns = [
        column("STEP", 0),
        column("TASK", 1),
        column("TITLE", 0),
        column("AFTER", 2),
        column("RUNS", 3),
    ];
    let mut table = Table::new(&columns, 2);
    for step in &plan.tasks {
        let number = if step.step == 0 { "over".to_owned() } else { step.step.to_string() };
        table.row(vec![
            number,
            step.task.clone(),
            one_line(&step.title),
            step.after.join(" "),
            one_line(&step.runs),
        ]);
    }
    let mut lines = table.lines(width);
    let open = plan.tasks.iter().filter(|step| step.step > 0).count();
    lines.push(String::new());
    if open == 0 {
        lines.push(NOTHING.to_owned());
        return lines.join("\n") + "\n";
    }
    let (branch, pool) = (one_line(&plan.branch), plan.pool);
    let tasks = if open == 1 { "task" } else { "tasks" };
    let workers = if pool == 1 { "1 worker" } else { &format!("up to {pool} workers at once") };
    lines.push(format!("{open} {tasks} would land on {branch}, by {workers}."));
    match &plan.gates[..] {
        [] => lines.push("No gate would check them.".to_owned()),
        gates => lines.push(format!("Gates: {}", one_line(&gates.join("; ")))),
    }
    for file in &plan.to_approve {
        lines.push(format!("Needs consent: `windrow approve {}`", one_line(file)));
    }
    lines.join("\n") + "\n"
}

/// Shows the project's own tasks that would run.
pub(super) fn show_rows(
    context: &Context,
    desk: &mut Desk,
    meant: &Meant,
    format: Format,
) -> Outcome {
    let Meant::Rows(rows) = meant else { return Ok(ExitKind::Success) };
    match format {
        Format::Json => context.out.json(rows)?,
        Format::Text if rows.is_empty() => {
            nothing::left(desk)?.iter().for_each(|line| context.out.say(line));
        }
        Format::Text => context.out.answer(&task_table(rows, context.out.width()))?,
    }
    Ok(ExitKind::Success)
}

/// What needs consent, as far as a daemon that is there can say.
pub(super) fn unapproved<'a>(
    context: &Context,
    contents: &'a [Content],
) -> Result<Vec<&'a Content>, CliError> {
    match context.find_daemon()? {
        Some(mut daemon) => crate::approval::missing(&mut daemon, contents),
        None => Ok(contents.iter().collect()),
    }
}
