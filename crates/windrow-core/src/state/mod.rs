//! Everything decisions need, folded from events; long texts are kept by reference only.
//!
//! Invariant: only `evolve` changes a state. Facts are stored; what a person calls a status is
//! derived from them (see `explain`).

mod ahead;
mod ids;
mod landing;
mod pairs;
mod quiet;
mod run;
mod session;
mod store;
mod talk;
mod task;

pub use ahead::{Ahead, Trouble};
pub use ids::Floor;
pub use landing::{EntryState, Landing, Verdict};
pub use quiet::Quiet;
pub use run::{Run, RunEnd, RunPhase};
pub use session::{
    Claim, ClientTurn, Exit, ExitHow, Kept, Lease, OpenTree, Process, SealOutcome, Session,
    StopReason, Wish,
};
pub use store::{Delay, DelayKey, State, TreeRecord, TreeUse};
pub use talk::{Message, Receipt, Said, Way};
pub use task::{ClosedAs, Task, TaskPhase, TryKind, TryReason};
