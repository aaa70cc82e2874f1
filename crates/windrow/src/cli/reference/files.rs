//! The files of the reference: what belongs into each, and whether it stands there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::{commands, json, man, settings, tables};

/// Set by `cargo xtask reference`: the files are written rather than compared.
const WRITE: &str = "WINDROW_REFERENCE";

/// Folders that hold nothing else.
const FOLDERS: &[&str] = &["docs/man", "docs/reference", "docs/reference/schemas"];

/// Every file by its path in the repository.
fn all() -> BTreeMap<String, String> {
    let mut files = BTreeMap::from([
        ("docs/reference/commands.md".to_owned(), commands::page()),
        ("docs/reference/environment.md".to_owned(), tables::environment()),
        ("docs/reference/exit-codes.md".to_owned(), tables::exit_codes()),
        ("docs/reference/json.md".to_owned(), json::page()),
        ("docs/reference/settings.md".to_owned(), settings::page()),
        ("crates/windrow/src/cli/init/windrow.toml".to_owned(), settings::template()),
    ]);
    files.extend(man::pages().into_iter().map(|(name, page)| (format!("docs/man/{name}"), page)));
    let schemas = json::schemas().into_iter();
    files.extend(schemas.map(|(name, text)| (format!("docs/reference/schemas/{name}"), text)));
    files
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Files of the folders that nothing makes any more.
fn surplus(wanted: &BTreeMap<String, String>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for folder in FOLDERS {
        for entry in fs::read_dir(root().join(folder)).into_iter().flatten().flatten() {
            let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if entry.path().is_file() && !wanted.contains_key(&path) {
                found.insert(path);
            }
        }
    }
    found
}

#[expect(clippy::disallowed_methods, reason = "this is no part of the binary")]
fn is_to_write() -> bool {
    std::env::var_os(WRITE).is_some()
}

#[test]
fn the_reference_says_what_the_program_does() {
    let wanted = all();
    let surplus = surplus(&wanted);
    let stale = wanted
        .iter()
        .filter(|(path, text)| fs::read_to_string(root().join(path)).ok().as_ref() != Some(text));
    if is_to_write() {
        for folder in FOLDERS {
            fs::create_dir_all(root().join(folder)).expect("the repository can be written");
        }
        for (path, text) in stale {
            windrow_world::files::replace(&root().join(path), text.as_bytes()).expect("written");
        }
        for path in surplus {
            fs::remove_file(root().join(path)).expect("removed");
        }
        return;
    }
    let stale: Vec<&String> = stale.map(|(path, _)| path).chain(&surplus).collect();
    assert!(stale.is_empty(), "stale: {stale:#?}\n`cargo xtask reference` writes them anew");
}
