//! Commits that windrow makes are signed as the person's own are, or not made.

use std::path::PathBuf;

use windrow_api::view::TaskStatus::{Landed, Stuck};
use windrow_testkit::{TaskList, TestEnv, skip};
use windrow_world::cmd::which;

use crate::place::{commit_list, landings, note, place};

/// Lets the person sign every commit with a key of that passphrase; nothing without `ssh-keygen`.
fn signs_with_ssh(env: &TestEnv, passphrase: &str) -> Option<PathBuf> {
    if which("ssh-keygen").is_none() {
        skip("there is no ssh-keygen here");
        return None;
    }
    let key = env.root().join("key");
    let words = ["-q", "-t", "ed25519", "-N", passphrase, "-f", key.to_str().unwrap()];
    let _made = env.finish(env.command_of("ssh-keygen", env.root(), &words)).ok();
    let public = env.root().join("key.pub");
    let text = std::fs::read_to_string(&public).unwrap();
    let allowed = env.root().join("allowed");
    let line = format!("person@example.org {text}");
    windrow_world::files::replace(&allowed, line.as_bytes()).unwrap();
    for (name, value) in [
        ("commit.gpgSign", "true"),
        ("gpg.format", "ssh"),
        ("user.signingKey", public.to_str().unwrap()),
        ("gpg.ssh.allowedSignersFile", allowed.to_str().unwrap()),
    ] {
        env.repo().git(["config", "--global", name, value]);
    }
    Some(key)
}

#[test]
fn landings_and_leftovers_are_signed_with_the_person_s_key() {
    let env = place();
    let Some(_key) = signs_with_ssh(&env, "") else { return };
    // What a worker sets afterwards does not count, and a program it plants does not run.
    let planted = env.root().join("planted-ran");
    let evil = env.root().join("evil");
    let script = format!("#!/bin/sh\ntouch {}\nexit 1\n", planted.display());
    windrow_world::files::replace(&evil, script.as_bytes()).unwrap();
    let _made = env.finish(env.command_of("chmod", env.root(), &["755", "evil"])).ok();
    let set = format!(
        "git config commit.gpgSign false; git config user.signingKey /nobody; \
         git config gpg.ssh.program {0}; git config gpg.program {0}; git config gpg.format openpgp",
        evil.display()
    );
    let list = TaskList::new().task("left over", &format!("{set}; echo 1 > one.txt"), &[]).task(
        "another",
        "echo 2 > two.txt",
        &[],
    );
    commit_list(&env, &list);
    let _ran = env.windrow(["run", "TASKS.md", "--approve"]).ok();
    for key in ["1", "2"] {
        env.expect_status(key, Landed);
    }
    for name in
        ["commit.gpgSign", "user.signingKey", "gpg.ssh.program", "gpg.program", "gpg.format"]
    {
        env.repo().git(["config", "--unset", name]);
    }
    let landed = landings(&env);
    assert_eq!(landed.len(), 2);
    for landing in landed {
        for commit in [landing.commit.clone(), format!("{}^2", landing.commit)] {
            env.repo().git(["verify-commit", &commit]);
        }
    }
    assert!(!planted.exists(), "a worker's program ran for windrow");
}

#[test]
fn a_key_that_cannot_sign_lands_nothing_until_it_can() {
    let env = place();
    let Some(key) = signs_with_ssh(&env, "secret") else { return };
    let commit = ["-c", "commit.gpgSign=false", "commit", "-qm", "tasks"];
    env.repo().write("TASKS.md", TaskList::new().task("one", "echo 1 > one.txt", &[]).text());
    env.repo().git(["add", "-A"]);
    env.repo().git(commit);
    let _stuck = env.windrow(["run", "TASKS.md", "--approve"]).code(3);
    let why = note(&env, "1", Stuck);
    assert!(why.contains("failed to sign a commit with `ssh-keygen`"), "{why}");
    assert!(why.contains("windrow run --resume"), "{why}");
    assert_eq!(landings(&env).len(), 0);

    let key = key.to_str().unwrap();
    let open = ["-q", "-p", "-P", "secret", "-N", "", "-f", key];
    let _opened = env.finish(env.command_of("ssh-keygen", env.root(), &open)).ok();
    let _ran = env.windrow(["run", "--resume"]).ok();
    let landed = landings(&env);
    assert_eq!(landed.len(), 1);
    env.repo().git(["verify-commit", &landed[0].commit]);
    assert_eq!(env.repo().text("one.txt"), "1\n");
}

#[test]
fn a_signing_program_of_the_repository_itself_is_refused_before_anything_runs() {
    let env = place();
    env.repo().git(["config", "commit.gpgSign", "true"]);
    env.repo().git(["config", "gpg.program", "/somewhere/gpg"]);
    env.repo().write("TASKS.md", TaskList::new().task("one", "echo 1 > one.txt", &[]).text());
    let refused = env.windrow(["run", "TASKS.md", "--approve"]).code(1);
    let refused = refused.says("`gpg.program` is set in the repository's own settings");
    let _helped = refused.says("git config --global gpg.program PROGRAM");
    assert_eq!(env.repo().refs("refs/windrow/"), [""; 0]);
}
