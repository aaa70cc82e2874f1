//! Many landings while a person edits, stages and commits in the same checkout.

use std::sync::mpsc::{Sender, channel};

use super::ground::{Ground, git, put, try_git};
use crate::git::{Landed, Lander, MergeCommit, Merged, Oid, land_commit, merge, pin, unpin};

const LANDINGS: usize = 20;
const PATIENCE: usize = 400;

/// The work of worker `n`, on the base, in files of its own.
fn works(ground: &Ground) -> Vec<Oid> {
    let place = ground.beside("worker");
    ground.git(["worktree", "add", "-q", "--detach", place.to_str().unwrap(), "main"]);
    let mut made = Vec::new();
    for n in 0..LANDINGS {
        git(&place, ["checkout", "-q", "--detach", "main"]);
        put(&place.join(format!("work/{n}")), format!("work {n}\n"));
        put(&place.join(format!("work/{n}.second")), format!("more of {n}\n"));
        git(&place, ["add", "-A"]);
        git(&place, ["commit", "-qm", &format!("work {n}")]);
        let oid = Oid::parse(&git(&place, ["rev-parse", "HEAD"])).unwrap();
        pin(&ground.repo, &format!("refs/windrow/flight/{n}"), &oid, None).unwrap();
        made.push(oid);
    }
    ground.git(["worktree", "remove", "--force", place.to_str().unwrap()]);
    made
}

/// Merges and lands one piece of work, again and again until it is through; says so before each
/// try, because a person without any pause would leave no gap to land in.
fn land(ground: &Ground, lander: &Lander, n: usize, work: &Oid, tries: Option<&Sender<()>>) -> Oid {
    let me = crate::git::Identity { name: "W".to_owned(), email: "w@example.org".to_owned() };
    for _ in 0..PATIENCE {
        if let Some(tries) = tries {
            tries.send(()).unwrap();
        }
        let onto = ground.head();
        let Merged::Clean { tree } = merge(&ground.repo, &onto, work).unwrap() else {
            panic!("work {n} does not merge");
        };
        let commit = MergeCommit {
            tree: &tree,
            onto: &onto,
            commit: work,
            message: "land",
            author: &me,
            committer: &me,
            seconds: 1_700_000_000,
        };
        let new = land_commit(&ground.repo, &commit, None, None).unwrap();
        let id = n.to_string();
        let request = crate::git::Move { branch: "main".to_owned(), old: onto, new, id };
        match lander.land(&request).unwrap() {
            Landed::Moved { .. } => return request.new,
            Landed::TargetMoved { .. } | Landed::Busy(_) => {}
            Landed::Already { .. } => panic!("work {n} landed before"),
        }
    }
    panic!("work {n} never got through");
}

/// What a person does during one try: looks around for a while, edits, stages, sometimes commits.
fn round(ground: &Ground, n: usize) -> Option<String> {
    for _ in 0..n % 5 {
        ground.git(["--no-optional-locks", "status"]);
    }
    ground.put("b", format!("b: round {n}\n"));
    ground.put("d", format!("d: kept unstaged {n}\n"));
    ground.put("a", format!("a: round {n}\n"));
    if !try_git(&ground.main, ["add", "a", "b"]).status.success() || !n.is_multiple_of(3) {
        return None;
    }
    let subject = format!("person {n}");
    let done = try_git(&ground.main, ["commit", "-qm", &subject]);
    done.status.success().then_some(subject)
}

#[test]
fn nothing_of_a_busy_person_is_lost() {
    let ground = Ground::new();
    let works = works(&ground);
    let (commits, landed) = std::thread::scope(|scope| {
        let (tries, tried) = channel();
        let person = scope.spawn(|| {
            let rounds = tried.into_iter().enumerate();
            rounds.filter_map(|(n, ())| round(&ground, n)).collect::<Vec<_>>()
        });
        let lander = ground.lander();
        let all = works.iter().enumerate();
        let landed: Vec<Oid> =
            all.map(|(n, work)| land(&ground, &lander, n, work, Some(&tries))).collect();
        drop(tries);
        (person.join().unwrap(), landed)
    });
    assert!(!commits.is_empty(), "the person never got to commit");
    let subjects = ground.git(["log", "--first-parent", "--format=%s", "main"]);
    let subjects: Vec<&str> = subjects.lines().collect();
    for commit in &commits {
        assert!(subjects.contains(&commit.as_str()), "`{commit}` is lost");
    }
    for (n, landed) in landed.iter().enumerate() {
        ground.git(["merge-base", "--is-ancestor", landed.as_str(), "main"]);
        assert_eq!(ground.text(&format!("work/{n}")), format!("work {n}\n"));
    }
    // No commit of the person swallowed or reverted a landing.
    for subject in &commits {
        let commit = ground.git(["log", "--format=%H", &format!("--grep=^{subject}$"), "main"]);
        let names = ["show", "--first-parent", "--format=", "--name-only", commit.trim()];
        let names = ground.git(names);
        assert!(names.lines().all(|name| name == "a" || name == "b"), "{subject}: {names}");
    }
    assert!(!ground.status().contains("work/"), "{}", ground.status());
    assert!(ground.status().contains(" M d\n"), "{}", ground.status());
    ground.assert_tidy();
    ground.git(["fsck", "--strict"]);
    for n in 0..LANDINGS {
        unpin(&ground.repo, &format!("refs/windrow/flight/{n}")).unwrap();
    }
}

#[test]
fn after_each_landing_the_status_shows_the_persons_edits_alone() {
    let ground = Ground::new();
    let works = works(&ground);
    let lander = ground.lander();
    ground.put("d", "d: edited\n");
    for (n, work) in works.iter().enumerate() {
        let name = format!("own/{n}");
        ground.put(&name, "the person's\n");
        ground.git(["add", &name]);
        if n % 3 == 0 {
            ground.git(["commit", "-qm", "the person's"]);
        }
        let before = ground.status();
        let new = land(&ground, &lander, n, work, None);
        assert_eq!(ground.head(), new);
        assert_eq!(ground.status(), before);
        assert_eq!(ground.git(["diff", "--cached", "--name-only", "--", "work"]), "");
    }
    ground.git(["fsck", "--strict"]);
}
