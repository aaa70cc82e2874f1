//! Fuzz targets: input from outside, and files that broke, against more than the absence of panics.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod journal;
mod plan_json;
mod tasks_md;

use std::path::{Path, PathBuf};

use windrow_world::trackers::TrackerError;

/// The kept samples of a target.
fn corpus(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(target)
}

/// A refusal names the file and a line of it, once for each fault.
fn check_refusal(file: &str, bytes: &[u8], error: &TrackerError) {
    let lines = 1 + bytes.iter().filter(|byte| **byte == b'\n').count();
    assert!(!error.faults.is_empty());
    for fault in &error.faults {
        assert!((1..=lines).contains(&fault.line), "line {} of {lines}: {fault:?}", fault.line);
    }
    let text = error.to_string();
    let first = error.faults[0].line;
    assert!(text.starts_with(&format!("{file}:{first}")), "{text}");
    let shown = text.matches(&format!("{file}:")).count();
    assert!(shown >= error.faults.len().min(20), "{text}");
}
