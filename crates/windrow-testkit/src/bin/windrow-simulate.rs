//! Runs the simulator: `windrow-simulate --seeds N [--from K]`, or one seed and its story with
//! `--seed N [--only 1,2,3]`. `cargo xtask simulate` builds and starts it.

#![expect(clippy::print_stdout, reason = "its answer is what it prints")]

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use windrow_testkit::sim::{self, Counts};

/// So many seeds must have had everything that only some have.
const ENOUGH: u64 = 1_000;

/// What is asked for.
#[derive(Default)]
struct Args {
    seeds: u64,
    from: u64,
    seed: Option<u64>,
    only: Option<Vec<usize>>,
}

fn main() -> ExitCode {
    // A panic is one way to break a promise; it is told with the seed.
    std::panic::set_hook(Box::new(|_| {}));
    let done = args().and_then(|args| match args.seed {
        Some(seed) => one(seed, args.only.as_deref()),
        None => many(args.from, args.seeds),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            println!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn args() -> Result<Args, String> {
    let mut args = Args { seeds: 1_000, ..Args::default() };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let value = words.next().ok_or_else(|| format!("`{word}` needs a value"))?;
        let number = || value.parse().map_err(|_| format!("`{word} {value}`: not a number"));
        match word.as_str() {
            "--seeds" => args.seeds = number()?,
            "--from" => args.from = number()?,
            "--seed" => args.seed = Some(number()?),
            "--only" => {
                let items = value.split(',').map(|n| n.trim().parse());
                let items: Result<Vec<usize>, _> = items.collect();
                args.only = Some(items.map_err(|_| format!("`{word} {value}`: not numbers"))?);
            }
            _ => return Err(format!("`{word}` is not understood; see `cargo xtask help`")),
        }
    }
    Ok(args)
}

/// One seed: its counts, or the story of how it breaks a promise.
fn one(seed: u64, only: Option<&[usize]>) -> Result<(), String> {
    match sim::run(seed, only) {
        Ok(counts) => {
            println!("{counts}\nseed {seed}, {} steps: every promise kept", counts.steps);
            Ok(())
        }
        Err(broken) => {
            let failure = sim::explain(seed, only, &broken);
            println!("{}", failure.story.trim_end());
            let items: Vec<String> = failure.items.iter().map(usize::to_string).collect();
            let items = items.join(",");
            let replay = format!("cargo xtask simulate --seed {seed} --only {items}");
            Err(format!("\nbroken: {}\nthe short schedule again: {replay}", failure.broken))
        }
    }
}

/// Many seeds on every core, up to the first that fails.
fn many(from: u64, seeds: u64) -> Result<(), String> {
    let begun = Instant::now();
    let (next, enough) = (AtomicU64::new(from), AtomicBool::new(false));
    let (total, failed) = (Mutex::new(Counts::default()), Mutex::new(Vec::new()));
    let until = from + seeds;
    let work = || {
        let mut own = Counts::default();
        while !enough.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= until {
                break;
            }
            match sim::run(seed, None) {
                Ok(counts) => own.add(&counts),
                Err(broken) => {
                    enough.store(true, Ordering::Relaxed);
                    failed.lock().map(|mut failed| failed.push((seed, broken))).unwrap_or(());
                }
            }
        }
        total.lock().map(|mut total| total.add(&own)).unwrap_or(());
    };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(work);
        }
    });
    let total = total.into_inner().map_err(|_| "a core was lost")?;
    let mut failed = failed.into_inner().map_err(|_| "a core was lost")?;
    failed.sort();
    if let Some((seed, broken)) = failed.first() {
        println!("seed {seed} breaks a promise, after {} seeds: {broken}", seed - from + 1);
        println!("replay: cargo xtask simulate --seed {seed}\n\nits shortest schedule:");
        return one(*seed, None);
    }
    println!("{total}");
    if seeds >= ENOUGH && (total.ahead_seeds * 5 < seeds || total.never().is_some()) {
        let never = total.never().unwrap_or("work lands ahead, or too rarely");
        return Err(format!("in none of {seeds} seeds: {never}"));
    }
    println!(
        "{seeds} seeds, {} steps, {} crashes in {} s: every promise kept",
        short(total.steps),
        short(total.crashes),
        begun.elapsed().as_secs()
    );
    Ok(())
}

/// A large number in a few digits.
fn short(n: u64) -> String {
    match n {
        0..10_000 => n.to_string(),
        10_000..1_000_000 => format!("{} k", n / 1_000),
        _ => format!("{}.{} M", n / 1_000_000, n % 1_000_000 / 100_000),
    }
}
