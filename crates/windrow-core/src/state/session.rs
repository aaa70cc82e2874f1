//! A session: one agent at work on one task in one worktree.

use serde::{Deserialize, Serialize};

use crate::ids::{Generation, RunId, SessionId, TaskId, TreeId};
use crate::spec::TextRef;
use crate::time::Timestamp;

use super::{Message, TryReason};

/// A session and the facts known of it, in the order in which they come about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The task it works on.
    pub task: TaskId,
    /// The run that started it.
    pub run: RunId,
    /// Which try at the task this is, from 1.
    pub attempt: u32,
    /// Which agent process is the current one; reports of older ones are refused.
    pub generation: Generation,
    /// Interruptions from outside so far.
    pub interruptions: u32,
    /// Its hold on the task and on the task's scopes.
    pub claim: Claim,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// Its name and ports.
    pub lease: Option<Lease>,
    /// Its worktree, once it is ready.
    pub tree: Option<OpenTree>,
    /// The keeper that owns the agent, once it runs.
    pub keeper: Option<Process>,
    /// When the agent was started.
    pub started_at: Option<Timestamp>,
    /// Somebody wants it to end.
    pub stop: Option<StopReason>,
    /// How the agent ended.
    pub exit: Option<Exit>,
    /// When that was known.
    #[serde(default)]
    pub ended_at: Option<Timestamp>,
    /// What became of its work.
    pub sealed: Option<SealOutcome>,
    /// Its worktree is reset or removed, or stays for a stated reason.
    pub released: bool,
    /// Name and ports are free again; nothing more happens.
    pub closed: bool,
    /// Everything captured of it, one for each generation that left something.
    pub kept: Vec<Kept>,
    /// What it and the person said to each other, oldest first.
    #[serde(default)]
    pub talk: Vec<Message>,
    /// Its turn is over and its work is not: it waits for the person.
    #[serde(default)]
    pub paused: bool,
    /// The current generation goes on with the turn of the one before it, in the same worktree.
    #[serde(default)]
    pub goes_on: bool,
}

/// What a session is waiting for next; the engine performs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// A name and ports.
    Lease,
    /// A worktree.
    Tree,
    /// The agent's start.
    Agent,
    /// The agent's end.
    End,
    /// The person's word.
    Word,
    /// The fate of its work.
    Seal,
    /// The end of its worktree.
    Release,
    /// Giving back name and ports.
    Unlease,
    /// Nothing.
    Nothing,
}

impl Session {
    /// What has to happen next.
    #[must_use]
    pub const fn wish(&self) -> Wish {
        if self.closed {
            Wish::Nothing
        } else if self.lease.is_none() && self.sealed.is_none() {
            Wish::Lease
        } else if self.lease.is_none() || self.released {
            // The machine may have given a name that was never reported: giving back is harmless.
            Wish::Unlease
        } else if self.sealed.is_some() {
            Wish::Release
        } else if self.paused && self.stop.is_none() {
            Wish::Word
        } else if self.exit.is_some() {
            Wish::Seal
        } else if self.keeper.is_some() {
            Wish::End
        } else if self.tree.is_some() {
            Wish::Agent
        } else {
            Wish::Tree
        }
    }

    /// Whether the fate of its work is still to be recorded.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        !self.closed && !matches!(&self.sealed, Some(outcome) if outcome.is_final())
    }

    /// Whether it takes one of the run's slots: while it is open and does not wait for the person.
    #[must_use]
    pub const fn takes_slot(&self) -> bool {
        self.is_open() && !self.paused
    }

    /// The name, or the id while it has none.
    #[must_use]
    pub fn label(&self) -> String {
        self.lease.as_ref().map_or_else(|| self.id.to_string(), |lease| lease.name.clone())
    }
}

/// A hold with a deadline; the fence orders the holders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Larger than that of every earlier claim.
    pub fence: u64,
    /// When the holder counts as lost unless it renewed.
    pub deadline: Timestamp,
    /// The deadline passed once and the holder is being asked.
    pub questioned: bool,
}

/// A name and a block of ports, unique on the machine while the session lives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// A short memorable name.
    pub name: String,
    /// Added to the project's base ports.
    pub port_offset: u32,
    /// The worktree that was chosen for it.
    pub tree: TreeId,
    /// The worktree exists already and is to be used again.
    pub reuse: bool,
}

/// A worktree in use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenTree {
    /// Which of windrow's trees.
    pub id: TreeId,
    /// Where its files are, absolute.
    pub path: String,
    /// Its own git directory, absolute.
    pub git_dir: String,
    /// The branch it is on, without `refs/heads/`.
    pub branch: String,
    /// The commit the work starts from.
    pub base: String,
}

/// A process that cannot be mistaken for a later one with the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// The process id.
    pub pid: u32,
    /// When it started, in clock ticks since boot.
    pub start_time: u64,
}

/// Why a session should end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// A person killed it; its work is kept.
    Kill,
    /// A person killed it and said that its work may go.
    KillAndDrop,
    /// A person closed it: what it has is submitted.
    Close,
    /// The run was stopped.
    RunStopped,
    /// Its claim expired.
    ClaimExpired,
}

/// How an agent process ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// The way it ended.
    pub how: ExitHow,
    /// The end of its output.
    #[serde(default)]
    pub tail: Option<TextRef>,
    /// The last line of it, if it wrote one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// What the agent's client said of its turn, when it is one that says such things.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<ClientTurn>,
}

impl Exit {
    /// An end of which nothing more is known.
    #[must_use]
    pub const fn of(how: ExitHow) -> Self {
        Self { how, tail: None, said: None, turn: None }
    }

    /// Whether it is the end of a client's turn whose conversation can be taken up again.
    #[must_use]
    pub(crate) fn talks(&self) -> bool {
        self.turn.as_ref().is_some_and(|turn| turn.conversation.is_some())
    }
}

/// What an agent's client said of its turn, whatever came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientTurn {
    /// The client's own name for the conversation, by which it can be taken up again.
    pub conversation: Option<String>,
    /// What it cost, in millionths of a dollar, as the client reckons.
    pub cost_microusd: Option<u64>,
    /// Tokens that went in, those out of a cache included.
    pub input_tokens: u64,
    /// Tokens that came out.
    pub output_tokens: u64,
    /// How often the model was asked again after it could not answer.
    pub retries: u32,
    /// Tools that it wanted to use and was not allowed to.
    pub denied: Vec<String>,
}

/// The ways an agent process ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitHow {
    /// By itself, with this status.
    Code(i32),
    /// By this signal, sent by somebody else or by its own fault.
    Signal(i32),
    /// Ended for silence.
    Silent,
    /// Ended because its time was over.
    TimeOver,
    /// Ended because windrow was asked to.
    Stopped,
    /// Never started, for this reason.
    CouldNotStart(String),
    /// Its keeper vanished; the agent was found and ended.
    Lost(String),
    /// By itself, and whatever its status, its client says that it failed.
    Reported(String),
}

impl ExitHow {
    /// Ended from outside, through no fault of the worker.
    ///
    /// A shell reports a killed child as 128 + signal, so those statuses count too. The signals are
    /// those that people, terminals and the kernel's memory killer send: HUP, INT, KILL and TERM.
    #[must_use]
    pub const fn is_interruption(&self) -> bool {
        match self {
            Self::Signal(signal) => matches!(signal, 1 | 2 | 9 | 15),
            Self::Code(code) => matches!(code, 129 | 130 | 137 | 143),
            Self::Lost(_) => true,
            Self::Silent
            | Self::TimeOver
            | Self::Stopped
            | Self::CouldNotStart(_)
            | Self::Reported(_) => false,
        }
    }
}

/// What became of a session's work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SealOutcome {
    /// It was submitted for landing.
    Submitted,
    /// It ended well without changes.
    Nothing,
    /// The try failed.
    Failed(TryReason),
    /// It was interrupted and starts again with the next generation.
    Interrupted,
    /// It was ended on purpose.
    Ended(TryReason),
}

impl SealOutcome {
    /// Whether the session is over with it.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        !matches!(self, Self::Interrupted)
    }
}

/// Captured work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The ref, under `refs/windrow/kept/`.
    pub refname: String,
    /// The commit it names.
    pub commit: String,
    /// Which generation it was captured from.
    pub generation: Generation,
    /// When.
    pub at: Timestamp,
    /// The ref is a plain commit of submitted work rather than a captured tree.
    pub submitted: bool,
}
