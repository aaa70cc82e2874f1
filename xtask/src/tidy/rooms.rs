//! The floor plan: which room may use which, and what it may take from outside.
//!
//! A new crate needs a row here. It is justified only by a dependency to forbid or a heavy one to
//! separate.

/// One row of the plan.
pub(super) struct Room {
    pub(super) name: &'static str,
    /// The rooms it may use.
    pub(super) may: &'static [&'static str],
    pub(super) outside: Outside,
}

/// What a room may take from outside.
pub(super) enum Outside {
    /// Only these.
    Only(&'static [&'static str]),
    /// Anything but these.
    Never(&'static [&'static str]),
}

const CORE: &str = "windrow-core";
const JOURNAL: &str = "windrow-journal";
const WORLD: &str = "windrow-world";
const API: &str = "windrow-api";
const ENGINE: &str = "windrow-engine";
const TUI: &str = "windrow-tui";
const HTTP: &str = "windrow-http";
const MCP: &str = "windrow-mcp";

/// The cellar: never shipped, so only a dev-dependency.
pub(super) const TESTKIT: &str = "windrow-testkit";

/// Every room, from the ground up.
pub(super) const ROOMS: &[Room] = &[
    Room { name: CORE, may: &[], outside: Outside::Only(PURE) },
    Room { name: JOURNAL, may: &[CORE], outside: Outside::Never(&["clap", "axum", "ratatui"]) },
    Room { name: WORLD, may: &[CORE], outside: Outside::Never(&["clap", "rusqlite", "tokio"]) },
    Room { name: API, may: &[CORE], outside: Outside::Never(&["clap", "rusqlite", "git2", "gix"]) },
    Room { name: ENGINE, may: &[CORE, JOURNAL, WORLD, API], outside: Outside::Never(WINDOWS) },
    Room { name: TUI, may: &[API], outside: Outside::Never(&["axum", "rmcp", "clap"]) },
    Room { name: HTTP, may: &[API], outside: Outside::Never(&["ratatui", "rmcp", "clap"]) },
    Room { name: MCP, may: &[API], outside: Outside::Never(&["ratatui", "axum", "clap"]) },
    Room {
        name: "windrow",
        may: &[CORE, JOURNAL, WORLD, API, ENGINE, TUI, HTTP, MCP],
        outside: Outside::Never(&[]),
    },
    Room {
        name: TESTKIT,
        may: &[CORE, JOURNAL, WORLD, API, ENGINE, TUI, HTTP, MCP],
        outside: Outside::Never(&[]),
    },
    Room { name: "xtask", may: &[], outside: Outside::Only(&["serde", "serde_json", "toml"]) },
];

/// Crates that do nothing but compute.
const PURE: &[&str] =
    &["globset", "indexmap", "schemars", "serde", "serde_json", "smol_str", "thiserror"];

const WINDOWS: &[&str] = &["axum", "clap", "ratatui", "rmcp"];
