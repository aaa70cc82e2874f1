use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use tempfile::TempDir;

use super::{ReplaceError, append_line, create_new, replace, replace_if_unchanged};

fn dir() -> TempDir {
    TempDir::new().expect("temp dir")
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(dir)
        .expect("lists")
        .map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn put(path: &Path, bytes: &[u8]) {
    create_new(path, bytes).expect("creates");
}

#[test]
fn a_replaced_file_keeps_its_mode_and_leaves_nothing_beside() {
    let dir = dir();
    let file = dir.path().join("a");
    put(&file, b"old");
    fs::set_permissions(&file, Permissions::from_mode(0o777)).expect("chmod");
    replace(&file, b"new").expect("replaces");
    assert_eq!(fs::read(&file).expect("reads"), b"new");
    assert_eq!(fs::metadata(&file).expect("stat").permissions().mode() & 0o7777, 0o777);
    assert_eq!(names(dir.path()), ["a"]);
}

#[test]
fn a_link_stays_a_link_and_its_target_is_replaced() {
    let dir = dir();
    fs::create_dir(dir.path().join("real")).expect("mkdir");
    put(&dir.path().join("real/a"), b"old");
    symlink("real/a", dir.path().join("first")).expect("link");
    symlink("first", dir.path().join("second")).expect("link");
    replace(&dir.path().join("second"), b"new").expect("replaces");
    assert!(dir.path().join("second").is_symlink() && dir.path().join("first").is_symlink());
    assert_eq!(fs::read(dir.path().join("real/a")).expect("reads"), b"new");

    symlink("real/none", dir.path().join("dangling")).expect("link");
    replace(&dir.path().join("dangling"), b"made").expect("creates the target");
    assert_eq!(fs::read(dir.path().join("real/none")).expect("reads"), b"made");

    symlink("loop", dir.path().join("loop")).expect("link");
    assert!(replace(&dir.path().join("loop"), b"x").is_err());
}

#[test]
fn a_folder_that_cannot_be_written_leaves_the_old_file() {
    // The superuser may write into a folder without the write bit, so the kernel's own read-only
    // file system stands in for it.
    let error = replace(Path::new("/proc/version"), b"x").expect_err("read-only");
    assert!(matches!(error, ReplaceError::Io { act: "write beside", .. }), "{error:?}");
    assert!(error.to_string().contains("/proc/version"));
    let dir = dir();
    assert!(matches!(replace(dir.path(), b"x"), Err(ReplaceError::NotAFile { .. })));
    assert!(replace(&dir.path().join("missing/a"), b"x").is_err());
}

#[test]
fn a_changed_file_is_not_replaced() {
    let dir = dir();
    let file = dir.path().join("a");
    put(&file, b"read");
    replace_if_unchanged(dir.path(), &file, b"read", b"one").expect("unchanged");
    let error = replace_if_unchanged(dir.path(), &file, b"read", b"two").expect_err("changed");
    assert!(matches!(error, ReplaceError::Changed { .. }));
    assert_eq!(fs::read(&file).expect("reads"), b"one");
    fs::remove_file(&file).expect("removes");
    let error = replace_if_unchanged(dir.path(), &file, b"one", b"two").expect_err("gone");
    assert!(matches!(error, ReplaceError::Changed { .. }));
    assert!(names(dir.path()).is_empty());
}

#[test]
fn create_new_never_overwrites() {
    let dir = dir();
    let file = dir.path().join("a");
    put(&file, b"first");
    assert!(matches!(create_new(&file, b"second"), Err(ReplaceError::Exists { .. })));
    assert_eq!(fs::read(&file).expect("reads"), b"first");
    symlink("nowhere", dir.path().join("link")).expect("link");
    assert!(create_new(&dir.path().join("link"), b"x").is_err());
    assert_eq!(names(dir.path()), ["a", "link"]);
}

#[test]
fn lines_are_appended_whole_and_behind_a_torn_one() {
    let dir = dir();
    let file = dir.path().join("log");
    append_line(&file, b"one").expect("creates");
    append_line(&file, b"two").expect("appends");
    assert_eq!(fs::read(&file).expect("reads"), b"one\ntwo\n");
    replace(&file, b"one\ntor").expect("tears");
    append_line(&file, b"three").expect("appends");
    assert_eq!(fs::read(&file).expect("reads"), b"one\ntor\nthree\n");
    assert!(matches!(append_line(&file, b"a\nb"), Err(ReplaceError::NotALine { .. })));
}

#[test]
fn a_full_disk_is_an_error_that_names_the_file() {
    let error = append_line(Path::new("/dev/full"), b"x").expect_err("full");
    assert!(error.to_string().contains("/dev/full"), "{error}");
}

#[test]
fn many_appenders_lose_no_line() {
    let dir = dir();
    let file = dir.path().join("log");
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let file = &file;
            scope.spawn(move || {
                for n in 0..25 {
                    append_line(file, format!("{worker} {n}").as_bytes()).expect("appends");
                }
            });
        }
    });
    let text = fs::read_to_string(&file).expect("reads");
    let mut lines: Vec<_> = text.lines().collect();
    lines.sort_unstable();
    lines.dedup();
    assert_eq!(lines.len(), 100);
}

#[test]
fn two_writers_that_only_replace_what_they_read_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = &dir.path().join("TASKS.md");
    replace(path, b"").unwrap();
    let append = |name: &str| {
        for nth in 0..60 {
            loop {
                let before = fs::read(path).unwrap();
                let now = [&before[..], format!("{name} {nth}\n").as_bytes()].concat();
                match replace_if_unchanged(dir.path(), path, &before, &now) {
                    Ok(()) => break,
                    Err(ReplaceError::Changed { .. }) => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(|| append("one"));
        scope.spawn(|| append("two"));
    });
    let text = fs::read_to_string(path).unwrap();
    let lines = |name: &str| text.lines().filter(|line| line.starts_with(name)).count();
    assert_eq!((lines("one"), lines("two")), (60, 60));
}
