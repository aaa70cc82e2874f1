//! The client's side of the socket: one line out, lines in.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::PROTOCOL;
use crate::reply::{Failure, Reply};
use crate::request::{Call, Request};

/// A connection to the daemon.
#[derive(Debug)]
pub struct Client {
    lines: BufReader<UnixStream>,
    actor: String,
}

/// A daemon that could not be asked, or that refused.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens on the socket.
    #[error("no daemon answers on `{path}`", path = path.display())]
    Absent {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The connection broke before the answer came; whether the request was carried out is not
    /// known.
    #[error("the daemon went away before it answered")]
    Gone(#[source] io::Error),
    /// The answer cannot be read.
    #[error("failed to read the daemon's answer `{text}`")]
    Answer {
        /// The line that came.
        text: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The daemon says no.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl Client {
    /// Connects to the daemon on `socket`.
    ///
    /// # Errors
    /// [`ClientError::Absent`] when nobody listens there.
    pub fn connect(socket: &Path, actor: &str) -> Result<Self, ClientError> {
        let absent = |source| ClientError::Absent { path: socket.to_owned(), source };
        let stream = UnixStream::connect(socket).map_err(absent)?;
        Ok(Self { lines: BufReader::new(stream), actor: actor.to_owned() })
    }

    /// Asks and waits for the one answer.
    ///
    /// # Errors
    /// A refusal comes back as [`ClientError::Failed`].
    pub fn ask(&mut self, call: Call) -> Result<Reply, ClientError> {
        self.send(call)?;
        self.answer()
    }

    /// Waits for answers so long at most, for ever when nothing is said. One that does not come in
    /// time is [`ClientError::Gone`], and the connection is of no more use.
    ///
    /// # Errors
    /// When the connection is broken.
    pub fn be_patient(&mut self, patience: Option<Duration>) -> Result<(), ClientError> {
        // No time at all is no span that the system knows.
        let patience = patience.map(|patience| patience.max(Duration::from_millis(1)));
        self.lines.get_mut().set_read_timeout(patience).map_err(ClientError::Gone)
    }

    /// Asks; the answers are taken with [`Client::answer`].
    ///
    /// # Errors
    /// When the connection is broken.
    pub fn send(&mut self, call: Call) -> Result<(), ClientError> {
        let request = Request { protocol: PROTOCOL, actor: self.actor.clone(), call };
        let mut line = serde_json::to_vec(&request)
            .map_err(|source| ClientError::Answer { text: "request".to_owned(), source })?;
        line.push(b'\n');
        self.lines.get_mut().write_all(&line).map_err(ClientError::Gone)
    }

    /// The next answer.
    ///
    /// # Errors
    /// A refusal comes back as [`ClientError::Failed`].
    pub fn answer(&mut self) -> Result<Reply, ClientError> {
        let mut text = String::new();
        let read = self.lines.read_line(&mut text).map_err(ClientError::Gone)?;
        if read == 0 {
            return Err(ClientError::Gone(io::ErrorKind::UnexpectedEof.into()));
        }
        match serde_json::from_str(&text) {
            Ok(Reply::Failed(failure)) => Err(failure.into()),
            Ok(reply) => Ok(reply),
            Err(source) => Err(ClientError::Answer { text: text.trim().to_owned(), source }),
        }
    }
}
