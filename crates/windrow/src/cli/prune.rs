//! `windrow prune`: remove what is not needed any more.

use std::collections::BTreeMap;

use windrow_api::ExitKind;
use windrow_api::view::PruneRow;

use crate::context::Context;
use crate::error::Outcome;
use crate::output::{Format, one_line};
use crate::render::{Column, Table};

/// How many of those that share their reason are named.
const NAMED: usize = 3;

/// Remove worktrees and refs nobody needs
///
/// Warm worktrees, and kept work of tasks that landed. What did not land stays unless `--unlanded`
/// says otherwise.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Example:\n  windrow prune --dry-run")]
pub(crate) struct PruneArgs {
    /// Only say what would go
    #[arg(long)]
    dry_run: bool,

    /// Remove kept work that never landed too
    #[arg(long)]
    unlanded: bool,

    /// Name each of many
    #[arg(long, short)]
    verbose: bool,

    /// Print in this form
    #[arg(long, value_enum, default_value_t, value_name = "FORM")]
    format: Format,
}

/// Prunes.
pub(super) fn run(context: &Context, args: &PruneArgs) -> Outcome {
    let rows = context.desk()?.prune(args.dry_run, args.unlanded)?;
    let out = &context.out;
    if args.format == Format::Json {
        out.json(&rows)?;
        return Ok(ExitKind::Success);
    }
    if rows.is_empty() {
        out.say("Nothing to remove.");
        return Ok(ExitKind::Success);
    }
    // Whatever reads from a pipe or a file would have to ask again.
    let named = if args.verbose || !out.is_read_by_a_person() { usize::MAX } else { NAMED };
    out.answer(&text(&rows, args.dry_run, named, out.width()))?;
    if groups(&rows).iter().any(|group| is_crowd(group, named)) {
        out.say("`--verbose` names each of them.");
    }
    Ok(ExitKind::Success)
}

/// Whether a group is too large for each of it to be named; one line in place of one says nothing
/// shorter.
fn is_crowd(group: &[&PruneRow], named: usize) -> bool {
    group.len() > named.saturating_add(1)
}

/// What went and what stays; of many that share their reason the first `named`.
fn text(rows: &[PruneRow], dry_run: bool, named: usize, width: Option<usize>) -> String {
    let column = |title, goes| Column { title, goes };
    let columns = [column("WHAT", 0), column("NAME", 0), column("THEN", 0), column("WHY", 1)];
    let mut table = Table::new(&columns, 1);
    for group in groups(rows) {
        let Some(first) = group.first() else { continue };
        let then = match (first.gone, dry_run) {
            (true, true) => "would go",
            (true, false) => "gone",
            (false, _) => "stays",
        };
        let mut line = |name: String| {
            table.row(vec![first.what.clone(), name, then.to_owned(), one_line(&first.note)]);
        };
        let named = if is_crowd(&group, named) { named } else { group.len() };
        group.iter().take(named).for_each(|row| line(one_line(&row.name)));
        if named < group.len() {
            line(format!("and {} more", group.len() - named));
        }
    }
    table.render(width)
}

/// Rows that differ only in their names, in the order in which the first of each came.
fn groups(rows: &[PruneRow]) -> Vec<Vec<&PruneRow>> {
    let mut groups: Vec<Vec<&PruneRow>> = Vec::new();
    let mut known: BTreeMap<(&str, bool, &str), usize> = BTreeMap::new();
    for row in rows {
        let at = *known.entry((&row.what, row.gone, &row.note)).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, gone: bool, note: &str) -> PruneRow {
        PruneRow { what: "ref".to_owned(), name: name.to_owned(), gone, note: note.to_owned() }
    }

    #[test]
    fn of_many_that_share_their_reason_the_first_few_are_named() {
        let mut rows: Vec<PruneRow> =
            (1..=40).map(|n| row(&format!("kept/{n}"), false, "it did not land")).collect();
        rows.insert(1, row("kept/0", true, "it landed"));
        let expected = "\
WHAT  NAME         THEN   WHY
ref   kept/1       stays  it did not land
ref   kept/2       stays  it did not land
ref   kept/3       stays  it did not land
ref   and 37 more  stays  it did not land
ref   kept/0       gone   it landed
";
        assert_eq!(text(&rows, false, NAMED, None), expected);
        let all = text(&rows, false, usize::MAX, None);
        assert!(all.contains("kept/40") && !all.contains("more"), "{all}");
        assert!(text(&rows[..5], true, NAMED, None).contains("kept/4"), "four are no crowd");
    }
}
