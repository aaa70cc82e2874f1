//! `docs/man`: a man page for every command, named as man wants it.
//!
//! They are in the repository so that whoever packs the program for another machine, where it
//! cannot be run, finds them ready.

use clap_mangen::Man;

use super::commands::every;

/// The pages by their file names.
pub(super) fn pages() -> Vec<(String, String)> {
    every()
        .into_iter()
        .map(|(name, command)| {
            let name = name.replace(' ', "-");
            let mut page = Vec::new();
            Man::new(command.display_name(name.clone()).bin_name(name.replace('-', " ")))
                .manual("windrow")
                .render(&mut page)
                .expect("memory can be written");
            (format!("{name}.1"), String::from_utf8(page).expect("help is UTF-8"))
        })
        .collect()
}
