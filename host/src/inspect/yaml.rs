//! JSON values as YAML.

use std::fmt::Write;

use serde_json::Value;

/// The value as a YAML document. Texts are quoted as in JSON, which is YAML as well.
pub(super) fn yaml(value: &Value) -> String {
    let mut out = String::new();
    block(value, 0, &mut out);
    out
}

/// A value on lines of its own.
fn block(value: &Value, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                let _ = write!(out, "{indent}{}:", Value::from(key.as_str()));
                member(value, depth + 1, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                let _ = write!(out, "{indent}-");
                member(item, depth + 1, out);
            }
        }
        scalar => {
            let _ = writeln!(out, "{indent}{scalar}");
        }
    }
}

/// A value after a key or a hyphen.
fn member(value: &Value, depth: usize, out: &mut String) {
    let nested = value.as_object().is_some_and(|fields| !fields.is_empty())
        || value.as_array().is_some_and(|items| !items.is_empty());
    if nested {
        out.push('\n');
        block(value, depth, out);
    } else {
        let _ = writeln!(out, " {value}");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_reads_as_the_same() {
        let value = json!({
            "rules": [{"apiGroups": [""], "operations": ["*", "CREATE"]}, {}],
            "annotations": {"io.kubewarden.policy.usage": "# Title\n\n\"quoted\": yes\n", "null": "no"},
            "mutating": false, "nothing": null, "empty": [], "count": 3
        });
        let text = yaml(&value);
        let read: Value = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(read, value, "{text}");
    }
}
