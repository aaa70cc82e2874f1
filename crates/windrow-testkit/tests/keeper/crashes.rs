//! A keeper that dies by SIGKILL leaves nothing that runs, and an exit that says what is known.

use std::time::Duration;

use rustix::event::{Timespec, poll};
use windrow_engine::keeper::{Exit, How, JobState, KeeperError, end_orphan, look};
use windrow_world::proc::Signal;

use crate::scene::{Scene, await_gone, await_that};

/// What the agent starts besides itself: every kind but the storm can be found without a group.
const LOAD: &str = r#"
echo begun > begun
setsid "$BIN" __linger "$TOKEN" setsid "$READY" &
env -i "$BIN" __linger "$TOKEN" scrubbed "$READY" &
( setsid sh -c '"$BIN" __linger "$TOKEN" double "$READY" >/dev/null 2>&1 &' & )
( setsid env -i sh -c '"$0" __linger "$1" hard "$2" </dev/null >/dev/null 2>&1 &' "$BIN" "$TOKEN" "$READY" & )
( trap '' TERM; exec "$BIN" __linger "$TOKEN" stubborn "$READY" ) &
exec "$BIN" __linger "$TOKEN" self "$READY"
"#;

const KINDS: &[&str] = &["setsid", "scrubbed", "double", "hard", "stubborn", "self"];

fn ends_as_lost(scene: &Scene) -> Exit {
    assert!(matches!(look(&scene.dir).unwrap(), JobState::Orphaned { .. }));
    let exit = end_orphan(&scene.dir).unwrap();
    assert!(matches!(exit.how, How::Lost { .. }), "{exit:?}");
    assert_eq!(scene.creatures(), Vec::<String>::new());
    assert_eq!(look(&scene.dir).unwrap(), JobState::Ended(exit.clone()));
    assert_eq!(end_orphan(&scene.dir).unwrap(), exit);
    exit
}

fn dies_at(step: &str) -> Scene {
    let mut scene = Scene::shell(LOAD);
    scene.launch.time_ms = Some(300);
    let keeper = scene.start_with(&[&format!("--die-at={step}")]);
    await_gone(keeper);
    scene
}

#[test]
fn before_the_go_the_agent_never_runs() {
    for step in ["Recorded", "Held", "BeforeGo"] {
        let scene = dies_at(step);
        let exit = ends_as_lost(&scene);
        assert_eq!(scene.dir.join("agent.json").exists(), step == "BeforeGo");
        assert_eq!(exit.started_ms.is_some(), step == "BeforeGo");
        assert!(!scene.work("begun").exists(), "ran although its keeper died at {step}");
    }
}

#[test]
fn after_the_go_everything_is_found_and_ended() {
    for step in ["Gone", "Ending", "BeforeExit"] {
        ends_as_lost(&dies_at(step));
    }
}

#[test]
fn with_the_exit_written_nothing_is_lost() {
    let scene = dies_at("BeforeRing");
    let JobState::Ended(exit) = look(&scene.dir).unwrap() else { panic!("not ended") };
    assert_eq!(exit.how, How::TimeOver);
}

fn killed_in_full_swing(options: &[&str]) {
    let scene = Scene::shell(LOAD);
    let keeper = scene.start_with(options);
    scene.await_ready(KINDS);
    assert!(keeper.signal(Signal::KILL).unwrap());
    await_gone(keeper);
    assert!(matches!(look(&scene.dir).unwrap(), JobState::Orphaned { agent: Some(_) }));
    assert_eq!(scene.creatures().len(), KINDS.len());
    ends_as_lost(&scene);
}

#[test]
fn killed_in_full_swing_with_a_control_group() {
    killed_in_full_swing(&[]);
}

#[test]
fn killed_in_full_swing_without_a_control_group() {
    killed_in_full_swing(&["--no-group"]);
}

#[test]
fn killed_at_any_moment() {
    for moment in 0..30_u64 {
        let scene = Scene::shell(LOAD);
        let options: &[&str] = if moment % 2 == 0 { &["--no-group"] } else { &[] };
        let keeper = scene.start_with(options);
        // Not to wait for something: to hit another instruction each time.
        let pause = Timespec::try_from(Duration::from_micros(moment * moment * 40)).unwrap();
        poll(&mut [], Some(&pause)).unwrap();
        let _may_be_through = keeper.signal(Signal::KILL).unwrap();
        await_gone(keeper);
        ends_as_lost(&scene);
    }
}

#[test]
fn a_living_keeper_is_not_adopted_from() {
    let scene = Scene::shell("touch up; exec sleep 600");
    let keeper = scene.start();
    await_that(|| scene.work("up").exists());
    assert!(matches!(end_orphan(&scene.dir), Err(KeeperError::StillKept { .. })));
    assert!(keeper.signal(Signal::TERM).unwrap());
    assert!(matches!(scene.exit_of(keeper).how, How::Stopped { .. }));
}

#[test]
fn a_launch_whose_keeper_never_came_is_settled_for_good() {
    let scene = Scene::shell("touch ran");
    let nobody =
        windrow_engine::keeper::launch(&scene.dir, &scene.launch, &["true".into()]).unwrap();
    await_gone(nobody);
    ends_as_lost(&scene);
    let late = windrow_world::cmd::Cmd::new(crate::scene::BIN).arg("__keeper").arg(&scene.dir);
    assert!(!late.output().unwrap().status.success());
    assert!(!scene.work("ran").exists());
}
