//! Views of worktrees.

use windrow_api::view::TreeRow;
use windrow_core::State;
use windrow_core::state::TreeUse;

use crate::place::Place;

/// One line for each worktree windrow made, gate lanes included.
pub(crate) fn tree_rows(state: &State, place: &Place) -> Vec<TreeRow> {
    let mut rows: Vec<TreeRow> = state
        .trees
        .iter()
        .map(|(id, record)| {
            let (used, note) = match &record.used {
                TreeUse::Session(session) => {
                    let label = state.sessions.get(session).map(|session| session.label());
                    ("session", Some(label.unwrap_or_else(|| session.to_string())))
                }
                TreeUse::Warm => ("warm", None),
                TreeUse::Stays(session, why) => ("stays", Some(format!("{session}: {why}"))),
            };
            let path = record.path.clone().into();
            TreeRow { id: id.to_string(), path, used: used.to_owned(), note }
        })
        .collect();
    let lanes = std::fs::read_dir(place.folder.join("lanes"));
    for lane in lanes.into_iter().flatten().flatten() {
        rows.push(TreeRow {
            id: lane.file_name().to_string_lossy().into_owned(),
            path: lane.path(),
            used: "warm".to_owned(),
            note: Some("gates run here".to_owned()),
        });
    }
    rows
}
