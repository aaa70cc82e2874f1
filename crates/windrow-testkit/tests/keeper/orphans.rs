//! When a job is over, nothing of it runs.

use windrow_engine::keeper::{How, request_stop};

use crate::scene::Scene;

/// Everything that has been seen to outlive its parent.
const KINDS: &[&str] =
    &["plain", "setsid", "double", "scrubbed", "hard", "nohup", "stubborn", "stopped", "storm"];

/// Starts one of each kind and waits until all are there.
const ZOO: &str = r#"
"$BIN" __linger "$TOKEN" plain "$READY" &
setsid "$BIN" __linger "$TOKEN" setsid "$READY" &
( setsid sh -c '"$BIN" __linger "$TOKEN" double "$READY" &' & )
env -i "$BIN" __linger "$TOKEN" scrubbed "$READY" &
( setsid env -i sh -c '"$0" __linger "$1" hard "$2" </dev/null >/dev/null 2>&1 &' "$BIN" "$TOKEN" "$READY" & )
nohup "$BIN" __linger "$TOKEN" nohup "$READY" </dev/null >/dev/null 2>&1 &
( trap '' TERM; exec "$BIN" __linger "$TOKEN" stubborn "$READY" ) &
"$BIN" __linger "$TOKEN" stopped "$READY" & stopped=$!
"$BIN" __storm "$TOKEN" "$READY" 30000 &
for kind in plain setsid double scrubbed hard nohup stubborn stopped storm; do
  until [ -e "$READY/$kind" ]; do sleep 0.01; done
done
kill -STOP $stopped
"#;

fn zoo(then: &str) -> Scene {
    Scene::shell(&format!("{ZOO}\ntouch all-there\n{then}"))
}

fn stopped_zoo_leaves_nothing(options: &[&str]) {
    let scene = zoo("exec sleep 600");
    let keeper = scene.start_with(options);
    scene.await_ready(KINDS);
    crate::scene::await_that(|| scene.work("all-there").exists());
    assert!(scene.creatures().len() >= KINDS.len() - 1, "{:?}", scene.creatures());
    assert!(request_stop(&scene.dir, "enough").unwrap());
    assert_eq!(scene.exit_of(keeper).how, How::Stopped { reason: "enough".into() });
    assert_eq!(scene.creatures(), Vec::<String>::new());
}

fn ended_zoo_leaves_nothing(options: &[&str]) {
    let scene = zoo("exit 3");
    let keeper = scene.start_with(options);
    assert_eq!(scene.exit_of(keeper).how, How::Exited { code: 3 });
    scene.await_ready(KINDS);
    assert_eq!(scene.creatures(), Vec::<String>::new());
}

#[test]
fn a_stop_ends_every_descendant() {
    stopped_zoo_leaves_nothing(&[]);
}

#[test]
fn a_stop_without_a_control_group_ends_every_descendant() {
    stopped_zoo_leaves_nothing(&["--no-group"]);
}

#[test]
fn the_programs_own_end_ends_every_descendant() {
    ended_zoo_leaves_nothing(&[]);
}

#[test]
fn the_programs_own_end_without_a_control_group_ends_every_descendant() {
    ended_zoo_leaves_nothing(&["--no-group"]);
}

#[test]
fn the_control_group_goes_with_the_job() {
    let scene = zoo("exit 0");
    scene.run();
    let group = scene.record("keeper.json")["cgroup"].as_str().map(std::path::PathBuf::from);
    assert!(group.is_none_or(|group| !group.exists()));
}
