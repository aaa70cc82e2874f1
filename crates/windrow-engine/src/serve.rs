//! The socket: one task for each connection, one line for each request and answer.
//!
//! Keepers speak too: a hello whose connection stays open so that they notice a daemon's death, and
//! a doorbell. Neither carries anything: a job's folder is the truth, and its watch sees the end.

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use windrow_api::{ExitKind, Failure, PROTOCOL, Reply, Request};

use crate::hub::{HubHandle, Input};

/// The longest line that is read, in bytes: a plan of ten thousand tasks fits.
const LONGEST_LINE: u64 = 256 << 20;

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
    while next_line(&mut lines, &mut line).await {
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

async fn next_line(lines: &mut BufReader<OwnedReadHalf>, line: &mut Vec<u8>) -> bool {
    use tokio::io::AsyncReadExt as _;
    line.clear();
    let mut limited = lines.take(LONGEST_LINE);
    matches!(limited.read_until(b'\n', line).await, Ok(count) if count > 0)
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
    let (sender, mut replies) = mpsc::channel(WAITING);
    hub.send(Input::Call(request, sender));
    // A window that is told something again and again may go away while there is nothing to tell.
    let (mut listens, mut told) = (Listens::Maybe, false);
    loop {
        if matches!(listens, Listens::No) && told {
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
