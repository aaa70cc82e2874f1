//! What belongs to the machine and not to one project: projects, names, ports, approvals.
//!
//! The same shape as the project's core: commands yield events, events fold into the state.

mod names;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::SessionId;
use crate::time::{Stamp, Timestamp};

pub use names::NAMES;

/// The id of a project: a short hash of its git directory's place.
pub type ProjectId = String;

/// The fold of the machine's journal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// The last event folded in.
    pub seq: u64,
    /// Every project that was ever opened.
    pub projects: BTreeMap<ProjectId, Project>,
    /// Names and ports in use, by project and session.
    pub leases: BTreeMap<ProjectId, BTreeMap<SessionId, MachineLease>>,
    /// Names given out so far; the next one starts its search there.
    pub named: u64,
    /// Contents a person approved, by hash, with the place they came from.
    pub approvals: BTreeMap<String, Approval>,
}

/// A repository that windrow manages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    /// A word for people: the name of the repository's folder.
    pub name: String,
    /// The common git directory, absolute.
    pub git_dir: String,
    /// The main worktree, absolute.
    pub root: String,
}

/// A name and a block of ports in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineLease {
    /// Unique on the machine.
    pub name: String,
    /// Unique on the machine.
    pub port_offset: u32,
}

/// A content that a person approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Where it was found.
    pub place: String,
    /// When it was approved.
    pub at: Timestamp,
}

/// Something that happened to the machine's state. Persisted like a project's events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body", rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "each variant says in its name what happened, each field what with"
)]
pub enum MachineEvent {
    ProjectOpened { project: ProjectId, name: String, git_dir: String, root: String },
    NameLeased { project: ProjectId, session: SessionId, name: String, port_offset: u32 },
    NameFreed { project: ProjectId, session: SessionId },
    ContentApproved { hash: String, place: String },
}

/// Something asked of the machine's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MachineCommand {
    /// Make a project known.
    OpenProject {
        /// Its id.
        project: ProjectId,
        /// What is known of it.
        about: Project,
    },
    /// Get a name and ports; asking again gives the same ones.
    LeaseName {
        /// The project.
        project: ProjectId,
        /// The session.
        session: SessionId,
        /// An offset that is free for the project's base ports.
        port_offset: u32,
    },
    /// Record a name and ports that a session has already.
    KeepLease {
        /// The project.
        project: ProjectId,
        /// The session.
        session: SessionId,
        /// What it has.
        lease: MachineLease,
    },
    /// Give them back; giving back what was given back changes nothing.
    FreeName {
        /// The project.
        project: ProjectId,
        /// The session.
        session: SessionId,
    },
    /// Approve a content.
    Approve {
        /// Its hash.
        hash: String,
        /// Where it was found.
        place: String,
    },
}

/// Why the machine's state refused a command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MachineRejection {
    /// Somebody else got the offset in the meantime; choose another.
    #[error("port offset {0} is in use")]
    OffsetInUse(u32),
    /// Somebody else got the name in the meantime.
    #[error("the name `{0}` is in use")]
    NameInUse(String),
}

impl Machine {
    /// Every port offset in use.
    #[must_use]
    pub fn offsets(&self) -> BTreeSet<u32> {
        self.leases.values().flat_map(BTreeMap::values).map(|lease| lease.port_offset).collect()
    }

    /// The lease of a session.
    #[must_use]
    pub fn lease(&self, project: &str, session: SessionId) -> Option<&MachineLease> {
        self.leases.get(project)?.get(&session)
    }

    fn free_name(&self) -> String {
        let taken: BTreeSet<&str> = self
            .leases
            .values()
            .flat_map(BTreeMap::values)
            .map(|lease| lease.name.as_str())
            .collect();
        let count = NAMES.len() as u64;
        // The search goes round the list, and with a number behind the words from the second time on.
        (self.named..)
            .map(|n| {
                let word = usize::try_from(n % count).ok().and_then(|at| NAMES.get(at));
                let round = (n - self.named) / count;
                let word = word.copied().unwrap_or("worker");
                if round == 0 { word.to_owned() } else { format!("{word}-{}", round + 1) }
            })
            .find(|name| !taken.contains(name.as_str()))
            .unwrap_or_default()
    }
}

/// Turns a command into events.
///
/// # Errors
/// The rule that the command broke.
pub fn decide_machine(
    machine: &Machine,
    command: &MachineCommand,
) -> Result<Vec<MachineEvent>, MachineRejection> {
    Ok(match command {
        MachineCommand::OpenProject { project, about } => {
            if machine.projects.get(project) == Some(about) {
                return Ok(Vec::new());
            }
            let Project { name, git_dir, root } = about.clone();
            vec![MachineEvent::ProjectOpened { project: project.clone(), name, git_dir, root }]
        }
        MachineCommand::LeaseName { project, session, port_offset } => {
            if machine.lease(project, *session).is_some() {
                return Ok(Vec::new());
            }
            if machine.offsets().contains(port_offset) {
                return Err(MachineRejection::OffsetInUse(*port_offset));
            }
            vec![MachineEvent::NameLeased {
                project: project.clone(),
                session: *session,
                name: machine.free_name(),
                port_offset: *port_offset,
            }]
        }
        MachineCommand::KeepLease { project, session, lease } => {
            if machine.lease(project, *session).is_some() {
                return Ok(Vec::new());
            }
            let MachineLease { name, port_offset } = lease.clone();
            if machine.offsets().contains(&port_offset) {
                return Err(MachineRejection::OffsetInUse(port_offset));
            }
            if machine.leases.values().flat_map(BTreeMap::values).any(|held| held.name == name) {
                return Err(MachineRejection::NameInUse(name));
            }
            let (project, session) = (project.clone(), *session);
            vec![MachineEvent::NameLeased { project, session, name, port_offset }]
        }
        MachineCommand::FreeName { project, session } => {
            if machine.lease(project, *session).is_none() {
                return Ok(Vec::new());
            }
            vec![MachineEvent::NameFreed { project: project.clone(), session: *session }]
        }
        MachineCommand::Approve { hash, place } => {
            if machine.approvals.contains_key(hash) {
                return Ok(Vec::new());
            }
            vec![MachineEvent::ContentApproved { hash: hash.clone(), place: place.clone() }]
        }
    })
}

/// Folds one event into the machine's state.
pub fn evolve_machine(machine: &mut Machine, seq: u64, event: &MachineEvent, stamp: Stamp) {
    machine.seq = seq;
    match event {
        MachineEvent::ProjectOpened { project, name, git_dir, root } => {
            let about =
                Project { name: name.clone(), git_dir: git_dir.clone(), root: root.clone() };
            machine.projects.insert(project.clone(), about);
        }
        MachineEvent::NameLeased { project, session, name, port_offset } => {
            let lease = MachineLease { name: name.clone(), port_offset: *port_offset };
            machine.leases.entry(project.clone()).or_default().insert(*session, lease);
            machine.named += 1;
        }
        MachineEvent::NameFreed { project, session } => {
            if let Some(leases) = machine.leases.get_mut(project) {
                leases.remove(session);
            }
        }
        MachineEvent::ContentApproved { hash, place } => {
            let approval = Approval { place: place.clone(), at: stamp.now };
            machine.approvals.insert(hash.clone(), approval);
        }
    }
}

#[cfg(test)]
mod tests;
