//! How a job ended.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::launch::VERSION;

/// The content of `exit.json`; its existence means that nothing of the job runs any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// Format version.
    pub version: u32,
    /// What ended it.
    pub how: How,
    /// When the program was let go, in milliseconds since 1970; nothing if it never was.
    pub started_ms: Option<i64>,
    /// When everything was gone, in milliseconds since 1970.
    pub ended_ms: i64,
    /// When the transcript last grew, in milliseconds since 1970; nothing if it is empty.
    pub last_output_ms: Option<i64>,
    /// The transcript's last lines, at most [`TAIL_LINES`] and [`TAIL_BYTES`]; bytes that are no
    /// UTF-8 are replaced.
    pub tail: String,
}

impl Exit {
    /// An exit that ended now, with what the transcript shows.
    pub(super) fn now(how: How, started_ms: Option<i64>, transcript: Option<&Path>) -> Self {
        let grown = transcript.and_then(|path| std::fs::metadata(path).ok());
        let grown = grown.filter(|meta| meta.len() > 0).and_then(|meta| meta.modified().ok());
        Self {
            version: VERSION,
            how,
            started_ms,
            ended_ms: ms(SystemTime::now()),
            last_output_ms: grown.map(ms),
            tail: transcript.map(tail_of).unwrap_or_default(),
        }
    }
}

/// Milliseconds since 1970, or 0 for a clock before that.
pub(super) fn ms(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// What ended a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum How {
    /// The program ended by itself.
    Exited {
        /// Its exit code.
        code: i32,
    },
    /// A signal that the keeper did not send ended the program.
    Signaled {
        /// The signal's number.
        signal: i32,
        /// Whether it left a core dump.
        core: bool,
    },
    /// The keeper ended it: it ran longer than it was given.
    TimeOver,
    /// The keeper ended it: it wrote nothing for longer than it was given.
    SilenceOver,
    /// The keeper ended it on request.
    Stopped {
        /// The reason the request gave.
        reason: String,
    },
    /// It never ran.
    CouldNotStart {
        /// Why.
        error: String,
    },
    /// Its keeper died; what it would have ended with is unknown.
    Lost {
        /// What is known.
        why: String,
    },
}

/// The reason of [`How::Stopped`] when nobody gave one: the signal came from outside.
pub const FROM_OUTSIDE: &str = "terminated";

/// How many of the transcript's last lines an exit carries.
pub const TAIL_LINES: usize = 40;

/// How many of the transcript's last bytes an exit carries.
pub const TAIL_BYTES: usize = 4096;

/// The last lines of a transcript, or nothing when it cannot be read.
pub(super) fn tail_of(transcript: &Path) -> String {
    let Ok(file) = File::open(transcript) else { return String::new() };
    let length = file.metadata().map_or(0, |meta| meta.len());
    let from = length.saturating_sub(TAIL_BYTES as u64);
    let mut bytes = vec![0; TAIL_BYTES];
    let read = file.read_at(&mut bytes, from).unwrap_or(0);
    bytes.truncate(read);
    last_lines(&String::from_utf8_lossy(&bytes), from > 0)
}

/// Keeps the last lines; a first line that was `cut` is dropped when others follow it.
fn last_lines(text: &str, cut: bool) -> String {
    let whole = match text.split_once('\n') {
        Some((_, rest)) if cut && !rest.is_empty() => rest,
        _ => text,
    };
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    lines.get(lines.len().saturating_sub(TAIL_LINES)..).unwrap_or_default().concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_keeps_whole_last_lines() {
        assert_eq!(last_lines("ut line\nwhole\n", true), "whole\n");
        assert_eq!(
            last_lines("one long line without an end", true),
            "one long line without an end"
        );
        let many: String = (0..100).map(|n| format!("{n}\n")).collect();
        assert_eq!(last_lines(&many, false).lines().next(), Some("60"));
    }

    #[test]
    fn a_transcript_of_bytes_gives_a_tail() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t");
        let mut bytes = vec![0xff; 10_000];
        bytes.extend_from_slice(b"\nlast \xffline");
        windrow_world::files::replace(&path, &bytes).unwrap();
        assert_eq!(tail_of(&path), "last \u{fffd}line");
        assert_eq!(tail_of(&dir.path().join("missing")), "");
    }
}
