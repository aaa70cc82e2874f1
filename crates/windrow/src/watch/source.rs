//! Everything a watcher waits for, as one stream of signs.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::Signal;
use windrow_api::client::{Client, ClientError};
use windrow_api::view::RunView;
use windrow_api::{Call, Reply};
use windrow_world::proc::Signals;

use crate::error::CliError;

/// Something to react to.
#[derive(Debug)]
pub(crate) enum Sign {
    /// The run as it is now.
    View(Box<RunView>),
    /// The daemon says no more, by intent or because it is gone.
    Ended,
    /// The daemon refuses.
    Refused(CliError),
    /// The person pressed Ctrl-C.
    Interrupt,
    /// The terminal has another size.
    Resize,
}

/// Where signs come in.
#[derive(Debug)]
pub(crate) struct Source {
    /// The signs, in the order in which they came.
    pub(crate) signs: Receiver<Sign>,
    sender: Sender<Sign>,
}

impl Source {
    /// Watches the signals of a terminal.
    pub(crate) fn new() -> Result<Self, CliError> {
        let (sender, signs) = channel();
        let signals =
            Signals::watch(&[Signal::INT, Signal::WINCH]).map_err(|e| CliError::world(&e))?;
        let forward = sender.clone();
        thread::spawn(move || signs_of(&signals, &forward));
        Ok(Self { signs, sender })
    }

    /// Asks the daemon for the run's views from now on.
    pub(crate) fn subscribe(&self, mut client: Client, call: Call) {
        let sender = self.sender.clone();
        thread::spawn(move || {
            let mut answer = client.send(call).and_then(|()| client.answer());
            loop {
                let sign = match answer {
                    Ok(Reply::Run(view)) => Sign::View(view),
                    Ok(other) => Sign::Refused(crate::desk::unexpected(&other)),
                    Err(ClientError::Gone(_) | ClientError::Absent { .. }) => Sign::Ended,
                    Err(error) => Sign::Refused(error.into()),
                };
                let last = !matches!(sign, Sign::View(_));
                if sender.send(sign).is_err() || last {
                    return;
                }
                answer = client.answer();
            }
        });
    }
}

fn signs_of(signals: &Signals, sender: &Sender<Sign>) {
    loop {
        match poll(&mut [PollFd::new(signals, PollFlags::IN)], None) {
            Err(error) if io::Error::from(error).kind() != io::ErrorKind::Interrupted => return,
            Ok(_) | Err(_) => {}
        }
        signals.drain();
        let came = |signal| signals.take(signal);
        let resized = came(Signal::WINCH) && sender.send(Sign::Resize).is_err();
        let interrupted = came(Signal::INT) && sender.send(Sign::Interrupt).is_err();
        if resized || interrupted {
            return;
        }
    }
}
