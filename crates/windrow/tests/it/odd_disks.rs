//! Disks that other machines share, and disks that are full.

use std::fs::{self, File};
use std::path::Path;

use windrow_testkit::{Plan, PlanTask, Ran, TestEnv, skip};

use crate::machine::in_a_namespace;
use crate::network_disk;
use crate::place::{landings, place, write_plan};

/// Runs windrow where `folder` lies on a file system of that type.
fn on_mounted(env: &TestEnv, kind: &str, folder: &Path, args: &[&str]) -> Option<Ran> {
    let able = env.command_of("unshare", env.root(), &["-m", "true"]).output();
    let kernel = able.is_ok_and(|done| done.status.success()).then(network_disk::serve).flatten();
    let Some(kernel) = kernel else {
        skip("only root mounts a file system of its own here");
        return None;
    };
    let mount = "mount -i -t \"$1\" -o fd=0,rootmode=40000,user_id=0,group_id=0 none \"$2\" \
                 || exit 99; shift 2; exec \"$@\"";
    let folder = folder.to_str().unwrap();
    let words = ["-m", "sh", "-c", mount, "sh", kind, folder, env!("CARGO_BIN_EXE_windrow")];
    let said = env.root().join("said");
    let log = File::create(&said).unwrap();
    let call = env.command_of("unshare", env.repo().path(), &[&words[..], args].concat());
    let mut child = call.start_on(kernel, Some(&log)).unwrap();
    let code = child.wait().unwrap().code().unwrap_or(-1);
    let out = fs::read_to_string(&said).unwrap();
    assert_ne!(code, 99, "{out}");
    Some(Ran { line: args.join(" "), code, out, err: String::new() })
}

#[test]
fn a_home_on_a_network_disk_is_refused_with_the_reason_and_the_setting() {
    let env = place();
    for args in [&["status"][..], &["daemon", "start"]] {
        let Some(ran) = on_mounted(&env, "fuse.sshfs", &env.state(), args) else { return };
        let refused = ran.code(1).says("lies on sshfs, where the locks of journals do not hold");
        let _helped = refused.says("set WINDROW_HOME to a folder on a local disk");
    }
    let ran = on_mounted(&env, "fuse.sshfs", &env.state(), &["doctor"]).unwrap();
    let _told = ran.code(1).says("problem failed to use").says("lies on sshfs");
    assert_eq!(fs::read_dir(env.state()).unwrap().count(), 0, "nothing was made");
}

#[test]
fn worktrees_on_a_network_disk_are_allowed_and_doctor_says_so() {
    let env = place();
    fs::create_dir(env.trees()).unwrap();
    let Some(ran) = on_mounted(&env, "fuse.sshfs", &env.trees(), &["doctor"]) else { return };
    let _told = ran.ok().says("note    worktrees' folder").says("lies on sshfs");
    // A disk in user space is not yet one that others share.
    let ran = on_mounted(&env, "fuse.ntfs-3g", &env.trees(), &["doctor"]).unwrap();
    assert!(!ran.clone().ok().out.contains("lies on"), "{ran}");
}

#[test]
fn worktrees_on_a_full_disk_wait_and_are_made_when_there_is_room() {
    let env = place();
    env.repo().write("big", vec![b'x'; 3 << 20]);
    env.repo().commit("a big file");
    let signs = env.signs();
    let first = format!("{}; {}; echo a > a.txt", signs.put_line("up"), signs.wait_line("go"));
    let plan = Plan::new()
        .with("a", PlanTask::run("a", &first))
        .with("b", PlanTask::run("b", "echo b > b.txt"));
    write_plan(&env, &plan);
    fs::create_dir(env.trees()).unwrap();
    // One worktree fits, and not a second one.
    let script = r#"
set -e
trees=$1; signs=$2; shift 2
mount -t tmpfs -o size=5m none "$trees"
"$@" run ../plan.json --approve --detach --pool 2 >/dev/null
until "$@" status >"$signs/said" && grep -q 'the disk is full' "$signs/said"; do sleep 0.1; done
echo named
mount -o remount,size=50m "$trees"
: >"$signs/go"
"$@" run --resume >"$signs/resumed" 2>&1 && echo over
"$@" daemon stop >/dev/null
"#;
    let words = [env.trees(), signs.path("")].map(|path| path.display().to_string());
    fs::create_dir_all(signs.path("")).unwrap();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let Some(ran) = in_a_namespace(&env, script, &words, &[]) else { return };
    let read = |name: &str| fs::read_to_string(signs.path(name)).unwrap_or_default();
    let said: Vec<&str> = ran.out.lines().collect();
    assert_eq!(said, ["named", "over"], "{ran}\n{}\n{}", read("said"), read("resumed"));
    assert_eq!(landings(&env).len(), 2);
    assert_eq!(env.repo().text("b.txt"), "b\n");
}
