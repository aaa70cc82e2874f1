//! Starts a session's agent under a keeper that outlives the daemon.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use windrow_api::worker::Variable;
use windrow_core::command::{ReportEnded, ReportStarted};
use windrow_core::ids::SessionId;
use windrow_core::spec::TextRef;
use windrow_core::state::{Exit, ExitHow, Process, Session, Task};
use windrow_core::{Command, Effect, State};
use windrow_journal::{Hash, Reader as _, SqliteReader};
use windrow_world::agents::Client;
use windrow_world::{crash, files, proc::ProcessId};

use super::agent::{Agent, client_of};
use super::brief::{Brief, Spoken};
use super::exit::exit_of;
use super::receipt::Told;
use super::{Act, Outcome, Tools, blocking, chain, watch_agent};
use crate::jobs::{self, Beginning};
use crate::keeper::{self, JobState, Launch, Program};
use crate::place::Place;

struct Start {
    place: Arc<Place>,
    folder: PathBuf,
    launch: Launch,
    agent: Agent,
    /// What reads the output, when the agent is a client.
    client: Option<&'static dyn Client>,
    brief: Brief,
    output: PathBuf,
    /// It goes on with the turn before it.
    goes_on: bool,
    /// Somebody wants the session to end by now.
    is_to_end: bool,
    /// Titles and files of the outputs that belong in the brief.
    reads: Vec<(String, PathBuf)>,
}

enum Begun {
    Launched(ProcessId),
    Running(ProcessId),
    Never,
    /// How it ended, and whether a client's model began to work.
    Over(Box<(Exit, windrow_journal::Text)>, bool),
    Impossible(String),
}

pub(super) fn prepare(state: &State, id: SessionId, effect: Effect, tools: &Tools) -> Option<Act> {
    let session = state.sessions.get(&id)?;
    let generation = session.generation;
    let task = state.tasks.get(&session.task)?;
    let mut start = describe(state, session, task, tools)?;
    let texts = tools.texts.clone();
    let body = task.spec.body.clone();
    let (given, seen) = (Told::in_brief(session), Told::at_start(session, start.client.is_some()));
    let talk: Vec<_> = session.talk.iter().map(|one| Spoken::of(session, one)).collect();
    let (hub, project) = (tools.hub.clone(), tools.place.id.clone());
    let details: Vec<Option<TextRef>> =
        task.reasons.iter().map(|reason| reason.detail.clone()).collect();
    Some(Box::pin(async move {
        start.brief.body = load(&texts, body.as_ref()).await;
        for (mut spoken, text) in talk {
            spoken.text = load(&texts, Some(&text)).await.unwrap_or_default();
            start.brief.talk.push(spoken);
        }
        if let Some(last) = details.last() {
            start.brief.evidence = load(&texts, last.as_ref()).await;
        }
        // Whether it runs already is found out however often that cannot be seen: were it given up,
        // nobody would know of it any more.
        let stands = match watch_agent::stands(&start.folder).await {
            Ok(stands) => stands,
            Err(reason) => return Outcome::setback(effect, reason),
        };
        let begun = match blocking(effect, move || begin(start, stands)).await {
            Ok(begun) => begun,
            Err(outcome) => return outcome,
        };
        if matches!(begun, Begun::Launched(_)) {
            given.tell(&hub, &project);
        }
        match begun {
            Begun::Launched(keeper) | Begun::Running(keeper) => {
                let keeper = process(keeper);
                let report = ReportStarted { session: id, generation, keeper };
                Outcome::report(Command::ReportStarted(report))
            }
            Begun::Never => {
                let exit = Exit::of(ExitHow::Stopped);
                Outcome::report(Command::ReportEnded(ReportEnded { session: id, generation, exit }))
            }
            Begun::Over(ended, is_begun) => {
                let (exit, tail) = *ended;
                if is_begun {
                    seen.tell(&hub, &project);
                }
                let report = ReportEnded { session: id, generation, exit };
                Outcome::with_text(Command::ReportEnded(report), Some(tail))
            }
            Begun::Impossible(why) => {
                let exit = Exit::of(ExitHow::CouldNotStart(why));
                Outcome::report(Command::ReportEnded(ReportEnded { session: id, generation, exit }))
            }
        }
    }))
}

fn describe(state: &State, session: &Session, task: &Task, tools: &Tools) -> Option<Start> {
    let run = &state.runs.get(&session.run)?.spec;
    let tree = session.tree.as_ref()?;
    let place = &tools.place;
    let folder = place.agent_job(session.id, session.generation);
    let job = format!("{}.{}", session.id, session.generation);
    let nothing = Program::Argv { argv: Vec::new() };
    let mut launch = Launch::new(job, nothing, &tree.path, folder.join("transcript"));
    let limits = task.spec.limits.or(run.limits);
    launch.silence_ms = limits.silence_ms;
    launch.time_ms = limits.time_ms;
    launch.grace_ms = run.grace_ms;
    launch.daemon = Some(place.daemon.clone());
    let key = |task: &Task| task.spec.source.as_ref().map(|source| source.key.clone());
    let out = run.out.as_deref();
    let output = place.output(out, task.id, key(task).as_deref());
    let agent = Agent::of(state, session, task, place, &output)?;
    launch.env = environment(session, task, place, &agent, &folder, &output);
    let brief_file = folder.join("brief.md");
    launch.stdin = Some(brief_file);
    let reads = task.spec.reads.iter().filter_map(|id| state.tasks.get(id));
    let reads = reads
        .map(|read| (read.spec.title.clone(), place.output(out, read.id, key(read).as_deref())))
        .collect();
    let brief = Brief::of(state, session, task, (&output, &place.exe));
    let (is_to_end, goes_on) = (session.stop.is_some(), session.goes_on);
    let (place, client) = (Arc::clone(place), client_of(state, session));
    Some(Start { place, folder, launch, agent, client, brief, output, goes_on, is_to_end, reads })
}

fn environment(
    session: &Session,
    task: &Task,
    place: &Place,
    agent: &Agent,
    folder: &std::path::Path,
    output: &std::path::Path,
) -> Vec<(String, String)> {
    let text = |path: &std::path::Path| path.to_string_lossy().into_owned();
    let offset = session.lease.as_ref().map_or(0, |lease| lease.port_offset);
    let own = Variable::ALL.map(|variable| {
        let value = match variable {
            Variable::Brief => text(&folder.join("brief.md")),
            Variable::Output => text(output),
            Variable::Task => task.id.to_string(),
            Variable::Session => session.id.to_string(),
            Variable::Generation => session.generation.to_string(),
            Variable::Name => session.label(),
            Variable::Attempt => session.attempt.to_string(),
            Variable::PortOffset => offset.to_string(),
            Variable::TmpDir => text(&folder.join("tmp")),
            Variable::GitPrompt => "0".to_owned(),
            Variable::Home => text(&place.home),
            Variable::Project => text(&place.root),
        };
        (variable.name().to_owned(), value)
    });
    let mut env: Vec<_> = place.env.iter().chain(&agent.env).cloned().chain(own).collect();
    // Behind everything else, so that it is only found where there is no other.
    if let Some((_, path)) = env.iter_mut().rfind(|(name, _)| name == "PATH") {
        path.push_str(&place.path_end);
    }
    env
}

fn begin(mut start: Start, stands: JobState) -> Result<Begun, String> {
    let over = |exit| {
        let (exit, tail, is_begun) = exit_of(&exit, start.client, &start.folder);
        Begun::Over(Box::new((exit, tail)), is_begun)
    };
    match jobs::beginning(stands, start.is_to_end) {
        Beginning::Launch => {}
        Beginning::Never => return Ok(Begun::Never),
        Beginning::Runs(keeper) => return Ok(Begun::Running(keeper)),
        Beginning::Later => return Err("its keeper is just starting".to_owned()),
        Beginning::Over(exit) => return Ok(over(exit)),
        Beginning::EndOrphan => {
            return keeper::end_orphan(&start.folder).map(over).map_err(|e| chain(&e));
        }
    }
    let resumes = match start.agent.program().and_then(|found| Ok((found, start.agent.secrets()?)))
    {
        Ok(((program, resumes), secrets)) => {
            start.launch.program = program;
            start.launch.env.extend(secrets);
            resumes
        }
        Err(why) => return Ok(Begun::Impossible(why)),
    };
    for (title, file) in std::mem::take(&mut start.reads) {
        match fs::read_to_string(&file) {
            Ok(text) => start.brief.reads.push((title, text)),
            Err(error) => {
                return Ok(Begun::Impossible(format!(
                    "`{title}` left no output to read: `{}`: {error}",
                    file.display()
                )));
            }
        }
    }
    let failed = |what: &std::path::Path| {
        let what = what.display().to_string();
        move |error: std::io::Error| format!("failed to make `{what}`: {error}")
    };
    let tmp = start.folder.join("tmp");
    fs::create_dir_all(&tmp).map_err(failed(&tmp))?;
    if let Some(folder) = start.output.parent() {
        fs::create_dir_all(folder).map_err(failed(folder))?;
    }
    start.agent.write_settings()?;
    let brief = start.folder.join("brief.md");
    // No agent outlives the machine, and the next one gets a brief of its own.
    let text = if resumes && start.goes_on { start.brief.word() } else { start.brief.render() };
    files::replace_unflushed(&brief, text.as_bytes()).map_err(|e| chain(&e))?;
    crash::point("spawn", "briefed");
    let keeper = keeper::launch(&start.folder, &start.launch, &start.place.keeper);
    crash::point("spawn", "begun");
    keeper.map(Begun::Launched).map_err(|e| chain(&e))
}

/// A long text, or a sentence that says why it is not there.
async fn load(texts: &SqliteReader, text: Option<&TextRef>) -> Option<String> {
    let text = text?;
    let hash: Hash = text.0.parse().ok()?;
    match texts.text(&hash).await {
        Ok(Some(bytes)) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        Ok(None) => Some("(the text is missing from the journal)".to_owned()),
        Err(error) => Some(format!("(the text could not be read: {})", chain(&error))),
    }
}

pub(super) fn process(id: ProcessId) -> Process {
    Process { pid: u32::try_from(id.pid).unwrap_or(0), start_time: id.start_time }
}
