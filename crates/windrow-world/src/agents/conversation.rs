//! Names for conversations.

use std::fmt::Write as _;

/// A name for a new conversation in the form clients want: a random UUID (RFC 9562, version 4),
/// which here comes out of what the caller knows to be said only once.
#[must_use]
pub fn new_conversation(once: &str) -> String {
    let hash = blake3::hash(once.as_bytes());
    let mut name = String::with_capacity(36);
    for (at, byte) in hash.as_bytes().iter().take(16).enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            name.push('-');
        }
        let byte = match at {
            6 => byte & 0x0f | 0x40,
            8 => byte & 0x3f | 0x80,
            _ => *byte,
        };
        let _never_fails = write!(name, "{byte:02x}");
    }
    name
}
