//! Durations as the two controllers and people write them.

/// Reads a Go duration (`90s`, `1h30m`, `500ms`, `-5s`) in seconds.
///
/// Both controllers use Go's syntax: no days, a bare `0` is allowed, any other bare number is not.
#[must_use]
pub fn parse_go(text: &str) -> Option<f64> {
    let (sign, mut rest) = match text.as_bytes().first()? {
        b'-' => (-1.0, &text[1..]),
        b'+' => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    if rest == "0" {
        return Some(0.0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        seconds += number
            * match &rest[..unit] {
                "ns" => 1e-9,
                "us" | "µs" | "μs" => 1e-6,
                "ms" => 1e-3,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                _ => return None,
            };
        rest = &rest[unit..];
    }
    Some(sign * seconds)
}

/// Writes seconds as a person would: `45s`, `5m`, `1h30m`.
#[must_use]
pub fn human(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "saturates, which is what a message wants")]
    let whole = seconds.round() as i64;
    let (hours, minutes, rest) = (whole / 3600, whole % 3600 / 60, whole % 60);
    let mut text = String::new();
    for (amount, unit) in [(hours, 'h'), (minutes, 'm'), (rest, 's')] {
        if amount != 0 {
            text.push_str(&amount.to_string());
            text.push(unit);
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_go_durations() {
        for (text, seconds) in [
            ("30s", Some(30.0)),
            ("1h30m", Some(5400.0)),
            ("500ms", Some(0.5)),
            ("1.5m", Some(90.0)),
            ("0", Some(0.0)),
            ("-5s", Some(-5.0)),
            ("", None),
            ("-", None),
            ("10", None),
            ("1d", None),
            ("5 m", None),
            ("m", None),
            (".s", None),
            ("1mfoo", None),
        ] {
            assert_eq!(parse_go(text), seconds, "{text}");
        }
    }

    #[test]
    fn writes_what_a_person_would() {
        assert_eq!(human(0.0), "0s");
        assert_eq!(human(45.0), "45s");
        assert_eq!(human(300.0), "5m");
        assert_eq!(human(5430.0), "1h30m30s");
    }
}
