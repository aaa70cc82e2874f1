//! `cargo xtask clients install`: real agent clients, installed for the tests alone.
//!
//! Pinned to the version that the adapters were written for and recorded from, and below `target`,
//! so that nothing of the machine's own is touched. They come from the npm registry, however `npm`
//! is set up to reach one. Only the packages with the native programs are installed: those run
//! without Node, and nothing of a package is run while it is installed.

use std::env::consts::{ARCH, OS};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::run::{Program, root, say};

/// A client.
struct Client {
    /// What its program is called below `target/clients/bin`.
    name: &'static str,
    version: &'static str,
    /// The package for a platform, such as `linux-x64`.
    package: fn(&str, &str) -> String,
    /// The program, below `node_modules`; `*` is any one folder.
    program: fn(&str) -> String,
}

const CLIENTS: &[Client] = &[
    Client {
        name: "claude",
        version: "2.1.329",
        package: |platform, version| format!("@anthropic-ai/claude-code-{platform}@{version}"),
        program: |platform| format!("@anthropic-ai/claude-code-{platform}/claude"),
    },
    Client {
        name: "codex",
        version: "0.169.0",
        package: |platform, version| format!("@openai/codex@{version}-{platform}"),
        program: |_| "@openai/codex/vendor/*/bin/codex".to_owned(),
    },
];

/// Installs what is missing; a second call finds everything there and does nothing.
pub(crate) fn install() -> Result<(), String> {
    let platform = platform()?;
    let house = root().join("target/clients");
    let stamp = house.join("stamp");
    let wanted = wanted(&platform);
    let there = |client: &Client| house.join("bin").join(client.name).is_file();
    if fs::read_to_string(&stamp).is_ok_and(|text| text == wanted) && CLIENTS.iter().all(there) {
        return Ok(());
    }
    for tool in ["node", "npm"] {
        if !Program::new(tool, &["--version"]).works() {
            return Err(missing(tool));
        }
    }
    say("xtask: installing agent clients below target/clients; this happens once");
    fs::create_dir_all(house.join("bin")).map_err(|error| failed("make", &house, &error))?;
    let folder = house.to_string_lossy().into_owned();
    let packages = CLIENTS.iter().map(|client| (client.package)(&platform, client.version));
    let packages: Vec<String> = packages.collect();
    let mut args = vec!["install", "--prefix", &folder, "--ignore-scripts", "--no-audit"];
    args.extend(["--no-fund", "--no-package-lock", "--loglevel", "error"]);
    args.extend(packages.iter().map(String::as_str));
    Program::new("npm", &args).shown()?;
    for client in CLIENTS {
        link(&house, client, &platform)?;
    }
    write(&stamp, &wanted).map_err(|error| failed("write", &stamp, &error))
}

#[expect(clippy::disallowed_methods, reason = "a stamp cut short is written anew by the next call")]
fn write(stamp: &Path, text: &str) -> std::io::Result<()> {
    fs::write(stamp, text)
}

fn missing(tool: &str) -> String {
    format!(
        "failed to install the agent clients: there is no `{tool}` on PATH; install Node 20 or \
         newer with npm (https://nodejs.org), or run the tests without them: they say that they \
         were skipped"
    )
}

/// What the stamp says when everything is as it should be.
fn wanted(platform: &str) -> String {
    let lines =
        CLIENTS.iter().map(|client| format!("{} {} {platform}\n", client.name, client.version));
    lines.collect()
}

/// The platform as the packages call it.
fn platform() -> Result<String, String> {
    let system = match OS {
        "linux" => "linux",
        "macos" => "darwin",
        other => return Err(format!("there are no agent clients for {other}")),
    };
    let machine = match ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => return Err(format!("there are no agent clients for {other}")),
    };
    Ok(format!("{system}-{machine}"))
}

/// Puts a client's program where the tests look for it, and makes sure that it is the right one.
fn link(house: &Path, client: &Client, platform: &str) -> Result<(), String> {
    let within = house.join("node_modules");
    let program = (client.program)(platform);
    let found = find(&within, &program)
        .ok_or_else(|| format!("the package of {} has no `{program}`", client.name))?;
    let said = Program::new(&found, &["--version"]).answer()?;
    if !said.contains(client.version) {
        let (name, version) = (client.name, client.version);
        return Err(format!("{name} is to be {version} and says `{}`", said.trim()));
    }
    let link = house.join("bin").join(client.name);
    match fs::remove_file(&link) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(failed("replace", &link, &error));
        }
        Ok(()) | Err(_) => {}
    }
    symlink(&found, &link).map_err(|error| failed("make", &link, &error))
}

/// The file of that path below a folder, where one folder in it may be called anything.
fn find(within: &Path, path: &str) -> Option<PathBuf> {
    let Some((before, after)) = path.split_once("*/") else {
        return Some(within.join(path)).filter(|path| path.is_file());
    };
    let folders = fs::read_dir(within.join(before)).ok()?.flatten();
    folders.map(|folder| folder.path().join(after)).find(|path| path.is_file())
}

fn failed(act: &str, path: &Path, error: &std::io::Error) -> String {
    format!("failed to {act} `{}`: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_named_with_its_exact_version() {
        let named: Vec<String> =
            CLIENTS.iter().map(|client| (client.package)("linux-x64", client.version)).collect();
        for package in named {
            let (_, version) = package.rsplit_once('@').expect("a version");
            assert!(version.starts_with(|c: char| c.is_ascii_digit()), "{package}");
            assert!(!version.contains(['^', '~', '*', '>', '<']), "{package}");
        }
    }

    #[test]
    fn a_program_is_found_below_a_folder_of_any_name() {
        let own = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert_eq!(find(own, "*/main.rs"), Some(own.join("src/main.rs")));
        assert_eq!(find(own, "src/main.rs"), Some(own.join("src/main.rs")));
        assert_eq!(find(own, "*/no-such-file"), None);
    }

    #[test]
    fn what_is_missing_is_named_with_what_helps() {
        assert!(missing("npm").contains("no `npm` on PATH; install Node"));
    }
}
