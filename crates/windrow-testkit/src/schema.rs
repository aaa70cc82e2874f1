//! Whether a JSON value has the form that a published schema says.
//!
//! It knows the words that our schemas use and no others: a schema with another one fails the test
//! rather than being half understood. It is stricter than JSON Schema: an object may have no field
//! that its schema does not name, for such a field would be one that nobody documented. That, and
//! that the crates for it are thirty, is why none is used.

use serde_json::Value;

/// Words that say something to people, or something that a Rust number cannot break.
const SILENT: &[&str] = &["$schema", "$defs", "title", "description", "default", "format"];

/// Compares a value with a whole schema.
///
/// # Errors
/// The first place at which they differ.
pub fn conforms(schema: &Value, value: &Value) -> Result<(), String> {
    check(schema, schema, value, "$")
}

fn check(root: &Value, schema: &Value, value: &Value, at: &str) -> Result<(), String> {
    let words = schema.as_object().ok_or_else(|| format!("{at}: the schema is no object"))?;
    for (word, says) in words.iter().filter(|(word, _)| !SILENT.contains(&word.as_str())) {
        let wrong = |what: &str| Err(format!("{at}: {value} {what} {says}"));
        match word.as_str() {
            "$ref" => {
                let path = says.as_str().and_then(|path| path.strip_prefix('#'));
                let target = path.and_then(|path| root.pointer(path));
                let target = target.ok_or_else(|| format!("{at}: {says} is not in the schema"))?;
                check(root, target, value, at)?;
            }
            "type" if !is_of(says, value) => return wrong("is no"),
            "const" if says != value => return wrong("is not"),
            "enum" if !items(says).contains(value) => return wrong("is none of"),
            "minimum" if value.as_f64() < says.as_f64() && value.is_number() => {
                return wrong("is less than");
            }
            "maximum" if value.as_f64() > says.as_f64() => return wrong("is more than"),
            "anyOf" | "oneOf" => one_of(root, items(says), value, at)?,
            "required" => {
                let missing = items(says).iter().find(|key| {
                    value.is_object() && value.get(key.as_str().unwrap_or_default()).is_none()
                });
                if let Some(key) = missing {
                    return Err(format!("{at}: {key} is missing in {value}"));
                }
            }
            "properties" => fields(root, says, value, at)?,
            "items" => {
                for (n, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, says, item, &format!("{at}[{n}]"))?;
                }
            }
            "prefixItems" => {
                let parts = value.as_array().into_iter().flatten().zip(items(says));
                for (n, (item, says)) in parts.enumerate() {
                    check(root, says, item, &format!("{at}[{n}]"))?;
                }
            }
            "minItems" if value.is_array() && (items(value).len() as u64) < count(says) => {
                return wrong("has fewer items than");
            }
            "maxItems" if items(value).len() as u64 > count(says) => {
                return wrong("has more items than");
            }
            "uniqueItems" => {
                let all = items(value);
                if all.iter().enumerate().any(|(n, item)| all[..n].contains(item)) {
                    return wrong("has one twice:");
                }
            }
            "type" | "const" | "enum" | "minimum" | "maximum" | "minItems" | "maxItems" => {}
            other => return Err(format!("{at}: nobody knows the schema's word `{other}`")),
        }
    }
    Ok(())
}

fn fields(root: &Value, known: &Value, value: &Value, at: &str) -> Result<(), String> {
    for (key, field) in value.as_object().into_iter().flatten() {
        let at = format!("{at}.{key}");
        match known.get(key) {
            Some(Value::Bool(true)) => {}
            Some(schema) => check(root, schema, field, &at)?,
            None => return Err(format!("{at}: the schema has no such field")),
        }
    }
    Ok(())
}

fn one_of(root: &Value, choices: &[Value], value: &Value, at: &str) -> Result<(), String> {
    let tried: Result<Vec<String>, ()> =
        choices.iter().map(|choice| check(root, choice, value, at).err().ok_or(())).collect();
    match tried {
        Err(()) => Ok(()),
        Ok(faults) => Err(format!("{at}: fits no choice:\n  {}", faults.join("\n  "))),
    }
}

fn items(list: &Value) -> &[Value] {
    list.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn count(says: &Value) -> u64 {
    says.as_u64().unwrap_or_default()
}

fn is_of(kinds: &Value, value: &Value) -> bool {
    let kinds = if kinds.is_array() { items(kinds) } else { std::slice::from_ref(kinds) };
    kinds.iter().any(|kind| match kind.as_str().unwrap_or_default() {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_way_to_differ_is_found_at_its_place() {
        let schema = json!({
            "type": "object",
            "properties": {
                "n": {"type": ["integer", "null"], "minimum": 0, "maximum": 255},
                "word": {"$ref": "#/$defs/Word"},
                "all": {"type": "array", "items": {"type": "string"}, "uniqueItems": true},
                "any": true,
                "pair": {
                    "type": "array",
                    "prefixItems": [{"type": "string"}, {"type": "integer"}],
                    "minItems": 2,
                    "maxItems": 2,
                },
            },
            "required": ["n"],
            "$defs": {"Word": {"oneOf": [{"const": "a"}, {"enum": ["b", "c"]}]}},
        });
        let fault = |value: Value| conforms(&schema, &value).err().unwrap_or_default();
        for good in [json!({"n": 3, "word": "c", "all": ["x", "y"], "any": {}}), json!({"n": null})]
        {
            assert_eq!(fault(good), "");
        }
        for (bad, at) in [
            (json!({"n": 3, "pair": ["x"]}), "$.pair: "),
            (json!({"n": 3, "pair": ["x", 1, 2]}), "$.pair: "),
            (json!({"n": 3, "pair": ["x", "y"]}), "$.pair[1]: "),
            (json!([]), "$: [] is no"),
            (json!({}), "$: \"n\" is missing"),
            (json!({"n": "3"}), "$.n: \"3\" is no"),
            (json!({"n": -1}), "$.n: -1 is less than"),
            (json!({"n": 256}), "$.n: 256 is more than"),
            (json!({"n": 1, "word": "d"}), "$.word: fits no choice"),
            (json!({"n": 1, "all": ["x", 2]}), "$.all[1]: 2 is no"),
            (json!({"n": 1, "all": ["x", "x"]}), "has one twice"),
            (json!({"n": 1, "more": 1}), "$.more: the schema has no such field"),
        ] {
            let said = fault(bad);
            assert!(said.contains(at), "{said}");
        }
        assert!(conforms(&json!({"pattern": "x"}), &json!("x")).is_err());
    }
}
