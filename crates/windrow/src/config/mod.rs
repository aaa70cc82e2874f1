//! Settings: what a repository says about itself, and what a person likes.
//!
//! Two schemas. `windrow.toml` in the repository is shared and says how work is done there;
//! `windrow/config.toml` in the person's configuration folder is taste. A flag beats both, the
//! person's taste beats the project's, and what nobody says has a default. Unknown keys are errors.

mod agents;
mod duration;
#[cfg(test)]
pub(crate) mod keys;
mod person;
mod project;
mod toml_file;

pub(crate) use agents::{above, built_in, quoted, resolved};
pub(crate) use duration::parse_ms;
pub(crate) use person::PersonConfig;
pub(crate) use project::{FILE, ProjectConfig};
