//! Task files as the person names them: found, read, checked, made ready for import.
//!
//! Every file is read before any fault is reported, so that one look shows all of them. Nothing
//! here changes anything.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use windrow_api::TaskDraft;
use windrow_api::request::ImportDraft;
use windrow_core::spec::{Kind, Source as Origin, TaskSpec};
use windrow_world::trackers::{self, SourceTask};

use crate::approval::Content;
use crate::context::{Context, Project};
use crate::error::{CliError, chain};
use crate::output::one_line;

/// The priority of a task that says nothing.
pub(crate) const USUAL_PRIORITY: u8 = 2;

/// A task file.
#[derive(Clone, Debug)]
pub(crate) struct SourceFile {
    /// Its name in sources and commits.
    pub(crate) file: String,
    /// Its tasks, in its order.
    pub(crate) tasks: Vec<SourceTask>,
    /// Every command it would have run.
    pub(crate) content: Content,
}

/// Reads task files; the same one named twice is read once.
pub(crate) fn read_all(
    context: &Context,
    project: &Project,
    typed: &[PathBuf],
) -> Result<Vec<SourceFile>, CliError> {
    let mut files = Vec::new();
    let mut faults: Vec<CliError> = Vec::new();
    let mut seen = BTreeSet::new();
    for path in typed {
        match read(context, project, path) {
            Ok(file) => files.extend(seen.insert(file.file.clone()).then_some(file)),
            Err(error) => faults.push(error),
        }
    }
    let Some(first) = faults.first().cloned() else { return Ok(files) };
    let messages: Vec<String> = faults.into_iter().map(|fault| fault.message).collect();
    Err(CliError { message: messages.join("\n"), ..first })
}

/// Reads one task file.
pub(crate) fn read(
    context: &Context,
    project: &Project,
    typed: &Path,
) -> Result<SourceFile, CliError> {
    let path = whole_path(&context.path(typed)).map_err(|error| {
        let error = unreadable(typed, &error);
        error.hint(format!("looked in `{}`", context.dir.display()))
    })?;
    let file = project.file_name(&path)?;
    if path.is_dir() {
        return Err(CliError::user(format!("failed to read `{file}`: it is a folder"))
            .hint("name the task file in it, such as TASKS.md"));
    }
    let bytes = fs::read(&path).map_err(|error| {
        let missing = error.kind() == std::io::ErrorKind::NotFound;
        let error = unreadable(typed, &error);
        if missing { not_there(error, &path) } else { error }
    })?;
    parse(project, &file, &bytes)
}

/// Reads what a task file says; `file` is its name in sources.
pub(crate) fn parse(project: &Project, file: &str, bytes: &[u8]) -> Result<SourceFile, CliError> {
    let tasks = trackers::parse(file, bytes)?.tasks().to_vec();
    let mut content = Content::new(&project.reference.git_dir, file);
    for task in &tasks {
        let named = (task.key.as_str(), task.title.as_str());
        content.extend_for(named, task.run.as_deref(), task.gate.as_deref());
    }
    Ok(SourceFile { file: file.to_owned(), tasks, content })
}

impl SourceFile {
    /// How commits and rows name one of its tasks.
    pub(crate) fn reference(&self, key: &str) -> String {
        Origin { file: self.file.clone(), key: key.to_owned() }.reference()
    }

    /// Its tasks as the daemon takes them in.
    pub(crate) fn drafts(&self) -> Vec<ImportDraft> {
        self.tasks.iter().map(draft).collect()
    }
}

fn draft(task: &SourceTask) -> ImportDraft {
    let spec = TaskSpec {
        title: task.title.clone(),
        scopes: task.files.clone(),
        priority: task.priority.unwrap_or(USUAL_PRIORITY),
        kind: task.kind.as_deref().map(kind).unwrap_or_default(),
        commit_type: task.commit_type.clone(),
        agent: task.agent.clone(),
        model: task.model.clone(),
        role: task.role.clone(),
        run: task.run.clone(),
        gate: task.gate.clone(),
        wave: task.wave,
        ..TaskSpec::default()
    };
    ImportDraft {
        key: task.key.clone(),
        draft: TaskDraft { spec, body: Some(task.body.clone()) },
        depends: task.depends.clone(),
        reads: task.reads.clone(),
        done: task.done,
    }
}

/// The kind by its word; the trackers let no other word through.
fn kind(word: &str) -> Kind {
    match word {
        "foundation" => Kind::Foundation,
        "polish" => Kind::Polish,
        _ => Kind::Feature,
    }
}

/// The path without symbolic links in its folders; the file itself may be one.
fn whole_path(path: &Path) -> std::io::Result<PathBuf> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return path.canonicalize();
    };
    Ok(folder.canonicalize()?.join(name))
}

/// What helps when there is no such file: one with nearly that name, or a first one.
fn not_there(error: CliError, path: &Path) -> CliError {
    let folder = path.parent().unwrap_or(path);
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let files = entries.filter(|entry| entry.file_type().is_ok_and(|kind| !kind.is_dir()));
    let names: Vec<String> =
        files.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    let wanted = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let error = match trackers::nearest(&wanted, names.iter().map(String::as_str)) {
        Some(near) => error.hint(format!("is `{}` meant?", one_line(near))),
        None => error.hint(format!("looked in `{}`", folder.display())),
    };
    error.hint("`windrow init` writes a first TASKS.md")
}

fn unreadable(typed: &Path, error: &std::io::Error) -> CliError {
    CliError::user(format!("failed to read `{}`: {}", typed.display(), chain(error)))
}
