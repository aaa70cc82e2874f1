//! Every way a job ends is told as what it was.

use std::fs;

use windrow_engine::keeper::{How, JobState, look, request_stop};

use crate::scene::{Scene, await_that};

#[test]
fn an_exit_code_is_kept_and_the_transcript_holds_both_outputs() {
    let scene = Scene::shell("echo out; echo err >&2; exit 7");
    assert_eq!(look(&scene.dir).unwrap(), JobState::NotLaunched);
    let exit = scene.run();
    assert_eq!(exit.how, How::Exited { code: 7 });
    assert_eq!(scene.transcript(), "out\nerr\n");
    assert_eq!(exit.tail, "out\nerr\n");
    let (started, ended) = (exit.started_ms.unwrap(), exit.ended_ms);
    assert!(started <= ended && exit.last_output_ms.unwrap() <= ended);
    assert!(!scene.dir.join("exit.reserve").exists());
}

#[test]
fn a_signal_is_told_as_a_signal() {
    let exit = Scene::shell("kill -9 $$").run();
    assert_eq!(exit.how, How::Signaled { signal: 9, core: false });
    assert_eq!((exit.tail.as_str(), exit.last_output_ms), ("", None));
}

#[test]
fn silence_ends_a_job_but_talk_does_not() {
    // Talks for longer than it may be silent.
    let mut scene =
        Scene::shell("for i in 1 2 3 4 5 6 7; do echo $i; sleep 0.25; done; exec sleep 600");
    scene.launch.silence_ms = Some(1_500);
    let exit = scene.run();
    assert_eq!(exit.how, How::SilenceOver);
    assert_eq!(exit.tail, "1\n2\n3\n4\n5\n6\n7\n");
}

#[test]
fn time_over_ends_a_job_that_talks() {
    let mut scene = Scene::shell("while :; do echo talk; sleep 0.05; done");
    scene.launch.time_ms = Some(300);
    scene.launch.silence_ms = Some(20_000);
    let exit = scene.run();
    assert_eq!(exit.how, How::TimeOver);
    assert!(exit.tail.ends_with("talk\n"));
}

#[test]
fn a_stop_gives_time_to_end_well() {
    let mut scene = Scene::shell(
        "trap 'echo saved > saved; exit 0' TERM; touch up; while :; do sleep 0.01; done",
    );
    scene.launch.grace_ms = 30_000;
    let keeper = scene.start();
    await_that(|| scene.work("up").exists());
    assert!(request_stop(&scene.dir, "the person said so").unwrap());
    assert!(request_stop(&scene.dir, "another reason").is_ok());
    let exit = scene.exit_of(keeper);
    assert_eq!(exit.how, How::Stopped { reason: "the person said so".into() });
    assert!(scene.work("saved").exists());
    assert!(!request_stop(&scene.dir, "too late").unwrap());
}

#[test]
fn who_ignores_the_request_is_killed() {
    let scene = Scene::shell("trap '' TERM; touch up; while :; do sleep 0.01; done");
    let keeper = scene.start();
    await_that(|| scene.work("up").exists());
    assert!(request_stop(&scene.dir, "enough").unwrap());
    assert_eq!(scene.exit_of(keeper).how, How::Stopped { reason: "enough".into() });
}

#[test]
fn a_bare_sigterm_stops_and_hangups_do_not() {
    use windrow_world::proc::Signal;
    let scene =
        Scene::shell("touch up; until [ -e go ]; do sleep 0.01; done; touch went; exec sleep 600");
    let keeper = scene.start();
    await_that(|| scene.work("up").exists());
    assert!(keeper.signal(Signal::HUP).unwrap() && keeper.signal(Signal::INT).unwrap());
    fs::create_dir(scene.work("go")).unwrap();
    await_that(|| scene.work("went").exists());
    assert!(keeper.alive());
    assert!(keeper.signal(Signal::TERM).unwrap());
    assert_eq!(scene.exit_of(keeper).how, How::Stopped { reason: "terminated".into() });
}

#[test]
fn a_stop_that_comes_first_lets_nothing_run() {
    let scene = Scene::shell("touch ran");
    fs::create_dir_all(&scene.dir).unwrap();
    assert!(!request_stop(&scene.dir, "never mind").unwrap());
    let exit = scene.run();
    assert_eq!(exit.how, How::Stopped { reason: "never mind".into() });
    assert_eq!(exit.started_ms, None);
    assert!(!scene.work("ran").exists());
}

#[test]
fn an_exit_that_cannot_be_written_is_written_later() {
    // A folder in the way stands for every disk that is full for a while. Only the program puts
    // it there: a keeper that finds an exit at its start leaves.
    let scene = Scene::shell("mkdir -p \"$JOB/exit.json/in-the-way\"");
    let keeper = scene.start();
    await_that(|| !crate::scene::lines(&scene.dir.join("keeper.log")).is_empty());
    assert!(keeper.alive());
    fs::remove_dir_all(scene.dir.join("exit.json")).unwrap();
    assert_eq!(scene.exit_of(keeper).how, How::Exited { code: 0 });
}

#[test]
fn a_job_whose_folder_is_gone_ends_with_its_keeper() {
    let scene = Scene::shell("rm -rf \"$JOB\"");
    let keeper = scene.start();
    crate::scene::await_gone(keeper);
    assert!(!scene.dir.exists());
    assert_eq!(look(&scene.dir).unwrap(), JobState::NotLaunched);
}
