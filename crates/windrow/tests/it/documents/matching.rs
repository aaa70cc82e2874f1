//! Whether what was printed is what a page shows, but for what differs each time.
//!
//! Times, spans and versions are all alike. Names of workers and hashes stand for whatever takes
//! their place where they are first seen, and for that alone from then on. How many blanks there
//! are between two words is no matter: columns are as wide as the names in them.

use std::collections::BTreeMap;

use windrow_core::machine::NAMES;

/// What the names and hashes of a page stand for.
#[derive(Clone, Debug, Default)]
pub(super) struct Bound(BTreeMap<String, String>);

impl Bound {
    /// A line of the page with what its names and hashes stand for.
    pub(super) fn filled(&self, line: &str) -> String {
        let words = words(line).into_iter();
        words.map(|word| self.0.get(word).map_or(word, String::as_str)).collect()
    }

    /// Whether a printed line is the shown one; what it binds stays only if it is.
    fn fits(&mut self, shown: &str, printed: &str) -> bool {
        let mut tried = self.clone();
        let (shown, printed) = (plain(shown), plain(printed));
        let (shown, printed) = (words(&shown), words(&printed));
        let alike = shown.len() == printed.len()
            && shown.iter().zip(&printed).all(|(shown, printed)| tried.alike(shown, printed));
        if alike {
            *self = tried;
        }
        alike
    }

    fn alike(&mut self, shown: &str, printed: &str) -> bool {
        if let Some(bound) = self.0.get(shown) {
            return bound == printed;
        }
        let is_name = |word: &str| NAMES.contains(&word);
        let both = |is: fn(&str) -> bool| is(shown) && is(printed);
        if (is_name(shown) && is_name(printed)) || both(is_hash) {
            self.0.insert(shown.to_owned(), printed.to_owned());
            return true;
        }
        shown == printed || both(is_span)
    }

    /// Compares everything below a command; the first difference in words.
    pub(super) fn compare(&mut self, shown: &[String], printed: &str) -> Result<(), String> {
        let printed: Vec<&str> = printed.lines().map(str::trim_end).collect();
        for (n, shown) in shown.iter().enumerate() {
            match printed.get(n) {
                Some(printed) if self.fits(shown, printed) => {}
                printed => return Err(format!("shown:   {shown}\nprinted: {}", or_end(printed))),
            }
        }
        match printed.get(shown.len()) {
            None => Ok(()),
            more => Err(format!("shown:   (the end)\nprinted: {}", or_end(more))),
        }
    }

    /// Compares the lines of a watched run, which may come in another order.
    ///
    /// A watcher may miss moments: that somebody began or submitted need not be told.
    pub(super) fn compare_any(&mut self, shown: &[String], printed: &str) -> Result<(), String> {
        let mut left: Vec<&String> = shown.iter().collect();
        for printed in printed.lines().map(str::trim_end) {
            match left.iter().position(|shown| self.fits(shown, printed)) {
                Some(at) => drop(left.remove(at)),
                None => return Err(format!("printed and not shown: {printed}")),
            }
        }
        let missed = |line: &&String| !line.contains(" started ") && !line.contains(" submitted ");
        match left.into_iter().find(missed) {
            Some(line) => Err(format!("shown and not printed: {line}")),
            None => Ok(()),
        }
    }
}

fn or_end<'a>(line: Option<&&'a str>) -> &'a str {
    line.copied().unwrap_or("(the end)")
}

/// Words and what is between them, each as it is; blanks are one.
fn words(line: &str) -> Vec<&str> {
    let inside = |c: char| c.is_alphanumeric();
    let mut all = Vec::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let same = |c: char| if inside(first) { !inside(c) } else { true };
        let len =
            rest[first.len_utf8()..].find(same).map_or(rest.len(), |at| at + first.len_utf8());
        let (word, behind) = rest.split_at(len);
        all.push(word);
        rest = behind;
    }
    all
}

/// A line with one blank where there are several, and all times and versions alike.
fn plain(line: &str) -> String {
    let core = |word: &str| is_span(word.trim_matches(|c: char| !c.is_alphanumeric()));
    let mut words: Vec<String> = Vec::new();
    for word in line.split_whitespace() {
        match words.last_mut() {
            // `(1m 5s)` is one span as `(5s)` is.
            Some(last) if core(last) && core(word) => {
                let head = last.trim_end_matches(char::is_alphanumeric).to_owned();
                *last = head + word;
            }
            _ => words.push(steady(word)),
        }
    }
    words.join(" ")
}

/// A word that is not another each time: a time of day or a version becomes its shape.
fn steady(word: &str) -> String {
    let shape: String = word.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let numbers = word.split('.').filter(|part| part.bytes().all(|b| b.is_ascii_digit())).count();
    if shape == "00:00:00" {
        shape
    } else if word.split('.').count() == numbers && numbers > 1 {
        "VERSION".to_owned()
    } else {
        word.to_owned()
    }
}

/// At least seven hexadecimal digits, some of them digits.
fn is_hash(word: &str) -> bool {
    let hex = word.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    word.len() >= 7 && hex && word.bytes().any(|b| b.is_ascii_digit())
}

/// `12s`, `3m`.
fn is_span(word: &str) -> bool {
    let digits = word.strip_suffix(['s', 'm', 'h']).unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

#[test]
fn what_differs_each_time_fits_and_everything_else_does_not() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let shown = "11:23:48 started t-1 A (by toast)\nlanded t-1 (as 268ea75e78)\ngit version 2.47.3";
    let mut bound = Bound::default();
    let printed =
        "09:00:01 started t-1 A (by   falcon)\nlanded t-1 (as 0abcdef123)\ngit version 2.39";
    assert_eq!(bound.compare(&lines(shown), printed), Ok(()));
    assert_eq!(bound.filled("windrow kill toast"), "windrow kill falcon");
    // What a name stands for stays the same; another word, number or line is a difference.
    assert!(bound.compare(&lines("toast"), "maple").is_err());
    for (shown, printed) in [("t-1", "t-2"), ("3 of 3", "2 of 3"), ("a", "a\nb"), ("a\nb", "a")] {
        assert!(Bound::default().compare(&lines(shown), printed).is_err(), "{shown} {printed}");
    }
    assert_eq!(bound.compare(&lines("A (2s) b"), "A (1m 12s) b"), Ok(()));
    let watched = lines("11:00:00 started t-1\n11:00:00 landed t-1\nend");
    let any = |printed: &str| Bound::default().compare_any(&watched, printed);
    assert_eq!(any("end\n12:00:00 landed t-1"), Ok(()));
    assert!(any("end\n12:00:00 started t-1").is_err(), "a landing must be told");
    assert!(any("end\n12:00:00 landed t-1\nmore").is_err());
}
