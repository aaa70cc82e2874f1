//! A terminal that a test looks at: what a program shows there, and what is typed.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Write as _};
use std::process::Child;

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::env::TestEnv;
use crate::patience::{patiently, wait_until};

/// A program on a terminal of its own.
#[derive(Debug)]
pub struct Terminal {
    /// The side of the person.
    person: File,
    child: Child,
    shown: Vec<u8>,
}

impl TestEnv {
    /// Starts windrow in the repository on a terminal of that size.
    #[must_use]
    pub fn on_terminal<A: AsRef<str>>(&self, (columns, rows): (u16, u16), args: &[A]) -> Terminal {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let person = openpt(flags).unwrap();
        grantpt(&person).unwrap();
        unlockpt(&person).unwrap();
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&person, size).unwrap();
        let name = ptsname(&person, Vec::new()).unwrap();
        let program = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        fcntl_setfl(&person, OFlags::RDWR | OFlags::NONBLOCK).unwrap();
        let call = self.command(self.repo().path(), args).env("TERM", "xterm");
        let input = program.try_clone().unwrap().into();
        let child = call.start_on(input, Some(&program)).unwrap();
        Terminal { person: person.into(), child, shown: Vec::new() }
    }
}

impl Terminal {
    /// Waits until a text was shown.
    #[track_caller]
    pub fn shows(&mut self, text: &str) {
        let what = format!("the terminal shows `{text}`");
        if patiently(crate::patience::PATIENCE, || self.look().contains(text).then_some(()))
            .is_none()
        {
            panic!("waited in vain until {what}:\n{}", self.look());
        }
    }

    /// Types a text.
    pub fn types(&mut self, text: &str) {
        self.person.write_all(text.as_bytes()).unwrap();
    }

    /// Waits for the end; the exit code and everything that was shown, control characters included.
    #[track_caller]
    pub fn end(mut self) -> (i32, String) {
        wait_until("the program on the terminal ends", || {
            self.look();
            self.child.try_wait().unwrap().is_some()
        });
        let status = self.child.wait().unwrap();
        (status.code().unwrap_or(-1), self.look())
    }

    /// Everything that was shown so far.
    fn look(&mut self) -> String {
        let mut part = [0; 4096];
        loop {
            match self.person.read(&mut part) {
                Ok(0) => break,
                Ok(read) => self.shown.extend_from_slice(&part[..read]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Nothing new; or nobody has the other side any more, which reads as an error.
                Err(_) => break,
            }
        }
        String::from_utf8_lossy(&self.shown).replace('\r', "")
    }
}
