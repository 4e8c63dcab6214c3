//! What an untagged, unquoted YAML scalar means: go-yaml v2's rules, which are kubectl's.

/// A scalar as JSON knows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Plain<'a> {
    Null,
    Bool(bool),
    /// An integer that needs no more than 64 bits.
    Int(i128),
    /// A longer integer: its digits, without sign and leading zeros.
    Digits {
        negative: bool,
        digits: &'a str,
    },
    Float(f64),
    /// `.inf`, `.nan`: JSON has no such number.
    NotFinite,
    Text,
}

/// Resolves a plain scalar. `scratch` holds the text without underscores while the result is read.
pub(crate) fn resolve<'a>(text: &'a str, scratch: &'a mut String) -> Plain<'a> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Plain::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Plain::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Plain::Bool(false);
        }
        ".nan" | ".NaN" | ".NAN" | ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" | "-.inf"
        | "-.Inf" | "-.INF" => return Plain::NotFinite,
        _ => {}
    }
    match text.as_bytes()[0] {
        b'.' => float(text),
        b'0'..=b'9' | b'+' | b'-' => {
            if !text.contains('_') {
                return number(text);
            }
            *scratch = text.replace('_', "");
            number(scratch)
        }
        _ => Plain::Text,
    }
}

fn number(text: &str) -> Plain<'_> {
    let (negative, magnitude) = match text.as_bytes() {
        [b'-', ..] => (true, &text[1..]),
        [b'+', ..] => (false, &text[1..]),
        _ => (false, text),
    };
    if let Some(value) = integer(magnitude) {
        let value = if negative { -value } else { value };
        // go-yaml tries a signed, then an unsigned 64-bit integer; only the former takes a sign.
        let signed = i64::try_from(value).is_ok();
        if signed || (text.len() == magnitude.len() && u64::try_from(value).is_ok()) {
            return Plain::Int(value);
        }
    }
    match float(text) {
        Plain::Float(_) if magnitude.bytes().all(|b| b.is_ascii_digit()) => {
            let digits = magnitude.trim_start_matches('0');
            // An octal-looking number that is none (`08`) is decimal, and short enough to be exact.
            if digits.is_empty() { Plain::Int(0) } else { Plain::Digits { negative, digits } }
        }
        other => other,
    }
}

/// Go's integers with a base prefix; a leading zero means octal.
fn integer(magnitude: &str) -> Option<i128> {
    let (digits, radix) = match magnitude.as_bytes() {
        [b'0', b'x' | b'X', ..] => (&magnitude[2..], 16),
        [b'0', b'o' | b'O', ..] => (&magnitude[2..], 8),
        [b'0', b'b' | b'B', ..] => (&magnitude[2..], 2),
        [b'0', _, ..] => (&magnitude[1..], 8),
        _ => (magnitude, 10),
    };
    // A second sign, as in `0x-1` or `--1`, is no number.
    if !digits.as_bytes().first()?.is_ascii_alphanumeric() {
        return None;
    }
    i128::from_str_radix(digits, radix).ok()
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`, within the range of a double.
fn float(text: &str) -> Plain<'_> {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    let mantissa_ok = match mantissa.split_once('.') {
        Some((whole, fraction)) => {
            digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty())
        }
        None => !mantissa.is_empty() && digits(mantissa),
    };
    let exponent_ok = exponent.is_none_or(|e| {
        let e = e.strip_prefix(['-', '+']).unwrap_or(e);
        !e.is_empty() && digits(e)
    });
    if !mantissa_ok || !exponent_ok {
        return Plain::Text;
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Plain::Float(value),
        _ => Plain::Text,
    }
}

impl Plain<'_> {
    /// The value as JSON text, or `None` for what JSON has no number for. Text is the caller's.
    pub fn to_json(self) -> Option<String> {
        Some(match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Int(value) => value.to_string(),
            Self::Digits { negative, digits } => format!("{}{digits}", if negative { "-" } else { "" }),
            Self::Float(value) => float_json(value),
            Self::NotFinite | Self::Text => return None,
        })
    }
}

/// A whole number is written without a fraction, as Go does: `1e3` reaches an integer field as 1000.
fn float_json(value: f64) -> String {
    if value == 0.0 {
        "0".to_owned()
    } else if value.fract() == 0.0 && value.abs() < 1e21 {
        format!("{value:.0}")
    } else {
        serde_json::Number::from_f64(value).map_or_else(|| "null".to_owned(), |number| number.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> String {
        let mut scratch = String::new();
        match resolve(text, &mut scratch) {
            Plain::Text => format!("{text:?}"),
            Plain::NotFinite => "not finite".to_owned(),
            plain => plain.to_json().unwrap(),
        }
    }

    /// The right-hand sides are what `sigs.k8s.io/yaml` 1.6 answers.
    #[test]
    fn plain_scalars_mean_what_kubectl_sends() {
        for (yaml, want) in [
            ("yes", "true"),
            ("No", "false"),
            ("ON", "true"),
            ("off", "false"),
            ("y", "true"),
            ("N", "false"),
            ("True", "true"),
            ("tRUE", "\"tRUE\""),
            ("~", "null"),
            ("", "null"),
            ("Null", "null"),
            ("nULL", "\"nULL\""),
            ("0o17", "15"),
            ("0x1F", "31"),
            ("017", "15"),
            ("08", "8"),
            ("1_000", "1000"),
            ("0b11", "3"),
            ("+5", "5"),
            ("-0x1F", "-31"),
            ("1e3", "1000"),
            ("1.5", "1.5"),
            (".5", "0.5"),
            ("5.", "5"),
            ("1.0", "1"),
            ("1.10", "1.1"),
            ("12345678901234567890", "12345678901234567890"),
            ("9007199254740993", "9007199254740993"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("2001-12-14", "\"2001-12-14\""),
            ("190:20:30", "\"190:20:30\""),
            ("=", "\"=\""),
            ("1e400", "\"1e400\""),
            ("0.1e1", "1"),
            ("-0", "0"),
            ("-0.0", "0"),
            ("0o9", "\"0o9\""),
            ("0x", "\"0x\""),
            ("--1", "\"--1\""),
            ("-", "\"-\""),
            (".", "\".\""),
            ("1.2.3", "\"1.2.3\""),
            ("5m", "\"5m\""),
            ("1e", "\"1e\""),
            ("0x-1", "\"0x-1\""),
            ("100Mi", "\"100Mi\""),
        ] {
            assert_eq!(json(yaml), want, "{yaml}");
        }
    }

    #[test]
    fn integers_of_any_length_keep_their_digits() {
        assert_eq!(json("100000000000000000001"), "100000000000000000001");
        assert_eq!(json("-9223372036854775809"), "-9223372036854775809");
        assert_eq!(
            json("340282366920938463463374607431768211457"),
            "340282366920938463463374607431768211457"
        );
    }

    #[test]
    fn what_json_cannot_say_is_told_apart() {
        for text in [".inf", "-.Inf", "+.INF", ".NaN"] {
            assert_eq!(json(text), "not finite", "{text}");
        }
    }
}
