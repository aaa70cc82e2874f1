//! The 32-byte BLAKE3 hash, and the one encoding that everything hashed here goes through.
//!
//! Invariant: an encoding is unambiguous. It begins with a name and a version, every part of
//! variable length is preceded by its length, and optional parts by whether they are there.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A BLAKE3 hash; 64 lowercase hexadecimal digits wherever it is shown.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hash([u8; 32]);

/// A text that is not 64 lowercase hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a hash of 64 lowercase hexadecimal digits")]
pub struct HashParseError(String);

impl Hash {
    /// What the first record of a journal names as its predecessor's hash.
    pub const ZERO: Self = Self([0; 32]);

    /// Hashes `bytes` as they are: the name under which a [`Text`](crate::Text) is kept.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(blake3::hash(bytes).into())
    }

    /// Takes 32 raw bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 raw bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Hash {
    type Err = HashParseError;

    fn from_str(text: &str) -> Result<Self, HashParseError> {
        let refuse = || HashParseError(text.to_owned());
        let digits = text.as_bytes();
        if digits.len() != 64 {
            return Err(refuse());
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let (Some(high), Some(low)) = (nibble(pair[0]), nibble(pair[1])) else {
                return Err(refuse());
            };
            *byte = high << 4 | low;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Hash {
    type Error = HashParseError;

    fn try_from(text: String) -> Result<Self, HashParseError> {
        text.parse()
    }
}

impl From<Hash> for String {
    fn from(hash: Hash) -> Self {
        hash.to_string()
    }
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// Feeds a hash with parts, each in its unambiguous form; integers are little-endian.
pub(crate) struct Encoder(blake3::Hasher);

impl Encoder {
    /// Begins with the name of what is hashed and the version of its encoding.
    pub(crate) fn new(name: &str, version: u32) -> Self {
        Self(blake3::Hasher::new()).bytes(name.as_bytes()).fixed(&version.to_le_bytes())
    }

    /// A part whose length the encoding's version fixes.
    pub(crate) fn fixed(mut self, bytes: &[u8]) -> Self {
        self.0.update(bytes);
        self
    }

    /// A part of any length, preceded by that length as eight bytes.
    pub(crate) fn bytes(self, bytes: &[u8]) -> Self {
        self.fixed(&(bytes.len() as u64).to_le_bytes()).fixed(bytes)
    }

    /// A number that may be absent: a byte 0, or a byte 1 and the number.
    pub(crate) fn optional(self, number: Option<u64>) -> Self {
        match number {
            None => self.fixed(&[0]),
            Some(number) => self.fixed(&[1]).fixed(&number.to_le_bytes()),
        }
    }

    pub(crate) fn finish(self) -> Hash {
        Hash(self.0.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::{Encoder, Hash};

    #[test]
    fn the_shown_form_reads_back() {
        let hash = Hash::of(b"hay");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!(serde_json::to_string(&hash).unwrap(), format!("\"{hash}\""));
    }

    #[test]
    fn anything_but_64_lowercase_digits_is_refused() {
        let good = Hash::of(b"hay").to_string();
        let umlaut = format!("{}ü", &good[..62]);
        for bad in ["", "00", &good[1..], &good.to_uppercase(), &umlaut, &format!("{good}0")] {
            assert!(bad.parse::<Hash>().is_err(), "{bad}");
        }
    }

    #[test]
    fn moving_a_byte_between_parts_changes_the_hash() {
        let split = |left: &str, right: &str| {
            Encoder::new("x", 1).bytes(left.as_bytes()).bytes(right.as_bytes()).finish()
        };
        assert_ne!(split("ab", "c"), split("a", "bc"));
        let optional = |number| Encoder::new("x", 1).optional(number).finish();
        assert_ne!(optional(None), optional(Some(0)));
    }
}
