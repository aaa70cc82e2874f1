//! Names for things: small numbers given out in order, shown with a letter in front.
//!
//! An id is never reused, so that a ref, a log line or a trailer that names one stays true.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "-{}"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix(concat!($prefix, "-"))
                    .and_then(|digits| digits.parse().ok())
                    .map(Self)
                    .ok_or_else(|| IdError { text: text.to_owned(), shape: concat!($prefix, "-N") })
            }
        }
    };
}

numbered!(
    /// A task, such as `t-12`.
    TaskId, "t"
);
numbered!(
    /// A session, such as `s-4`.
    SessionId, "s"
);
numbered!(
    /// A run, such as `r-1`.
    RunId, "r"
);
numbered!(
    /// An entry of the landing queue, such as `l-9`.
    LandingId, "l"
);
numbered!(
    /// A worktree that windrow made, such as `w-2`.
    TreeId, "w"
);

numbered!(
    /// Something that was said between a session and the person, such as `m-3`.
    MessageId, "m"
);

/// A text that is no id of the wanted kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not of the form `{shape}`")]
pub struct IdError {
    text: String,
    shape: &'static str,
}

/// Which of a session's agent processes is meant; counts from 1 and only grows.
pub type Generation = u32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_back_what_they_show() {
        assert_eq!("t-12".parse(), Ok(TaskId(12)));
        assert_eq!(TaskId(12).to_string(), "t-12");
        assert!("s-12".parse::<TaskId>().is_err());
        assert!("t-".parse::<TaskId>().is_err());
        assert!("t-x".parse::<TaskId>().is_err());
    }
}
