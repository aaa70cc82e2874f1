//! Git itself is killed while it writes the files, by a filter of the repository.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use rustix::fs::{FlockOperation, flock};

use super::child::{self, Dies, Verb};
use super::ground::{Ground, put};
use crate::git::{Direction, Oid};

/// Kills, once armed, on the file named in `armed`; the words after the name say whom. Before the
/// record is written nobody is killed: there the landing only tries its filters out.
const FILTER: &str = r#"#!/bin/sh
here=$(dirname "$0")
if [ -f "$here/armed" ] && [ -f "$here/state/moving.json" ]; then
    read -r name whom < "$here/armed"
    if [ "$name" = "$1" ]; then
        rm "$here/armed"
        pid=$PPID
        while [ "$(cat /proc/$pid/comm)" != git ]; do pid=$(cut -d' ' -f4 /proc/$pid/stat); done
        lander=$(cut -d' ' -f4 /proc/$pid/stat)
        case $whom in
        git) kill -9 $pid; exit 1 ;;
        both) kill -9 $lander $pid; exit 1 ;;
        lander) kill -9 $lander; cat "$here/gate" > /dev/null ;;
        fail) exit 1 ;;
        esac
    fi
fi
sed 's/^/smudged: /'
"#;
const CLEAN: &str = "sed 's/^smudged: //'";
const FILES: usize = 12;

/// A repository whose files go through the filter, and work that changes twelve of them.
fn ground() -> (Ground, Oid) {
    let ground = Ground::new();
    let script = ground.beside("filter.sh");
    put(&script, FILTER);
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let smudge = format!("{} %f", script.display());
    ground.git(["config", "filter.own.smudge", &smudge]);
    ground.git(["config", "filter.own.clean", CLEAN]);
    ground.git(["config", "filter.own.required", "true"]);
    ground.put(".gitattributes", "many/* filter=own\n");
    for n in 0..FILES {
        ground.put(&format!("many/{n:02}"), format!("smudged: old {n}\n"));
    }
    ground.git(["add", "-A"]);
    ground.git(["commit", "-qm", "filtered"]);
    let new = ground.work(|at| {
        for n in 0..FILES {
            put(&at.join(format!("many/{n:02}")), format!("smudged: new {n}\n"));
        }
        put(&at.join("many/more"), "smudged: more\n");
    });
    (ground, new)
}

fn arm(ground: &Ground, name: &str, whom: &str) {
    put(&ground.beside("armed"), format!("{name} {whom}\n"));
}

fn assert_new(ground: &Ground, new: &Oid, when: &str) {
    assert_eq!(&ground.head(), new, "{when}");
    assert_eq!(ground.status(), "", "{when}");
    assert_eq!(ground.text("many/05"), "smudged: new 5\n", "{when}");
    assert_eq!(ground.text("many/more"), "smudged: more\n", "{when}");
    ground.assert_tidy();
}

#[test]
fn lander_and_git_killed_at_any_file() {
    for name in ["many/00", "many/05", "many/11", "many/more"] {
        let (ground, new) = ground();
        arm(&ground, name, "both");
        let done = child::run(&ground, Verb::Land, &new, "-", Dies::Lander);
        assert!(!done.status.success(), "{name} was not reached");
        let finished = ground.lander().recover().unwrap().finished.unwrap();
        assert_eq!((finished.direction, finished.left.len()), (Direction::Forward, 0), "{name}");
        assert_new(&ground, &new, name);
    }
}

#[test]
fn recovery_and_its_git_killed_at_any_file() {
    for name in ["many/07", "many/11"] {
        let (ground, new) = ground();
        arm(&ground, "many/05", "both");
        child::run(&ground, Verb::Land, &new, "-", Dies::Lander);
        // The filter runs for the models first and for the checkout after that.
        arm(&ground, name, "both");
        child::run(&ground, Verb::Recover, &new, "-", Dies::Lander);
        assert!(!ground.beside("armed").exists(), "{name} was not reached");
        ground.lander().recover().unwrap();
        assert_new(&ground, &new, name);
    }
}

#[test]
fn git_killed_alone_is_taken_back_at_once() {
    for whom in ["git", "fail"] {
        let (ground, new) = ground();
        let before = ground.everything();
        let old = ground.head();
        arm(&ground, "many/05", whom);
        ground.lander().land(&ground.request(&new)).unwrap_err();
        assert_eq!(ground.head(), old);
        assert_eq!(ground.status(), "");
        let bytes =
            |all: Vec<(std::path::PathBuf, Vec<u8>)>| all.into_iter().skip(2).collect::<Vec<_>>();
        assert_eq!(bytes(ground.everything()), bytes(before));
        ground.assert_tidy();
        let landed = ground.land(&new);
        ground.assert_landed(&landed, &new, "");
    }
}

#[test]
fn recovery_waits_for_an_orphan_that_still_writes() {
    let (ground, new) = ground();
    let gate = ground.beside("gate");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &gate,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
    arm(&ground, "many/05", "lander");
    let done = child::run_with_orphans(&ground, &new);
    assert!(!done.success());
    let lock = fs::File::open(ground.beside("state/landing.lock")).unwrap();
    // Every child but the orphan is gone after a while; the orphan waits for us.
    for _ in 0..50 {
        ground.git(["rev-parse", "HEAD"]);
        let tried = flock(&lock, FlockOperation::NonBlockingLockExclusive);
        assert_eq!(tried, Err(rustix::io::Errno::WOULDBLOCK), "the orphan holds no lock");
    }
    // The orphan goes on once the gate was opened for writing and closed again.
    drop(fs::File::options().write(true).open(&gate).unwrap());
    ground.lander().recover().unwrap();
    assert_new(&ground, &new, "orphan");
}
