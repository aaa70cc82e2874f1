//! Exit codes, one table for every command.
//!
//! The reference, the man pages and the help of `windrow` are made from [`ExitKind::ALL`].

use serde::{Deserialize, Serialize};

/// How a command ended, and the code its process ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "`ExitKind::says` has a sentence for each")]
pub enum ExitKind {
    Success,
    User,
    Usage,
    Incomplete,
    Refused,
    World,
    Internal,
    Interrupted,
    Unread,
}

impl ExitKind {
    /// Every kind, by its code.
    pub const ALL: [Self; 9] = [
        Self::Success,
        Self::User,
        Self::Usage,
        Self::Incomplete,
        Self::Refused,
        Self::World,
        Self::Internal,
        Self::Interrupted,
        Self::Unread,
    ];

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
            Self::Unread => 141,
        }
    }

    /// What the code says, in one line of Markdown.
    #[must_use]
    pub const fn says(self) -> &'static str {
        match self {
            Self::Success => {
                "it did what it says; for `run`, every task landed or is done, or with `--hold` is held"
            }
            Self::User => "what was asked is not possible as asked",
            Self::Usage => "the command line is wrong",
            Self::Incomplete => {
                "the run ended and some tasks did not land; one of several targets failed; or what was waited for did not come in time"
            }
            Self::Refused => "refused by a rule, such as commands that nobody approved",
            Self::World => "git, the file system or another program failed",
            Self::Internal => "a defect of windrow",
            Self::Interrupted => "interrupted",
            Self::Unread => {
                "whoever read `run`'s output left before the run was over; the run goes on"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_in_the_table_once_in_the_order_of_the_codes() {
        let codes: Vec<u8> = ExitKind::ALL.iter().map(|kind| kind.code()).collect();
        assert!(codes.is_sorted_by(|one, next| one < next), "{codes:?}");
        // The last one's place in the declaration: a new kind belongs into the table too.
        assert_eq!(ExitKind::ALL.len(), ExitKind::Unread as usize + 1);
    }
}
