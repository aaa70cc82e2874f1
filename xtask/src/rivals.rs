//! `cargo xtask rivals`: the tools that windrow is compared with, installed for the benches alone.
//!
//! Pinned, so that the same figures can be had again, and below `target`, so that nothing of the
//! machine's own is touched.

use crate::run::{Program, root, say};

/// Package, version, program, and what it is built with. These build with the compiler that
/// `rust-version` names; the first is left without what colours source code.
const RIVALS: &[(&str, &str, &str, &[&str])] = &[
    ("worktrunk", "0.67.0", "wt", &["--no-default-features", "--features", "cli"]),
    ("workmux", "0.1.278", "workmux", &[]),
];

/// Installs what is missing.
pub(crate) fn install() -> Result<(), String> {
    let house = root().join("target/rivals");
    for (package, version, program, features) in RIVALS {
        let path = house.join("bin").join(program);
        let there = path.is_file()
            && Program::new(&path, &["--version"])
                .answer()
                .is_ok_and(|said| said.split_whitespace().any(|word| is_version(word, version)));
        if there {
            continue;
        }
        say(&format!("installing {package} {version} below target/rivals"));
        let folder = house.to_string_lossy().into_owned();
        let args = ["install", "-q", "--locked", "--root", &folder, "--version", version, package];
        Program::new("cargo", &[&args[..], features].concat()).shown()?;
    }
    Ok(())
}

fn is_version(word: &str, version: &str) -> bool {
    word.trim_start_matches('v') == version
}
