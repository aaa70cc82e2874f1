//! Lines that are redrawn in place.
//!
//! Each redraw is one write: up to where the last one began, every line over the old one, the rest
//! cleared. A terminal that knows synchronized updates shows it at once; others ignore the marks.

use crate::render::width_of;

/// What stands on the screen now.
#[derive(Debug, Default)]
pub(crate) struct Screen {
    shown: Vec<usize>,
}

impl Screen {
    /// What to write so that these lines take the place of the last ones.
    pub(crate) fn redraw(&mut self, lines: &[String], width: usize) -> String {
        let mut text = String::from("\x1b[?2026h");
        text.push_str(&self.up(width));
        for line in lines {
            text.push_str(line);
            text.push_str("\x1b[K\r\n");
        }
        text.push_str("\x1b[J\x1b[?2026l");
        self.shown = lines.iter().map(|line| width_of(line)).collect();
        text
    }

    /// What to write so that nothing of it is left.
    pub(crate) fn clear(&mut self, width: usize) -> String {
        let text = self.up(width) + "\x1b[J";
        self.shown.clear();
        text
    }

    /// To the start of what is shown; lines that a narrower terminal broke count as several.
    fn up(&self, width: usize) -> String {
        let rows: usize = self.shown.iter().map(|len| len.div_ceil(width.max(1)).max(1)).sum();
        if rows == 0 { String::new() } else { format!("\r\x1b[{rows}A") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_picture_covers_the_last_one() {
        let mut screen = Screen::default();
        let lines = ["one".to_owned(), "a longer line".to_owned()];
        let first = screen.redraw(&lines, 80);
        assert_eq!(first, "\x1b[?2026hone\x1b[K\r\na longer line\x1b[K\r\n\x1b[J\x1b[?2026l");
        assert!(screen.redraw(&lines, 80).contains("\x1b[2A"));
        // The second line takes three rows of a terminal that became five columns wide.
        assert!(screen.redraw(&lines, 5).contains("\x1b[4A"));
        assert_eq!(screen.clear(80), "\r\x1b[2A\x1b[J");
        assert_eq!(screen.clear(80), "\x1b[J");
    }
}
