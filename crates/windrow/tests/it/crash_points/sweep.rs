//! Plays a story once for every death, several at a time, and writes down what came of each.

use std::any::Any;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::Deaths;

/// How many plays go on at once; most of each is waiting.
const AT_ONCE: usize = 2;

/// Plays `story` with each of `deaths`.
///
/// # Panics
/// When a promise is broken after one of them; the rest is played all the same.
#[track_caller]
pub(super) fn sweep(name: &str, deaths: Deaths, story: fn(&[&str]) -> String) {
    let waiting: Mutex<VecDeque<&str>> = Mutex::new(deaths.iter().copied().collect());
    let rows: Mutex<Vec<(&str, Result<String, String>)>> = Mutex::new(Vec::new());
    let lock = |queue: &Mutex<VecDeque<&'static str>>| {
        queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    };
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(death) = lock(&waiting) {
                    let plan: Vec<&str> = death.split(',').collect();
                    let played = catch_unwind(AssertUnwindSafe(|| story(&plan)));
                    let played = played.map_err(|panic| said(panic.as_ref()));
                    rows.lock().unwrap_or_else(PoisonError::into_inner).push((death, played));
                }
            });
        }
    });
    let mut rows = rows.into_inner().unwrap_or_else(PoisonError::into_inner);
    rows.sort_by_key(|(death, _)| deaths.iter().position(|known| known == death));
    write(name, &rows);
    let broken: Vec<String> = rows
        .iter()
        .filter_map(|(death, played)| Some(format!("{death}: {}", played.as_ref().err()?)))
        .collect();
    assert!(broken.is_empty(), "{} of {}:\n{}", broken.len(), deaths.len(), broken.join("\n"));
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned()
}

fn write(name: &str, rows: &[(&str, Result<String, String>)]) {
    let mut table = String::new();
    for (death, played) in rows {
        let outcome = match played {
            Ok(outcome) => outcome.clone(),
            Err(why) => format!("BROKEN: {}", why.lines().next().unwrap_or_default()),
        };
        // Writing into a string cannot fail.
        let _infallible = writeln!(table, "{name:<13} {death:<36} {outcome}");
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("crash-points");
    std::fs::create_dir_all(&folder).unwrap();
    windrow_world::files::replace(&folder.join(format!("{name}.txt")), table.as_bytes()).unwrap();
}
