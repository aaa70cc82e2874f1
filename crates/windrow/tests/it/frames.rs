//! The socket: whatever is said there, the daemon stays, answers in words, and keeps no more than a
//! bounded part of it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use windrow_api::client::Client;
use windrow_api::{Call, ExitKind, Reply};
use windrow_testkit::{Fuzz, Sample, TestEnv, samples};

use crate::place::place;

/// More than a request may have.
const HUGE: usize = 80 << 20;

/// A hang is a failure long before the runner ends it.
const PATIENCE: Duration = Duration::from_secs(100);

const TOKENS: &[&str] = &[
    "\n",
    "{",
    "}",
    "\"to\":\"project\"",
    "\"ask\":\"tasks\"",
    "\"protocol\":1,",
    "\"protocol\":2,",
    "null",
    "18446744073709551616",
    "-1",
    "\"git_dir\":\"/nowhere\"",
    "[[[[[[[[[[[[[[[[[[[[",
    "\\ud800",
    "\u{0}",
    "{\"keeper\":\"x\"}\n",
    "{\"doorbell\":\"x\"}\n",
];

fn connect(env: &TestEnv) -> UnixStream {
    let stream = UnixStream::connect(env.state().join("socket")).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Says something, hangs up the own side, and returns what was answered.
fn say(env: &TestEnv, bytes: &[u8]) -> Vec<Reply> {
    let mut stream = connect(env);
    stream.write_all(bytes).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text.lines().filter(|line| *line != "{\"heard\":true}").map(reply).collect()
}

fn reply(line: &str) -> Reply {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

fn pid(env: &TestEnv) -> u32 {
    let mut client = Client::connect(&env.state().join("socket"), "person").unwrap();
    match client.ask(Call::Ping).unwrap() {
        Reply::Daemon(daemon) => daemon.pid,
        other => panic!("{other:?}"),
    }
}

/// A place with a daemon, and the frames that are changed, about its repository.
fn spoken_to() -> (TestEnv, Vec<Sample>) {
    let env = place();
    let _ran = env.windrow(["task", "add", "First"]).ok();
    let root = env.repo().path().to_str().unwrap().to_owned();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/frames");
    let mut frames = samples(&folder);
    for frame in &mut frames {
        frame.bytes =
            String::from_utf8(frame.bytes.clone()).unwrap().replace("@ROOT@", &root).into();
    }
    (env, frames)
}

#[test]
fn frames() {
    let (env, frames) = spoken_to();
    let before = pid(&env);
    let mut answered = 0;
    let fuzz = Fuzz::of("frames", 300).with_tokens(TOKENS);
    fuzz.check(&frames, |bytes| {
        let replies = say(&env, bytes);
        let refused = replies.iter().filter_map(|reply| match reply {
            Reply::Failed(failure) => Some(failure),
            _ => None,
        });
        refused.for_each(|failure| assert!(!failure.message.is_empty()));
        answered += replies.len();
        assert_eq!(pid(&env), before, "the daemon is another one");
    });
    assert!(answered > 0 || fuzz.is_one());
    // Nothing was made of repositories that are not there.
    assert_eq!(std::fs::read_dir(env.state().join("projects")).unwrap().count(), 1);
    let _whole = env.windrow(["log", "verify"]).ok();
}

#[test]
fn a_request_that_does_not_end_is_refused_and_not_kept() {
    let (env, frames) = spoken_to();
    let before = pid(&env);
    let piece = vec![b'x'; 1 << 20];
    for _ in 0..3 {
        let mut stream = connect(&env);
        for _ in 0..HUGE / piece.len() {
            stream.write_all(&piece).unwrap();
        }
        // The next request on the same connection is answered as ever.
        stream.write_all(b"\n").unwrap();
        stream.write_all(&frames[0].bytes).unwrap();
        let mut lines = BufReader::new(stream).lines();
        let refused = reply(&lines.next().unwrap().unwrap());
        assert!(
            matches!(&refused, Reply::Failed(failure)
                if failure.kind == ExitKind::User && failure.message.contains("64 MiB")),
            "{refused:?}"
        );
        let next = reply(&lines.next().unwrap().unwrap());
        assert!(!matches!(next, Reply::Failed(_)), "{next:?}");
    }
    assert_eq!(pid(&env), before);
    let status = std::fs::read_to_string(format!("/proc/{before}/status"));
    // Elsewhere nobody says how large a process became.
    if let Ok(status) = status {
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let kib: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
        assert!(kib < 300 << 10, "{kib} KiB");
    }
}

#[test]
fn halves_and_interleaved_requests_find_their_answers() {
    let (env, frames) = spoken_to();
    let frame = |name: &str| {
        let found = frames.iter().find(|frame| frame.name == name).unwrap();
        found.bytes.clone()
    };
    let (tasks, ping) = (frame("tasks.json"), frame("ping.json"));
    // Half a request, then nothing more.
    for cut in [1, tasks.len() / 2, tasks.len() - 2] {
        let replies = say(&env, &tasks[..cut]);
        assert!(matches!(&replies[..], [Reply::Failed(_)]), "{cut}: {replies:?}");
        // The same without waiting for an answer.
        drop(connect(&env).write_all(&tasks[..cut]));
    }
    // Two connections, byte by byte in turns.
    let (mut one, mut two) = (connect(&env), connect(&env));
    let longest = tasks.len().max(ping.len());
    for at in 0..longest {
        if let Some(byte) = tasks.get(at) {
            one.write_all(&[*byte]).unwrap();
        }
        if let Some(byte) = ping.get(at) {
            two.write_all(&[*byte]).unwrap();
        }
    }
    let first = |stream: UnixStream| {
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        reply(&line)
    };
    assert!(matches!(first(one), Reply::Tasks(rows) if rows.len() == 1));
    assert!(matches!(first(two), Reply::Daemon(_)));
    // Several in one piece are answered in their order.
    let all = [ping.clone(), tasks, b"nonsense\n".to_vec(), ping].concat();
    let replies = say(&env, &all);
    assert!(
        matches!(
            &replies[..],
            [Reply::Daemon(_), Reply::Tasks(_), Reply::Failed(_), Reply::Daemon(_)]
        ),
        "{replies:?}"
    );
}
