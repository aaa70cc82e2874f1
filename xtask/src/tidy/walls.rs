//! Walls between rooms: each crate's dependencies against the floor plan.
//!
//! Dev-dependencies may add the testkit and any outside crate; everything else obeys the row. Every
//! room is under the workspace's lints.

use super::finding::Finding;
use super::packages::{Dependency, Package, Packages};
use super::rooms::{Outside, ROOMS, Room, TESTKIT};

const RULE: &str = "walls";

/// Compares every package of the workspace with its row.
pub(super) fn check(packages: &Packages) -> Vec<Finding> {
    let mut found = Vec::new();
    for package in packages.ours() {
        if !package.toml.contains("\n[lints]\nworkspace = true\n") {
            let remedy = "write `[lints]` and `workspace = true` into its manifest";
            let what = format!("`{}` is not under the workspace's lints", package.name);
            found.push(Finding::new(&package.manifest, 1, RULE, what).remedy(remedy));
        }
        let Some(room) = ROOMS.iter().find(|room| room.name == package.name) else {
            let what = format!("`{}` has no row in the floor plan", package.name);
            let remedy = "add it to xtask/src/tidy/rooms.rs, or put its code into a room there is";
            found.push(Finding::new(&package.manifest, 1, RULE, what).remedy(remedy));
            continue;
        };
        found.extend(
            package.dependencies.iter().filter_map(|one| judge(packages, package, room, one)),
        );
    }
    found
}

fn judge(packages: &Packages, own: &Package, room: &Room, one: &Dependency) -> Option<Finding> {
    let name = one.name.as_str();
    let inside = packages.ours().any(|package| package.name == name);
    let (right, remedy) = if inside {
        let dev_only = one.is_dev() && (name == TESTKIT || name == own.name);
        let remedy = if room.may.is_empty() {
            "pass what it needs as plain data: this room uses no other".to_owned()
        } else {
            format!("go through what it may use: {}", room.may.join(", "))
        };
        (dev_only || room.may.contains(&name), remedy)
    } else if one.is_dev() {
        return None;
    } else {
        match room.outside {
            Outside::Only(list) => (
                list.contains(&name),
                "do it in another room; a crate that only computes may join xtask/src/tidy/rooms.rs"
                    .to_owned(),
            ),
            Outside::Never(list) => {
                (!list.contains(&name), "do it in the room that owns this crate".to_owned())
            }
        }
    };
    let what = format!("`{}` may not use `{name}`", own.name);
    (!right).then(|| Finding::new(&own.manifest, own.line_of(name), RULE, what).remedy(remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, dependencies: &[(&str, Option<&str>)]) -> Package {
        let lines: Vec<String> = dependencies.iter().map(|(n, _)| format!("{n} = \"1\"")).collect();
        Package {
            name: name.to_owned(),
            manifest: format!("crates/{name}/Cargo.toml"),
            toml: format!("\n[lints]\nworkspace = true\n[dependencies]\n{}\n", lines.join("\n")),
            license: Some("MIT".to_owned()),
            ours: true,
            uses: Vec::new(),
            dependencies: dependencies
                .iter()
                .map(|(name, kind)| Dependency {
                    name: (*name).to_owned(),
                    kind: kind.map(str::to_owned),
                })
                .collect(),
        }
    }

    fn found(packages: Vec<Package>) -> Vec<String> {
        let found = check(&Packages(packages));
        found.iter().map(|f| format!("{}:{} {}", f.path, f.line, f.what)).collect()
    }

    #[test]
    fn a_lower_room_may_not_use_a_higher_one() {
        let packages = vec![
            package("windrow-core", &[("serde", None), ("windrow-world", None)]),
            package("windrow-world", &[("windrow-core", None)]),
        ];
        assert_eq!(
            found(packages),
            ["crates/windrow-core/Cargo.toml:6 `windrow-core` may not use `windrow-world`"]
        );
    }

    #[test]
    fn core_takes_only_what_computes_and_the_engine_no_window() {
        let packages = vec![
            package("windrow-core", &[("tokio", None), ("proptest", Some("dev"))]),
            package("windrow-engine", &[("clap", None), ("tokio", None)]),
        ];
        let found = found(packages);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("`tokio`") && found[1].contains("`clap`"));
    }

    #[test]
    fn the_testkit_is_for_tests_and_tests_obey_the_walls() {
        let packages = vec![
            package("windrow-testkit", &[]),
            package("windrow-journal", &[]),
            package("windrow-world", &[("windrow-testkit", None)]),
            package(
                "windrow-api",
                &[("windrow-testkit", Some("dev")), ("windrow-journal", Some("dev"))],
            ),
        ];
        let found = found(packages);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("`windrow-world` may not use `windrow-testkit`"));
        assert!(found[1].contains("`windrow-api` may not use `windrow-journal`"));
    }

    #[test]
    fn a_build_dependency_obeys_the_walls() {
        assert_eq!(found(vec![package("windrow-core", &[("cc", Some("build"))])]).len(), 1);
    }

    #[test]
    fn a_room_outside_the_lints_is_named() {
        let bare = Package { toml: "[dependencies]\n".to_owned(), ..package("windrow-api", &[]) };
        assert!(found(vec![bare])[0].contains("lints"));
    }

    #[test]
    fn a_crate_without_a_row_is_named() {
        assert!(found(vec![package("windrow-extra", &[])])[0].contains("no row"));
    }
}
