//! The packages in the tree, and the package rules of `deny.toml` that can be held offline.
//!
//! Bans: a heavy crate may be used only by the packages that its `wrappers` name. Sources: every
//! package comes from the public registry or from this workspace. Licences are in `licences`.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::finding::Finding;
use crate::run::{Program, root};

/// Every package of the resolved tree for this machine.
pub(super) struct Packages(pub(super) Vec<Package>);

/// One package.
pub(super) struct Package {
    pub(super) name: String,
    /// Relative to the root for the workspace's own.
    pub(super) manifest: String,
    /// The text of an own manifest.
    pub(super) toml: String,
    pub(super) license: Option<String>,
    pub(super) ours: bool,
    /// As declared.
    pub(super) dependencies: Vec<Dependency>,
    /// As resolved: the names of the packages it uses.
    pub(super) uses: Vec<String>,
}

/// A declared dependency.
#[derive(Deserialize)]
pub(super) struct Dependency {
    pub(super) name: String,
    /// `dev`, `build`, or nothing for a normal one.
    pub(super) kind: Option<String>,
}

impl Dependency {
    pub(super) fn is_dev(&self) -> bool {
        self.kind.as_deref() == Some("dev")
    }
}

impl Package {
    /// The line of the manifest that names a dependency; the first when none does.
    pub(super) fn line_of(&self, dependency: &str) -> usize {
        let names = |line: &str| {
            line.trim_start()
                .strip_prefix(dependency)
                .is_some_and(|rest| rest.starts_with([' ', '.', '=']))
        };
        self.toml.lines().position(names).map_or(1, |at| at + 1)
    }
}

impl Packages {
    /// The workspace's own packages.
    pub(super) fn ours(&self) -> impl Iterator<Item = &Package> {
        self.0.iter().filter(|package| package.ours)
    }

    /// Asks cargo. What only other platforms use is left out, so that this works offline.
    pub(super) fn load() -> Result<Self, String> {
        let version = Program::new("rustc", &["-vV"]).answer()?;
        let host = version
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .ok_or("`rustc -vV` names no host")?;
        let args =
            ["metadata", "--quiet", "--locked", "--format-version", "1", "--filter-platform", host];
        let answer = Program::new("cargo", &args).answer()?;
        let metadata: Metadata = serde_json::from_str(&answer)
            .map_err(|error| format!("failed to read what `cargo metadata` answered: {error}"))?;
        Ok(metadata.into_packages())
    }
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<RawPackage>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct RawPackage {
    id: String,
    name: String,
    license: Option<String>,
    source: Option<String>,
    manifest_path: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    dependencies: Vec<String>,
}

impl Metadata {
    fn into_packages(self) -> Packages {
        let names: HashMap<String, String> =
            self.packages.iter().map(|one| (one.id.clone(), one.name.clone())).collect();
        let mut uses: HashMap<String, Vec<String>> = self
            .resolve
            .nodes
            .into_iter()
            .map(|node| {
                (
                    node.id,
                    node.dependencies.iter().filter_map(|id| names.get(id).cloned()).collect(),
                )
            })
            .collect();
        let root = root();
        let own = |one: RawPackage| {
            let ours = one.source.is_none();
            let path = Path::new(&one.manifest_path);
            Package {
                uses: uses.remove(&one.id).unwrap_or_default(),
                manifest: path.strip_prefix(&root).unwrap_or(path).display().to_string(),
                toml: if ours {
                    fs::read_to_string(path).unwrap_or_default()
                } else {
                    String::new()
                },
                name: one.name,
                license: one.license,
                ours,
                dependencies: one.dependencies,
            }
        };
        Packages(self.packages.into_iter().map(own).collect())
    }
}

/// The part of `deny.toml` that tidy holds.
#[derive(Deserialize)]
pub(super) struct Deny {
    pub(super) licenses: Licenses,
    bans: Bans,
}

#[derive(Deserialize)]
pub(super) struct Licenses {
    /// SPDX expressions of one licence each, `WITH` its exception.
    pub(super) allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    wrappers: Vec<String>,
    reason: String,
}

impl Deny {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| format!("failed to read `deny.toml`: {error}"))
    }
}

/// Checks bans and sources.
pub(super) fn check(packages: &Packages, deny: &Deny, lock: &str) -> Vec<Finding> {
    let mut found = bans(packages, deny);
    found.extend(sources(lock));
    found
}

fn bans(packages: &Packages, deny: &Deny) -> Vec<Finding> {
    let mut found = Vec::new();
    for package in &packages.0 {
        for ban in &deny.bans.deny {
            if package.uses.contains(&ban.name) && !ban.wrappers.contains(&package.name) {
                let what = format!("`{}` uses `{}`: {}", package.name, ban.name, ban.reason);
                let at = package.line_of(&ban.name);
                let remedy = "use it through the room that wraps it, or change `bans` in deny.toml";
                found.push(Finding::new(&package.manifest, at, "bans", what).remedy(remedy));
            }
        }
    }
    found
}

fn sources(lock: &str) -> Vec<Finding> {
    const REGISTRY: &str = concat!("registry+https://github.com/rust-lang/crates", ".io-index");
    let mut found = Vec::new();
    for (at, line) in lock.lines().enumerate() {
        let Some(source) = line.strip_prefix("source = ") else { continue };
        if source.trim_matches('"') != REGISTRY {
            let what = format!("a package comes from {source}");
            let remedy = "take it from the public registry, or write the code here";
            found.push(Finding::new("Cargo.lock", at + 1, "sources", what).remedy(remedy));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, uses: &[&str]) -> Package {
        Package {
            name: name.to_owned(),
            manifest: format!("crates/{name}/Cargo.toml"),
            toml: "[dependencies]\nserde.workspace = true\nheavy-extra = \"1\"\nheavy = \"1\"\n"
                .to_owned(),
            license: None,
            ours: true,
            dependencies: Vec::new(),
            uses: uses.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    #[test]
    fn only_its_wrappers_may_use_a_banned_crate() {
        let deny = Deny::parse(
            "[licenses]\nallow = []\n[bans]\ndeny = [{ crate = \"heavy\", wrappers = [\"a\"], reason = \"r\" }]\n",
        )
        .expect("the sample is well-formed");
        let packages =
            Packages(vec![package("a", &["heavy"]), package("b", &["heavy"]), package("c", &[])]);
        let found = check(&packages, &deny, "");
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].path.as_str(), found[0].line), ("crates/b/Cargo.toml", 4));
    }

    #[test]
    fn a_package_from_elsewhere_is_named() {
        let lock = "name = \"x\"\nsource = \"git+https://example.org/x#abc\"\n";
        let found = sources(lock);
        assert_eq!((found.len(), found[0].line), (1, 2));
        assert!(
            sources(concat!(
                "source = \"registry+https://github.com/rust-lang/crates",
                ".io-index\"\n"
            ))
            .is_empty()
        );
    }
}
