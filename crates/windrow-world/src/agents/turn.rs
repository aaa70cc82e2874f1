//! One turn of a client.

use std::path::Path;

/// A turn as windrow wants it.
#[derive(Clone, Copy, Debug)]
pub struct Turn<'a> {
    /// The program, by name or path.
    pub program: &'a str,
    /// Arguments of the person's, behind windrow's own.
    pub args: &'a [String],
    /// The model; the client's own choice otherwise.
    pub model: Option<&'a str>,
    /// Where the conversation begins.
    pub begin: Begin<'a>,
    /// A file with settings that stand beside the person's own.
    pub settings: Option<&'a Path>,
    /// Folders it may write in beside the worktree.
    pub folders: &'a [&'a Path],
}

/// Where a conversation begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin<'a> {
    /// A new one, under this name if the client lets itself be told.
    New(&'a str),
    /// One that was cut short goes on under its name.
    Resume(&'a str),
}

/// The text of a path; what is no UTF-8 in it is replaced.
pub(super) fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
