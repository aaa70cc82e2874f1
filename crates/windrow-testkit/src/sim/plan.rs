//! A schedule: everything that a seed makes happen, as a list of numbered items.
//!
//! What happens between the items is drawn from the seed as well, but apart from them: leaving one
//! out leaves the others as they are. That is how a schedule is made short.

use std::fmt;

use windrow_core::scope::Scope;
use windrow_core::spec::{Kind, Leftovers, RunSpec, TaskSpec, WhenBusy};
use windrow_core::state::{ClosedAs, StopReason};
use windrow_journal::Fault as Append;

use crate::Dice;

use super::acts;
use super::deeds::Deed;
use super::faults::{Fault, On};
use super::people::{TaskPlan, Wish, plain_run};
use super::stage::{Ms, Role};

/// The branches that work lands on; the person has the first checked out.
pub(super) const BRANCHES: [&str; 2] = ["main", "next"];

/// One thing that happens.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "there are a few dozen items in a schedule")]
pub(super) enum Item {
    Wish(Ms, Wish),
    Deed(Ms, Deed),
    Fault(On, Fault),
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wish(at, Wish::Add(plan)) => {
                let spec = &plan.spec;
                let scopes: Vec<&str> = spec.scopes.iter().map(Scope::as_str).collect();
                let (title, depends, p) = (&spec.title, &plan.depends, spec.priority);
                write!(f, "at {at}: add `{title}` P{p} in {scopes:?} after {depends:?}")
            }
            Self::Wish(at, Wish::Start(spec)) => {
                let RunSpec { branch, pool, gates, tries, hold, busy, .. } = &**spec;
                write!(f, "at {at}: start {pool} on {branch}, {gates:?}, {tries} tries")?;
                let ahead = if *busy == WhenBusy::Ahead { ", ahead" } else { "" };
                write!(f, "{ahead}{}", if *hold { ", held" } else { "" })
            }
            Self::Wish(at, Wish::Edit(n, plan)) => {
                write!(f, "at {at}: edit task {n} to `{}`", plan.spec.title)
            }
            Self::Wish(at, wish) => write!(f, "at {at}: {wish:?}"),
            Self::Deed(at, deed) => write!(f, "at {at}: the person: {deed:?}"),
            Self::Fault(on, fault) => write!(f, "before {on}: {fault:?}"),
        }
    }
}

/// In which flavours of a story the person is in the way, and work lands ahead.
const AHEAD: [u64; 2] = [4, 5];

/// What kind of story a seed tells.
const fn flavour(seed: u64) -> u64 {
    seed % 8
}

/// Whether work lands ahead of the branch in the story of a seed, whatever else happens.
pub(super) fn lands_ahead(seed: u64) -> bool {
    AHEAD.contains(&flavour(seed))
}

/// The schedule of a seed.
pub(super) fn of(seed: u64) -> Vec<Item> {
    let mut dice = Dice::seeded(seed ^ 0x5eed);
    let flavour = flavour(seed);
    let mut items = Vec::new();
    let tasks = if flavour == 1 { 16 } else { dice.within(4..17) };
    let early = dice.within(1..tasks + 1);
    for n in 0..tasks {
        let at = if n < early { n } else { 2_000 + dice.within(0..60_000) };
        items.push(Item::Wish(at, Wish::Add(task(n, flavour, &mut dice))));
    }
    items.push(Item::Wish(100, Wish::Start(Box::new(run(flavour, &mut dice)))));
    for _ in 0..dice.within(1..4) {
        let at = 3_000 + dice.within(0..90_000);
        items.push(Item::Wish(at, Wish::Start(Box::new(run(flavour, &mut dice)))));
    }
    for _ in 0..dice.within(0..8) {
        let at = dice.within(200..120_000);
        items.push(Item::Wish(at, wish(tasks, flavour, &mut dice)));
    }
    for _ in 0..dice.within(0..6) {
        let at = dice.within(200..100_000);
        items.push(Item::Deed(at, deed(&mut dice)));
    }
    let faults = match flavour {
        0 => dice.within(30..60),
        1 => dice.within(1..4),
        _ => dice.within(4..30),
    };
    let first = On { role: Some(Role::Daemon), nth: dice.within(1..40) };
    items.push(Item::Fault(first, Fault::KillDaemon));
    if AHEAD.contains(&flavour) {
        items.extend(in_use(&mut dice));
    }
    match flavour {
        2 => items.extend(unlucky(&mut dice)),
        3 => items.extend(haunted(&mut dice)),
        _ => {}
    }
    for _ in 0..faults {
        let (on, fault) = fault(flavour, &mut dice);
        items.push(Item::Fault(on, fault));
    }
    items
}

fn once_in(n: u64, dice: &mut Dice) -> bool {
    dice.within(0..n) == 0
}

fn task(n: u64, flavour: u64, dice: &mut Dice) -> TaskPlan {
    let title = if once_in(4, dice) { "filed" } else { "task" };
    let mut spec = TaskSpec { run: Some("work".to_owned()), ..TaskSpec::default() };
    let folder = |dice: &mut Dice| format!("m{}", dice.within(0..8));
    let wide = if flavour == 1 { 12 } else { dice.within(0..12) };
    let scopes = match wide {
        0 => vec!["m0/**".to_owned(), "m1/**".to_owned()],
        1..=4 => vec![format!("{}/**", folder(dice))],
        5 => vec![folder(dice), folder(dice)],
        6 | 7 => vec![format!("{}/base.rs", folder(dice))],
        _ => Vec::new(),
    };
    spec.scopes = scopes.iter().map(|scope| Scope::parse(scope).unwrap()).collect();
    let own = scopes.is_empty() || once_in(5, dice);
    let own = if own { format!(" + own/t{n}.rs") } else { String::new() };
    let other = once_in(5, dice).then(|| format!(" + {}/base.rs", folder(dice)));
    spec.title = format!("{title} {n}{own}{}", other.unwrap_or_default());
    spec.priority = u8::try_from(if flavour == 1 { n % 2 * 4 } else { dice.within(0..5) }).unwrap();
    spec.kind = *dice.pick(&[Kind::Feature, Kind::Foundation, Kind::Polish]).unwrap();
    spec.gate = once_in(6, dice).then(|| "own gate".to_owned());
    spec.wave = once_in(5, dice).then(|| u32::try_from(n / 4).unwrap());
    spec.limits.time_ms = once_in(3, dice).then_some(60_000);
    spec.limits.silence_ms = once_in(4, dice).then_some(30_000);
    let depends = if n > 0 && flavour != 1 && once_in(4, dice) {
        vec![usize::try_from(dice.within(0..n)).unwrap()]
    } else {
        Vec::new()
    };
    TaskPlan { spec, depends }
}

fn run(flavour: u64, dice: &mut Dice) -> RunSpec {
    let gates: &[&[&str]] = &[&[], &["check"], &["check"], &["check", "lint"]];
    let ahead = AHEAD.contains(&flavour);
    let branch = if once_in(if ahead { 8 } else { 3 }, dice) { BRANCHES[1] } else { BRANCHES[0] };
    let busy = dice.within(0..8) < if ahead { 7 } else { 2 };
    RunSpec {
        busy: if busy { WhenBusy::Ahead } else { WhenBusy::Wait },
        pool: u32::try_from(if flavour == 1 { 8 } else { dice.within(1..6) }).unwrap(),
        gates: dice.pick(gates).unwrap().iter().map(|gate| (*gate).to_owned()).collect(),
        hold: once_in(6, dice),
        barrier: once_in(5, dice),
        tries: u32::try_from(dice.within(1..4)).unwrap(),
        interruptions: u32::try_from(dice.within(0..5)).unwrap(),
        leftovers: if once_in(3, dice) { Leftovers::Refuse } else { Leftovers::Commit },
        lease_ms: *dice.pick(&[4_000, 30_000, 3_600_000]).unwrap(),
        gate_ms: Some(*dice.pick(&[1_000, 60_000, 7_200_000]).unwrap()),
        grace_ms: 100,
        ..plain_run(branch)
    }
}

fn wish(tasks: u64, flavour: u64, dice: &mut Dice) -> Wish {
    let n = usize::try_from(dice.within(0..30)).unwrap();
    let reasons = [StopReason::Kill, StopReason::Close, StopReason::KillAndDrop];
    match dice.within(0..20) {
        0 => Wish::Stop(n),
        1 => Wish::Drain(n),
        2 | 3 => Wish::Resume(n, once_in(2, dice).then_some(3)),
        4..=7 => Wish::End(n, *dice.pick(&reasons).unwrap()),
        8 => Wish::Close(n, *dice.pick(&[ClosedAs::Done, ClosedAs::Cancelled]).unwrap()),
        9 | 10 => Wish::Edit(n, task(tasks, flavour, dice)),
        11 | 12 => Wish::Release(n),
        13..=15 => Wish::Ask(n),
        16..=18 => Wish::Say(n),
        _ => Wish::GoOn,
    }
}

fn path(dice: &mut Dice) -> String {
    format!("m{}/{}", dice.within(0..8), dice.pick(&["base.rs", "own.rs"]).unwrap())
}

fn deed(dice: &mut Dice) -> Deed {
    let (path, ms) = (path(dice), dice.within(100..60_000));
    let branch = (*dice.pick(&BRANCHES).unwrap()).to_owned();
    match dice.within(0..14) {
        0..=5 => Deed::Commit(branch, path),
        6..=10 => Deed::Edit(path, ms),
        11 => Deed::Lock(ms / 10),
        12 => Deed::Rewind(branch, dice.within(1..3)),
        _ => Deed::Delete(branch, ms / 3),
    }
}

/// The branch is in use again and again, and what people do to it and to what is ahead of it, while
/// something is.
fn in_use(dice: &mut Dice) -> Vec<Item> {
    let mut items = Vec::new();
    for _ in 0..dice.within(2..7) {
        let ms = *dice.pick(&[200, 2_000, 20_000, 60_000]).unwrap();
        let stop = Deed::Stop(dice.within(ms / 2..ms));
        items.push(Item::Deed(dice.within(200..40_000), stop));
    }
    for _ in 0..dice.within(2..8) {
        let branch = BRANCHES[0].to_owned();
        let deed = match dice.within(0..12) {
            0..=3 => Deed::Commit(branch, path(dice)),
            4 | 5 => Deed::Rewind(branch, dice.within(1..5)),
            6 => Deed::Amend(branch),
            7 | 8 => Deed::Settle(branch, once_in(3, dice)),
            9 | 10 => Deed::TakeAhead(branch),
            _ => Deed::BendAhead(branch),
        };
        let far = *dice.pick(&[10, 100, 1_000, 10_000]).unwrap();
        let deed = Deed::Meanwhile(dice.within(0..far), Box::new(deed));
        items.push(Item::Deed(dice.within(200..30_000), deed));
    }
    for _ in 0..dice.within(2..10) {
        let act = *dice.pick(&["merge", "move", "move ahead", "follow"]).unwrap();
        let on = On { role: Some(Role::Act(act)), nth: dice.within(1..30) };
        let far = *dice.pick(&[10, 500, 5_000]).unwrap();
        let append = *dice.pick(&[Append::Full, Append::Before, Append::After]).unwrap();
        let faults = [
            Fault::Late(far),
            Fault::Late(far),
            Fault::Echo(far),
            Fault::KillDaemon,
            Fault::Setback,
            Fault::Append(append),
        ];
        items.push(Item::Fault(on, *dice.pick(&faults).unwrap()));
    }
    items
}

fn fault(flavour: u64, dice: &mut Dice) -> (On, Fault) {
    let append = *dice.pick(&[Append::Full, Append::Before, Append::After]).unwrap();
    let far = *dice.pick(&[10, 500, 5_000, 90_000]).unwrap();
    let jump = *dice.pick(&[-7_200_000, -30_000, 30_000, 7_200_000]).unwrap();
    let kill = dice.within(0..3) > 0 || flavour == 0;
    let fault = if kill {
        let kills = [
            Fault::KillDaemon,
            Fault::KillDaemon,
            Fault::KillDaemon,
            Fault::KillDaemon,
            Fault::KillBoth,
            Fault::KillGuard,
            Fault::KillKeeper,
            Fault::KillKeeper,
            Fault::KillAgent,
            Fault::Terminate,
            Fault::Reboot,
        ];
        *dice.pick(&kills).unwrap()
    } else {
        let others = [
            Fault::Setback,
            Fault::Setback,
            Fault::Setback,
            Fault::Append(append),
            Fault::Append(append),
            Fault::Machine(append),
            Fault::DiskFull(far),
            Fault::ClockJump(jump),
            Fault::Echo(far),
            Fault::Echo(far),
            Fault::Late(far),
            Fault::Late(far),
        ];
        *dice.pick(&others).unwrap()
    };
    (on(fault, dice), fault)
}

/// A crash in the middle of an act, and then that act does not work again and again.
fn unlucky(dice: &mut Dice) -> Vec<Item> {
    let role = Some(Role::Act(dice.pick(acts::NAMES).unwrap()));
    let nth = dice.within(2..50);
    let crash = Item::Fault(On { role, nth }, Fault::KillDaemon);
    let setbacks = (nth + 1..nth + 16).map(|nth| Item::Fault(On { role, nth }, Fault::Setback));
    std::iter::once(crash).chain(setbacks).collect()
}

/// Agents are killed, and what was said of them is said again when the next ones run.
fn haunted(dice: &mut Dice) -> Vec<Item> {
    let kills: Vec<On> =
        (0..6).map(|_| On { role: Some(Role::Agent), nth: dice.within(1..60) }).collect();
    let kills = kills.into_iter().map(|on| Item::Fault(on, Fault::KillAgent));
    let echoes: Vec<Item> = (0..12)
        .map(|_| {
            let on = On { role: Some(Role::Act("watch")), nth: dice.within(1..120) };
            Item::Fault(on, Fault::Echo(dice.within(200..8_000)))
        })
        .collect();
    kills.chain(echoes).collect()
}

/// A step at which a fault can do harm.
fn on(fault: Fault, dice: &mut Dice) -> On {
    let act = |dice: &mut Dice| (Some(Role::Act(dice.pick(acts::NAMES).unwrap())), 60);
    let (role, nths) = match fault {
        Fault::Setback => act(dice),
        Fault::KillKeeper => (Some(Role::Keeper), 150),
        Fault::KillAgent => (Some(Role::Agent), 60),
        _ => match dice.within(0..6) {
            0 | 1 => (Some(Role::Daemon), 250),
            2 | 3 => act(dice),
            4 => (Some(Role::Keeper), 150),
            _ => (None, 1_500),
        },
    };
    // Early ones oftener: a short story has no late steps.
    On { role, nth: dice.within(1..nths).min(dice.within(1..nths)) }
}
