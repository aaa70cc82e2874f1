//! A test that cannot run here says so where it is counted.

use std::path::PathBuf;

use windrow_world::files;

/// Notes that the calling test cannot run and why; the test returns after it.
///
/// The note goes to the file that `WINDROW_SKIPS` names, where the runner of all tests counts it.
/// Without one, as when a single test is run by hand, it goes to standard error.
#[expect(clippy::disallowed_methods, reason = "the runner of all tests names the file there")]
#[expect(clippy::print_stderr, reason = "a skip is never silent")]
pub fn skip(reason: &str) {
    let thread = std::thread::current();
    let line = format!("{}: {reason}", thread.name().unwrap_or("a test"));
    match std::env::var_os("WINDROW_SKIPS").map(PathBuf::from) {
        Some(file) => files::append_line(&file, line.as_bytes()).unwrap(),
        None => eprintln!("skipped {line}"),
    }
}
