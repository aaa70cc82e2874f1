//! `docs/reference/settings.md` and the file that `windrow init` writes, from the settings' types.

use std::fmt::Write as _;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::config::{PersonConfig, ProjectConfig, keys};

/// How wide the comments of the file are.
const WIDTH: usize = 98;

const HEAD: &str = "\
# Settings

A flag goes before a person's own setting, that before the project's, and what nobody says has its
default. An unknown key is refused with its line and the nearest known one.

Spans of time are written as `90s`, `10m` or `1h30m`.
";

const PROJECT: &str = "
## windrow.toml

The project's settings, beside its `.git` and committed. `windrow init` writes a commented one.
Its commands run only after a person approved them.
";

const PERSON: &str = "
## config.toml

A person's own settings, in `$XDG_CONFIG_HOME/windrow/` or else `~/.config/windrow/`.
";

const FILE_HEAD: &str =
    "# What windrow should know about this project. Everything here is optional.\n";

/// A table of settings.
struct Table {
    settings: Vec<Setting>,
}

/// One setting.
struct Setting {
    key: String,
    /// The type as people say it.
    form: String,
    default: String,
    means: String,
    example: Option<String>,
    /// The table below it; its name when it is one of many.
    below: Option<(String, Table)>,
}

fn table<T: JsonSchema>(keys: &[String]) -> Table {
    let settings = SchemaSettings::draft2020_12().for_deserialize();
    let schema = settings.into_generator().into_root_schema_for::<T>();
    read(schema.as_value(), schema.as_value(), keys)
}

/// Reads a table out of its schema, in the order in which its type declares it.
fn read(root: &Value, schema: &Value, order: &[String]) -> Table {
    let all = schema["properties"].as_object().expect("a table has settings");
    assert_eq!(all.len(), order.len(), "{order:?}");
    let settings = order.iter().map(|key| setting(root, key, &all[key.as_str()])).collect();
    Table { settings }
}

fn setting(root: &Value, key: &str, schema: &Value) -> Setting {
    let said = schema["description"].as_str().expect("every setting is described");
    let part = |name: &str| {
        let mut parts = said.split("\n\n").map(one_line);
        parts.find_map(|part| part.strip_prefix(name).map(|rest| rest.trim().to_owned()))
    };
    let means = said.split("\n\n").map(one_line);
    let means = means.filter(|part| !part.starts_with("Default:") && !part.starts_with("Example:"));
    let means = means.collect::<Vec<_>>().join(" ");
    let below = below(root, key, schema);
    let default = part("Default:").unwrap_or_else(|| default(&schema["default"]));
    let example = part("Example:").map(|line| line.trim_matches('`').to_owned());
    Setting { key: key.to_owned(), form: form(root, schema), default, means, example, below }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn default(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Array(all) if all.is_empty() => "none".to_owned(),
        value => format!("`{value}`"),
    }
}

/// The table below a setting, named as in the file.
fn below(root: &Value, key: &str, schema: &Value) -> Option<(String, Table)> {
    let of = |name: String, schema: &Value| {
        let schema = target(root, schema);
        schema.get("properties")?;
        let keys = match key {
            "limits" => keys::limits(),
            "target" => keys::target(),
            "agents" => keys::agent(),
            other => panic!("`{other}` is a table nobody lists the keys of"),
        };
        Some((name, read(root, schema, &keys)))
    };
    match schema.get("additionalProperties") {
        Some(many @ Value::Object(_)) => of(format!("{key}.NAME"), many),
        _ => of(key.to_owned(), schema),
    }
}

/// What a reference stands for.
fn target<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let name = schema["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/"));
    name.map_or(schema, |name| &root["$defs"][name])
}

/// The type as people say it.
fn form(root: &Value, schema: &Value) -> String {
    let schema = target(root, schema);
    if let Some(choices) = schema["oneOf"].as_array() {
        let words = choices.iter().map(|one| one["const"].to_string());
        return words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        let real = choices.iter().find(|one| one["type"] != "null");
        return form(root, real.expect("something beside null"));
    }
    let kinds = match &schema["type"] {
        Value::Array(kinds) => kinds.clone(),
        kind => vec![kind.clone()],
    };
    let kind = kinds.iter().find_map(|kind| kind.as_str().filter(|kind| *kind != "null"));
    match kind.expect("a type") {
        "string" if schema["format"] == "span" => "span of time".to_owned(),
        "string" => "text".to_owned(),
        "boolean" => "`true` or `false`".to_owned(),
        "integer" => format!("number from {}", schema["minimum"]),
        "array" => format!("list of {}s", form(root, &schema["items"]).trim_end_matches(" from 0")),
        "object" => "table".to_owned(),
        other => panic!("nobody says how a person calls `{other}`"),
    }
}

pub(super) fn page() -> String {
    let project = table::<ProjectConfig>(&keys::project());
    let person = table::<PersonConfig>(&keys::person());
    HEAD.to_owned() + PROJECT + &rows(&project) + PERSON + &rows(&person)
}

fn rows(table: &Table) -> String {
    let mut text = String::from("\n| key | is | default | means |\n|---|---|---|---|\n");
    let mut more = String::new();
    for one in &table.settings {
        let Setting { key, form, default, means, .. } = one;
        match &one.below {
            Some((name, table)) => {
                let _never_fails = write!(more, "\n### [{name}]\n\n{means}\n{}", rows(table));
            }
            None => {
                let _never_fails = writeln!(text, "| `{key}` | {form} | {default} | {means} |");
            }
        }
    }
    text + &more
}

/// The file that `windrow init` writes; `@GATE@` is where the project's gate goes.
pub(super) fn template() -> String {
    let mut text = FILE_HEAD.to_owned();
    push(&mut text, &table::<ProjectConfig>(&keys::project()), true);
    text
}

fn push(text: &mut String, table: &Table, apart: bool) {
    for one in &table.settings {
        let gap = if apart { "\n" } else { "" };
        if let Some((name, below)) = &one.below {
            let name = name.replace("NAME", "mine");
            let _never_fails = write!(text, "\n{}# [{name}]\n", comment(&one.means));
            push(text, below, false);
        } else if let Some(example) = &one.example {
            let gate = apart && one.key == "gate";
            let line = if gate { "@GATE@".to_owned() } else { format!("# {example}") };
            let said = if apart { comment(&one.means) } else { String::new() };
            let _never_fails = writeln!(text, "{gap}{said}{line}");
        }
    }
}

/// A sentence as lines of a comment.
fn comment(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.last_mut().expect("one line at least");
        if !last.is_empty() && last.len() + 1 + word.len() > WIDTH {
            lines.push(word.to_owned());
        } else {
            last.push_str(if last.is_empty() { "" } else { " " });
            last.push_str(word);
        }
    }
    lines.iter().fold(String::new(), |all, line| all + "# " + line + "\n")
}

#[test]
fn the_defaults_that_are_told_are_those_that_hold() {
    let usual = windrow_core::spec::RunSpec::default();
    let project = table::<ProjectConfig>(&keys::project());
    let told = |key: &str| {
        let one = project.settings.iter().find(|one| one.key == key);
        one.expect("a setting").default.clone()
    };
    assert_eq!(told("pool"), format!("`{}`", usual.pool));
    assert_eq!(told("tries"), format!("`{}`", usual.tries));
    assert_eq!(told("hold"), format!("`{}`", usual.hold));
    let config = ProjectConfig::default();
    let folder = config.worktrees("/src/app".as_ref(), "app").expect("outside");
    let relative = told("worktrees").replace("{project}", "app");
    assert_eq!(folder, std::path::Path::new("/src").join(relative[5..].trim_matches(['"', '`'])));
    let limits = project.settings.iter().find_map(|one| {
        one.below.as_ref().filter(|(name, _)| name == "limits").map(|(_, table)| table)
    });
    let grace = limits.expect("limits").settings.iter().find(|one| one.key == "grace");
    let grace = grace.expect("a grace").default.trim_matches(['"', '`']).to_owned();
    assert_eq!(crate::config::parse_ms(&grace), Ok(usual.grace_ms));
}
