//! Machines on which something is missing or used up: local disks, room, descriptors, a home.

use windrow_testkit::{Plan, PlanTask, Ran, TestEnv};

use crate::machine::in_a_namespace;
use crate::place::{landings, place, write_plan};

fn three() -> Plan {
    ["a", "b", "c"].into_iter().fold(Plan::new(), |plan, key| {
        plan.with(key, PlanTask::run(key, &format!("echo {key} > {key}.txt")))
    })
}

/// Runs windrow behind a shell line in which `"$@"` stands for it.
fn behind(env: &TestEnv, line: &str, args: &[&str]) -> Ran {
    let inner = [&["-c", line, "sh", env!("CARGO_BIN_EXE_windrow")], args].concat();
    env.finish(env.command_of("sh", env.repo().path(), &inner))
}

const RUN: &[&str] = &["run", "../plan.json", "--approve"];

#[test]
fn a_machine_without_inotify_left_is_enough() {
    let env = place();
    write_plan(&env, &three());
    let script = "echo 0 > /proc/sys/user/max_inotify_instances && shift && exec \"$@\"";
    let script = format!("shift 0; set -- x \"$@\"; {script}");
    let Some(ran) = in_a_namespace(&env, &script, &[], RUN) else { return };
    let _ran = ran.ok();
    assert_eq!(landings(&env).len(), 3);
}

#[test]
fn a_low_soft_limit_of_open_files_is_raised_by_the_daemon() {
    let env = place();
    write_plan(&env, &three());
    let _ran = behind(&env, "ulimit -Sn 24; exec \"$@\"", RUN).ok();
    assert_eq!(landings(&env).len(), 3);
}

#[test]
fn too_few_open_files_are_named_and_all_lands_once_there_are_more() {
    let env = place();
    write_plan(&env, &three());
    let ran = behind(&env, "ulimit -n 24; exec \"$@\"", RUN);
    let named = ["Too many open files", "unable to open database file"];
    assert!(ran.code != 0 && named.iter().any(|name| ran.err.contains(name)), "{ran}");
    let _stopped = env.windrow(["daemon", "stop"]).ok();
    let _ran = env.windrow(RUN).ok();
    assert_eq!(landings(&env).len(), 3);
}

#[test]
fn without_a_home_it_is_said_which_variable_names_one() {
    let env = place();
    let bare = "unset HOME WINDROW_HOME XDG_CONFIG_HOME XDG_STATE_HOME; exec \"$@\"";
    let refused = behind(&env, bare, &["status"]).code(1);
    let _helped = refused.says("HOME is not set").says("set WINDROW_HOME to a folder");
    let _works = behind(&env, bare, &["--help"]).ok();
    // A home of windrow's own is all it needs, with an identity in the repository.
    for (key, value) in [("user.name", "A Person"), ("user.email", "person@example.org")] {
        env.repo().git(["config", key, value]);
    }
    write_plan(&env, &three());
    let own = "unset HOME XDG_CONFIG_HOME XDG_STATE_HOME; exec \"$@\"";
    let _ran = behind(&env, own, RUN).ok();
    assert_eq!(landings(&env).len(), 3);
}

#[test]
fn a_home_that_is_not_utf_8_is_refused() {
    let env = place();
    let home =
        format!("WINDROW_HOME=\"$(printf '{}/st\\377te')\" exec \"$@\"", env.root().display());
    let _told = behind(&env, &home, &["status"]).code(1).says("its path is not UTF-8");
}

#[test]
fn a_repository_in_a_folder_that_is_not_utf_8_is_refused() {
    let env = place();
    let line = "d=\"$(printf '../r\\377po')\"; cp -a . \"$d\"; cd \"$d\"; exec \"$@\"";
    let refused = behind(&env, line, &["status"]).code(1);
    let _helped = refused.says("its path is not UTF-8").says("rename the folder");
}

#[test]
fn a_folder_that_was_removed_is_said_and_another_can_be_named() {
    let env = place();
    let gone = "mkdir gone; cd gone; rmdir ../gone; exec \"$@\"";
    let refused = behind(&env, gone, &["status"]).code(1);
    let _helped =
        refused.says("failed to find the current folder").says("change to one that exists");
    let repo = env.repo().path().to_str().unwrap().to_owned();
    let _works = behind(&env, gone, &["-C", &repo, "status"]).ok();
}

#[test]
fn a_read_only_repository_is_said_and_nothing_starts() {
    let env = place();
    write_plan(&env, &three());
    let script = "mount --bind . . && mount -o remount,ro,bind . && cd . && cd \"$1\" && shift && exec \"$@\"";
    let repo = env.repo().path().display().to_string();
    let Some(ran) = in_a_namespace(&env, script, &[&repo], RUN) else { return };
    assert!(ran.code != 0 && ran.err.contains("Read-only file system"), "{ran}");
    let ran = in_a_namespace(&env, script, &[&repo], &["doctor"]).unwrap();
    let _told = ran.code(1).says("problem the repository").says("is mounted read-only");
    let _stopped = env.windrow(["daemon", "stop"]).ok();
    let _ran = env.windrow(RUN).ok();
    assert_eq!(landings(&env).len(), 3);
}
