//! The bench: a few sessions only, for what it proves and not for what it measures.

use windrow_testkit::{TestEnv, wait_until};
use windrow_world::proc::Signal;

use crate::place::bare_place;

#[track_caller]
fn nothing_is_left(env: &TestEnv) {
    let left = env.running();
    assert!(left.is_empty(), "{left:#?}");
    let folders: Vec<_> = std::fs::read_dir(env.root().join("tmp")).unwrap().flatten().collect();
    assert!(folders.is_empty(), "{folders:?}");
}

#[test]
fn a_bench_lands_every_session_and_leaves_nothing() {
    let env = bare_place();
    let size = ["--sessions", "3", "--pool", "2", "--seconds", "0", "--files", "20"];
    let args = [&["bench", "--format", "json"][..], &size].concat();
    let figures = env.windrow_in(env.root(), args).ok().json();
    nothing_is_left(&env);
    assert_eq!(figures["sessions"], 3, "{figures}");
    assert_eq!(figures["pool"], 2, "{figures}");
    assert_eq!(figures["differences"], serde_json::json!([]), "{figures}");
    for figure in ["wall_s", "trees_s", "floor_s", "ratio"] {
        assert!(figures[figure].as_f64().unwrap() > 0.0, "{figure}: {figures}");
    }
    if cfg!(target_os = "linux") {
        assert!(figures["memory"]["daemon_peak_kib"].as_u64().unwrap() > 0, "{figures}");
    }
    assert!(!env.state().join("socket").exists(), "the person's own home was used");
}

#[test]
fn a_bench_that_is_interrupted_leaves_nothing() {
    let env = bare_place();
    let log = || std::fs::read_to_string(env.root().join("bench.log")).unwrap_or_default();
    // The work would take longer than anybody waits for a test.
    let process =
        env.start("bench.log", ["bench", "--sessions", "2", "--seconds", "3600", "--files", "20"]);
    wait_until("workers run", || !env.playing(windrow_testkit::Role::Worker).is_empty());
    process.signal(Signal::INT).unwrap();
    env.await_end(process);
    nothing_is_left(&env);
    assert!(log().contains("The bench was interrupted"), "{}", log());
}
