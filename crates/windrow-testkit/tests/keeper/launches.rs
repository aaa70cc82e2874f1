//! What runs is what the launch says, and nothing else.

use std::ffi::OsString;

use windrow_engine::keeper::{How, JobState, KeeperError, Program, launch, look};
use windrow_world::cmd::Cmd;

use crate::scene::{BIN, Scene, await_that};

#[test]
fn the_agent_is_on_record_before_its_first_instruction() {
    let scene = Scene::shell("cat \"$JOB/agent.json\"");
    assert_eq!(scene.run().how, How::Exited { code: 0 });
    let seen: serde_json::Value = serde_json::from_str(&scene.transcript()).unwrap();
    assert_eq!(seen, scene.record("agent.json"));
}

#[test]
fn a_line_gets_exactly_one_shell_right_below_the_keeper() {
    let scene = Scene::shell("echo $$ $PPID; :");
    let keeper = scene.start();
    scene.exit_of(keeper);
    let expected = format!("{} {}\n", scene.record("agent.json")["pid"], keeper.pid);
    assert_eq!(scene.transcript(), expected);
}

#[test]
fn the_environment_is_the_given_one() {
    let mut scene = Scene::argv(&["env"]);
    scene.launch.env = vec![
        ("ODD".into(), "two\nlines $(and) 'more'".into()),
        ("PATH".into(), "/usr/bin:/bin".into()),
        ("WINDROW_JOB".into(), "a forged mark".into()),
    ];
    scene.run();
    let text = scene.transcript();
    let (given, mark) = text.split_once("WINDROW_JOB=").unwrap();
    assert_eq!(given, "ODD=two\nlines $(and) 'more'\nPATH=/usr/bin:/bin\n");
    assert!(mark.ends_with("/s-3.1\n") && mark.len() == "0123456789abcdef/s-3.1\n".len());
}

#[test]
fn arguments_and_names_are_never_interpreted() {
    let odd = "-rf $(touch pwned)\n'\"\\ \u{1f980} ..";
    let mut scene = Scene::named(
        odd,
        Program::Argv { argv: ["printf", "%s|", odd, "", "-x"].map(str::to_owned).to_vec() },
    );
    scene.launch.transcript = scene.path(odd);
    assert_eq!(scene.run().how, How::Exited { code: 0 });
    assert_eq!(scene.transcript(), format!("{odd}||-x|"));
    assert!(!scene.work("pwned").exists());
}

#[test]
fn standard_input_is_a_file_or_nothing() {
    let mut scene = Scene::argv(&["cat"]);
    scene.launch.stdin = Some(scene.path("brief"));
    windrow_world::files::replace(&scene.path("brief"), b"the brief\n").unwrap();
    scene.run();
    assert_eq!(scene.transcript(), "the brief\n");
    let silent = Scene::argv(&["cat"]);
    assert_eq!(silent.run().how, How::Exited { code: 0 });
    assert_eq!(silent.transcript(), "");
}

#[test]
fn what_cannot_start_is_named() {
    let mut no_input = Scene::argv(&["cat"]);
    no_input.launch.stdin = Some("/nowhere/brief".into());
    let mut no_dir = Scene::shell("touch ran");
    no_dir.launch.dir = no_dir.path("no such dir");
    let mut not_a_dir = Scene::shell("true");
    not_a_dir.launch.dir = BIN.into();
    let mut no_transcript = Scene::shell("true");
    no_transcript.launch.transcript = "/nowhere/transcript".into();
    for (scene, name) in [
        (Scene::argv(&["no-such-program", "x"]), "`no-such-program`: No such file"),
        (Scene::argv(&["/etc"]), "`/etc`: Permission denied"),
        (Scene::argv(&["nul\0byte"]), "nul byte"),
        (Scene::argv(&[]), "launch.json"),
        (no_input, "`/nowhere/brief`: No such file"),
        (no_dir, "no such dir`: No such file"),
        (not_a_dir, "windrow-test-keeper`: Not a directory"),
        (no_transcript, "`/nowhere/transcript`: No such file"),
    ] {
        let exit = scene.run();
        let How::CouldNotStart { error } = exit.how else { panic!("{exit:?}") };
        assert!(error.contains(name), "{error}");
        assert_eq!(exit.started_ms, None);
        assert!(!scene.work("ran").exists());
    }
}

#[test]
fn a_job_is_launched_once() {
    let scene = Scene::shell("true");
    scene.run();
    let again = launch(&scene.dir, &scene.launch, &[BIN.into(), "__keeper".into()]);
    assert!(matches!(again, Err(KeeperError::AlreadyLaunched { .. })), "{again:?}");
}

#[test]
fn a_second_keeper_does_no_harm() {
    let scene = Scene::shell("echo once >> runs; until [ -e go ]; do sleep 0.01; done");
    let keeper = scene.start();
    await_that(|| scene.work("runs").exists());
    let second = || Cmd::new(BIN).arg("__keeper").arg(&scene.dir).output().unwrap();
    assert!(!second().status.success());
    assert_eq!(look(&scene.dir).unwrap(), JobState::Running { keeper: Some(keeper) });
    windrow_world::files::replace(&scene.work("go"), b"").unwrap();
    let exit = scene.exit_of(keeper);
    assert!(!second().status.success());
    assert_eq!(look(&scene.dir).unwrap(), JobState::Ended(exit));
    assert_eq!(crate::scene::lines(&scene.work("runs")), ["once"]);
}

#[test]
fn a_broken_launch_file_is_an_exit_with_a_reason() {
    let scene = Scene::shell("touch ran");
    std::fs::create_dir_all(&scene.dir).unwrap();
    windrow_world::files::replace(&scene.dir.join("launch.json"), b"{ not json").unwrap();
    let dir: OsString = scene.dir.clone().into();
    assert!(Cmd::new(BIN).arg("__keeper").arg(dir).output().unwrap().status.success());
    let JobState::Ended(exit) = look(&scene.dir).unwrap() else { panic!("not ended") };
    assert!(matches!(exit.how, How::CouldNotStart { error } if error.contains("launch.json")));
}

#[test]
fn what_may_hold_secrets_is_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let scene = Scene::shell("echo secret");
    std::fs::create_dir_all(&scene.dir).unwrap();
    std::fs::set_permissions(&scene.dir, std::fs::Permissions::from_mode(0o755)).unwrap();
    scene.run();
    for (path, mode) in [(&scene.dir, 0o700), (&scene.launch.transcript, 0o600)] {
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, mode);
    }
}
