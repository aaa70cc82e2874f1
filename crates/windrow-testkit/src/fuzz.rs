//! Fuzzing on a stable compiler: kept samples, changed at random, the same way for the same seed.
//!
//! Why not cargo-fuzz: libFuzzer needs a nightly compiler and sanitizers. Here a case is a number: it
//! costs no more than its check, runs in the normal suite, and comes again with its seed. Inputs that
//! once broke something are kept as samples.

use std::fmt;
use std::fs;
use std::path::Path;

use crate::Dice;

/// The seed of the normal suite; `cargo xtask fuzz` takes others.
const SEED: u64 = 1;

/// Bytes that are often at the edge of something.
const EDGES: &[u8] = &[0, 1, 0x7f, 0x80, 0xfe, 0xff, b'\n', b'\r', b'\t', b' ', b'"', b'\\', b'`'];

/// How many changes one case gets at most.
const CHANGES: u64 = 4;

/// A series of cases.
#[derive(Clone, Debug)]
pub struct Fuzz {
    target: &'static str,
    cases: u64,
    seed: u64,
    only: Option<u64>,
    tokens: &'static [&'static str],
}

/// A kept sample.
#[derive(Clone)]
pub struct Sample {
    /// Its file's name.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} bytes)", self.name, self.bytes.len())
    }
}

/// The samples of a folder, by name.
///
/// # Panics
/// When there are none.
#[must_use]
pub fn samples(folder: &Path) -> Vec<Sample> {
    let found = fs::read_dir(folder).unwrap().map(Result::unwrap);
    let mut samples: Vec<Sample> = found
        .map(|entry| Sample {
            name: entry.file_name().to_string_lossy().into_owned(),
            bytes: fs::read(entry.path()).unwrap(),
        })
        .collect();
    samples.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(!samples.is_empty(), "no samples in `{}`", folder.display());
    samples
}

impl Fuzz {
    /// The cases of a target: so many, unless `WINDROW_FUZZ_CASES` and `WINDROW_FUZZ_SEED` say
    /// otherwise, or the one that `WINDROW_FUZZ_ONLY` names.
    #[must_use]
    pub fn of(target: &'static str, cases: u64) -> Self {
        Self {
            target,
            cases: number("WINDROW_FUZZ_CASES").unwrap_or(cases),
            seed: number("WINDROW_FUZZ_SEED").unwrap_or(SEED),
            only: number("WINDROW_FUZZ_ONLY"),
            tokens: &[],
        }
    }

    /// Whether one case alone is looked at again.
    #[must_use]
    pub const fn is_one(&self) -> bool {
        self.only.is_some()
    }

    /// Words of the format, which random bytes would hardly ever make.
    #[must_use]
    pub fn with_tokens(mut self, tokens: &'static [&'static str]) -> Self {
        self.tokens = tokens;
        self
    }

    /// Checks every sample as it is, then the cases.
    pub fn check(&self, samples: &[Sample], mut check: impl FnMut(&[u8])) {
        if self.only.is_none() {
            samples.iter().for_each(|sample| check(&sample.bytes));
        }
        self.each(|dice| check(&self.mutated(dice, samples)));
    }

    /// Runs every case with dice of its own.
    pub fn each(&self, mut case: impl FnMut(&mut Dice)) {
        let cases = self.only.map_or(0..self.cases, |only| only..only + 1);
        for nth in cases {
            let _told = Told { fuzz: self, nth };
            let mut dice = Dice::seeded(self.seed.wrapping_mul(0x1_0000_0001).wrapping_add(nth));
            case(&mut dice);
        }
    }

    /// A sample with a few changes.
    pub fn mutated(&self, dice: &mut Dice, samples: &[Sample]) -> Vec<u8> {
        let mut bytes = dice.pick(samples).map(|sample| sample.bytes.clone()).unwrap_or_default();
        for _ in 0..=dice.within(0..CHANGES) {
            self.change(dice, &mut bytes, samples);
        }
        bytes
    }

    fn change(&self, dice: &mut Dice, bytes: &mut Vec<u8>, samples: &[Sample]) {
        let at = place(dice, bytes.len());
        let range = at..at + place(dice, (bytes.len() - at).min(64));
        match dice.within(0..9) {
            0 if at < bytes.len() => bytes[at] ^= 1 << dice.within(0..8),
            1 if at < bytes.len() => bytes[at] = dice.pick(EDGES).copied().unwrap_or(0),
            2 => bytes.insert(at, dice.pick(EDGES).copied().unwrap_or(0)),
            3 => drop(bytes.drain(range)),
            4 => {
                let part = bytes[range].to_vec();
                let to = place(dice, bytes.len());
                bytes.splice(to..to, part);
            }
            5 => bytes.truncate(at),
            6 => {
                let token = dice.pick(self.tokens).map_or(&b""[..], |token| token.as_bytes());
                bytes.splice(at..at, token.iter().copied());
            }
            7 => {
                // The end of another sample.
                let other = dice.pick(samples).map(|sample| sample.bytes.as_slice()).unwrap_or(&[]);
                let from = place(dice, other.len());
                bytes.truncate(at);
                bytes.extend(&other[from..]);
            }
            _ => {
                // Again and again, for whatever counts or nests.
                let part = bytes[range].to_vec();
                let times = usize::try_from(dice.within(2..40)).unwrap();
                bytes.splice(at..at, part.repeat(times));
            }
        }
    }
}

/// A place in so many bytes, the end included.
fn place(dice: &mut Dice, len: usize) -> usize {
    usize::try_from(dice.within(0..len as u64 + 1)).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "how `cargo xtask fuzz` says how much and which")]
fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

/// Says how to see a case again that failed.
struct Told<'a> {
    fuzz: &'a Fuzz,
    nth: u64,
}

impl Drop for Told<'_> {
    #[expect(clippy::print_stderr, reason = "a failed test says how it is seen again")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            let (Fuzz { target, seed, .. }, nth) = (self.fuzz, self.nth);
            eprintln!("again: cargo xtask fuzz {target} --seed {seed} --only {nth}");
        }
    }
}
