//! Reading a settings file, and saying where it is wrong.

use std::fs;
use std::io;
use std::path::Path;

use serde::de::DeserializeOwned;
use windrow_world::trackers::nearest;

use crate::error::{CliError, chain};

/// Reads a settings file; one that does not exist says nothing.
pub(super) fn load<T: DeserializeOwned + Default>(path: &Path) -> Result<T, CliError> {
    let name = path.display().to_string();
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(T::default()),
        Err(error) => {
            return Err(CliError::user(format!("failed to read `{name}`: {}", chain(&error))));
        }
    };
    let text = String::from_utf8(bytes)
        .map_err(|_bytes| CliError::user(format!("failed to read `{name}`: it is not UTF-8")))?;
    parse(&name, &text)
}

/// Reads settings; `name` stands in messages.
pub(super) fn parse<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, CliError> {
    toml::from_str(text).map_err(|error| explain(name, text, &error))
}

fn explain(name: &str, text: &str, error: &toml::de::Error) -> CliError {
    let start = error.span().map_or(0, |span| span.start);
    let (line, column) = place(text, start);
    let message = error.message().trim().replace('\n', "; ");
    let this = |message: &str| CliError::user(format!("{name}:{line}:{column}: {message}"));
    let Some((key, known)) = unknown(&message) else {
        return this(&message).hint("`windrow init` writes a commented example");
    };
    let this = this(&format!("there is no setting `{key}` here"));
    match nearest(&key, known.iter().map(String::as_str)) {
        Some(near) => this.hint(format!("write `{near}`?")),
        None => this.hint(format!("settings here: {}", known.join(", "))),
    }
}

/// The key that nobody knows and the keys that there are, out of serde's message.
pub(super) fn unknown(message: &str) -> Option<(String, Vec<String>)> {
    let rest = message.strip_prefix("unknown field `")?;
    let (key, rest) = rest.split_once('`')?;
    let known = rest.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    Some((key.to_owned(), known))
}

/// Line and column of a byte, both from 1.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let column = before.get(start..).map_or(0, |line| line.chars().count());
    (before.matches('\n').count() + 1, column + 1)
}
