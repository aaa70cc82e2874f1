//! Exit codes, one table for every command.

use serde::{Deserialize, Serialize};

/// How a command ended, and the code its process ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitKind {
    /// 0: it did what it says; for `run`, every task landed or was done.
    Success,
    /// 1: something the person asked for is not possible as asked.
    User,
    /// 2: the command line itself is wrong.
    Usage,
    /// 3: a run ended and some tasks did not land; or one of several targets failed.
    Incomplete,
    /// 4: refused by a rule, such as commands nobody approved.
    Refused,
    /// 5: git, the file system or another program failed.
    World,
    /// 70: a defect of windrow itself.
    Internal,
    /// 130: interrupted by the person.
    Interrupted,
}

impl ExitKind {
    /// The process's exit code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::User => 1,
            Self::Usage => 2,
            Self::Incomplete => 3,
            Self::Refused => 4,
            Self::World => 5,
            Self::Internal => 70,
            Self::Interrupted => 130,
        }
    }
}
