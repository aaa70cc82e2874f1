//! Writes the golden files of this version into a folder: `golden DIR`.
//!
//! For a new version of the record or of the file, or for a case the files lack. Files that are
//! there are never written again.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::PathBuf;

use windrow_journal::{Draft, Journal as _, Seq, SqliteJournal, Stream, Text};

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from).ok_or("name a folder")?;
    let file = folder.join("journal.db");
    if file.exists() {
        return Err(io::Error::from(io::ErrorKind::AlreadyExists).into());
    }
    let mut journal = SqliteJournal::open(&file)?;
    let text = Text::new("A text kept by reference.\n");
    let mut records = journal.append_with_texts(Seq::EMPTY, work(&text), vec![text]).await?;
    records.extend(journal.append(Seq::EMPTY, talk()).await?);
    journal.save_snapshot(Seq(2), 7, b"folded up to 2".to_vec()).await?;
    let mut json = serde_json::to_vec_pretty(&records)?;
    json.push(b'\n');
    let golden = folder.join("records.json");
    OpenOptions::new().write(true).create_new(true).open(golden)?.write_all(&json)?;
    Ok(())
}

fn draft(at_ms: i64, actor: &str, stream: Stream, kind: &str, body: &str) -> Draft {
    let (actor, kind, body) = (actor.to_owned(), kind.to_owned(), body.to_owned());
    Draft { at_ms, actor, stream, cause: None, kind, body }
}

fn work(text: &Text) -> Vec<Draft> {
    let body = format!(r#"{{"title":"Say hello","body":"{}"}}"#, text.hash());
    vec![
        draft(1_763_700_000_000, "person", Stream::Work, "task_added", &body),
        Draft {
            cause: Some(Seq(1)),
            ..draft(1_763_700_000_001, "daemon", Stream::Work, "session_requested", "{}")
        },
    ]
}

fn talk() -> Vec<Draft> {
    let awkward = "{\"text\":\"\u{1F33E} \\u0000 \u{202E}\r\n\"}";
    vec![
        draft(0, "", Stream::Talk, "", ""),
        Draft {
            cause: Some(Seq(u64::from(u32::MAX))),
            ..draft(i64::MIN, "toast", Stream::Talk, "message_sent", awkward)
        },
        draft(i64::MAX, "toast", Stream::Talk, "finding_shared", "\0 not JSON"),
    ]
}
