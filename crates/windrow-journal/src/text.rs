//! Long texts, kept beside the records under the hash of their content.

use std::fmt;

use crate::hash::Hash;

/// Bytes to be stored by reference: a record's body names the hash, the store keeps the bytes.
///
/// Invariant: the hash is that of the bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    hash: Hash,
    bytes: Vec<u8>,
}

impl Text {
    /// Takes the bytes and computes the hash they will be kept under.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self { hash: Hash::of(&bytes), bytes }
    }

    /// The reference to put into a record's body.
    #[must_use]
    pub const fn hash(&self) -> Hash {
        self.hash
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({}, {} bytes)", self.hash, self.bytes.len())
    }
}
