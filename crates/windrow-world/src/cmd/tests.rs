//! Which program runs, and under which name.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::{Cmd, CmdError};

fn script(folder: &Path, name: &str, mode: u32) {
    fs::create_dir_all(folder).unwrap();
    let file = folder.join(name);
    let text = format!("#!/bin/sh\necho {} \"$0\"\n", folder.display());
    crate::files::replace(&file, text.as_bytes()).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn the_path_that_a_call_sets_decides_which_program_runs() {
    let dir = tempfile::tempdir().unwrap();
    let [plain, first, second] = ["plain", "first", "second"].map(|name| dir.path().join(name));
    script(&plain, "tool", 0o644);
    script(&first, "tool", 0o755);
    script(&second, "tool", 0o755);
    let path = format!("{}:.:{}:{}", plain.display(), first.display(), second.display());
    let said = Cmd::new("tool").env("PATH", &path).success().unwrap();
    let said = String::from_utf8(said).unwrap();
    assert!(said.starts_with(&first.display().to_string()), "{said}");
    let missing = Cmd::new("tool").env("PATH", plain.display().to_string()).output();
    assert!(matches!(missing, Err(CmdError::Start { .. })), "{missing:?}");
}

#[test]
fn a_program_is_called_by_the_name_it_was_given() {
    let said = Cmd::new("sh").args(["-c", "echo \"$0\""]).success().unwrap();
    assert_eq!(said, b"sh\n");
}
