//! The regular expressions matchers use, as far as deciding about status codes takes.
//!
//! Literals, `.`, `\d`, character classes, groups, alternatives, `?`, `*`, `+` and anchors. Prometheus
//! anchors every pattern at both ends.

use super::tree::{Matcher, Test};

/// Steps one match may take. Nested repetitions would otherwise take forever.
const STEPS: usize = 20_000;
/// How deep groups may nest.
const DEPTH: usize = 16;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(Node);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    /// Consumes one character out of these ranges, or out of all others.
    One {
        ranges: Vec<(char, char)>,
        inverted: bool,
    },
    Sequence(Vec<Node>),
    Either(Vec<Node>),
    Repeat {
        node: Box<Node>,
        least: u8,
        once: bool,
    },
    Start,
    End,
}

/// A matcher ready to be tried on values.
pub(super) struct Filter<'t> {
    exact: Option<&'t str>,
    pattern: Option<Pattern>,
    inverted: bool,
}

impl Matcher<'_> {
    /// `None` when the pattern is beyond this reader.
    pub fn filter(&self) -> Option<Filter<'_>> {
        let inverted = matches!(self.test, Test::NotEqual | Test::MatchesNot);
        Some(match self.test {
            Test::Equal | Test::NotEqual => Filter { exact: Some(&self.value), pattern: None, inverted },
            Test::Matches | Test::MatchesNot => {
                Filter { exact: None, pattern: Some(Pattern::parse(&self.value)?), inverted }
            }
        })
    }
}

impl Filter<'_> {
    /// Whether a value of the label passes; `None` when finding out takes too long.
    pub fn accepts(&self, value: &str) -> Option<bool> {
        let matches = match &self.pattern {
            Some(pattern) => pattern.matches(value)?,
            None => self.exact == Some(value),
        };
        Some(matches != self.inverted)
    }
}

impl Pattern {
    /// `None` when the pattern uses more than is read here, or is malformed.
    pub fn parse(text: &str) -> Option<Self> {
        let mut reader = Reader { rest: text, depth: 0 };
        let node = reader.alternatives()?;
        reader.rest.is_empty().then_some(Self(node))
    }

    /// Whether a pattern, even one beyond this reader, has its brackets and repetitions in order.
    pub fn is_plausible(text: &str) -> bool {
        let (mut open, mut class, mut escaped) = (0_usize, false, false);
        let mut before = None;
        for letter in text.chars() {
            let literal = escaped;
            let repeats_nothing =
                matches!(letter, '*' | '+' | '?') && matches!(before, None | Some('(' | '|'));
            match letter {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                // A bracket that opens a class may be followed by one that belongs to it.
                ']' if class => class = matches!(before, Some('[')),
                '^' if class && before == Some('[') => continue,
                _ if class => {}
                '[' => class = true,
                '(' => open += 1,
                ')' if open == 0 => return false,
                ')' => open -= 1,
                '?' if before == Some('(') => {}
                _ if repeats_nothing => return false,
                _ => {}
            }
            // What was escaped stands for itself and opens nothing.
            before = Some(if literal || escaped { 'a' } else { letter });
        }
        open == 0 && !class && !escaped
    }

    /// Whether the whole of a short text in ASCII matches; `None` for others, and when it takes too long.
    fn matches(&self, text: &str) -> Option<bool> {
        if !text.is_ascii() || text.len() >= 63 {
            return None;
        }
        let mut steps = STEPS;
        let ends = self.0.ends(text.as_bytes(), 1, &mut steps)?;
        Some(ends & (1 << text.len()) != 0)
    }
}

impl Node {
    /// Where a match may end that begins at one of these places, a bit for each place in the text.
    fn ends(&self, text: &[u8], starts: u64, steps: &mut usize) -> Option<u64> {
        *steps = steps.checked_sub(1)?;
        Some(match self {
            Self::One { ranges, inverted } => {
                let fits = |byte: u8| {
                    let letter = char::from(byte);
                    ranges.iter().any(|(from, to)| (*from..=*to).contains(&letter)) != *inverted
                };
                let (mut left, mut ends) = (starts, 0);
                while left != 0 {
                    let at = left.trailing_zeros();
                    left &= left - 1;
                    if text.get(at as usize).is_some_and(|byte| fits(*byte)) {
                        ends |= 2 << at;
                    }
                }
                ends
            }
            Self::Sequence(nodes) => {
                let mut places = starts;
                for node in nodes {
                    if places == 0 {
                        break;
                    }
                    places = node.ends(text, places, steps)?;
                }
                places
            }
            Self::Either(nodes) => {
                let mut places = 0;
                for node in nodes {
                    places |= node.ends(text, starts, steps)?;
                }
                places
            }
            Self::Repeat { node, least, once } => {
                let mut places = if *least == 0 { starts } else { 0 };
                let mut fresh = starts;
                while fresh != 0 {
                    fresh = node.ends(text, fresh, steps)? & !places;
                    places |= fresh;
                    if *once {
                        break;
                    }
                }
                places
            }
            Self::Start => starts & 1,
            Self::End => starts & 1 << text.len(),
        })
    }
}

struct Reader<'a> {
    rest: &'a str,
    depth: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let letter = self.rest.chars().next()?;
        self.rest = &self.rest[letter.len_utf8()..];
        Some(letter)
    }

    fn skip(&mut self, prefix: &str) -> bool {
        let rest = self.rest.strip_prefix(prefix);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn alternatives(&mut self) -> Option<Node> {
        let mut nodes = vec![self.sequence()?];
        while self.skip("|") {
            nodes.push(self.sequence()?);
        }
        Some(if nodes.len() == 1 { nodes.remove(0) } else { Node::Either(nodes) })
    }

    fn sequence(&mut self) -> Option<Node> {
        let mut nodes = Vec::new();
        while !self.rest.is_empty() && !self.rest.starts_with(['|', ')']) {
            let node = self.atom()?;
            nodes.push(self.repeated(node)?);
        }
        Some(Node::Sequence(nodes))
    }

    fn repeated(&mut self, node: Node) -> Option<Node> {
        let (least, once) = match self.rest.bytes().next() {
            Some(b'?') => (0, true),
            Some(b'*') => (0, false),
            Some(b'+') => (1, false),
            Some(b'{') => {
                // `{2}`: written out as many times.
                let close = self.rest.find('}')?;
                let times: usize = self.rest[1..close].parse().ok().filter(|times| *times <= 8)?;
                self.rest = &self.rest[close + 1..];
                return Some(Node::Sequence(vec![node; times]));
            }
            _ => return Some(node),
        };
        self.next();
        // Lazy and possessive forms match the same texts or other ones; neither is worth telling apart.
        let repeated_twice = self.rest.starts_with(['?', '*', '+', '{']);
        (!repeated_twice).then(|| Node::Repeat { node: Box::new(node), least, once })
    }

    fn atom(&mut self) -> Option<Node> {
        match self.next()? {
            '.' => Some(Node::One { ranges: vec![('\n', '\n')], inverted: true }),
            '^' => Some(Node::Start),
            '$' => Some(Node::End),
            '(' => {
                self.skip("?:");
                self.depth += 1;
                if self.depth > DEPTH || self.rest.starts_with('?') {
                    return None;
                }
                let inner = self.alternatives()?;
                self.depth -= 1;
                self.skip(")").then_some(inner)
            }
            '[' => self.class(),
            '\\' => {
                let (ranges, inverted) = self.escape()?;
                Some(Node::One { ranges, inverted })
            }
            '*' | '+' | '?' | '{' | '}' | ']' => None,
            letter => Some(Node::One { ranges: vec![(letter, letter)], inverted: false }),
        }
    }

    fn escape(&mut self) -> Option<(Vec<(char, char)>, bool)> {
        match self.next()? {
            'd' => Some((vec![('0', '9')], false)),
            'D' => Some((vec![('0', '9')], true)),
            letter if letter.is_ascii_punctuation() => Some((vec![(letter, letter)], false)),
            _ => None,
        }
    }

    fn class(&mut self) -> Option<Node> {
        let inverted = self.skip("^");
        let mut ranges = Vec::new();
        loop {
            let from = match self.next()? {
                ']' if ranges.is_empty() => return None,
                ']' => return Some(Node::One { ranges, inverted }),
                '[' => return None,
                '\\' => {
                    let (escaped, false) = self.escape()? else { return None };
                    ranges.extend(escaped);
                    continue;
                }
                letter => letter,
            };
            let is_range = self.rest.starts_with('-') && !self.rest.starts_with("-]");
            if !is_range {
                ranges.push((from, from));
                continue;
            }
            self.next();
            let to = self.next().filter(|to| *to >= from && !matches!(to, '\\' | '['))?;
            ranges.push((from, to));
        }
    }
}
