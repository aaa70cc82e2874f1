//! `windrow prune`: remove what is not needed any more.

use windrow_api::ExitKind;

use crate::context::Context;
use crate::error::Outcome;
use crate::output::{Format, one_line};
use crate::render::{Column, Table};

/// Remove worktrees and refs nobody needs
///
/// Warm worktrees, and kept work of tasks that landed. What did not land stays unless `--unlanded`
/// says otherwise.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct PruneArgs {
    /// Only say what would go
    #[arg(long)]
    dry_run: bool,

    /// Remove kept work that never landed too
    #[arg(long)]
    unlanded: bool,

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
    let column = |title, goes| Column { title, goes };
    let columns = [column("WHAT", 0), column("NAME", 0), column("THEN", 0), column("WHY", 1)];
    let mut table = Table::new(&columns, 1);
    for row in &rows {
        let then = match (row.gone, args.dry_run) {
            (true, true) => "would go",
            (true, false) => "gone",
            (false, _) => "stays",
        };
        table.row(vec![
            row.what.clone(),
            one_line(&row.name),
            then.to_owned(),
            one_line(&row.note),
        ]);
    }
    out.answer(&table.render(out.width()))?;
    Ok(ExitKind::Success)
}
