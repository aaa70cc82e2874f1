//! Performs effects in a made-up world, with outcomes chosen by dice.

use crate::command::{
    Command, MergeReport, MoveReport, RenewClaim, ReportCheckedOff, ReportEnded, ReportFollowed,
    ReportFreed, ReportGate, ReportLeased, ReportMerged, ReportMoved, ReportReleased, ReportSealed,
    ReportSetback, ReportStarted, ReportTree, SealMode, SealedWork, seal_mode,
};
use crate::effect::Effect;
use crate::ids::{Generation, LandingId, SessionId};
use crate::message;
use crate::state::{EntryState, Exit, ExitHow, OpenTree, Process, Session, Verdict};

use super::dice::Dice;
use super::{Weather, World};

const PATHS: [&str; 6] = ["src/a.rs", "src/b/c.rs", "docs/x.md", "api/y.rs", "api/z/w.rs", "top"];

impl World {
    /// Does what `effect` says and gives the report of it.
    pub(crate) fn perform(&mut self, effect: Effect, dice: &mut Dice) -> Command {
        if let Effect::LeaseName(session, _) = effect {
            // The machine may have given them even when the project never hears of it.
            self.leases.insert(session);
        }
        let luck = if self.weather == Weather::NoLuck { 2 } else { 14 };
        if !matches!(effect, Effect::WatchAgent(..)) && dice.once_in(luck) {
            let reason = "it did not work".to_owned();
            return Command::ReportSetback(ReportSetback { effect, reason });
        }
        match effect {
            Effect::LeaseName(session, generation) => Command::ReportLeased(ReportLeased {
                session,
                generation,
                name: format!("name-{}", session.0),
                port_offset: 0,
            }),
            Effect::OpenTree(session, generation) => self.open(session, generation),
            Effect::StartAgent(session, generation) => self.start(session, generation, dice),
            Effect::WatchAgent(session, generation) => {
                let killed = self.weather == Weather::Killer && dice.below(3) > 0;
                let how = if killed { ExitHow::Signal(9) } else { exit(dice.below(40)) };
                ended(session, generation, how)
            }
            Effect::StopAgent(session, generation) => {
                let how = if dice.once_in(6) { ExitHow::Code(0) } else { ExitHow::Stopped };
                ended(session, generation, how)
            }
            Effect::ProbeAgent(session, generation) if dice.once_in(3) => {
                ended(session, generation, ExitHow::Lost("no keeper".to_owned()))
            }
            Effect::ProbeAgent(session, generation) => {
                Command::RenewClaim(RenewClaim { session, generation })
            }
            Effect::SealWork(session, generation) => self.seal(session, generation, dice),
            Effect::ReleaseTree(session, generation) => {
                let roll = dice.below(5);
                let stays = (roll == 4).then(|| "a file cannot be read".to_owned());
                let gone = roll == 3;
                Command::ReportReleased(ReportReleased { session, generation, gone, stays })
            }
            Effect::FreeName(session, generation) => {
                self.leases.remove(&session);
                Command::ReportFreed(ReportFreed { session, generation })
            }
            Effect::MergeEntry(landing, round) => self.merge(landing, round, dice),
            Effect::RunGate(landing, round) => self.gate(landing, round, dice),
            Effect::MoveTarget(landing, round) => self.advance_target(landing, round, dice),
            Effect::MoveAhead(landing, round) => self.advance_ahead(landing, round),
            Effect::FollowTarget(landing, look) => self.follow(landing, look, dice),
            Effect::CheckOff(task) => {
                let problem = dice.once_in(5).then(|| "the file is gone".to_owned());
                Command::ReportCheckedOff(ReportCheckedOff { task, problem })
            }
        }
    }

    fn session(&self, id: SessionId) -> &Session {
        self.state.sessions.get(&id).expect("an effect names a session there is")
    }

    fn open(&self, session: SessionId, generation: Generation) -> Command {
        let lease = self.session(session).lease.as_ref().expect("a name comes before a tree");
        let tree = OpenTree {
            id: lease.tree,
            path: format!("/trees/{}", lease.tree),
            git_dir: format!("/git/{}", lease.tree),
            branch: format!("windrow/{session}"),
            base: "base".to_owned(),
        };
        Command::ReportTree(ReportTree { session, generation, tree })
    }

    fn start(&self, session: SessionId, generation: Generation, dice: &mut Dice) -> Command {
        if self.session(session).stop.is_some() {
            return ended(session, generation, ExitHow::Stopped);
        }
        if dice.once_in(12) {
            return ended(session, generation, ExitHow::CouldNotStart("no such file".to_owned()));
        }
        let keeper = Process { pid: 7, start_time: session.0 };
        Command::ReportStarted(ReportStarted { session, generation, keeper })
    }

    fn seal(&mut self, session: SessionId, generation: Generation, dice: &mut Dice) -> Command {
        let commit = self.git.commit("work", &[]);
        let refname = format!("refs/windrow/kept/{session}/{generation}");
        let mut kept = Some((refname, commit.clone()));
        let mode = seal_mode(self.session(session));
        let work = match (mode, dice.below(8)) {
            (SealMode::Submit, 0..=4) => {
                let touched = dice.pick(PATHS).map(str::to_owned).into_iter().collect();
                SealedWork::Commit { commit, touched }
            }
            (SealMode::Submit, 5..=6) => {
                kept = None;
                SealedWork::Nothing
            }
            (SealMode::Submit, _) if dice.once_in(3) => {
                SealedWork::Broken("its folder was removed".to_owned())
            }
            (SealMode::Submit, _) => SealedWork::Refused("files are left over".to_owned()),
            (SealMode::Capture, 7) => {
                kept = None;
                SealedWork::Nothing
            }
            (SealMode::Capture, _) => SealedWork::Captured,
            (SealMode::Drop, _) => {
                kept = None;
                SealedWork::Captured
            }
        };
        let stays = dice.once_in(8).then(|| "a nested repository".to_owned());
        Command::ReportSealed(ReportSealed { session, generation, work, kept, stays })
    }

    fn merge(&mut self, landing: LandingId, round: u32, dice: &mut Dice) -> Command {
        let entry = self.state.landings[&landing].clone();
        let branch = &entry.branch;
        let onto = self.git.tip(branch, self.state.ahead.get(branch));
        let on_branch = |git: &super::git::Git, commit: &str| {
            git.head(branch).is_some_and(|head| git.contains(&head, commit))
        };
        let moved = self.git.moved.get(&landing).cloned();
        let moved = moved.filter(|commit| self.git.contains(&onto, commit));
        if moved.is_none() {
            // Whatever it did before was undone.
            self.git.moved.remove(&landing);
        }
        let gone = entry.is_persons() && !on_branch(&self.git, &entry.commit);
        let report = match (moved, dice.below(10)) {
            _ if gone => MergeReport::Gone,
            (Some(commit), _) => {
                let ahead =
                    (!on_branch(&self.git, &commit)).then(|| self.git.known(branch, &commit));
                MergeReport::Landed { commit, ahead }
            }
            _ if self.git.contains(&onto, &entry.commit) => MergeReport::AlreadyIn,
            (None, 9) if dice.once_in(3) => MergeReport::Unrelated,
            (None, 9) if !entry.is_persons() => MergeReport::AlreadyIn,
            (None, 7..=9) => MergeReport::Conflict {
                files: vec!["src/a.rs".to_owned()],
                detail: None,
                sides: None,
            },
            (None, _) => {
                let commit = self.git.commit("landing", &[&onto, &entry.commit]);
                let tree = format!("tree-{}", dice.below(4));
                MergeReport::Clean { onto, commit, tree }
            }
        };
        Command::ReportMerged(ReportMerged { landing, round, report })
    }

    fn gate(&mut self, landing: LandingId, round: u32, dice: &mut Dice) -> Command {
        let verdict = match dice.below(8) {
            1.. if self.weather == Weather::NoGates => Verdict::CouldNotRun("no shell".to_owned()),
            0..=4 => Verdict::Passed,
            5..=6 => Verdict::Failed,
            _ => Verdict::CouldNotRun("no shell".to_owned()),
        };
        let entry = &self.state.landings[&landing];
        if let (Verdict::Passed, EntryState::Merged { tree, .. }) = (&verdict, &entry.state) {
            let gates = message::gate_text(&self.state.gates_of(entry));
            self.passed.insert((tree.clone(), gates));
        }
        let summary = "`check` ended".to_owned();
        Command::ReportGate(ReportGate { landing, round, verdict, summary, detail: None })
    }

    /// The commit an entry moves to and what it was merged onto; its tree has passed.
    fn verified(&self, landing: LandingId) -> (String, String, String) {
        let entry = &self.state.landings[&landing];
        let (EntryState::Merged { onto, commit, tree }
        | EntryState::Verified { onto, commit, tree }) = entry.state.clone()
        else {
            panic!("{landing} is moved in state {:?}", entry.state)
        };
        let gates = message::gate_text(&self.state.gates_of(entry));
        assert!(
            gates.is_empty() || self.passed.contains(&(tree, gates)),
            "{landing} moves the branch to a tree that did not pass"
        );
        (entry.branch.clone(), onto, commit)
    }

    fn move_once(&mut self, landing: LandingId, commit: &str) {
        let before = self.git.moved.insert(landing, commit.to_owned());
        let again = before.is_none_or(|before| before == commit);
        assert!(again, "{landing} moves the branch twice");
    }

    fn advance_target(&mut self, landing: LandingId, round: u32, dice: &mut Dice) -> Command {
        let (branch, onto, commit) = self.verified(landing);
        let head = self.git.head(&branch);
        let report = if head.as_ref().is_some_and(|head| self.git.contains(head, &commit)) {
            MoveReport::Moved
        } else if self.git.is_ahead(&branch) {
            MoveReport::Behind("something is ahead".to_owned())
        } else if head.as_ref() != Some(&onto) {
            MoveReport::TargetMoved
        } else {
            match dice.below(7) {
                5 => {
                    self.git.person_commits(&branch);
                    MoveReport::TargetMoved
                }
                6 => MoveReport::Locked("git works there".to_owned()),
                1..=4 if self.weather == Weather::Busy => {
                    MoveReport::Busy("a rebase is stopped".to_owned())
                }
                4 => MoveReport::Busy("a rebase is stopped".to_owned()),
                _ => {
                    self.move_once(landing, &commit);
                    self.git.advance(&branch, &commit);
                    MoveReport::Moved
                }
            }
        };
        Command::ReportMoved(ReportMoved { landing, round, report })
    }

    fn advance_ahead(&mut self, landing: LandingId, round: u32) -> Command {
        let (branch, onto, commit) = self.verified(landing);
        let landed = self.state.ahead.get(&branch).cloned();
        let tip = self.git.tip(&branch, landed.as_ref());
        let entry = &self.state.landings[&landing];
        let head = self.git.head(&branch);
        let has = |it: &String| head.as_ref().is_some_and(|head| self.git.contains(head, it));
        let gone = entry.is_persons() && !has(&entry.commit);
        let report = if self.git.contains(&tip, &commit) {
            MoveReport::MovedAhead { branch: self.git.known(&branch, &commit) }
        } else if tip != onto || gone {
            MoveReport::TargetMoved
        } else {
            self.move_once(landing, &commit);
            let known = self.git.known(&branch, &commit);
            self.git.advance_ahead(&branch, &commit, landed.as_ref());
            MoveReport::MovedAhead { branch: known }
        };
        Command::ReportMoved(ReportMoved { landing, round, report })
    }

    fn follow(&mut self, landing: LandingId, look: u32, dice: &mut Dice) -> Command {
        let found = self.state.ahead.iter().find(|(_, ahead)| ahead.last == landing);
        let (branch, ahead) = found.map(|(b, a)| (b.clone(), a.clone())).expect("it is ahead");
        let mut busy = false;
        match dice.below(9) {
            8 => self.git.person_commits(&branch),
            7 => self.git.person_rewrites(&branch, dice.once_in(2)),
            1..=6 if self.weather == Weather::Busy => busy = true,
            5..=6 => busy = true,
            0..=2 if ahead.trouble.is_some() => self.git.person_settles(&branch, &ahead.head),
            _ => {}
        }
        let report = self.git.follow(&branch, &ahead, busy);
        if dice.once_in(12) {
            self.git.take_ahead(&branch);
        }
        Command::ReportFollowed(ReportFollowed { landing, look, report })
    }
}

fn ended(session: SessionId, generation: Generation, how: ExitHow) -> Command {
    let exit = Exit::of(how);
    Command::ReportEnded(ReportEnded { session, generation, exit })
}

fn exit(roll: usize) -> ExitHow {
    match roll {
        0..=19 => ExitHow::Code(0),
        20..=22 => ExitHow::Code(1),
        23..=26 => ExitHow::Signal(9),
        27..=28 => ExitHow::Signal(11),
        29 => ExitHow::Silent,
        30 => ExitHow::TimeOver,
        31..=34 => ExitHow::Code(137),
        35..=37 => ExitHow::Lost("no keeper".to_owned()),
        _ => ExitHow::Stopped,
    }
}
