//! Failures of git that come from outside of the repository, in words that name what helps.
//!
//! Read from what git writes under `LC_ALL=C`; what is not recognised stays git's own word.

/// What lies behind a failed call, if it is one of the known things.
pub(super) fn outside(stderr: &str) -> Option<String> {
    full_disk(stderr)
        .or_else(|| read_only(stderr))
        .or_else(|| filter(stderr))
        .or_else(|| promisor(stderr))
}

fn full_disk(stderr: &str) -> Option<String> {
    let full = ["No space left on device", "Disk quota exceeded"];
    let line = stderr.lines().find(|line| full.iter().any(|word| line.contains(word)))?;
    Some(format!("the disk is full: {}", plain(line)))
}

/// `fatal: a.bin: smudge filter lfs failed`, `fatal: a.bin: clean filter 'lfs' failed`.
fn read_only(stderr: &str) -> Option<String> {
    let line = stderr.lines().find(|line| line.contains("Read-only file system"))?;
    Some(format!("it lies on a read-only file system: {}", plain(line)))
}

fn filter(stderr: &str) -> Option<String> {
    let found = stderr.lines().find_map(|line| {
        let line = line.strip_prefix("fatal: ")?.strip_suffix(" failed")?;
        let ways = ["smudge", "clean"];
        ways.into_iter().find_map(|way| {
            let (file, name) = line.split_once(&format!(": {way} filter "))?;
            Some((file, name.trim_matches('\''), way))
        })
    });
    let (file, name, way) = found?;
    let said = stderr.lines().find(|line| !line.trim().is_empty()).map_or("", plain);
    Some(format!(
        "the filter `{name}` failed for `{file}`: {said}; install its program, which \
         `git config filter.{name}.{way}` names"
    ))
}

/// `fatal: could not fetch <object> from promisor remote`, after what the remote's side said.
fn promisor(stderr: &str) -> Option<String> {
    let lacking = stderr.lines().any(|line| line.contains("from promisor remote"));
    let said = stderr.lines().find(|line| !line.trim().is_empty()).map_or("", plain);
    lacking.then(|| {
        format!(
            "objects of this partial clone are missing, and its remote does not give them out: \
             {said}; `git fetch` shows whether it is there again"
        )
    })
}

/// A line without git's word for how bad it is.
fn plain(line: &str) -> &str {
    let line = line.trim();
    line.strip_prefix("fatal: ").or_else(|| line.strip_prefix("error: ")).unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_filter_is_named_with_its_file_and_setting() {
        let said = "git-lfs smudge -- 'a.bin': 1: git-lfs: not found\n\
                    error: external filter 'git-lfs smudge -- %f' failed 127\n\
                    fatal: a.bin: smudge filter lfs failed";
        let why = outside(said).unwrap();
        assert!(why.starts_with("the filter `lfs` failed for `a.bin`: git-lfs smudge"), "{why}");
        assert!(why.ends_with("`git config filter.lfs.smudge` names"), "{why}");
        let clean = outside("x\nfatal: b: c.bin: clean filter 'lfs' failed").unwrap();
        assert!(clean.contains("`b: c.bin`") && clean.contains("filter.lfs.clean"), "{clean}");
    }

    #[test]
    fn a_remote_that_is_away_is_told_from_other_failures() {
        let said = "fatal: '/gone' does not appear to be a git repository\n\
                    fatal: Could not read from remote repository.\n\
                    fatal: could not fetch 5716ca from promisor remote";
        assert!(outside(said).unwrap().contains("remote does not give them out: '/gone'"));
        assert!(outside("error: unable to write x: No space left on device").is_some());
        assert_eq!(outside("fatal: bad object 5716ca"), None);
        assert_eq!(outside(""), None);
    }
}
