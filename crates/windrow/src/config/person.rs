//! What a person likes: `windrow/config.toml` in their configuration folder.

use std::num::NonZeroU32;
use std::path::Path;

use serde::Deserialize;

use super::agents::AgentTables;
use super::toml_file;
use crate::error::CliError;
use crate::output::Colour;

/// The person's settings; each is optional.
///
/// The comments on fields are what the reference says about them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PersonConfig {
    /// When colour is used; `auto` uses it on a terminal that can, and not with `NO_COLOR`.
    #[serde(alias = "color")]
    pub(crate) colour: Colour,
    /// How many workers at once, whatever the project says.
    ///
    /// Default: what the project says
    pub(crate) pool: Option<NonZeroU32>,
    /// The agent for tasks that name none, whatever the project says.
    ///
    /// Default: what the project says
    pub(crate) agent: Option<String>,
    /// Agents of the person's own, and what they set differently in the project's.
    pub(crate) agents: AgentTables,
}

impl PersonConfig {
    /// Reads the file; nothing is set when there is none.
    pub(crate) fn load(path: Option<&Path>) -> Result<Self, CliError> {
        path.map_or_else(|| Ok(Self::default()), toml_file::load)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_names_the_setting_that_was_meant() {
        let error = toml_file::parse::<PersonConfig>("c.toml", "\n pol = 3\n").expect_err("a slip");
        assert_eq!(error.message, "c.toml:2:2: there is no setting `pol` here");
        assert_eq!(error.hints, ["write `pool`?"]);
    }

    #[test]
    fn taste_is_read() {
        let text = "colour = \"never\"\npool = 2\n";
        let config: PersonConfig = toml_file::parse("c.toml", text).expect("readable");
        assert_eq!((config.colour, config.pool.map(NonZeroU32::get)), (Colour::Never, Some(2)));
        assert!(toml_file::parse::<PersonConfig>("c.toml", "pool = 0\n").is_err());
    }
}
