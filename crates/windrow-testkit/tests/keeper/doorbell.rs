//! A keeper tells the daemon, and brings one back when there is none.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};

use windrow_engine::keeper::How;

use crate::scene::{Scene, await_that, lines};

const HELLO: &str = r#"{"keeper":"s-3.1"}"#;
const RING: &str = r#"{"doorbell":"s-3.1"}"#;

/// Accepts one connection and reads its line.
fn hear(listener: &UnixListener) -> (UnixStream, String) {
    let (connection, _) = listener.accept().unwrap();
    let mut line = String::new();
    BufReader::new(&connection).read_line(&mut line).unwrap();
    (connection, line.trim_end().to_owned())
}

fn with_daemon(line: &str) -> Scene {
    let mut scene = Scene::shell(line);
    scene.launch.daemon = Some(scene.daemon());
    scene
}

fn quit(scene: &Scene) {
    UnixStream::connect(scene.path("sock")).unwrap().write_all(b"quit\n").unwrap();
    await_that(|| scene.creatures().is_empty());
}

#[test]
fn the_daemon_is_greeted_and_rung() {
    let scene = with_daemon("until [ -e go ]; do sleep 0.01; done");
    let listener = UnixListener::bind(scene.path("sock")).unwrap();
    let keeper = scene.start();
    let (idle, hello) = hear(&listener);
    assert_eq!(hello, HELLO);
    windrow_world::files::replace(&scene.work("go"), b"").unwrap();
    let (mut ring, line) = hear(&listener);
    assert_eq!(line, RING);
    // The exit is there before anyone is told of it.
    assert!(scene.dir.join("exit.json").exists());
    ring.write_all(b"{}\n").unwrap();
    assert_eq!(scene.exit_of(keeper).how, How::Exited { code: 0 });
    drop(idle);
}

#[test]
fn a_daemon_that_died_hearing_is_rung_again() {
    let scene = with_daemon("true");
    let listener = UnixListener::bind(scene.path("sock")).unwrap();
    let keeper = scene.start();
    let mut rings = 0;
    while rings < 2 {
        let (mut connection, line) = hear(&listener);
        if line == RING {
            rings += 1;
            if rings == 2 {
                connection.write_all(b"{}\n").unwrap();
            }
        }
    }
    assert_eq!(scene.exit_of(keeper).how, How::Exited { code: 0 });
}

#[test]
fn a_dead_socket_brings_up_a_daemon_that_outlives_the_keeper() {
    let scene = with_daemon("until [ -e go ]; do sleep 0.01; done");
    let keeper = scene.start();
    await_that(|| lines(&scene.path("log")) == [HELLO]);
    windrow_world::files::replace(&scene.work("go"), b"").unwrap();
    assert_eq!(scene.exit_of(keeper).how, How::Exited { code: 0 });
    assert_eq!(lines(&scene.path("log")), [HELLO, RING]);
    assert_eq!(scene.creatures().len(), 1);
    quit(&scene);
}

#[test]
fn a_daemon_that_dies_at_night_is_replaced_while_the_agent_runs() {
    let scene = with_daemon("until [ -e go ]; do sleep 0.01; done");
    let listener = UnixListener::bind(scene.path("sock")).unwrap();
    let keeper = scene.start();
    let (idle, hello) = hear(&listener);
    assert_eq!(hello, HELLO);
    std::fs::remove_file(scene.path("sock")).unwrap();
    drop((idle, listener));
    await_that(|| lines(&scene.path("log")) == [HELLO]);
    // Started by the keeper, but nothing of the keeper's.
    assert!(windrow_world::proc::descendants(&[keeper.pid]).iter().all(|one| {
        let line = std::fs::read(format!("/proc/{}/cmdline", one.pid)).unwrap_or_default();
        !String::from_utf8_lossy(&line).contains("__daemon")
    }));
    windrow_world::files::replace(&scene.work("go"), b"").unwrap();
    scene.exit_of(keeper);
    assert_eq!(lines(&scene.path("log")), [HELLO, RING]);
    quit(&scene);
}

#[test]
fn a_daemon_stopped_on_purpose_stays_stopped() {
    let mut scene = Scene::shell("true");
    let mut daemon = scene.daemon();
    daemon.unless = Some(scene.path("stopped"));
    scene.launch.daemon = Some(daemon);
    windrow_world::files::replace(&scene.path("stopped"), b"").unwrap();
    assert_eq!(scene.run().how, How::Exited { code: 0 });
    assert_eq!(scene.creatures(), Vec::<String>::new());
    assert!(!scene.path("log").exists());
}

#[test]
fn a_daemon_that_cannot_start_keeps_no_job_from_ending() {
    let mut scene = Scene::shell("exit 4");
    let mut daemon = scene.daemon();
    daemon.argv = vec!["/nowhere/windrow".into()];
    scene.launch.daemon = Some(daemon);
    let keeper = scene.start();
    await_that(|| scene.dir.join("exit.json").exists());
    await_that(|| lines(&scene.dir.join("keeper.log")).concat().contains("`/nowhere/windrow`"));
    // It still tries to tell somebody; whoever looks need not wait for that.
    assert!(keeper.signal(windrow_world::proc::Signal::TERM).unwrap());
    assert_eq!(scene.exit_of(keeper).how, How::Exited { code: 4 });
}
