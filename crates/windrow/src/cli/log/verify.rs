//! `windrow log verify`: is the journal, or an export of it, what was written?

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use windrow_api::view::LogCheck;
use windrow_api::{ExitKind, ProjectCall, Reply};
use windrow_journal::{Head, Record};

use super::args::VerifyArgs;
use crate::context::Context;
use crate::desk::unexpected;
use crate::error::{CliError, Outcome};
use crate::output::Format;

/// Verifies.
pub(super) fn run(context: &Context, args: &VerifyArgs) -> Outcome {
    match &args.file {
        Some(file) => export(context, file, args.format),
        None => journal(context, args.format),
    }
}

fn journal(context: &Context, format: Format) -> Outcome {
    let answer = context.desk()?.ask(ProjectCall::VerifyLog)?;
    let Reply::Verified(check) = answer else {
        return Err(unexpected(&answer));
    };
    if format == Format::Json {
        context.out.json(&check)?;
    } else if check.bad.is_none() {
        context.out.answer(&whole(&check))?;
    }
    let Some(bad) = check.bad else { return Ok(ExitKind::Success) };
    let error =
        CliError::new(ExitKind::World, format!("the journal is not what was written: {bad}"));
    let contradicted = check.witness.is_some();
    let error = match check.witness {
        Some(commit) => {
            error.hint(format!("the landing {commit} says what it was; see its trailer"))
        }
        None => error,
    };
    // Where a landing says otherwise, the chain itself may be whole, and there is nothing to cut.
    let repair = format!("`windrow log repair --to {}` cuts it to what is good", check.checked);
    let error = if contradicted { error } else { error.hint(repair) };
    Err(error.hint("or stop the daemon and put the project's folder back from a backup"))
}

fn whole(check: &LogCheck) -> String {
    let LogCheck { checked, head, compared, others, lost, .. } = check;
    let mut text = format!("{checked} records, unbroken; the newest hash is {head}\n");
    text.push_str(&agree(*compared));
    if *others > 0 {
        let names = if *others == 1 { "names" } else { "name" };
        let _infallible = write!(
            text,
            "\n{others} more {names} another journal: of another machine, or of a home that is gone"
        );
    }
    if *lost > 0 {
        let name = if *lost == 1 { "names" } else { "name" };
        let _infallible = write!(
            text,
            "\n{lost} more {name} records that were lost; `windrow log --kind journal_cut` shows where"
        );
    }
    text
}

fn agree(landings: u64) -> String {
    match landings {
        0 => "no landing was there to compare it with".to_owned(),
        1 => "1 landing agrees with it".to_owned(),
        more => format!("{more} landings agree with it"),
    }
}

/// What an export holds, unbroken.
#[derive(Debug, serde::Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Export {
    /// The first record.
    from: u64,
    /// Its hash.
    from_hash: String,
    /// The last record.
    to: u64,
    /// Its hash.
    to_hash: String,
}

/// The first and the last record of an export.
type Ends = (Head, Head);

fn export(context: &Context, file: &Path, format: Format) -> Outcome {
    let name = file.display().to_string();
    let found = if file == Path::new("-") {
        walk(&name, io::stdin().lock())?
    } else {
        let opened = File::open(context.path(file)).map_err(|error| {
            CliError::user(format!("failed to open `{name}`: {error}"))
                .hint("`windrow log --format jsonl > FILE` makes an export")
        })?;
        walk(&name, BufReader::new(opened))?
    };
    let Some(found) = found else {
        return Err(CliError::user(format!("`{name}` has no record in it")));
    };
    let (first, last) = found;
    let (from, to, hash) = (first.seq, last.seq, last.hash);
    if format == Format::Json {
        let (from_hash, to_hash) = (first.hash.to_string(), hash.to_string());
        context.out.json(&Export { from: from.0, from_hash, to: to.0, to_hash })?;
        return Ok(ExitKind::Success);
    }
    let mut text = format!("records {from} to {to}, unbroken; the last hash is {hash}\n");
    let _infallible = if from.0 == 1 {
        let mark: String = first.hash.to_string().chars().take(12).collect();
        write!(text, "landings of this journal say `Journal: {mark}/SEQ/HASH`")
    } else {
        write!(text, "what came before record {from} is taken on trust")
    };
    context.out.answer(&text)?;
    Ok(ExitKind::Success)
}

/// Compares each record with the one before it and with its own hash.
fn walk(name: &str, lines: impl BufRead) -> Result<Option<Ends>, CliError> {
    let mut found: Option<Ends> = None;
    for (at, line) in lines.lines().enumerate() {
        let at = at + 1;
        let wrong = |what: String| {
            CliError::new(
                ExitKind::World,
                format!("`{name}` is not what was written: line {at}: {what}"),
            )
        };
        let line = line.map_err(|error| wrong(format!("it cannot be read: {error}")))?;
        let record: Record = serde_json::from_str(&line)
            .map_err(|error| wrong(format!("it is no record: {error}")))?;
        let before = found.map(|(_, last)| last);
        if let Some(before) = before.or((record.seq.0 == 1).then_some(Head::EMPTY)) {
            let (seq, wanted) = (record.seq, before.seq.next());
            if seq != wanted {
                return Err(wrong(format!("record {wanted} is missing; this is {seq}")));
            }
            if record.prev != before.hash {
                return Err(wrong(format!("record {seq} does not follow the one before it")));
            }
        }
        if record.recomputed_hash() != record.hash {
            let seq = record.seq;
            return Err(wrong(format!("record {seq} does not have the hash it names")));
        }
        let first = found.map_or_else(|| record.head(), |(first, _)| first);
        found = Some((first, record.head()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use windrow_journal::{Draft, Stream};

    use super::*;

    fn lines() -> Vec<String> {
        let mut head = Head::EMPTY;
        let mut record = |nth: u64| {
            let body = format!(r#"{{"nth":{nth}}}"#);
            let (actor, kind) = ("person".to_owned(), "noted".to_owned());
            let draft = Draft { at_ms: 7, actor, stream: Stream::Work, cause: None, kind, body };
            let record = Record::after(head, draft);
            head = record.head();
            serde_json::to_string(&record).unwrap()
        };
        (1..=4).map(&mut record).collect()
    }

    fn check(lines: &[String]) -> Result<Option<Ends>, String> {
        walk("x.jsonl", lines.join("\n").as_bytes()).map_err(|error| error.message)
    }

    #[test]
    fn an_export_is_whole_or_names_the_line() {
        let whole = lines();
        let (first, last) = check(&whole).unwrap().unwrap();
        assert_eq!((first.seq.0, last.seq.0), (1, 4));
        let (first, last) = check(&whole[2..]).unwrap().unwrap();
        assert_eq!((first.seq.0, last.seq.0), (3, 4));
        assert!(check(&[]).unwrap().is_none());

        let mut changed = whole.clone();
        changed[1] = changed[1].replace("nth\\\":2", "nth\\\":9");
        let mut gap = whole.clone();
        gap.remove(1);
        let mut other_start = whole.clone();
        other_start[0] = other_start[0].replacen("\"prev\":\"0", "\"prev\":\"1", 1);
        let mut cut = whole;
        cut[3].truncate(40);
        for (lines, what) in [
            (changed, "line 2: record 2 does not have the hash it names"),
            (gap, "line 2: record 2 is missing; this is 3"),
            (other_start, "line 1: record 1 does not follow the one before it"),
            (cut, "line 4: it is no record"),
        ] {
            let error = check(&lines).err().unwrap();
            assert!(error.contains(what), "{error}");
        }
    }
}
