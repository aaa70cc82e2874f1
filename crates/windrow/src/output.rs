//! What is written for people and programs: the one place that prints.
//!
//! Standard output carries the answer, standard error the narration. A reader that went away is a
//! quiet success. Colour only repeats what a word beside it says.

use std::io::{self, BufRead, IsTerminal as _, Write as _};

use rustix::termios::tcgetwinsize;
use serde::Serialize;
use windrow_api::ExitKind;

use crate::env::Env;
use crate::error::CliError;

/// How many of many things a line names.
const LISTED: usize = 10;

/// In which form an answer is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

/// When colour is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[cfg_attr(test, derive(serde::Serialize, schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub(crate) enum Colour {
    /// On a terminal that can.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How something is painted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paint {
    /// Good.
    Green,
    /// Needs a look.
    Yellow,
    /// Bad.
    Red,
    /// More important.
    Bold,
}

/// Where and how to write.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    columns: Option<usize>,
    plain: bool,
    dumb: bool,
    unattended: bool,
    colour: Colour,
}

impl Output {
    pub(crate) fn new(env: &Env, colour: Colour) -> Self {
        Self {
            columns: env.columns(),
            plain: env.plain(),
            dumb: env.dumb(),
            unattended: env.unattended(),
            colour,
        }
    }

    /// Writes a part of the answer and ends its line.
    pub(crate) fn answer(&self, text: &str) -> Result<(), CliError> {
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        self.bytes(format!("{text}{end}").as_bytes())
    }

    /// Writes a part of the answer as it is.
    #[expect(clippy::unused_self, reason = "writing is only for who was given the output")]
    pub(crate) fn bytes(&self, bytes: &[u8]) -> Result<(), CliError> {
        let mut out = io::stdout().lock();
        out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| {
            if error.kind() == io::ErrorKind::BrokenPipe {
                CliError::nobody_reads()
            } else {
                CliError::new(ExitKind::World, format!("failed to write the answer: {error}"))
            }
        })
    }

    /// Writes the answer as JSON over several lines.
    pub(crate) fn json<T: Serialize>(&self, value: &T) -> Result<(), CliError> {
        self.answer(&serde_json::to_string_pretty(value).map_err(|e| CliError::world(&e))?)
    }

    /// Writes one JSON value on one line.
    pub(crate) fn json_line<T: Serialize>(&self, value: &T) -> Result<(), CliError> {
        self.answer(&serde_json::to_string(value).map_err(|e| CliError::world(&e))?)
    }

    /// Writes JSON values, one a line, in one piece.
    pub(crate) fn json_lines<T: Serialize>(&self, values: &[T]) -> Result<(), CliError> {
        let lines = values.iter().map(|value| serde_json::to_string(value).map(|line| line + "\n"));
        let lines: String = lines.collect::<Result<_, _>>().map_err(|e| CliError::world(&e))?;
        self.answer(&lines)
    }

    /// Says something about what goes on, on standard error.
    pub(crate) fn say(&self, text: &str) {
        self.narrate(&format!("{text}\n"));
    }

    /// Writes to standard error as it is.
    #[expect(clippy::unused_self, reason = "writing is only for who was given the output")]
    pub(crate) fn narrate(&self, text: &str) {
        let mut err = io::stderr().lock();
        let _nobody_listens = err.write_all(text.as_bytes()).and_then(|()| err.flush());
    }

    /// How wide lines of the answer may be; nothing when they may be of any length.
    pub(crate) fn width(&self) -> Option<usize> {
        self.columns.or_else(|| columns(tcgetwinsize(io::stdout())))
    }

    /// Whether the answer goes to a terminal.
    #[expect(clippy::unused_self, reason = "writing is only for who was given the output")]
    pub(crate) fn is_read_by_a_person(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// Width and height of the terminal for live output, when there is one that can redraw.
    pub(crate) fn live(&self) -> Option<(usize, usize)> {
        if self.dumb || self.unattended || !io::stderr().is_terminal() {
            return None;
        }
        let size = tcgetwinsize(io::stderr()).ok()?;
        let (width, height) = (usize::from(size.ws_col), usize::from(size.ws_row));
        (width > 0 && height > 0).then_some((self.columns.unwrap_or(width).min(width), height))
    }

    /// Whether somebody is there to answer a question.
    pub(crate) fn attended(&self) -> bool {
        !self.unattended && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks a question that is answered with yes or no; silence is no.
    pub(crate) fn confirm(&self, question: &str) -> bool {
        ask(question, io::stdin().lock(), |text| self.narrate(text))
    }

    /// Paints text on standard output, where that is wanted.
    pub(crate) fn paint(&self, paint: Paint, text: &str) -> String {
        self.paint_if(io::stdout().is_terminal(), paint, text)
    }

    /// Paints text on standard error, where that is wanted.
    pub(crate) fn paint_err(&self, paint: Paint, text: &str) -> String {
        self.paint_if(io::stderr().is_terminal(), paint, text)
    }

    fn paint_if(&self, terminal: bool, paint: Paint, text: &str) -> String {
        let wanted = match self.colour {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => terminal && !self.plain,
        };
        if wanted { painted(paint, text) } else { text.to_owned() }
    }
}

fn ask(question: &str, mut input: impl BufRead, say: impl Fn(&str)) -> bool {
    say(&format!("{question} [y/N] "));
    let mut line = String::new();
    let read = input.read_line(&mut line).is_ok();
    if !line.ends_with('\n') {
        // Nobody ended the line of the question: what follows begins on one of its own.
        say("\n");
    }
    read && matches!(line.trim().to_lowercase().as_str(), "y" | "yes")
}

/// Text from outside on one line: what would steer a terminal is shown as a replacement.
pub(crate) fn one_line(text: &str) -> String {
    let steers = |c: char| {
        // Beside control characters: the marks that reorder or hide what follows them.
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars()
        .map(|c| match c {
            '\n' | '\r' | '\t' => ' ',
            c if steers(c) && c != '\u{200d}' => '\u{fffd}',
            c => c,
        })
        .collect()
}

/// The first few of many.
pub(crate) fn listed(items: &[String], between: &str) -> String {
    let text = items.iter().take(LISTED).cloned().collect::<Vec<_>>().join(between);
    match items.len().saturating_sub(LISTED) {
        0 => text,
        more => format!("{text}{between}and {more} more"),
    }
}

/// Text from outside on several lines, without what would steer a terminal.
pub(crate) fn lines(text: &str) -> String {
    text.lines().map(|line| one_line(line) + "\n").collect()
}

fn painted(paint: Paint, text: &str) -> String {
    let code = match paint {
        Paint::Green => "32",
        Paint::Yellow => "33",
        Paint::Red => "31",
        Paint::Bold => "1",
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}

fn columns(size: rustix::io::Result<rustix::termios::Winsize>) -> Option<usize> {
    size.ok().map(|size| usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_cannot_steer_the_terminal() {
        assert_eq!(one_line("a\x1b[2Jb\nc\u{202e}d"), "a\u{fffd}[2Jb c\u{fffd}d");
        assert_eq!(one_line("ok 🚀 é"), "ok 🚀 é");
    }

    #[test]
    fn a_question_nobody_answers_is_no_and_ends_its_line() {
        let asked = |input: &str| {
            let said = std::cell::RefCell::new(String::new());
            let yes = ask("Go on?", input.as_bytes(), |text| said.borrow_mut().push_str(text));
            (yes, said.into_inner())
        };
        assert_eq!(asked(""), (false, "Go on? [y/N] \n".to_owned()));
        assert_eq!(asked("y"), (true, "Go on? [y/N] \n".to_owned()));
        // Who ends the line at a terminal sees its end there.
        assert_eq!(asked("Yes\n"), (true, "Go on? [y/N] ".to_owned()));
        assert_eq!(asked("nope\n"), (false, "Go on? [y/N] ".to_owned()));
    }

    #[test]
    fn no_colour_is_the_person_s_word_unless_always() {
        let output =
            |colour, plain| Output { columns: None, plain, dumb: false, unattended: false, colour };
        assert_eq!(output(Colour::Auto, true).paint_if(true, Paint::Red, "x"), "x");
        assert_eq!(output(Colour::Auto, false).paint_if(false, Paint::Red, "x"), "x");
        assert_ne!(output(Colour::Auto, false).paint_if(true, Paint::Red, "x"), "x");
        assert_ne!(output(Colour::Always, true).paint_if(false, Paint::Red, "x"), "x");
        assert_eq!(output(Colour::Never, false).paint_if(true, Paint::Red, "x"), "x");
    }
}
