//! Tokens of `PromQL`.

use std::borrow::Cow;

use super::Unreadable;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Names of metrics, labels and functions, and keywords.
    Word,
    Number,
    Duration,
    /// A string, quotes included.
    Text,
    Symbol,
    End,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub kind: Kind,
    pub text: &'a str,
    /// Byte offset into the query.
    pub at: usize,
}

impl Token<'_> {
    pub fn is(&self, symbol: &str) -> bool {
        self.kind == Kind::Symbol && self.text == symbol
    }

    /// Keywords are read whatever their case.
    pub fn is_word(&self, keyword: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(keyword)
    }
}

pub(super) struct Lexer<'a> {
    source: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    pub fn new(source: &'a str) -> Self {
        Self { source, at: 0 }
    }

    pub fn next(&mut self) -> Result<Token<'a>, Unreadable> {
        self.skip_blanks();
        let start = self.at;
        let rest = &self.source.as_bytes()[start..];
        let kind = match rest {
            [] => Kind::End,
            [b'0'..=b'9', ..] | [b'.', b'0'..=b'9', ..] => self.number()?,
            [b'a'..=b'z' | b'A'..=b'Z' | b'_', ..] => {
                self.skip_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':'));
                Kind::Word
            }
            [quote @ (b'"' | b'\'' | b'`'), ..] => self.text(*quote)?,
            [b'=' | b'!' | b'<' | b'>', b'=', ..] | [b'=' | b'!', b'~', ..] => {
                self.at += 2;
                Kind::Symbol
            }
            [
                b'+' | b'-' | b'*' | b'/' | b'%' | b'^' | b'<' | b'>' | b'=' | b'(' | b')' | b'{' | b'}'
                | b'[' | b']' | b',' | b':' | b'@',
                ..,
            ] => {
                self.at += 1;
                Kind::Symbol
            }
            _ => return Err(Unreadable::new(start, "a character the query language does not know")),
        };
        Ok(Token { kind, text: &self.source[start..self.at], at: start })
    }

    fn number(&mut self) -> Result<Kind, Unreadable> {
        let start = self.at;
        let bytes = self.source.as_bytes();
        let mut kind = Kind::Number;
        if matches!(bytes[start..], [b'0', b'x' | b'X', ..]) {
            self.at += 2;
            self.skip_while(|byte| byte.is_ascii_hexdigit());
        } else {
            self.skip_while(|byte| byte.is_ascii_digit());
            if self.peek().is_some_and(|byte| matches!(byte, b's' | b'm' | b'h' | b'd' | b'w' | b'y')) {
                self.skip_while(|byte| byte.is_ascii_alphanumeric());
                kind = Kind::Duration;
            } else {
                if self.peek() == Some(b'.') {
                    self.at += 1;
                    self.skip_while(|byte| byte.is_ascii_digit());
                }
                let exponent = match bytes[self.at..] {
                    [b'e' | b'E', b'0'..=b'9', ..] => 1,
                    [b'e' | b'E', b'+' | b'-', b'0'..=b'9', ..] => 2,
                    _ => 0,
                };
                self.at += exponent;
                self.skip_while(|byte| exponent > 0 && byte.is_ascii_digit());
            }
        }
        match self.peek() {
            Some(byte) if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.') => {
                Err(Unreadable::new(start, "a malformed number"))
            }
            _ => Ok(kind),
        }
    }

    fn text(&mut self, quote: u8) -> Result<Kind, Unreadable> {
        let start = self.at;
        let mut escaped = false;
        for (offset, byte) in self.source.as_bytes()[start + 1..].iter().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quote != b'`' => escaped = true,
                b'\n' if quote != b'`' => break,
                _ if *byte == quote => {
                    self.at = start + 1 + offset + 1;
                    return Ok(Kind::Text);
                }
                _ => {}
            }
        }
        Err(Unreadable::new(start, "a string without its end"))
    }

    fn skip_blanks(&mut self) {
        loop {
            self.skip_while(|byte| byte.is_ascii_whitespace());
            if self.peek() != Some(b'#') {
                return;
            }
            self.skip_while(|byte| byte != b'\n');
        }
    }

    fn skip_while(&mut self, keep: impl Fn(u8) -> bool) {
        let rest = &self.source.as_bytes()[self.at..];
        self.at += rest.iter().position(|byte| !keep(*byte)).unwrap_or(rest.len());
    }

    fn peek(&self) -> Option<u8> {
        self.source.as_bytes().get(self.at).copied()
    }
}

/// The number a token spells.
pub(super) fn number(token: Token<'_>) -> Result<f64, Unreadable> {
    let number = match token.text.strip_prefix("0x").or_else(|| token.text.strip_prefix("0X")) {
        #[expect(clippy::cast_precision_loss, reason = "every number of the query language is a float")]
        Some(digits) => u64::from_str_radix(digits, 16).ok().map(|number| number as f64),
        // A leading zero makes it octal for Prometheus.
        None if token.text.len() > 1
            && token.text.starts_with('0')
            && token.text.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            None
        }
        None => token.text.parse().ok(),
    };
    number.ok_or_else(|| Unreadable::new(token.at, "a malformed number"))
}

/// A duration in milliseconds.
pub(super) fn duration(token: Token<'_>) -> Result<u64, Unreadable> {
    const UNITS: [(&str, u64); 7] = [
        ("y", 365 * 24 * 3_600_000),
        ("w", 7 * 24 * 3_600_000),
        ("d", 24 * 3_600_000),
        ("h", 3_600_000),
        ("m", 60_000),
        ("s", 1000),
        ("ms", 1),
    ];
    let error = || Unreadable::new(token.at, "a malformed duration");
    let mut rest = token.text;
    let mut units = UNITS.iter();
    let mut total = 0_u64;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let count: u32 = rest[..digits].parse().map_err(|_| error())?;
        rest = &rest[digits..];
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        // Each unit once, the greater before the smaller: finding one uses up those before it.
        let (_, length) = units.find(|(unit, _)| *unit == &rest[..letters]).ok_or_else(error)?;
        total =
            length.checked_mul(count.into()).and_then(|part| total.checked_add(part)).ok_or_else(error)?;
        rest = &rest[letters..];
    }
    if total == 0 { Err(error()) } else { Ok(total) }
}

/// What a string token says.
pub(super) fn unquote(token: Token<'_>) -> Result<Cow<'_, str>, Unreadable> {
    let quote = &token.text[..1];
    let inner = &token.text[1..token.text.len() - 1];
    if quote == "`" || !inner.contains('\\') {
        return Ok(Cow::Borrowed(inner));
    }
    let mut text = String::with_capacity(inner.len());
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            text.push(letter);
            continue;
        }
        text.push(match letters.next() {
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some('\\') => '\\',
            Some(escaped) if quote.starts_with(escaped) => escaped,
            // The numeric escapes are legal; no query that needs them is worth the code.
            _ => return Err(Unreadable::new(token.at, "an escape sequence")),
        });
    }
    Ok(Cow::Owned(text))
}
