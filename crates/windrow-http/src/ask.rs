//! The way to the daemon: its socket, as every window has it.

use std::path::Path;

use hyper::StatusCode;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use windrow_api::request::HookCall;
use windrow_api::{Call, ExitKind, PROTOCOL, Reply, Request};

/// Who asks, for the log.
const ACTOR: &str = "hook";

/// Hands an event to the daemon and brings its answer back, however long that takes.
pub(crate) async fn ask(socket: &Path, hook: HookCall) -> Result<Value, StatusCode> {
    match exchange(socket, hook).await {
        Ok(Reply::Hook(answer)) => Ok(answer),
        Ok(Reply::Failed(failure)) => {
            tracing::debug!("a hook is refused: {failure}");
            Err(match failure.kind {
                ExitKind::Refused => StatusCode::FORBIDDEN,
                _ => StatusCode::SERVICE_UNAVAILABLE,
            })
        }
        Ok(_) => Err(StatusCode::SERVICE_UNAVAILABLE),
        Err(error) => {
            tracing::debug!("a hook reaches nobody: {error}");
            Err(StatusCode::SERVICE_UNAVAILABLE)
        }
    }
}

async fn exchange(socket: &Path, hook: HookCall) -> std::io::Result<Reply> {
    let mut stream = UnixStream::connect(socket).await?;
    let call = Call::Hook(Box::new(hook));
    let request = Request { protocol: PROTOCOL, actor: ACTOR.to_owned(), call };
    let mut line = serde_json::to_vec(&request)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).await?;
    Ok(serde_json::from_str(&answer)?)
}
