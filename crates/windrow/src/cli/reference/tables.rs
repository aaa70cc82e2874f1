//! Pages that are one table each: exit codes, variables.

use std::fmt::Write as _;

use windrow_api::ExitKind;
use windrow_api::worker::Variable;

use crate::env::KNOWN;

const EXITS: &str = "\
# Exit codes

The same for every command.

| code | name in JSON | says |
|---|---|---|
";

const WORKER: &str = "\
# Environment

## What a worker finds

A worker starts with a clean environment: `PATH`, `HOME`, the locale, the paths of common toolchains,
and these. A gate gets the same without them, and a `TMPDIR` of its own.

| variable | is |
|---|---|
";

const OWN: &str = "
## What windrow reads

| variable | is |
|---|---|
";

pub(super) fn exit_codes() -> String {
    let mut page = EXITS.to_owned();
    for kind in ExitKind::ALL {
        let name = serde_json::to_value(kind).expect("a name");
        let name = name.as_str().expect("a name");
        let _never_fails = writeln!(page, "| {} | `{name}` | {} |", kind.code(), kind.says());
    }
    page
}

pub(super) fn environment() -> String {
    let mut page = WORKER.to_owned();
    for variable in Variable::ALL {
        let _never_fails = writeln!(page, "| `{}` | {} |", variable.name(), variable.says());
    }
    page.push_str(OWN);
    for (name, what) in KNOWN {
        let _never_fails = writeln!(page, "| `{name}` | {what} |");
    }
    page
}
