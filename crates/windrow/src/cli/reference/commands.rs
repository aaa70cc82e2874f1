//! `docs/reference/commands.md`: what `--help` says of every command.

use std::fmt::Write as _;

use super::super::command::command_line;

/// How wide the help is.
const WIDTH: usize = 100;

const HEAD: &str = "\
# Commands

What `--help` says of each. The same as man pages is in [docs/man](../man).

| command | does |
|---|---|
";

/// The command line, and all of its commands by their whole names, in the order of the help.
pub(super) fn every() -> Vec<(String, clap::Command)> {
    fn walk(name: &str, command: &clap::Command, found: &mut Vec<(String, clap::Command)>) {
        found.push((name.to_owned(), command.clone()));
        for one in command.get_subcommands() {
            walk(&format!("{name} {}", one.get_name()), one, found);
        }
    }
    let mut command = command_line();
    command.build();
    let mut found = Vec::new();
    walk("windrow", &command, &mut found);
    found
}

pub(super) fn page() -> String {
    let (mut page, mut sections) = (HEAD.to_owned(), String::new());
    for (name, command) in every() {
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        let anchor = name.replace(' ', "-");
        let _never_fails = writeln!(page, "| [`{name}`](#{anchor}) | {about} |");
        let help = command.term_width(WIDTH).render_long_help().to_string();
        let help: Vec<&str> = help.lines().map(str::trim_end).collect();
        let help = help.join("\n");
        let _never_fails = write!(sections, "\n## {name}\n\n```text\n{}\n```\n", help.trim_end());
    }
    page + &sections
}
