//! What a person may say about a task on the command line, for `add` and `edit`.

use windrow_api::view::TaskRow;
use windrow_core::scope::Scope;
use windrow_core::spec::{Kind, Limits, TaskSpec};

use crate::config::parse_ms;
use crate::error::CliError;
use crate::select::{self, task_id};

/// Everything but title and body.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct FieldArgs {
    /// Do these tasks first
    #[arg(long = "after", value_name = "TASK", value_delimiter = ',')]
    after: Option<Vec<String>>,

    /// Files it will touch, as globs
    #[arg(long = "files", value_name = "GLOB", value_delimiter = ',')]
    files: Option<Vec<String>>,

    /// From P0 (first) to P4 (last)
    #[arg(long, value_name = "P", value_parser = priority)]
    priority: Option<u8>,

    /// Where it belongs in the project's life
    #[arg(long, value_name = "KIND")]
    kind: Option<KindArg>,

    /// Commit type, such as feat
    #[arg(long = "type", value_name = "TYPE")]
    commit_type: Option<String>,

    /// Agent that does it
    #[arg(long, value_name = "NAME")]
    agent: Option<String>,

    /// Model for the agent
    #[arg(long, value_name = "MODEL")]
    model: Option<String>,

    /// Shell line that does it, without an agent
    #[arg(long, value_name = "CMD")]
    run: Option<String>,

    /// Command that must pass for it alone
    #[arg(long, value_name = "CMD")]
    gate: Option<String>,

    /// End a try after this long
    #[arg(long, value_name = "TIME", value_parser = parse_ms)]
    time: Option<u64>,

    /// End a try after this long without output
    #[arg(long, value_name = "TIME", value_parser = parse_ms)]
    silence: Option<u64>,
}

/// The kinds by their words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum KindArg {
    /// What others build on
    Foundation,
    /// The usual kind
    Feature,
    /// What can wait
    Polish,
}

impl FieldArgs {
    /// Puts what was said into a task's description; an empty text takes a value away.
    pub(super) fn apply(self, spec: &mut TaskSpec, tasks: &[TaskRow]) -> Result<(), CliError> {
        if let Some(names) = self.after {
            let ids = names.iter().filter(|name| !name.is_empty());
            spec.depends = ids
                .map(|name| task_id(select::task(tasks, name)?))
                .collect::<Result<_, CliError>>()?;
        }
        if let Some(globs) = self.files {
            let globs = globs.iter().filter(|glob| !glob.trim().is_empty());
            spec.scopes = globs
                .map(|glob| Scope::parse(glob).map_err(|error| CliError::user(error.to_string())))
                .collect::<Result<_, _>>()?;
        }
        spec.priority = self.priority.unwrap_or(spec.priority);
        if let Some(kind) = self.kind {
            spec.kind = match kind {
                KindArg::Foundation => Kind::Foundation,
                KindArg::Feature => Kind::Feature,
                KindArg::Polish => Kind::Polish,
            };
        }
        put(&mut spec.commit_type, self.commit_type);
        put(&mut spec.agent, self.agent);
        put(&mut spec.model, self.model);
        put(&mut spec.run, self.run);
        put(&mut spec.gate, self.gate);
        spec.limits = Limits { time_ms: self.time, silence_ms: self.silence }.or(spec.limits);
        Ok(())
    }
}

/// A title as it is kept: one line that says something.
pub(super) fn title(typed: &str) -> Result<String, CliError> {
    let title = typed.trim();
    if title.is_empty() {
        return Err(CliError::user("the title is empty")
            .hint("say in a few words what is to be done: `windrow task add \"Add a clock\"`"));
    }
    if title.contains(['\n', '\r', '\0']) {
        return Err(CliError::user("the title has more than one line")
            .hint("put what does not fit on one line into `--body`"));
    }
    Ok(title.to_owned())
}

fn put(field: &mut Option<String>, said: Option<String>) {
    if let Some(said) = said {
        *field = Some(said).filter(|said| !said.trim().is_empty());
    }
}

fn priority(text: &str) -> Result<u8, String> {
    match text.strip_prefix(['P', 'p']).unwrap_or(text).as_bytes() {
        [digit @ b'0'..=b'4'] => Ok(digit - b'0'),
        _ => Err("write P0 to P4".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::task_row;

    #[test]
    fn what_is_not_said_stays_and_an_empty_word_takes_away() {
        let mut spec = TaskSpec {
            agent: Some("mine".to_owned()),
            run: Some("make".to_owned()),
            priority: 3,
            ..TaskSpec::default()
        };
        let said = FieldArgs {
            run: Some(String::new()),
            after: Some(vec!["auth".to_owned()]),
            files: Some(vec!["src/**".to_owned()]),
            ..FieldArgs::default()
        };
        let tasks = [task_row("t-7", Some(("plan.json", "auth")), "Add logins")];
        said.apply(&mut spec, &tasks).expect("good");
        assert_eq!(
            (spec.agent.as_deref(), spec.run.as_deref(), spec.priority),
            (Some("mine"), None, 3)
        );
        assert!(spec.depends.contains(&windrow_core::ids::TaskId(7)));
        let bad = FieldArgs { files: Some(vec!["../x".to_owned()]), ..FieldArgs::default() };
        assert!(bad.apply(&mut spec, &tasks).is_err());
        assert_eq!(spec.scopes.len(), 1);
    }

    #[test]
    fn a_title_is_one_line_that_says_something() {
        assert_eq!(title(" Add a clock "), Ok("Add a clock".to_owned()));
        for (typed, hint) in [("", "task add"), (" \n", "task add"), ("a\nb", "`--body`")] {
            let error = title(typed).expect_err(typed);
            assert!(error.hints[0].contains(hint), "{error:?}");
        }
    }

    #[test]
    fn priorities_are_p0_to_p4() {
        assert_eq!(priority("P0"), Ok(0));
        assert_eq!(priority("4"), Ok(4));
        assert!(priority("P5").is_err() && priority("high").is_err());
    }
}
