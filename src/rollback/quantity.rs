//! Amounts of a resource: `500m`, `0.5`, `2Gi`.

/// An amount as `odd × 2^twos × 5^fives`, where `odd` has neither factor: every amount has one such form, and none is
/// too large or too small for it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Quantity {
    odd: u64,
    twos: i32,
    fives: i32,
}

/// Units by powers of 1000, from billionths.
const DECIMAL: [&str; 10] = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
/// Units by powers of 1024.
const BINARY: [&str; 6] = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

impl Quantity {
    pub(super) const ZERO: Self = Self { odd: 0, twos: 0, fives: 0 };

    /// Reads what the API server accepts; `None` for anything else, and for more digits than are ever needed.
    pub(super) fn read(text: &str) -> Option<Self> {
        let end = text.find(|next: char| !next.is_ascii_digit() && next != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let (mut odd, mut digits, mut decimals) = (0_u64, 0, None);
        for byte in number.bytes() {
            if byte == b'.' {
                if decimals.replace(0).is_some() {
                    return None;
                }
            } else {
                odd = odd.checked_mul(10)?.checked_add(u64::from(byte - b'0'))?;
                digits += 1;
                decimals = decimals.map(|decimals| decimals + 1);
            }
        }
        if digits == 0 {
            return None;
        }
        let (mut twos, mut fives) = powers(unit)?;
        if odd == 0 {
            return Some(Self::ZERO);
        }
        twos -= decimals.unwrap_or(0);
        fives -= decimals.unwrap_or(0);
        while odd % 2 == 0 {
            odd /= 2;
            twos += 1;
        }
        while odd % 5 == 0 {
            odd /= 5;
            fives += 1;
        }
        Some(Self { odd, twos, fives })
    }
}

/// The powers of two and of five in a unit.
fn powers(unit: &str) -> Option<(i32, i32)> {
    let place = |units: &[&str]| units.iter().position(|known| *known == unit);
    if let Some(place) = place(&DECIMAL) {
        let power = 3 * (i32::try_from(place).ok()? - 3);
        return Some((power, power));
    }
    if let Some(place) = place(&BINARY) {
        return Some((10 * (i32::try_from(place).ok()? + 1), 0));
    }
    // Two digits: no amount is larger.
    let power = i32::from(unit.strip_prefix(['e', 'E'])?.parse::<i8>().ok()?);
    Some((power, power))
}

#[cfg(test)]
mod tests {
    use super::Quantity;

    #[test]
    fn one_amount_is_written_in_many_ways() {
        for [left, right] in [
            ["0.5", "500m"],
            [".5", "500000u"],
            ["1", "1.000"],
            ["1", "1."],
            ["1024Mi", "1Gi"],
            ["0.5Gi", "512Mi"],
            ["1073741824", "1Gi"],
            ["1e3", "1k"],
            ["1E", "1E18"],
            ["1.5e-3", "1500u"],
            ["0", "0Mi"],
            ["000", "0.00n"],
        ] {
            assert!(Quantity::read(left).is_some(), "{left}");
            assert_eq!(Quantity::read(left), Quantity::read(right), "{left} {right}");
        }
        for [left, right] in [["1M", "1Mi"], ["1m", "1"], ["1", "10"], ["2", "5"], ["0", "1n"], ["1k", "1Ki"]]
        {
            assert_ne!(Quantity::read(left), Quantity::read(right), "{left} {right}");
        }
        assert_eq!(Quantity::read("0"), Some(Quantity::ZERO));
    }

    #[test]
    fn what_is_no_amount_is_none() {
        for text in ["", ".", "Mi", "1.2.3", "1..", "1Zi", "1e", "-1", "1e999", "1e99999999999", "1é"] {
            assert_eq!(Quantity::read(text), None, "{text}");
        }
        assert_eq!(Quantity::read(&"9".repeat(400)), None);
        let tiny = format!(".{}1", "0".repeat(400));
        assert!(Quantity::read(&tiny).is_some());
    }
}
