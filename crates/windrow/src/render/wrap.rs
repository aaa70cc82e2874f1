//! Sentences in the width of a terminal.

use super::table::width_of;

/// Below this, breaking lines helps nobody.
const LEAST: usize = 30;

/// The text behind a margin, its further lines indented as far; one line when no width is given.
pub(crate) fn wrapped(margin: &str, text: &str, width: Option<usize>) -> String {
    let Some(width) = width.filter(|width| *width >= LEAST) else {
        return format!("{margin}{text}");
    };
    let indent = width_of(margin);
    let mut all = margin.to_owned();
    let mut column = indent;
    for word in text.split(' ') {
        let wide = width_of(word);
        if column > indent && column + 1 + wide > width {
            all.push('\n');
            all.extend(std::iter::repeat_n(' ', indent));
            column = indent;
        } else if column > indent {
            all.push(' ');
            column += 1;
        }
        all.push_str(word);
        column += wide;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_stay_behind_the_margin() {
        let text = "t-5 is red: the gate failed, and main has not moved.";
        let expected = "  2s  t-5 is red: the gate\n      failed, and main has not\n      moved.";
        assert_eq!(wrapped("  2s  ", text, Some(30)), expected);
        assert_eq!(wrapped("  2s  ", text, None), format!("  2s  {text}"));
    }

    #[test]
    fn a_word_that_is_too_long_has_a_line_of_its_own() {
        let path = "/a/very/long/path/that/fits/nowhere/at/all";
        let text = wrapped("  ", &format!("see {path} there"), Some(30));
        assert_eq!(text, format!("  see\n  {path}\n  there"));
    }
}
