//! What the model wants done, as a call of a tool that the client has.

use serde_json::{Value, json};

use super::asked::{Asked, Tool};
use super::script::Deed;

/// A call of a tool.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    /// The tool's name; a namespace stands in front with `::`.
    pub(super) name: String,
    /// Whether the arguments are one text.
    pub(super) is_custom: bool,
    /// The arguments.
    pub(super) args: Value,
}

/// The call that does it with what the client offers.
pub(super) fn call(deed: &Deed, asked: &Asked) -> Call {
    match deed {
        Deed::Tool { name, args } => {
            let known = asked.tools.iter().find(|tool| tool.name == *name);
            let is_custom = known.is_some_and(|tool| tool.is_custom);
            Call { name: name.clone(), is_custom, args: args.clone() }
        }
        Deed::Write { path, content } => write(path, content, asked),
        Deed::Bash { cmd } => bash(cmd, asked),
    }
}

fn write(path: &str, content: &str, asked: &Asked) -> Call {
    let Some(tool) = first(asked, &["Write", "write", "write_file"]) else {
        return bash(&here_document(path, content), asked);
    };
    let path_name = argument(tool, &["file_path", "filePath", "path"]);
    let args = json!({ path_name: path, "content": content });
    Call { name: tool.name.clone(), is_custom: false, args }
}

fn bash(cmd: &str, asked: &Asked) -> Call {
    let names = ["Bash", "bash", "exec_command", "shell_command", "run_shell_command"];
    let Some(tool) = first(asked, &names) else {
        return match first(asked, &["exec"]).filter(|tool| tool.is_custom) {
            // Tools that are called from a program that the model writes.
            Some(tool) => {
                let cmd = Value::from(cmd);
                let text = format!("text(await tools.exec_command({{cmd: {cmd}}}))");
                Call { name: tool.name.clone(), is_custom: true, args: text.into() }
            }
            None => {
                Call { name: "Bash".to_owned(), is_custom: false, args: json!({"command": cmd}) }
            }
        };
    };
    let cmd_name = argument(tool, &["cmd", "command"]);
    let mut args = json!({ cmd_name: cmd });
    if tool.args.iter().any(|arg| arg == "description") {
        args["description"] = "a scripted command".into();
    }
    Call { name: tool.name.clone(), is_custom: false, args }
}

fn first<'a>(asked: &'a Asked, names: &[&str]) -> Option<&'a Tool> {
    names.iter().find_map(|name| asked.tools.iter().find(|tool| tool.name == *name))
}

/// The first of these arguments that the tool has; the first of all when it names none.
fn argument<'a>(tool: &Tool, names: &[&'a str]) -> &'a str {
    let known = names.iter().find(|name| tool.args.iter().any(|arg| arg == *name));
    known.or(names.first()).copied().unwrap_or_default()
}

fn here_document(path: &str, content: &str) -> String {
    let end = if content.ends_with('\n') { "" } else { "\n" };
    format!("cat > '{path}' <<'END_OF_FILE'\n{content}{end}END_OF_FILE")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offering(tools: &[(&str, bool, &[&str])]) -> Asked {
        let body = json!({"tools": tools.iter().map(|(name, custom, args)| {
            let args: serde_json::Map<_, _> =
                args.iter().map(|arg| ((*arg).to_owned(), json!({}))).collect();
            let kind = if *custom { "custom" } else { "function" };
            json!({"type": kind, "name": name, "parameters": {"properties": args}})
        }).collect::<Vec<_>>()});
        Asked::read("/v1/responses", &body, "").expect("a protocol")
    }

    #[test]
    fn a_file_is_written_with_the_tool_that_is_there() {
        let deed = Deed::Write { path: "/w/a".to_owned(), content: "x".to_owned() };
        let own =
            offering(&[("Bash", false, &["command"]), ("Write", false, &["file_path", "content"])]);
        let call_of = call(&deed, &own);
        assert_eq!(call_of.name, "Write");
        assert_eq!(call_of.args, json!({"file_path": "/w/a", "content": "x"}));
        let shell = offering(&[("exec_command", false, &["cmd"])]);
        let call_of = call(&deed, &shell);
        assert_eq!(call_of.name, "exec_command");
        let line = "cat > '/w/a' <<'END_OF_FILE'\nx\nEND_OF_FILE";
        assert_eq!(call_of.args, json!({ "cmd": line }));
    }

    #[test]
    fn a_shell_line_goes_where_shell_lines_go() {
        let deed = Deed::Bash { cmd: "ls \"a\"".to_owned() };
        let told = offering(&[("Bash", false, &["command", "description"])]);
        assert_eq!(call(&deed, &told).args["command"], "ls \"a\"");
        assert!(call(&deed, &told).args["description"].is_string());
        let program = offering(&[("exec", true, &[])]);
        let call_of = call(&deed, &program);
        assert!(call_of.is_custom);
        assert_eq!(call_of.args, "text(await tools.exec_command({cmd: \"ls \\\"a\\\"\"}))");
    }
}
