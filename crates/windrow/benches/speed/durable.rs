//! Commands that must be durable before they are answered, from many clients at once.
//!
//! The floor is the same store in this process: threads hand the same record to one loop, which
//! appends whatever waits as one batch and answers after that. No socket, no core, no state.

use std::sync::Barrier;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Instant;

use windrow_api::{ProjectCall, TaskDraft};
use windrow_core::spec::TaskSpec;
use windrow_journal::{Draft, Journal as _, Seq, SqliteJournal, Stream};

use crate::Size;
use crate::field::Field;
use crate::row::{Reach, Row};

/// Clients at once.
const CLIENTS: usize = 64;

/// Records in one batch at most, as in the daemon's loop.
const BATCH: usize = 512;

pub(crate) fn measure(size: Size) -> Vec<Row> {
    let field = Field::new(20);
    let mut pairs = Vec::new();
    for turn in 0..size.turns.min(7) {
        let ours = by_clients(&field, size.commands);
        let floor = by_threads(&field, size.commands, turn);
        pairs.push((ours, floor));
    }
    let name = "durable commands by 64 socket clients";
    let beside = "the same store in process, 64 threads";
    vec![Row::pairs(name, beside, "commands/s", &pairs, Reach::AtLeast(0.7))]
}

fn draft() -> TaskDraft {
    let title = "Take care of one more matter".to_owned();
    TaskDraft { spec: TaskSpec { title, ..TaskSpec::default() }, body: None }
}

/// Tasks added in one second by clients that each wait for every answer.
fn by_clients(field: &Field, each: u32) -> f64 {
    rate(each, || {
        let mut client = field.client();
        let call = field.call(ProjectCall::AddTask { task: draft() });
        move || {
            client.ask(call.clone()).unwrap();
        }
    })
}

/// The same records appended by one loop in this process.
fn by_threads(field: &Field, each: u32, turn: usize) -> f64 {
    let journal = SqliteJournal::open(field.env.root().join(format!("floor-{turn}.db"))).unwrap();
    let body = serde_json::json!({ "task": 1, "spec": draft().spec }).to_string();
    let (sender, requests) = channel::<(String, Sender<()>)>();
    let looping = thread::spawn(move || append_all(journal, &requests));
    let rate = rate(each, || {
        let (sender, body) = (sender.clone(), body.clone());
        let (reply, answer) = channel();
        move || {
            sender.send((body.clone(), reply.clone())).unwrap();
            answer.recv().unwrap();
        }
    });
    drop(sender);
    looping.join().unwrap();
    rate
}

fn append_all(mut journal: SqliteJournal, requests: &Receiver<(String, Sender<()>)>) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut head = Seq::EMPTY;
    while let Ok(first) = requests.recv() {
        let waiting: Vec<_> =
            std::iter::once(first).chain(requests.try_iter().take(BATCH - 1)).collect();
        let drafts = waiting.iter().map(|(body, _)| Draft {
            at_ms: 1,
            actor: "person".to_owned(),
            stream: Stream::Work,
            cause: None,
            kind: "task_added".to_owned(),
            body: body.clone(),
        });
        let records = runtime.block_on(journal.append(head, drafts.collect())).unwrap();
        head = records.last().unwrap().seq;
        waiting.iter().for_each(|(_, reply)| reply.send(()).unwrap());
    }
}

/// Commands in one second, from the moment all threads are ready to the last answer; `client` makes
/// what each of them does again and again.
fn rate<C: FnMut()>(each: u32, client: impl Fn() -> C + Sync) -> f64 {
    let barrier = Barrier::new(CLIENTS + 1);
    let since = thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let mut command = client();
                barrier.wait();
                (0..each).for_each(|_| command());
            });
        }
        barrier.wait();
        Instant::now()
    });
    let count = f64::from(each) * f64::from(u32::try_from(CLIENTS).unwrap());
    count / since.elapsed().as_secs_f64()
}
