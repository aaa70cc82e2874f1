//! One simulation from its first step to its last, and what must hold at its end.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use windrow_core::explain::{Standing, explain};
use windrow_core::ids::TaskId;
use windrow_core::spec::{RunSpec, TaskSpec, WhenBusy};
use windrow_core::state::{EntryState, RunEnd, RunPhase, TaskPhase};
use windrow_core::{State, wanted};

use super::check;
use super::counts::Counts;
use super::daemon;
use super::deeds::{in_the_way, person, settler};
use super::faults::Faults;
use super::git::heads;
use super::people::{TaskPlan, Wish, caller, plain_run};
use super::plan::{self, BRANCHES, Item};
use super::stage::{Ms, Role, Stage};
use super::world::World;

/// How long things may go wrong.
const WILD_MS: Ms = 240_000;

/// How many steps things may go wrong for.
const WILD_STEPS: u64 = 6_000;

/// The title of a task that is added when nothing goes wrong any more, with the file it makes.
const LAST: &str = "last + own/last.rs";

/// How many steps everything may take to come to rest after that.
const REST_STEPS: u64 = 60_000;

/// What came of a simulation.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) counts: Counts,
    /// The promise that was broken.
    pub(super) broken: Option<String>,
    pub(super) trace: Vec<String>,
}

/// Lives through a schedule.
pub(super) fn simulate(seed: u64, items: &[Item], traced: bool) -> Outcome {
    let mut faults = Faults::default();
    for item in items {
        if let Item::Fault(on, fault) = item {
            faults.plan(*on, *fault);
        }
    }
    let stage = Stage::new(seed, World::new(seed, &BRANCHES), faults, traced);
    let lived = catch_unwind(AssertUnwindSafe(|| live(&stage, items)));
    let broken = match lived {
        Ok(lived) => lived.err(),
        Err(panic) => Some(format!("a panic: {}", words(panic.as_ref()))),
    };
    // Processes hold the stage, and the stage them.
    let cleared = catch_unwind(AssertUnwindSafe(|| stage.end(|_, _| true)));
    let broken = broken.or_else(|| cleared.err().map(|_| "a panic at the end".to_owned()));
    let mut counts = stage.counts();
    counts.steps = stage.steps();
    Outcome { counts, broken, trace: stage.trace() }
}

fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no words").to_owned()
}

fn live(stage: &Stage, items: &[Item]) -> Result<(), String> {
    daemon::keep_guard(stage);
    stage.spawn(Role::Person, "person", settler(stage.clone()));
    for item in items {
        match item {
            Item::Wish(at, wish) => {
                stage.spawn(Role::Caller, "caller", caller(stage.clone(), *at, wish.clone()));
            }
            Item::Deed(at, deed) => {
                stage.spawn(Role::Person, "person", person(stage.clone(), *at, deed.clone()));
            }
            Item::Fault(..) => {}
        }
    }
    while stage.now() < WILD_MS && stage.steps() < WILD_STEPS && advance(stage)? {}
    calm(stage);
    daemon::start(stage);
    rest(stage)?;
    // Who waits for an answer gets one, and may have another question open then.
    for _ in 0..QUESTIONS {
        if !asks(&stage.world().check.state) {
            break;
        }
        stage.spawn(Role::Caller, "caller", caller(stage.clone(), 0, Wish::GoOn));
        rest(stage)?;
    }
    at_rest(stage)?;
    // What no run has taken up by now goes well, too, and so does one task more.
    let ahead = plan::lands_ahead(stage.world().seed);
    for wishes in [vec![Wish::GoOn, Wish::Add(last_task())], vec![Wish::Start(last_run(ahead))]] {
        if ahead && matches!(wishes[..], [Wish::Start(_)]) {
            stage.spawn(Role::Person, "person", in_the_way(stage.clone()));
        }
        for wish in wishes {
            stage.spawn(Role::Caller, "caller", caller(stage.clone(), 0, wish));
        }
        rest(stage)?;
        at_rest(stage)?;
    }
    let world = stage.world();
    nothing_waits_but_for_a_person(&world.check.state)?;
    the_last_task_landed(&world.check.state)
}

/// How often everybody is answered before it is said that somebody waits for good.
const QUESTIONS: u32 = 8;

/// Whether somebody waits for an answer.
fn asks(state: &State) -> bool {
    let mut open = state.sessions.values().filter(|session| session.is_open());
    open.any(|session| session.open_questions().next().is_some())
}

/// However the story went, and even when no command of it was ever written down.
fn last_task() -> TaskPlan {
    let (title, run) = (LAST.to_owned(), Some("work".to_owned()));
    TaskPlan { spec: TaskSpec { title, run, ..TaskSpec::default() }, depends: Vec::new() }
}

/// The run that lands it, and lands it ahead while a person is in the way.
fn last_run(ahead: bool) -> Box<RunSpec> {
    let busy = if ahead { WhenBusy::Ahead } else { WhenBusy::Wait };
    Box::new(RunSpec { busy, ..plain_run(BRANCHES[0]) })
}

/// Nothing goes wrong from here on.
fn calm(stage: &Stage) {
    stage.end_faults();
    stage.say(|| "     -- nothing goes wrong from here on".to_owned());
    let mut world = stage.world();
    world.calm = true;
    world.set_full(false);
    (world.echo, world.late) = (None, None);
}

fn advance(stage: &Stage) -> Result<bool, String> {
    let more = stage.advance();
    let mut world = stage.world();
    check::look(&mut world);
    match world.check.verdict() {
        Some(broken) => Err(broken.to_owned()),
        None => Ok(more),
    }
}

fn rest(stage: &Stage) -> Result<(), String> {
    let until = stage.steps() + REST_STEPS;
    while advance(stage)? {
        if stage.steps() > until {
            return Err(format!("no end in sight: {:?} is wanted", wanted(&stage.state())));
        }
    }
    Ok(())
}

/// What must hold when everything has come to rest.
fn at_rest(stage: &Stage) -> Result<(), String> {
    let world = stage.world();
    let state = &world.check.state;
    let wanted = wanted(state);
    if !wanted.is_empty() {
        return Err(format!("everything rests, and {wanted:?} is wanted"));
    }
    if let Some(run) = state.runs.values().find(|r| !matches!(r.phase, RunPhase::Ended(_))) {
        return Err(format!("everything rests, and {} is {:?}", run.id, run.phase));
    }
    if let Some(session) = state.sessions.values().find(|session| !session.closed) {
        return Err(format!("everything rests, and {} waits for {:?}", session.id, session.wish()));
    }
    if let Some((_, alive)) = world.alive.iter().next() {
        return Err(format!("everything rests, and {} runs", alive.job));
    }
    for entry in state.landings.values().filter(|entry| !entry.state.is_final()) {
        if !matches!(entry.state, EntryState::Held | EntryState::Parked(_)) {
            return Err(format!("everything rests, and {} is {:?}", entry.id, entry.state));
        }
    }
    if let Some(id) = state.tasks.keys().find(|id| !may_rest(state, **id)) {
        return Err(format!("{id} is in limbo: {:?}", explain(state, *id)));
    }
    world.nothing_is_ahead()?;
    checkout_follows(&world)
}

/// Why a task may be where it is although nothing goes on: it is over, or waits for a person.
fn may_rest(state: &State, id: TaskId) -> bool {
    let Some(task) = state.tasks.get(&id) else { return false };
    match &task.phase {
        TaskPhase::Active(_) => false,
        TaskPhase::Submitted(landing) => {
            state.landings.get(landing).is_some_and(|entry| entry.state == EntryState::Held)
        }
        TaskPhase::Open => {
            let run = task.run.and_then(|run| state.runs.get(&run));
            let ended =
                |run: &windrow_core::state::Run| run.phase == RunPhase::Ended(RunEnd::Interrupted);
            run.is_none_or(ended)
                || matches!(explain(state, id), Some(Standing::Depends(_) | Standing::NoRun))
        }
        TaskPhase::Landed { .. }
        | TaskPhase::Done { .. }
        | TaskPhase::Stuck(_)
        | TaskPhase::Cancelled { .. } => true,
    }
}

/// The person's checkout has what their branch has.
fn checkout_follows(world: &World) -> Result<(), String> {
    if world.checkout.locked || world.moving.is_some() {
        return Err("a move of the target was left half done".to_owned());
    }
    let head = world.git.at(&heads(&world.checkout.branch)).unwrap_or_default();
    let files = world.git.files(&head);
    let paths: BTreeSet<&String> = files.keys().chain(world.checkout.files.keys()).collect();
    let differs = |path: &&&String| files.get(**path) != world.checkout.files.get(**path);
    match paths.iter().find(differs) {
        Some(path) => Err(format!("the checkout does not have `{path}` as its branch has it")),
        None => Ok(()),
    }
}

/// Once a person let everything go on and nothing went wrong, nothing is left to release.
fn nothing_waits_but_for_a_person(state: &State) -> Result<(), String> {
    let parked = |state: &EntryState| matches!(state, EntryState::Parked(_));
    match state.landings.values().find(|entry| parked(&entry.state)) {
        Some(entry) => Err(format!("{} is parked though nothing goes wrong", entry.id)),
        None => Ok(()),
    }
}

/// Work that meets nothing and begins when nothing goes wrong any more is landed.
fn the_last_task_landed(state: &State) -> Result<(), String> {
    match state.tasks.values().find(|task| task.spec.title == LAST) {
        Some(task) if matches!(task.phase, TaskPhase::Landed { .. }) => Ok(()),
        Some(task) => Err(format!("the last task, {}, is {:?}", task.id, task.phase)),
        None => Err("the last task was never added".to_owned()),
    }
}
