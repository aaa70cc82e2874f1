//! What a worker finds in its environment, one table for the engine and the reference.

/// A variable that windrow sets for each worker, besides what every child gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "`Variable::says` has a sentence for each")]
pub enum Variable {
    Brief,
    Output,
    Task,
    Session,
    Generation,
    Name,
    Attempt,
    PortOffset,
    TmpDir,
    GitPrompt,
    Home,
    Project,
}

impl Variable {
    /// Every variable, in the order in which they are told.
    pub const ALL: [Self; 12] = [
        Self::Brief,
        Self::Output,
        Self::Task,
        Self::Session,
        Self::Generation,
        Self::Name,
        Self::Attempt,
        Self::PortOffset,
        Self::TmpDir,
        Self::GitPrompt,
        Self::Home,
        Self::Project,
    ];

    /// The variable's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Brief => "WINDROW_BRIEF",
            Self::Output => "WINDROW_OUTPUT",
            Self::Task => "WINDROW_TASK",
            Self::Session => "WINDROW_SESSION",
            Self::Generation => "WINDROW_GENERATION",
            Self::Name => "WINDROW_NAME",
            Self::Attempt => "WINDROW_ATTEMPT",
            Self::PortOffset => "PORT_OFFSET",
            Self::TmpDir => "TMPDIR",
            Self::GitPrompt => "GIT_TERMINAL_PROMPT",
            Self::Home => "WINDROW_HOME",
            Self::Project => "WINDROW_PROJECT",
        }
    }

    /// What its value is, in one line of Markdown.
    #[must_use]
    pub const fn says(self) -> &'static str {
        match self {
            Self::Brief => "a file with the task, why earlier tries failed, and how to end",
            Self::Output => "a file outside of the worktree for what other tasks should know",
            Self::Task => "the task, such as `t-3`",
            Self::Session => "the session, such as `s-7`",
            Self::Generation => "which agent process of the session it is, from 1",
            Self::Name => "the session's name, such as `toast`",
            Self::Attempt => "which try this is, from 1",
            Self::PortOffset => "added to the usual ports, it gives ports that no other worker has",
            Self::TmpDir => "a folder of its own",
            Self::GitPrompt => "`0`: git asks nobody for a password",
            Self::Home => "the home of the windrow that started it",
            Self::Project => "the main worktree of the repository",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_variable_is_in_the_table() {
        assert_eq!(Variable::ALL.len(), Variable::Project as usize + 1);
    }
}
