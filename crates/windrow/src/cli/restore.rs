//! `windrow restore`: bring kept work back into a worktree.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Serialize;
use windrow_api::view::KeptRow;
use windrow_api::{ExitKind, ProjectCall, Reply};
use windrow_world::trackers::nearest;

use crate::context::Context;
use crate::desk::unexpected;
use crate::error::{CliError, Outcome};
use crate::output::{Format, one_line};
use crate::render::{Column, Table, clock};

/// Bring kept work back
///
/// Makes a new worktree in which everything is as it was: files, index, unfinished merge. A name is
/// only a label; when several sessions bore it, they are listed.
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  windrow restore --list\n  windrow restore toast --to ../toast"
)]
pub(crate) struct RestoreArgs {
    /// Worker's name or id, or a ref
    #[arg(value_name = "NAME", required_unless_present = "list")]
    name: Option<String>,

    /// List kept work instead
    #[arg(long)]
    list: bool,

    /// Make the worktree here
    #[arg(long, value_name = "PATH")]
    to: Option<PathBuf>,

    /// Print in this form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

/// Where kept work is back.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(super) struct Restored<'a> {
    /// The new worktree.
    path: &'a Path,
    /// The branch it is on; nothing when it is on none.
    branch: Option<&'a str>,
    /// What could not be restored: one sentence each.
    left: &'a [String],
}

/// Lists or restores.
pub(super) fn run(context: &Context, args: &RestoreArgs) -> Outcome {
    let mut desk = context.desk()?;
    let kept = desk.kept()?;
    let out = &context.out;
    let name = match &args.name {
        Some(name) if !args.list => name,
        name => {
            let mine = |row: &&KeptRow| name.as_ref().is_none_or(|name| is_named(row, name));
            let rows: Vec<&KeptRow> = kept.iter().filter(mine).collect();
            match args.format {
                Format::Json => out.json(&rows)?,
                Format::Text if rows.is_empty() => out.say("Nothing is kept."),
                Format::Text => out.answer(&text(&rows, out.width()))?,
            }
            return Ok(ExitKind::Success);
        }
    };
    let refname = choose(&kept, name)?.refname.clone();
    let path = args.to.as_ref().map(|path| context.path(path));
    let answer = desk.ask_once(ProjectCall::Restore { refname, path })?;
    let Reply::Restored { path, branch, left } = &answer else {
        return Err(unexpected(&answer));
    };
    if args.format == Format::Json {
        out.json(&Restored { path, branch: branch.as_deref(), left })?;
        return Ok(ExitKind::Success);
    }
    out.answer(&path.display().to_string())?;
    if args.to.as_ref().is_some_and(|to| !context.path(to).exists()) {
        out.say("A restore that was cut short had begun there and is finished now.");
        out.say("`git worktree move` takes it elsewhere.");
    }
    if let Some(branch) = branch {
        out.say(&format!("It is on branch {}.", one_line(branch)));
    }
    for line in left {
        out.say(&format!("Not restored: {}", one_line(line)));
    }
    Ok(ExitKind::Success)
}

/// The kept work that is meant: of one session the newest.
///
/// What a tree still held after its session's work was kept lies beside it under a name that ends
/// in `.rest`, and may lack what the first look moved out of the tree. It is meant only by its whole
/// name, or where a session has nothing else.
pub(super) fn choose<'a>(kept: &'a [KeptRow], name: &str) -> Result<&'a KeptRow, CliError> {
    if let Some(row) = kept.iter().find(|row| row.refname == name) {
        return Ok(row);
    }
    let mut mine: Vec<&KeptRow> = kept.iter().filter(|row| is_named(row, name)).collect();
    let work: BTreeSet<&str> =
        mine.iter().filter(|row| !is_rest(row)).map(|row| row.session.as_str()).collect();
    mine.retain(|row| !is_rest(row) || !work.contains(row.session.as_str()));
    let newest = mine.iter().copied().max_by_key(|row| (row.generation, row.at_ms));
    let Some(newest) = newest else {
        let error = CliError::user(format!("nothing is kept under `{}`", one_line(name)));
        let error = match nearest(name, kept.iter().map(|row| row.name.as_str())) {
            Some(near) => error.hint(format!("is `{}` meant?", one_line(near))),
            None => error,
        };
        return Err(error.hint("`windrow restore --list` shows what is"));
    };
    if mine.iter().all(|row| row.session == newest.session) {
        return Ok(newest);
    }
    let error = CliError::user(format!("several sessions were called `{}`", one_line(name)));
    Err(mine.iter().fold(error, |error, row| {
        error.hint(format!("name one: `{}` ({} {})", row.refname, row.task, one_line(&row.title)))
    }))
}

fn is_rest(row: &KeptRow) -> bool {
    row.refname.ends_with(".rest")
}

fn is_named(row: &KeptRow, name: &str) -> bool {
    row.refname == name || row.session == name || row.name == name || row.task == name
}

fn text(rows: &[&KeptRow], width: Option<usize>) -> String {
    let column = |title, goes| Column { title, goes };
    let columns = [
        column("NAME", 0),
        column("SESSION", 2),
        column("TASK", 1),
        column("TITLE", 0),
        column("WHAT", 3),
        column("KEPT", 4),
        column("LANDED", 5),
        column("REF", 6),
    ];
    let mut table = Table::new(&columns, 3);
    for row in rows {
        table.row(vec![
            one_line(&row.name),
            row.session.clone(),
            row.task.clone(),
            one_line(&row.title),
            row.what.clone(),
            clock(row.at_ms),
            if row.landed { "yes" } else { "no" }.to_owned(),
            row.refname.clone(),
        ]);
    }
    table.render(width)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(session: &str, name: &str, generation: u32) -> KeptRow {
        KeptRow {
            refname: format!("refs/windrow/kept/{session}/{generation}"),
            commit: "0".repeat(40),
            session: session.to_owned(),
            name: name.to_owned(),
            generation,
            task: "t-1".to_owned(),
            title: "Add a clock".to_owned(),
            at_ms: i64::from(generation),
            what: "captured".to_owned(),
            landed: false,
        }
    }

    #[test]
    fn the_newest_of_one_session_and_a_list_of_several() {
        let all = [
            kept("s-1", "toast", 1),
            kept("s-1", "toast", 2),
            kept("s-2", "rye", 1),
            kept("s-3", "rye", 1),
        ];
        let found = |name| choose(&all, name).map(|row| row.refname.clone());
        assert_eq!(found("toast").as_deref(), Ok("refs/windrow/kept/s-1/2"));
        assert_eq!(found("s-2").as_deref(), Ok("refs/windrow/kept/s-2/1"));
        assert_eq!(found("refs/windrow/kept/s-1/1").as_deref(), Ok("refs/windrow/kept/s-1/1"));
        let error = found("rye").expect_err("two sessions");
        assert_eq!(error.hints.len(), 2);
        assert!(error.hints[1].contains("refs/windrow/kept/s-3/1"));
        let error = found("tost").expect_err("a slip");
        assert_eq!(error.hints[0], "is `toast` meant?");
    }

    #[test]
    fn what_was_left_beside_submitted_work_is_meant_only_by_its_whole_name() {
        let rest = |session, name, generation| {
            let row = kept(session, name, generation);
            KeptRow { refname: row.refname.clone() + ".rest", at_ms: row.at_ms + 1, ..row }
        };
        let all = [
            kept("s-1", "toast", 1),
            rest("s-1", "toast", 1),
            rest("s-1", "toast", 2),
            rest("s-2", "rye", 1),
            rest("s-2", "rye", 3),
        ];
        let found = |name| choose(&all, name).map(|row| row.refname.as_str());
        assert_eq!(found("toast"), Ok("refs/windrow/kept/s-1/1"));
        assert_eq!(found("s-1"), Ok("refs/windrow/kept/s-1/1"));
        let whole = "refs/windrow/kept/s-1/1.rest";
        assert_eq!(found(whole), Ok(whole));
        assert_eq!(found("rye"), Ok("refs/windrow/kept/s-2/3.rest"));
    }
}
