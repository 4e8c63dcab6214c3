//! Sizes and durations as people write them on a command line.

use std::time::Duration;

/// Reads a number of bytes: `7Mi`, `64Ki`, `1Gi`, `10M`, `1024`.
///
/// # Errors
/// A text that says what is expected.
pub fn bytes(text: &str) -> Result<usize, String> {
    let (number, unit) = split(text);
    let factor: usize = match unit {
        "" => 1,
        "k" => 1000,
        "M" => 1_000_000,
        "G" => 1_000_000_000,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        _ => return Err(format!("unknown unit `{unit}`: write a size as 512Ki, 64Mi or 1Gi")),
    };
    let number: usize =
        number.parse().map_err(|_| "write a size as a whole number with a unit, such as 64Mi".to_owned())?;
    number.checked_mul(factor).ok_or_else(|| "the size is too large".to_owned())
}

/// Reads a duration: `2s`, `500ms`, `1m`, `1h`. Zero is refused: nothing could be done in it.
///
/// # Errors
/// A text that says what is expected.
pub fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = split(text);
    let milliseconds: u64 = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "" => return Err("write a duration with its unit, such as 500ms, 2s or 1m".to_owned()),
        _ => return Err(format!("unknown unit `{unit}`: write a duration as 500ms, 2s, 1m or 1h")),
    };
    let number: u64 = number
        .parse()
        .map_err(|_| "write a duration as a whole number with a unit, such as 2s".to_owned())?;
    match number.checked_mul(milliseconds) {
        Some(0) => Err("the duration must be more than zero".to_owned()),
        Some(total) => Ok(Duration::from_millis(total)),
        None => Err("the duration is too long".to_owned()),
    }
}

fn split(text: &str) -> (&str, &str) {
    text.split_at(text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_binary_and_decimal_units() {
        assert_eq!(bytes("1024"), Ok(1024));
        assert_eq!(bytes("7Mi"), Ok(7 << 20));
        assert_eq!(bytes("2k"), Ok(2000));
        for wrong in ["", "Mi", "1.5Gi", "-1", "1mb", "99999999999Gi"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn durations_have_a_unit_and_are_not_zero() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2m"), Ok(Duration::from_mins(2)));
        assert_eq!(duration("2h"), Ok(Duration::from_hours(2)));
        for wrong in ["", "2", "0s", "1.5s", "2d", "s", "18446744073709551615m"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
