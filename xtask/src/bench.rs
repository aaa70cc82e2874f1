//! `cargo xtask bench`: every figure of docs/performance.md, measured and written by one command.
//!
//! The text around the tables is written by hand; what stands between the two marks is not. A quick
//! run only shows that everything works, and writes beside the real page.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::rivals;
use crate::run::{Program, root, say};

/// The page.
const PAGE: &str = "docs/performance.md";

const BEGIN: &str = "<!-- figures: written by `cargo xtask bench` -->";
const END: &str = "<!-- figures: end -->";

/// Where raw figures lie.
const RAW: &str = "target/bench";

/// Sessions, pool, seconds, files, and what is wanted of the ratio.
type Load = ([&'static str; 4], Option<f64>);

const LOADS: &[Load] = &[
    (["100", "100", "1", "3000"], Some(1.3)),
    (["1000", "250", "10", "300"], Some(1.3)),
    (["100", "100", "1", "100"], None),
];

const QUICK_LOADS: &[Load] = &[(["4", "4", "0", "60"], Some(1.3))];

/// Measures and writes.
pub(crate) fn run(args: &[&str]) -> Result<(), String> {
    let (mut quick, mut only) = (false, Vec::new());
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match *arg {
            "--quick" => quick = true,
            "--only" => only.push(*args.next().ok_or("`--only` names a part")?),
            other => return Err(format!("`{other}` is not known: [--quick] [--only PART]...")),
        }
    }
    let raw = root().join(RAW);
    fs::create_dir_all(&raw).map_err(|error| format!("failed to make `{RAW}`: {error}"))?;
    if !quick && (only.is_empty() || only.contains(&"rivals")) {
        rivals::install()?;
    }
    let machine = machine()?;
    let rows = pairs(quick, &only)?;
    let loads = if quick { QUICK_LOADS } else { LOADS };
    let whole = only.is_empty() || only.contains(&"sessions");
    let sessions =
        if whole { loads.iter().map(sessions).collect::<Result<_, _>>()? } else { Vec::new() };
    let tables = tables(&rows, &sessions, &machine);
    if quick || !only.is_empty() {
        let page = raw.join("performance.md");
        say(&format!("The tables are in {}.", page.display()));
        return write(&page, &tables);
    }
    let page = root().join(PAGE);
    let old = fs::read_to_string(&page).map_err(|e| format!("failed to read {PAGE}: {e}"))?;
    write(&page, &between(&old, &tables)?)
}

/// The rows that are measured in turns with their floors.
fn pairs(quick: bool, only: &[&str]) -> Result<Vec<Value>, String> {
    let file = root().join(RAW).join("speed.json");
    let parts: Vec<&str> = only.iter().copied().filter(|part| *part != "sessions").collect();
    if !only.is_empty() && parts.is_empty() {
        return Ok(Vec::new());
    }
    let path = file.to_string_lossy().into_owned();
    let mut args = vec!["bench", "-q", "-p", "windrow", "--bench", "speed", "--", "--json", &path];
    args.extend(quick.then_some("--quick"));
    args.extend(parts.iter().flat_map(|part| ["--only", part]));
    Program::new("cargo", &args).shown()?;
    let text = fs::read_to_string(&file).map_err(|e| format!("no figures in `{path}`: {e}"))?;
    serde_json::from_str(&text).map_err(|error| format!("`{path}` cannot be read: {error}"))
}

/// One run of many sessions.
fn sessions((size, reach): &Load) -> Result<Value, String> {
    let [sessions, pool, seconds, files] = size;
    Program::new("cargo", &["build", "-q", "--release", "-p", "windrow"]).shown()?;
    let windrow = root().join("target/release/windrow");
    let args = ["bench", "--sessions", sessions, "--pool", pool, "--seconds", seconds];
    let args = [&args[..], &["--files", files, "--format", "json"]].concat();
    say(&format!("windrow {}", args.join(" ")));
    let said = Program::new(windrow, &args).answer()?;
    let mut figures: Value = serde_json::from_str(&said)
        .map_err(|error| format!("`windrow bench` answered no JSON: {error}"))?;
    figures["reach"] = Value::from(*reach);
    say(&format!("  {}x", number(&figures["ratio"], 2)));
    Ok(figures)
}

/// Everything between the marks.
fn tables(rows: &[Value], sessions: &[Value], machine: &str) -> String {
    let mut text = String::new();
    let mut put = |line: &str| {
        let _infallible = writeln!(text, "{line}");
    };
    put(&format!("Measured {machine}.\n"));
    put("| what | windrow | floor | ratio | wanted | |");
    put("|---|---|---|---|---|---|");
    let shown = |row: &&Value| row["name"].as_str().is_some_and(|name| !is_rival(name));
    rows.iter().filter(shown).for_each(|row| put(&pair_line(row)));
    sessions.iter().for_each(|figures| put(&sessions_line(figures)));
    let memory: Vec<String> = sessions.iter().flat_map(memory_lines).collect();
    memory.iter().for_each(|line| put(line));
    let rivals = rows.iter().filter(|row| row["name"].as_str().is_some_and(is_rival));
    put("\nOther tools, in the same repository and in turns:\n");
    put("| what | median | against git |");
    put("|---|---|---|");
    rivals.for_each(|row| {
        let name = row["name"].as_str().unwrap_or_default();
        let note = row["note"].as_str().filter(|note| !note.is_empty());
        put(&match note {
            Some(note) => format!("| {name} | {note} | |"),
            None => format!(
                "| {name} | {} ms | {}x |",
                number(&row["figure"], 1),
                number(&row["ratio"], 2)
            ),
        });
    });
    text
}

fn is_rival(name: &str) -> bool {
    name.starts_with("a worktree ")
}

fn pair_line(row: &Value) -> String {
    let text = |key: &str| row[key].as_str().unwrap_or_default();
    let unit = text("unit");
    let floor = match row["floor"].as_f64() {
        Some(_) => format!("{} {unit}: {}", number(&row["floor"], 1), text("beside")),
        None => String::new(),
    };
    let ratio = row["ratio"].as_f64().map_or_else(String::new, |ratio| format!("{ratio:.2}x"));
    let wanted = match &row["reach"] {
        Value::Object(reach) => {
            reach.iter().next().map_or_else(String::new, |(kind, value)| match kind.as_str() {
                "at_most" => format!("≤ {value}x"),
                "at_least" => format!("≥ {value}x"),
                _ => format!("≤ {value} {unit}"),
            })
        }
        _ => String::new(),
    };
    let note = text("note");
    let note = if note.is_empty() { String::new() } else { format!(" ({note})") };
    let digits = if unit.starts_with('%') { 3 } else { 1 };
    let figure = number(&row["figure"], digits);
    let verdict = verdict(row["reached"].as_bool());
    format!(
        "| {}{note} | {figure} {unit} | {floor} | {ratio} | {wanted} | {verdict} |",
        text("name")
    )
}

fn sessions_line(figures: &Value) -> String {
    let count = |key: &str| figures[key].to_string();
    let reach = figures["reach"].as_f64();
    let wanted = reach.map_or_else(String::new, |reach| format!("≤ {reach}x"));
    let reached = reach.zip(figures["ratio"].as_f64()).map(|(reach, ratio)| ratio <= reach);
    format!(
        "| {} sessions of {} s, pool {}, {} files | {} s | {} s: {} s of work, {} s for the same trees by git | {}x | {wanted} | {} |",
        count("sessions"),
        count("seconds"),
        count("pool"),
        count("files"),
        number(&figures["wall_s"], 1),
        number(&figures["floor_s"], 1),
        number(&figures["work_s"], 0),
        number(&figures["trees_s"], 1),
        number(&figures["ratio"], 2),
        verdict(reached)
    )
}

/// Memory counts where many sessions ran.
fn memory_lines(figures: &Value) -> Vec<String> {
    let memory = &figures["memory"];
    let (sessions, keepers) = (figures["sessions"].as_u64(), &memory["keepers"]);
    if sessions.is_none_or(|sessions| sessions < 1_000) {
        return Vec::new();
    }
    let mib = |value: &Value| value.as_f64().map(|kib| kib / 1_024.0);
    let line = |what: &str, value: Option<f64>, most: f64| {
        let figure = value.map_or_else(|| "unknown".to_owned(), |mib| format!("{mib:.1} MiB"));
        let reached = verdict(value.map(|mib| mib <= most));
        format!("| {what} | {figure} | | | ≤ {most} MiB | {reached} |")
    };
    let pss = mib(&memory["daemon_pss_kib"]).map_or_else(String::new, |mib| format!("{mib:.1}"));
    vec![
        line(
            &format!("daemon in that run, resident at most (its share: {pss} MiB)"),
            mib(&memory["daemon_peak_kib"]),
            150.0,
        ),
        line(
            &format!(
                "a keeper in that run, private, the largest of those looked at; {keepers} ran"
            ),
            mib(&memory["keeper_private_kib"][1]),
            4.0,
        ),
    ]
}

const fn verdict(reached: Option<bool>) -> &'static str {
    match reached {
        Some(true) => "reached",
        Some(false) => "**not reached**",
        None => "",
    }
}

fn number(value: &Value, digits: usize) -> String {
    value.as_f64().map_or_else(|| "?".to_owned(), |value| format!("{value:.digits$}"))
}

/// When, on what, and of which versions.
fn machine() -> Result<String, String> {
    let ask = |program: &str, args: &[&str]| {
        Program::new(program, args).answer().map(|said| said.trim().to_owned())
    };
    let read = |file: &str, key: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
        line.trim_start_matches([':', ' ', '\t']).trim().to_owned()
    };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let memory = read("/proc/meminfo", "MemTotal");
    let kib: u64 = memory.split_whitespace().next().and_then(|kib| kib.parse().ok()).unwrap_or(0);
    // Whoever reads the figures must be able to tell whether something else ran.
    let load = read("/proc/loadavg", "");
    let load = load.split_whitespace().next().unwrap_or("unknown");
    Ok(format!(
        "on {} with {cores} cores ({}), {} GiB, {}, load average {load}; {}, {}; windrow at commit {}; `cargo xtask bench`",
        ask("date", &["-u", "+%Y-%m-%d"])?,
        read("/proc/cpuinfo", "model name"),
        kib / (1 << 20),
        ask("uname", &["-sr"])?,
        ask("git", &["version"])?,
        ask("rustc", &["--version"])?,
        ask("git", &["rev-parse", "--short", "HEAD"])?,
    ))
}

/// The page with other tables.
fn between(page: &str, tables: &str) -> Result<String, String> {
    let marks = page
        .split_once(BEGIN)
        .and_then(|(before, rest)| rest.split_once(END).map(|(_, after)| (before, after)));
    let (before, after) = marks.ok_or_else(|| format!("{PAGE} has lost its marks"))?;
    Ok(format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", tables.trim()))
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    // Beside it first, so that a page is never half there.
    let beside = path.with_extension("md.new");
    let written = fs::File::create(&beside)
        .and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()))
        .and_then(|()| fs::rename(&beside, path));
    written.map_err(|error| format!("failed to write `{}`: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_stands_between_the_marks_changes() {
        let page = format!("Before.\n\n{BEGIN}\n\nold\n\n{END}\n\nAfter.\n");
        let new = between(&page, "new\n").unwrap();
        assert_eq!(new, format!("Before.\n\n{BEGIN}\n\nnew\n\n{END}\n\nAfter.\n"));
        assert_eq!(between(&new, "new\n").unwrap(), new);
        assert!(between("no marks", "new").is_err());
    }

    #[test]
    fn a_row_says_what_was_wanted_and_whether_it_was_reached() {
        let row = json!({
            "name": "a start", "beside": "git checkout", "unit": "ms", "figure": 40.26,
            "floor": 30.0, "ratio": 1.342, "reach": {"at_most": 1.3}, "reached": false, "note": "",
        });
        assert_eq!(
            pair_line(&row),
            "| a start | 40.3 ms | 30.0 ms: git checkout | 1.34x | ≤ 1.3x | **not reached** |"
        );
    }
}
