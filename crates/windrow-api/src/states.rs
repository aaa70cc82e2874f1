//! The words for where sessions, runs and queue entries stand.
//!
//! Views carry them as text. Whoever makes a view picks one of these, so that the schemas and the
//! guide know all of them.

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $one:ident => $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$of])* $one,)*
        }

        impl $name {
            /// Every word.
            pub const WORDS: &[&str] = &[$($word),*];

            /// The word as people see it.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$one => $word,)*
                }
            }
        }
    };
}

words! {
    /// Where a session stands.
    SessionState {
        /// It gets a name, ports, a worktree and its agent.
        Starting => "starting",
        /// Its agent runs.
        Working => "working",
        /// Its agent's turn is over, and it waits for the person's word.
        Waiting => "waiting",
        /// Its agent is over, and its work is being looked at.
        Ending => "ending",
        /// Its work was submitted for landing.
        Submitted => "submitted",
        /// It ended well and had changed nothing.
        Nothing => "nothing",
        /// Its try failed.
        Failed => "failed",
        /// It was ended from outside and starts again.
        Interrupted => "interrupted",
        /// It was ended on purpose.
        Ended => "ended",
        /// It is over, and nothing was to be said of its work.
        Closed => "closed",
    }
}

words! {
    /// What a session is doing.
    ActivityState {
        /// Its agent is at work.
        Working => "working",
        /// Nothing is heard of it.
        Idle => "idle",
        /// It asked the person something.
        Waiting => "waiting for input",
        /// It wants to use a tool, and asked the person whether it may.
        Permission => "waiting for permission",
        /// The model's service takes no more requests for a while.
        Limited => "rate-limited",
        /// The model's service fails, and its client tries again.
        Blocked => "blocked by an error",
        /// Its client says that the turn is over, and does not end.
        TurnOver => "finished without saying",
        /// Its agent is over.
        Exited => "exited",
    }
}

words! {
    /// How far a message came.
    MessageState {
        /// A question that nobody answered.
        Open => "open",
        /// A question that was answered.
        Answered => "answered",
        /// The worker did not get it yet.
        Queued => "queued",
        /// The worker got it; nothing shows that it was seen.
        HandedOver => "handed over",
        /// The worker saw it.
        Seen => "seen",
        /// The session was over before the worker got it.
        Unheard => "unheard",
    }
}

words! {
    /// Where a run stands.
    RunState {
        /// It hands out work.
        Active => "active",
        /// It hands out no more work.
        Draining => "draining",
        /// Its workers are being stopped.
        Stopping => "stopping",
        /// It is over, and nothing in it goes on by itself.
        Finished => "finished",
        /// It was stopped before that.
        Interrupted => "interrupted",
    }
}

words! {
    /// Where an entry of the landing queue stands.
    QueueState {
        /// It waits for its turn.
        Queued => "queued",
        /// Something is in the way; it is tried again.
        Waiting => "waiting",
        /// It is being merged with the branch.
        Merging => "merging",
        /// The gate runs on the merged result.
        Verifying => "verifying",
        /// The branch is being moved.
        Landing => "landing",
        /// It waits for a person to land it.
        Held => "held",
        /// Its gate could not run; it waits for a person.
        Parked => "parked",
        /// It is on the branch.
        Landed => "landed",
        /// It was refused.
        Rejected => "rejected",
        /// It was taken back.
        Withdrawn => "withdrawn",
    }
}
