//! The script: what the model says and does, step by step, and what goes wrong.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// What stands in front of a script in a prompt.
pub(super) const MARK: &str = "##STUB##";

/// One answer of the model.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Step {
    /// What it says.
    pub(super) text: String,
    /// What it does, all in this one answer.
    pub(super) tools: Vec<Deed>,
    /// Milliseconds before the first byte.
    pub(super) delay_ms: u64,
    /// Milliseconds between two events of the stream.
    pub(super) chunk_ms: u64,
    /// Refuses the request instead.
    pub(super) error: Option<Refusal>,
    /// Keeps the connection open and silent until the client leaves.
    pub(super) hang: bool,
    /// Ends the connection after the first half of the stream.
    pub(super) truncate: bool,
    /// What it counts as used, instead of what the texts measure.
    pub(super) usage: Option<Usage>,
}

/// Something the model wants done, whatever the client calls its tools.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Deed {
    /// Write a file.
    Write { path: String, content: String },
    /// Run a shell line.
    Bash { cmd: String },
    /// Call a tool by its name.
    Tool { name: String, args: Value },
}

/// A refusal with its status.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Refusal {
    /// The HTTP status.
    pub(super) status: u16,
    /// The kind, as the protocol calls it.
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// What is said.
    pub(super) message: String,
    /// Headers of the answer.
    pub(super) headers: BTreeMap<String, String>,
    /// How often, before the step is played after all; for ever when it is not said.
    pub(super) times: Option<u32>,
}

/// Tokens as the model counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Usage {
    pub(super) input: u64,
    pub(super) output: u64,
}

impl Step {
    /// A step that only says something.
    pub(super) fn saying(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

/// The steps in a prompt; nothing when it has no mark.
///
/// A script that cannot be read is a step that says so, where whoever wrote it will see it.
pub(super) fn steps(prompt: &str) -> Option<Vec<Step>> {
    let (_, rest) = prompt.split_once(MARK)?;
    let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
    let read = match values.next() {
        Some(Ok(list @ Value::Array(_))) => serde_json::from_value(list),
        Some(Ok(one)) => serde_json::from_value(one).map(|step| vec![step]),
        Some(Err(error)) => Err(error),
        None => Ok(Vec::new()),
    };
    match read {
        Ok(steps) if steps.is_empty() => Some(vec![Step::saying("the script has no step")]),
        Ok(steps) => Some(steps),
        Err(error) => Some(vec![Step::saying(format!("the script cannot be read: {error}"))]),
    }
}

/// Fills `{name}` in every text of a step's deeds and words.
pub(super) fn filled(step: &Step, values: &[(&str, &str)]) -> Step {
    let text = |text: &str| {
        values.iter().fold(text.to_owned(), |text, (name, value)| {
            text.replace(&format!("{{{name}}}"), value)
        })
    };
    let deed = |deed: &Deed| match deed {
        Deed::Write { path, content } => Deed::Write { path: text(path), content: text(content) },
        Deed::Bash { cmd } => Deed::Bash { cmd: text(cmd) },
        Deed::Tool { name, args } => {
            Deed::Tool { name: name.clone(), args: filled_value(args, &text) }
        }
    };
    let tools = step.tools.iter().map(deed).collect();
    Step { text: text(&step.text), tools, ..step.clone() }
}

fn filled_value(value: &Value, text: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(old) => Value::String(text(old)),
        Value::Array(list) => list.iter().map(|one| filled_value(one, text)).collect(),
        Value::Object(map) => {
            let filled = map.iter().map(|(key, one)| (key.clone(), filled_value(one, text)));
            Value::Object(filled.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_ends_where_its_json_ends() {
        let prompt = "# Task\n\nDo it. ##STUB## [{\"text\": \"a\"},\n {\"tools\": [{\"do\": \"bash\", \"cmd\": \"ls\"}]}]\n\n## Where\n\nmore [text]";
        let steps = steps(prompt).expect("a script");
        assert_eq!(steps.len(), 2);
        assert_eq!(steps[0].text, "a");
        assert_eq!(steps[1].tools, [Deed::Bash { cmd: "ls".to_owned() }]);
    }

    #[test]
    fn a_prompt_without_a_mark_has_no_script() {
        assert_eq!(steps("[{\"text\": \"a\"}]"), None);
    }

    #[test]
    fn what_cannot_be_read_says_so() {
        for (prompt, said) in [
            ("##STUB## [{\"txt\": 1}]", "unknown field `txt`"),
            ("##STUB## {", "EOF"),
            ("##STUB##", "no step"),
            ("##STUB## []", "no step"),
        ] {
            let steps = steps(prompt).expect("a script");
            assert!(steps[0].text.contains(said), "{prompt}: {}", steps[0].text);
        }
    }

    #[test]
    fn places_are_filled_in_every_text() {
        let args = serde_json::json!({"a": ["{cwd}", 1], "b": {"c": "{cwd}/x"}});
        let step = Step {
            text: "in {cwd}".to_owned(),
            tools: vec![Deed::Tool { name: "t".to_owned(), args }],
            ..Step::default()
        };
        let filled = filled(&step, &[("cwd", "/w")]);
        assert_eq!(filled.text, "in /w");
        let Deed::Tool { args, .. } = &filled.tools[0] else { panic!("another deed") };
        assert_eq!(*args, serde_json::json!({"a": ["/w", 1], "b": {"c": "/w/x"}}));
    }
}
