//! Columns of text that fit the width there is.
//!
//! One column may be cut short; when even that is not enough, columns go, the least important
//! first. Without a width nothing is cut.

use unicode_width::UnicodeWidthChar as _;
use unicode_width::UnicodeWidthStr as _;

/// Below this the column that may be cut says nothing any more.
const LEAST: usize = 20;

/// Between two columns.
const GAP: &str = "  ";

/// The head of a column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    /// Its title.
    pub(crate) title: &'static str,
    /// Columns with a higher number go first when there is no room; those with 0 stay.
    pub(crate) goes: u8,
}

/// Rows below titles.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    columns: Vec<Column>,
    /// The column that may be cut.
    flexible: usize,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table; the column at `flexible` is cut first.
    pub(crate) fn new(columns: &[Column], flexible: usize) -> Self {
        Self { columns: columns.to_vec(), flexible, rows: Vec::new() }
    }

    /// Adds a row with one cell for each column.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The lines of the table, titles first, none wider than `width`.
    pub(crate) fn lines(&self, width: Option<usize>) -> Vec<String> {
        let mut shown: Vec<usize> = (0..self.columns.len()).collect();
        shown.retain(|at| self.rows.iter().any(|row| row.get(*at).is_some_and(|c| !c.is_empty())));
        let mut widths: Vec<usize> = (0..self.columns.len()).map(|at| self.widest(at)).collect();
        if let Some(width) = width {
            self.fit(width, &mut shown, &mut widths);
        }
        let titles = self.columns.iter().map(|column| column.title.to_owned()).collect();
        std::iter::once(&titles).chain(&self.rows).map(|row| line(row, &shown, &widths)).collect()
    }

    /// The whole table, ending with a line end.
    pub(crate) fn render(&self, width: Option<usize>) -> String {
        self.lines(width).join("\n") + "\n"
    }

    fn widest(&self, at: usize) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.get(at)).map(|cell| width_of(cell));
        let title = self.columns.get(at).map_or(0, |column| width_of(column.title));
        cells.max().unwrap_or(0).max(title)
    }

    fn fit(&self, width: usize, shown: &mut Vec<usize>, widths: &mut [usize]) {
        loop {
            let gaps = GAP.len() * shown.len().saturating_sub(1);
            let others = shown.iter().filter(|at| **at != self.flexible);
            let fixed = gaps + others.filter_map(|at| widths.get(*at)).sum::<usize>();
            let room = width.saturating_sub(fixed);
            let Some(flexible) = widths.get_mut(self.flexible) else { return };
            if *flexible <= room || room >= LEAST {
                *flexible = (*flexible).min(room);
                return;
            }
            let goes = |at: &usize| self.columns.get(*at).map_or(0, |column| column.goes);
            let Some(last) = shown.iter().copied().filter(|at| goes(at) > 0).max_by_key(goes)
            else {
                *flexible = room.max(LEAST / 2);
                return;
            };
            shown.retain(|at| *at != last);
        }
    }
}

fn line(row: &[String], shown: &[usize], widths: &[usize]) -> String {
    let mut text = String::new();
    for (n, at) in shown.iter().enumerate() {
        let (Some(cell), Some(width)) = (row.get(*at), widths.get(*at)) else { continue };
        if n > 0 {
            text.push_str(GAP);
        }
        let cell = cut(cell, *width);
        text.push_str(&cell);
        let missing = width.saturating_sub(width_of(&cell));
        text.extend(std::iter::repeat_n(' ', missing));
    }
    text.truncate(text.trim_end().len());
    text
}

/// How many columns a text takes.
pub(crate) fn width_of(text: &str) -> usize {
    text.width()
}

/// The text in at most `width` columns, with dots where something is missing.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if width_of(text) <= width {
        return text.to_owned();
    }
    let dots = if width > 3 { "..." } else { "" };
    let mut left = width - dots.len();
    let mut short = String::new();
    for c in text.chars() {
        let wide = c.width().unwrap_or(0);
        if wide > left {
            break;
        }
        left -= wide;
        short.push(c);
    }
    short.truncate(short.trim_end().len());
    short + dots
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let column = |title, goes| Column { title, goes };
        let mut table = Table::new(
            &[column("ID", 0), column("TITLE", 0), column("BRANCH", 2), column("TRY", 1)],
            1,
        );
        let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
        table.row(row(["t-1", "Add a clock to the tower", "windrow/add-a-clock", "1"]));
        table.row(row(["t-10", "日本語の鐘を直す", "windrow/t-10", ""]));
        table
    }

    #[test]
    fn without_a_width_everything_is_shown() {
        let expected = "\
ID    TITLE                     BRANCH               TRY
t-1   Add a clock to the tower  windrow/add-a-clock  1
t-10  日本語の鐘を直す          windrow/t-10
";
        assert_eq!(table().render(None), expected);
    }

    #[test]
    fn the_flexible_column_is_cut_and_then_the_least_important_goes() {
        let expected = "\
ID    TITLE                  TRY
t-1   Add a clock to the...  1
t-10  日本語の鐘を直す
";
        assert_eq!(table().render(Some(32)), expected);
        for width in 20..80 {
            for line in table().lines(Some(width)) {
                assert!(width_of(&line) <= width, "{width}: {line}");
            }
        }
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdef", 5), "ab...");
        assert_eq!(cut("日本語", 5), "日...");
        assert_eq!(cut("abc", 2), "ab");
    }
}
