//! The socket: one task for each connection, one line for each request and answer.
//!
//! Keepers speak too: a hello whose connection stays open so that they notice a daemon's death, and
//! a doorbell. Neither carries anything: a job's folder is the truth, and its watch sees the end.

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use windrow_api::{Call, ExitKind, Failure, PROTOCOL, Reply, Request};

use crate::hub::{HubHandle, Input};

/// The longest line that is kept, in MiB: a plan of ten thousand tasks fits.
const LONGEST_MIB: u64 = 64;

/// The longest line that is kept, in bytes.
const LONGEST_LINE: u64 = LONGEST_MIB << 20;

/// Room for a line that is kept for the next one, in bytes.
const KEPT_ROOM: usize = 1 << 20;

/// Answers that may wait for a slow window.
const WAITING: usize = 4;

/// Takes connections until the daemon ends.
pub(crate) async fn serve(listener: UnixListener, hub: HubHandle) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(connection(stream, hub.clone()));
            }
            Err(error) => {
                tracing::error!("a connection could not be taken: {error}");
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
        }
    }
}

/// A line that a keeper says.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum FromKeeper {
    Keeper(#[expect(dead_code, reason = "the name is for people who read the wire")] String),
    Doorbell(#[expect(dead_code, reason = "the name is for people who read the wire")] String),
}

async fn connection(stream: UnixStream, hub: HubHandle) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read);
    let mut line = Vec::new();
    loop {
        let said = match next_line(&mut lines, &mut line).await {
            Line::Whole => true,
            Line::TooLong => refuse(&mut write, too_long()).await,
            Line::End => return,
        };
        if !said {
            return;
        }
        if line.is_empty() {
            continue;
        }
        let said = match serde_json::from_slice::<FromKeeper>(&line) {
            Ok(FromKeeper::Keeper(_)) => true,
            Ok(FromKeeper::Doorbell(_)) => write.write_all(b"{\"heard\":true}\n").await.is_ok(),
            Err(_) => answer(&line, &mut lines, &mut write, &hub).await,
        };
        if !said {
            return;
        }
    }
}

/// What came.
enum Line {
    /// A line, with its end unless the window hung up.
    Whole,
    /// More than is kept; it was read to its end and thrown away.
    TooLong,
    /// Nothing more.
    End,
}

async fn next_line(lines: &mut BufReader<OwnedReadHalf>, line: &mut Vec<u8>) -> Line {
    use tokio::io::AsyncReadExt as _;
    line.clear();
    line.shrink_to(KEPT_ROOM);
    let read = (&mut *lines).take(LONGEST_LINE).read_until(b'\n', line).await;
    match read {
        Ok(0) | Err(_) => Line::End,
        Ok(_) if line.len() as u64 == LONGEST_LINE && !line.ends_with(b"\n") => {
            *line = Vec::new();
            skip_line(lines).await
        }
        Ok(_) => Line::Whole,
    }
}

/// Reads on to the end of a line without keeping it.
async fn skip_line(lines: &mut BufReader<OwnedReadHalf>) -> Line {
    loop {
        let (read, ends) = match lines.fill_buf().await {
            Ok([]) | Err(_) => return Line::End,
            Ok(bytes) => match bytes.iter().position(|byte| *byte == b'\n') {
                Some(at) => (at + 1, true),
                None => (bytes.len(), false),
            },
        };
        lines.consume(read);
        if ends {
            return Line::TooLong;
        }
    }
}

fn too_long() -> Failure {
    let message = format!("the request is longer than {LONGEST_MIB} MiB");
    let hints = vec!["split the plan or the task file".to_owned()];
    Failure { kind: ExitKind::User, message, hints }
}

async fn refuse(write: &mut OwnedWriteHalf, failure: Failure) -> bool {
    say(write, &Reply::Failed(failure)).await
}

/// Answers one request; false when the window is gone.
async fn answer(
    line: &[u8],
    lines: &mut BufReader<OwnedReadHalf>,
    write: &mut OwnedWriteHalf,
    hub: &HubHandle,
) -> bool {
    let request = match serde_json::from_slice::<Request>(line) {
        Ok(request) if request.protocol == PROTOCOL => request,
        Ok(request) => {
            let message = format!(
                "the daemon speaks protocol {PROTOCOL}, the command protocol {}",
                request.protocol
            );
            let hints = vec!["windrow daemon stop, then the command again".to_owned()];
            let failure = Failure { kind: ExitKind::User, message, hints };
            return say(write, &Reply::Failed(failure)).await;
        }
        Err(error) => {
            let message = format!("the request cannot be read: {error}");
            let failure = Failure { kind: ExitKind::Internal, message, hints: Vec::new() };
            return say(write, &Reply::Failed(failure)).await;
        }
    };
    let is_hook = matches!(request.call, Call::Hook(_));
    let (sender, mut replies) = mpsc::channel(WAITING);
    hub.send(Input::Call(request, sender));
    // A window that is told something again and again may go away while there is nothing to tell.
    let (mut listens, mut told) = (Listens::Maybe, false);
    loop {
        // What a client that is gone would be told is told in another way.
        if matches!(listens, Listens::No) && (told || is_hook) {
            return false;
        }
        tokio::select! {
            reply = replies.recv() => match reply {
                Some(reply) if say(write, &reply).await => told = true,
                Some(_) => return false,
                None => return true,
            },
            more = lines.fill_buf(), if matches!(listens, Listens::Maybe) => {
                listens = match more {
                    Ok(more) if !more.is_empty() => Listens::Yes,
                    Ok(_) | Err(_) => Listens::No,
                };
            }
        }
    }
}

/// Whether somebody is there who reads answers.
enum Listens {
    /// As far as is known.
    Maybe,
    /// The next request is there already.
    Yes,
    /// It will ask nothing more; it may still wait for its first answer.
    No,
}

async fn say(write: &mut OwnedWriteHalf, reply: &Reply) -> bool {
    let mut bytes = match serde_json::to_vec(reply) {
        Ok(bytes) => bytes,
        Err(error) => {
            tracing::error!("a reply cannot be written: {error}");
            return false;
        }
    };
    bytes.push(b'\n');
    write.write_all(&bytes).await.is_ok()
}
