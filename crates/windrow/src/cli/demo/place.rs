//! The folder of a demo: a repository, a home for windrow, and a way to call it there.

use std::fs::{self, File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use windrow_world::files;

use super::super::scratch::{Scratch, quoted, world};
use crate::context::Context;
use crate::error::CliError;

/// The task list.
pub(super) const TASKS: &str = "TASKS.md";

/// The gate, as windrow.toml has it.
pub(super) const GATE: &str = "sh check.sh";

/// The repository's files.
const FILES: &[(&str, &str)] = &[
    ("README.md", include_str!("bakery/README.md")),
    (TASKS, include_str!("bakery/TASKS.md")),
    ("windrow.toml", include_str!("bakery/windrow.toml")),
    ("check.sh", include_str!("bakery/check.sh")),
    ("menu.txt", include_str!("bakery/menu.txt")),
    ("sign.txt", include_str!("bakery/sign.txt")),
    ("workers/hours.sh", include_str!("bakery/workers/hours.sh")),
    ("workers/address.sh", include_str!("bakery/workers/address.sh")),
    ("workers/drinks.sh", include_str!("bakery/workers/drinks.sh")),
    ("workers/oven.sh", include_str!("bakery/workers/oven.sh")),
    ("workers/way.sh", include_str!("bakery/workers/way.sh")),
];

/// The folder of one demo; it stays when this goes.
#[derive(Debug)]
pub(super) struct Place {
    scratch: Scratch,
}

impl Place {
    /// Makes the folder and everything in it.
    pub(super) fn make() -> Result<Self, CliError> {
        let scratch = Scratch::make("demo", "bakery")?;
        fs::create_dir_all(scratch.repository().join("workers")).map_err(world)?;
        for (name, text) in FILES {
            files::replace(&scratch.repository().join(name), text.as_bytes())?;
        }
        scratch.commit_all("Open the bakery")?;
        let mut place = Self { scratch };
        place.caller()?;
        // Nothing failed, so from here on it is the person's.
        place.scratch.keep();
        Ok(place)
    }

    /// The folder.
    pub(super) fn root(&self) -> &Path {
        self.scratch.root()
    }

    /// The repository.
    pub(super) fn repository(&self) -> &Path {
        self.scratch.repository()
    }

    /// The program that calls windrow with this place's home.
    pub(super) fn program(&self) -> PathBuf {
        self.root().join("windrow")
    }

    /// What commands here start from: the demo's home and repository, none of the person's settings.
    pub(super) fn context(&self, outer: &Context) -> Context {
        self.scratch.context(outer)
    }

    /// Runs git in the repository as a person would; what it said, without white space at the end.
    pub(super) fn git<const N: usize>(&self, args: [&str; N]) -> Result<String, CliError> {
        self.scratch.git(args)
    }

    /// Stops what still runs and the daemon, and waits until all of it is gone.
    pub(super) fn stop(&self, inside: &Context) -> Result<(), CliError> {
        self.scratch.stop(inside)
    }

    /// Removes the folder.
    pub(super) fn remove(&self) -> Result<(), CliError> {
        self.scratch.remove()
    }

    /// Writes the program that calls windrow with this place's home.
    fn caller(&self) -> Result<(), CliError> {
        let windrow = std::env::current_exe().map_err(world)?;
        let (home, windrow) = (quoted(&self.scratch.home())?, quoted(&windrow)?);
        let text = format!(
            "#!/bin/sh\n# windrow as the demo ran it.\nWINDROW_HOME={home} exec {windrow} \"$@\"\n"
        );
        let path = self.program();
        let mut file = File::create_new(&path).map_err(world)?;
        file.write_all(text.as_bytes()).map_err(world)?;
        fs::set_permissions(&path, Permissions::from_mode(0o755)).map_err(world)
    }
}
