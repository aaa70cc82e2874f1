//! "Did you mean": the one place that guesses.

/// The candidate that `word` is most likely a slip of, or nothing when none is close.
///
/// Case does not count. A slip is a character added, left out, replaced or swapped with its
/// neighbour; one is forgiven in three characters, three at most. The first of equals wins.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.to_lowercase().chars().collect();
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let other: Vec<char> = candidate.to_lowercase().chars().collect();
        let allowed = (word.len().max(other.len()) / 3).clamp(1, 3);
        let limit = best.map_or(allowed, |(found, _)| allowed.min(found.saturating_sub(1)));
        if word.len().abs_diff(other.len()) > limit || best.is_some_and(|(found, _)| found == 0) {
            continue;
        }
        let found = distance(&word, &other);
        // Nothing of a one-letter word is left when its letter is replaced.
        if found <= limit && found < word.len().max(other.len()) {
            best = Some((found, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Optimal string alignment distance, with three rows.
pub(super) fn distance(a: &[char], b: &[char]) -> usize {
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1; b.len() + 1];
        for (j, y) in b.iter().enumerate() {
            let replaced = last[j] + usize::from(x != y);
            let mut least = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                least = least.min(before[j - 1] + 1);
            }
            row[j + 1] = least;
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_finds_its_word_and_a_stranger_none() {
        let known = ["depends on", "priority", "files", "run"];
        assert_eq!(nearest("Depend on", known), Some("depends on"));
        assert_eq!(nearest("prioriy", known), Some("priority"));
        assert_eq!(nearest("prioirty", known), Some("priority"));
        assert_eq!(nearest("FILES", known), Some("files"));
        assert_eq!(nearest("rnu", known), Some("run"));
        assert_eq!(nearest("note", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest("x", ["a", "b"]), None);
        assert_eq!(nearest("12", ["1", "3", "11", "13"]), Some("1"));
        assert_eq!(nearest("ab", std::iter::empty()), None);
    }
}
