//! Records as they come, until the person or whoever reads them has enough.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::Signal;
use windrow_api::client::{Client, ClientError};
use windrow_api::view::LogRow;
use windrow_api::{Call, ExitKind, ProjectCall, Reply};
use windrow_world::proc::Signals;

use super::args::LogArgs;
use super::show::print;
use crate::context::Context;
use crate::desk::{Desk, unexpected};
use crate::error::{CliError, Outcome};

/// How many older records are shown first when nothing else was asked for.
const BEFORE: usize = 10;

/// How often the daemon may go away without a word before it is given up.
const ENDS: u32 = 20;

/// Something to react to.
enum Sign {
    Rows(Vec<LogRow>),
    /// The daemon went away.
    Gone,
    /// Nothing more comes.
    Ended,
    Refused(CliError),
    /// The person pressed Ctrl-C.
    Interrupt,
    /// Nobody reads the output any more.
    Unread,
}

/// Follows.
pub(super) fn run(context: &Context, args: &LogArgs) -> Outcome {
    let mut desk = context.desk()?;
    let mut query = super::query(&mut desk, args)?;
    if query.limit.is_none() && query.from.is_none() && query.since_ms.is_none() {
        query.limit = Some(BEFORE);
    }
    let (sender, signs) = channel();
    watch_signals(sender.clone())?;
    watch_output(sender.clone());
    let mut gone = 0;
    loop {
        subscribe(&desk, &sender, query.clone())?;
        let last = follow(context, args, &signs, &mut gone)?;
        match last {
            Last::Over(kind) => return Ok(kind),
            Last::At(seq) => {
                if let Some(seq) = seq {
                    // Those that were shown are not shown again.
                    query.from = Some(seq + 1);
                    query.limit = None;
                }
            }
        }
        gone += 1;
        if gone > ENDS {
            return Err(CliError::new(ExitKind::World, "the daemon ends again and again")
                .hint("see `windrow daemon logs`"));
        }
        desk.daemon().reconnect()?;
    }
}

/// How following a connection ended.
enum Last {
    Over(ExitKind),
    /// The daemon went away after this record.
    At(Option<u64>),
}

fn follow(
    context: &Context,
    args: &LogArgs,
    signs: &Receiver<Sign>,
    gone: &mut u32,
) -> Result<Last, CliError> {
    let mut last = None;
    loop {
        let Ok(sign) = signs.recv() else {
            return Err(CliError::internal("nothing is left to follow"));
        };
        match sign {
            Sign::Rows(rows) => {
                last = rows.last().map(|row| row.seq).or(last);
                *gone = 0;
                print(&context.out, args, &rows)?;
            }
            Sign::Gone => return Ok(Last::At(last)),
            Sign::Ended => return Ok(Last::Over(ExitKind::Success)),
            Sign::Refused(error) => return Err(error),
            Sign::Interrupt => return Ok(Last::Over(ExitKind::Interrupted)),
            Sign::Unread => return Err(CliError::nobody_reads()),
        }
    }
}

/// Has records come in over a connection of its own.
fn subscribe(
    desk: &Desk,
    sender: &Sender<Sign>,
    query: windrow_api::LogQuery,
) -> Result<(), CliError> {
    let client = desk.launcher().connect()?;
    let call = desk.call(ProjectCall::Log { query });
    let sender = sender.clone();
    thread::spawn(move || records(client, call, &sender));
    Ok(())
}

fn records(mut client: Client, call: Call, sender: &Sender<Sign>) {
    let mut answer = client.send(call).and_then(|()| client.answer());
    loop {
        let sign = match answer {
            Ok(Reply::Log(rows)) => Sign::Rows(rows),
            Ok(Reply::Done) => Sign::Ended,
            Ok(other) => Sign::Refused(unexpected(&other)),
            Err(ClientError::Gone(_) | ClientError::Absent { .. }) => Sign::Gone,
            Err(error) => Sign::Refused(error.into()),
        };
        let goes_on = matches!(sign, Sign::Rows(_));
        if sender.send(sign).is_err() || !goes_on {
            return;
        }
        answer = client.answer();
    }
}

fn watch_signals(sender: Sender<Sign>) -> Result<(), CliError> {
    let signals = Signals::watch(&[Signal::INT]).map_err(|error| CliError::world(&error))?;
    thread::spawn(move || {
        loop {
            wait(&mut [PollFd::new(&signals, PollFlags::IN)]);
            signals.drain();
            if signals.take(Signal::INT) && sender.send(Sign::Interrupt).is_err() {
                return;
            }
        }
    });
    Ok(())
}

/// A pipe that nobody reads any more says so without being written to.
fn watch_output(sender: Sender<Sign>) {
    thread::spawn(move || {
        let output = io::stdout();
        let mut fds = [PollFd::new(&output, PollFlags::empty())];
        wait(&mut fds);
        let _over_is_fine = sender.send(Sign::Unread);
    });
}

/// Sleeps until something happens to a descriptor.
fn wait(fds: &mut [PollFd<'_>]) {
    while poll(fds, None) == Err(rustix::io::Errno::INTR) {}
}
