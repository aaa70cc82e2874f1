//! Spans of time as people write them: `90s`, `10m`, `1h30m`.

use serde::{Deserialize as _, Deserializer, de};

/// Reads a span in milliseconds; at least one part, no zero.
pub(crate) fn parse_ms(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no span of time; write `90s`, `10m` or `1h30m`");
    let mut rest = text.trim();
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let (digits, behind) = rest.split_at(end);
        let number: u64 = digits.parse().map_err(|_not_a_number| wrong())?;
        let end = behind.find(|c: char| c.is_ascii_digit()).unwrap_or(behind.len());
        let (unit, behind) = behind.split_at(end);
        let factor = match unit.trim() {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        total =
            number.checked_mul(factor).and_then(|ms| total.checked_add(ms)).ok_or_else(wrong)?;
        rest = behind;
    }
    if total == 0 { Err(wrong()) } else { Ok(total) }
}

/// A span as a settings file has it, for its schema.
#[cfg(test)]
#[derive(schemars::JsonSchema)]
#[schemars(inline, extend("format" = "span"))]
pub(super) struct Span(#[expect(dead_code, reason = "only its schema is used")] String);

/// A span in a settings file.
pub(super) fn span<'de, D: Deserializer<'de>>(input: D) -> Result<Option<u64>, D::Error> {
    let text = String::deserialize(input)?;
    parse_ms(&text).map(Some).map_err(de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::parse_ms;

    #[test]
    fn spans_are_read_as_people_write_them() {
        assert_eq!(parse_ms("90s"), Ok(90_000));
        assert_eq!(parse_ms("1h30m"), Ok(5_400_000));
        assert_eq!(parse_ms(" 10m "), Ok(600_000));
        assert_eq!(parse_ms("500ms"), Ok(500));
        for wrong in ["", "10", "m", "10x", "0s", "-5m", "1.5h", "99999999999999999999h"] {
            assert!(parse_ms(wrong).is_err(), "{wrong}");
        }
    }
}
