//! Tokens of the expr language.

use super::ConditionError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    /// Identifiers, keywords and operators that are words.
    Word,
    /// A string or bytes literal, quotes included.
    Text,
    /// The element of a closure and its companions: `#`, `#acc`, `#index`.
    Pointer,
    Symbol,
    End,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    pub kind: Kind,
    pub text: &'a str,
    /// Byte offset into the condition.
    pub at: usize,
}

impl Token<'_> {
    pub fn is(&self, symbol: &str) -> bool {
        self.kind == Kind::Symbol && self.text == symbol
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

    pub fn next(&mut self) -> Result<Token<'a>, ConditionError> {
        self.skip_blanks()?;
        let start = self.at;
        let Some(first) = self.peek() else { return Ok(self.token(Kind::End, start)) };
        let kind = match first {
            '0'..='9' => self.number(start)?,
            '\'' | '"' => self.text(start, first)?,
            '`' => self.raw_text(start)?,
            'b' | 'B' if matches!(self.source.as_bytes().get(start + 1), Some(b'\'' | b'"')) => {
                self.at += 1;
                let quote = self.peek().unwrap_or('"');
                self.text(start, quote)?
            }
            '.' if self.source.as_bytes().get(start + 1).is_some_and(u8::is_ascii_digit) => {
                self.number(start)?
            }
            '#' => {
                self.at += 1;
                self.skip_while(is_word);
                Kind::Pointer
            }
            _ if is_word(first) => {
                self.skip_while(is_word);
                Kind::Word
            }
            _ => self.symbol(first)?,
        };
        Ok(self.token(kind, start))
    }

    fn symbol(&mut self, first: char) -> Result<Kind, ConditionError> {
        // The language joins one following character, whatever comes of it.
        let joins = match first {
            '(' | ')' | '[' | ']' | '{' | '}' | ',' | ';' | '%' | '+' | '-' | '^' | '/' => "",
            '&' | '!' | '=' | '*' | '<' | '>' => "&=*",
            '|' => "|",
            ':' => ":",
            '?' => ".?",
            '.' => ".",
            _ => return Err(ConditionError::invalid(self.at, "a character the language does not know")),
        };
        self.at += 1;
        if self.peek().is_some_and(|next| joins.contains(next)) {
            self.at += 1;
        }
        Ok(Kind::Symbol)
    }

    fn number(&mut self, start: usize) -> Result<Kind, ConditionError> {
        let digits: fn(char) -> bool = match self.source.as_bytes().get(start..start + 2) {
            Some([b'0', b'x' | b'X']) => |c| c.is_ascii_hexdigit() || c == '_',
            Some([b'0', b'o' | b'O']) => |c| matches!(c, '0'..='7' | '_'),
            Some([b'0', b'b' | b'B']) => |c| matches!(c, '0' | '1' | '_'),
            _ => |c| c.is_ascii_digit() || c == '_',
        };
        let prefixed =
            matches!(self.source.as_bytes().get(start + 1), Some(b'x' | b'X' | b'o' | b'O' | b'b' | b'B'));
        if self.source.as_bytes()[start] == b'0' && prefixed {
            self.at += 2;
        }
        self.skip_while(digits);
        if self.rest().starts_with('.') && !self.rest().starts_with("..") {
            self.at += 1;
            self.skip_while(digits);
        }
        if self.rest().starts_with(['e', 'E']) {
            self.at += 1;
            if self.rest().starts_with(['+', '-']) {
                self.at += 1;
            }
            self.skip_while(digits);
        }
        if self.peek().is_some_and(is_word) {
            return Err(ConditionError::invalid(start, "a malformed number"));
        }
        Ok(Kind::Number)
    }

    fn text(&mut self, start: usize, quote: char) -> Result<Kind, ConditionError> {
        self.at += 1;
        while let Some(next) = self.peek() {
            self.at += next.len_utf8();
            match next {
                '\n' => break,
                '\\' => self.at += self.peek().map_or(0, char::len_utf8),
                _ if next == quote => return Ok(Kind::Text),
                _ => {}
            }
        }
        Err(ConditionError::invalid(start, "a string without its end"))
    }

    fn raw_text(&mut self, start: usize) -> Result<Kind, ConditionError> {
        match self.source[start + 1..].find('`') {
            Some(end) => {
                self.at = start + 1 + end + 1;
                Ok(Kind::Text)
            }
            None => Err(ConditionError::invalid(start, "a string without its end")),
        }
    }

    fn skip_blanks(&mut self) -> Result<(), ConditionError> {
        loop {
            self.skip_while(char::is_whitespace);
            if self.rest().starts_with("//") {
                self.skip_while(|c| c != '\n');
            } else if self.rest().starts_with("/*") {
                let end = self.rest().find("*/");
                let end = end.ok_or_else(|| ConditionError::invalid(self.at, "a comment without its end"))?;
                self.at += end + 2;
            } else {
                return Ok(());
            }
        }
    }

    fn skip_while(&mut self, keep: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|c| !keep(c)).unwrap_or(rest.len());
    }

    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn token(&self, kind: Kind, start: usize) -> Token<'a> {
        Token { kind, text: &self.source[start..self.at], at: start }
    }
}

fn is_word(c: char) -> bool {
    c == '_' || c == '$' || c.is_ascii_alphanumeric() || (!c.is_ascii() && c.is_alphanumeric())
}

/// A number literal as the language reads it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Int(i64),
    Float(f64),
}

impl Number {
    pub fn parse(token: Token<'_>) -> Result<Self, ConditionError> {
        let text = token.text.replace('_', "");
        let number = match text.as_bytes() {
            [b'0', b'x' | b'X', ..] => i64::from_str_radix(&text[2..], 16).ok().map(Self::Int),
            _ if text.contains(['.', 'e', 'E']) => {
                text.parse().ok().filter(|number: &f64| number.is_finite()).map(Self::Float)
            }
            [b'0', b'b' | b'B', ..] => i64::from_str_radix(&text[2..], 2).ok().map(Self::Int),
            [b'0', b'o' | b'O', ..] => i64::from_str_radix(&text[2..], 8).ok().map(Self::Int),
            _ => text.parse().ok().map(Self::Int),
        };
        number.ok_or_else(|| ConditionError::invalid(token.at, "a number out of range or malformed"))
    }

    #[expect(clippy::cast_precision_loss, reason = "the language compares integers with floats this way")]
    pub fn value(self) -> f64 {
        match self {
            Self::Int(int) => int as f64,
            Self::Float(float) => float,
        }
    }
}
