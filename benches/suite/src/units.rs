//! Figures as a person reads them: three digits, and the unit they need.

/// A time in seconds.
#[must_use]
pub fn time(seconds: f64) -> String {
    let (value, unit) = match seconds {
        s if s < 1e-6 => (s * 1e9, "ns"),
        s if s < 1e-3 => (s * 1e6, "µs"),
        s if s < 1.0 => (s * 1e3, "ms"),
        s => (s, "s"),
    };
    format!("{} {unit}", three_digits(value))
}

/// A number of bytes, in units of 1,000.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "three digits are shown")]
pub fn bytes(bytes: u64) -> String {
    let (value, unit) = match bytes {
        0..1_000 => (bytes as f64, "B"),
        1_000..1_000_000 => (bytes as f64 / 1e3, "KB"),
        _ => (bytes as f64 / 1e6, "MB"),
    };
    format!("{} {unit}", three_digits(value))
}

/// A number, with a comma before every three digits.
#[must_use]
pub fn number(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn three_digits(value: f64) -> String {
    match value {
        v if v < 10.0 => format!("{v:.2}"),
        v if v < 100.0 => format!("{v:.1}"),
        v => format!("{v:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits() {
        assert_eq!(time(4.123e-7), "412 ns");
        assert_eq!(time(9.741e-5), "97.4 µs");
        assert_eq!(time(0.002_312), "2.31 ms");
        assert_eq!(time(1.5), "1.50 s");
        assert_eq!(bytes(812), "812 B");
        assert_eq!(bytes(250_190), "250 KB");
        assert_eq!(bytes(23_584_768), "23.6 MB");
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(number(12.4), "12");
        assert_eq!(number(999.6), "1,000");
        assert_eq!(number(1_234_567.0), "1,234,567");
    }
}
