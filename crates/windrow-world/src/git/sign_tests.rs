use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::*;
use crate::git::fixture::{Fixture, git, me, put};
use crate::git::{MergeCommit, commit_leftovers, land_commit, tree_of};

/// A program that is called as gpg is.
fn program(fx: &Fixture, script: &str) -> PathBuf {
    let path = fx.beside("signs");
    put(&path, format!("#!/bin/sh\n{script}\n"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// Signs with something else each time, as gpg does, which puts the moment into it.
const FRESH: &str = "cat >/dev/null; echo >>$0.count; echo '[GNUPG:] SIG_CREATED ' >&2
printf -- '-----BEGIN PGP SIGNATURE-----\\n%s\\n-----END PGP SIGNATURE-----\\n' \"$(wc -l <$0.count)\"";

fn signer(program: &Path, limit: Duration) -> Signer {
    let text = |text: &str| text.to_owned();
    let how = Signing {
        format: text("openpgp"),
        key: text("KEY"),
        program: program.to_string_lossy().into_owned(),
    };
    Signer { how, env: Vec::new(), limit }
}

/// The landing of a branch of one commit.
fn landing(fx: &Fixture, land: impl FnOnce(&MergeCommit<'_>)) {
    git(&fx.main, ["switch", "-q", "-c", "work"]);
    put(&fx.main.join("new.txt"), "new\n");
    git(&fx.main, ["add", "-A"]);
    git(&fx.main, ["commit", "-q", "-m", "work"]);
    let commit = fx.repo.commit("work").unwrap().unwrap();
    let tree = tree_of(&fx.repo, &commit).unwrap();
    let (onto, message) = (&fx.base, "land it\n\ngpgsig is a word like any other\n");
    let (author, committer) = (&me(), &me());
    let (tree, commit) = (&tree, &commit);
    land(&MergeCommit { tree, onto, commit, message, author, committer, seconds: 1_700_000_000 });
}

#[test]
fn a_landing_commit_that_was_signed_is_taken_again_and_no_other() {
    let fx = Fixture::new();
    let signer = signer(&program(&fx, FRESH), LIMIT);
    landing(&fx, |what| {
        let land = |what, made| land_commit(&fx.repo, what, Some(&signer), made).unwrap();
        let one = land(what, None);
        assert!(git(&fx.main, ["cat-file", "commit", one.as_str()]).contains("gpgsig"));
        assert_eq!(land(what, Some(&one)), one);
        assert_ne!(land(what, None), one, "this program signs anew each time");
        let later = MergeCommit { seconds: what.seconds + 1, ..what.clone() };
        assert_ne!(land(&later, Some(&one)), one);
        let unsigned = land_commit(&fx.repo, what, None, Some(&one)).unwrap();
        assert_ne!(land(what, Some(&unsigned)), unsigned, "what is not signed is not taken");
    });
}

#[test]
fn a_program_that_fails_or_waits_makes_no_commit() {
    let fx = Fixture::new();
    let said = |script: &str, limit| {
        let signer = signer(&program(&fx, script), limit);
        let tree = fx.create(&format!("t{}", limit.as_millis()));
        put(&tree.path.join("left.txt"), "left\n");
        let failed = commit_leftovers(&fx.repo, &tree, "x", &me(), Some(&signer)).unwrap_err();
        assert_eq!(crate::git::head(&fx.repo, &tree).unwrap(), Some(fx.base.clone()));
        assert_eq!(fs::read_to_string(tree.path.join("left.txt")).unwrap(), "left\n");
        failed.to_string()
    };
    let failed = said("echo '[GNUPG:] FAILURE' >&2; echo 'no secret key' >&2; exit 2", LIMIT);
    assert!(failed.contains("signs`: ") && failed.contains("no secret key"), "{failed}");
    assert!(!failed.contains("GNUPG:"), "{failed}");
    // What it started holds git's output open, and goes with it.
    let slow = said("sleep 1000 & sleep 1000", Duration::from_secs(1));
    assert!(slow.contains("did not end within 1 s"), "{slow}");
}

#[test]
fn a_repository_s_own_program_is_refused() {
    let fx = Fixture::new();
    assert_eq!(signing(&fx.repo, &me()).unwrap(), None);
    git(&fx.main, ["config", "commit.gpgSign", "yes"]);
    let plain = signing(&fx.repo, &me()).unwrap().unwrap();
    assert_eq!(
        (plain.format.as_str(), plain.key.as_str()),
        ("openpgp", "A Person <person@example.org>")
    );
    git(&fx.main, ["config", "gpg.program", "/tmp/planted"]);
    let refused = signing(&fx.repo, &me()).unwrap_err().to_string();
    assert!(refused.contains("gpg.program") && refused.contains("every worker"), "{refused}");
    git(&fx.main, ["config", "gpg.format", "ssh"]);
    assert!(matches!(signing(&fx.repo, &me()), Err(OpenError::NoSigningKey)));
    git(&fx.main, ["config", "gpg.format", "wax"]);
    assert!(matches!(signing(&fx.repo, &me()), Err(OpenError::SigningFormat { .. })));
}
