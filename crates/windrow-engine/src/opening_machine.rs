//! Opens the machine's journal; a damaged one is cut to what is whole, because nothing works without
//! it and no project can be lost with it.
//!
//! What the cut takes comes back: living sessions bring their names and ports with their projects,
//! a project is known again when windrow is next used in it, and approvals are asked for again.

use std::path::Path;

use windrow_journal::{OpenError, Repair};

use crate::chain;
use crate::home::Home;
use crate::hub::Machines;
use crate::opening::open_journal;
use crate::register::Register;
use crate::repairing::is_damage;

/// Why it is not open.
enum Trouble {
    Damaged(String),
    Other(String),
}

/// The machine's register, and what is to be said about it.
///
/// # Errors
/// It cannot be read, or a newer windrow wrote it, or the repair failed; it is as it was.
pub(crate) async fn open(home: &Home) -> Result<(Machines, Option<String>), String> {
    let path = home.machine_journal();
    let what = match try_to(&path).await {
        Ok(machine) => return Ok((machine, None)),
        Err(Trouble::Other(why)) => return Err(why),
        Err(Trouble::Damaged(what)) => what,
    };
    let repair = Repair::begin(&path, None).await;
    let repair =
        repair.map_err(|error| format!("{what}; it cannot be repaired: {}", chain(&error)))?;
    let (good, aside) = (repair.head.seq, repair.aside.clone());
    repair.finish().map_err(|error| format!("{what}; its repair failed: {}", chain(&error)))?;
    let said = format!(
        "{what}; it goes on from record {good}, the damaged files are in `{}`. Approvals may be \
         asked for again, and work in other projects goes on when windrow is next used in them",
        aside.display()
    );
    match try_to(&path).await {
        Ok(machine) => Ok((machine, Some(said))),
        Err(Trouble::Damaged(why) | Trouble::Other(why)) => Err(why),
    }
}

async fn try_to(path: &Path) -> Result<Machines, Trouble> {
    let damaged = || Trouble::Damaged(format!("`{}` was damaged", path.display()));
    let journal = match open_journal(path.to_owned()).await {
        Ok(journal) => journal,
        Err(OpenError::Damaged { .. } | OpenError::NotAJournal { .. }) => return Err(damaged()),
        Err(error) => return Err(Trouble::Other(chain(&error))),
    };
    Register::open(journal)
        .await
        .map_err(|error| if is_damage(&error) { damaged() } else { Trouble::Other(chain(&error)) })
}
