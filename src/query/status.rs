//! Which requests a matcher on a status label lets pass.
//!
//! A matcher is tried on sample values of every vocabulary such labels use. A vocabulary it splits tells
//! what passes: successes, failures, or a mixture; one it does not split tells nothing.

use super::tree::Matcher;

/// What part of the requests is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// All of them.
    Whole,
    /// Failures and no successes.
    Errors,
    /// Successes and no failures.
    Successes,
    /// Some other part, such as the faults of the client alone.
    Other,
}

struct Vocabulary {
    applies: fn(&str) -> bool,
    good: &'static [&'static str],
    bad: &'static [&'static str],
    /// Neither, or the client's fault.
    neutral: &'static [&'static str],
}

const fn vocabulary(
    good: &'static [&'static str],
    bad: &'static [&'static str],
    neutral: &'static [&'static str],
) -> Vocabulary {
    Vocabulary { applies: |_| true, good, bad, neutral }
}

const COUNT: usize = 12;

const VOCABULARIES: [Vocabulary; COUNT] = [
    vocabulary(
        &["200", "201", "202", "204"],
        &["500", "501", "502", "503", "504"],
        &["301", "302", "304", "307", "400", "401", "403", "404", "409", "422", "429", "499"],
    ),
    vocabulary(&["2xx"], &["5xx"], &["1xx", "3xx", "4xx"]),
    vocabulary(&["2XX"], &["5XX"], &["1XX", "3XX", "4XX"]),
    // Envoy: `envoy_response_code_class="5"`.
    Vocabulary {
        applies: |label| label.ends_with("class"),
        good: &["2"],
        bad: &["5"],
        neutral: &["1", "3", "4"],
    },
    vocabulary(
        &["OK"],
        &["Unknown", "DeadlineExceeded", "Internal", "Unavailable", "DataLoss"],
        &[
            "Canceled",
            "InvalidArgument",
            "NotFound",
            "AlreadyExists",
            "PermissionDenied",
            "ResourceExhausted",
            "FailedPrecondition",
            "Aborted",
            "OutOfRange",
            "Unimplemented",
            "Unauthenticated",
        ],
    ),
    Vocabulary {
        applies: |label| label.contains("grpc"),
        good: &["0"],
        bad: &["2", "4", "13", "14", "15"],
        neutral: &["1", "3", "5", "6", "7", "8", "9", "10", "11", "12", "16"],
    },
    // Linkerd: `classification`.
    vocabulary(&["success"], &["failure"], &[]),
    vocabulary(&["success"], &["error"], &[]),
    vocabulary(&["success"], &["fail"], &[]),
    vocabulary(&["ok"], &["error"], &[]),
    vocabulary(&["succeeded"], &["failed"], &[]),
    // Spring: `outcome`.
    vocabulary(&["SUCCESS"], &["SERVER_ERROR"], &["INFORMATIONAL", "REDIRECTION", "CLIENT_ERROR", "UNKNOWN"]),
];

/// Labels that tell how a request ended.
pub(super) fn is_status(label: &str) -> bool {
    matches!(
        label,
        "status"
            | "code"
            | "response_code"
            | "status_code"
            | "statusCode"
            | "http_status"
            | "http_code"
            | "http_status_code"
            | "http_response_status_code"
            | "http_response_code"
            | "response_status"
            | "response_status_code"
            | "response_code_class"
            | "envoy_response_code"
            | "envoy_response_code_class"
            | "status_class"
            | "code_class"
            | "grpc_code"
            | "grpc_status"
            | "grpc_response_status"
            | "rpc_grpc_status_code"
            | "classification"
            | "result"
            | "outcome"
    )
}

/// The sample values that pass, a bit each, by vocabulary: the good ones first, then the bad ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Codes([u32; COUNT]);

impl Vocabulary {
    fn words(&self) -> impl Iterator<Item = &'static str> {
        self.good.iter().chain(self.bad).chain(self.neutral).copied()
    }

    fn all(&self) -> u32 {
        (1 << (self.good.len() + self.bad.len() + self.neutral.len())) - 1
    }

    fn good_mask(&self) -> u32 {
        (1 << self.good.len()) - 1
    }

    fn bad_mask(&self) -> u32 {
        ((1 << self.bad.len()) - 1) << self.good.len()
    }
}

impl Codes {
    pub fn all() -> Self {
        Self(std::array::from_fn(|index| VOCABULARIES[index].all()))
    }

    /// What is left behind one more matcher; `None` when its pattern cannot be decided.
    pub fn narrowed(mut self, matcher: &Matcher<'_>) -> Option<Self> {
        let filter = matcher.filter()?;
        for (passing, vocabulary) in self.0.iter_mut().zip(&VOCABULARIES) {
            if !(vocabulary.applies)(matcher.label) {
                continue;
            }
            for (bit, word) in vocabulary.words().enumerate() {
                if !filter.accepts(word)? {
                    *passing &= !(1 << bit);
                }
            }
        }
        Some(self)
    }

    /// Both together, when they have nothing in common.
    pub fn joined(self, other: Self) -> Option<Self> {
        let disjoint = self.0.iter().zip(other.0).all(|(one, other)| one & other == 0 || *one == other);
        let joined = std::array::from_fn(|index| self.0[index] | other.0[index]);
        (disjoint && self != other).then_some(Self(joined))
    }

    /// These without others that are a part of them.
    pub fn without(self, other: Self) -> Option<Self> {
        let part = self.0.iter().zip(other.0).all(|(one, other)| other & !one == 0);
        // A vocabulary that both cover completely is one neither says anything about.
        let left = std::array::from_fn(|index| match (self.0[index], other.0[index]) {
            (one, other) if one == other => one,
            (one, other) => one & !other,
        });
        (part && self != other).then_some(Self(left))
    }

    /// What part of others these are.
    pub fn share_of(self, whole: Self) -> Class {
        let mut found = None;
        for ((part, whole), vocabulary) in self.0.into_iter().zip(whole.0).zip(&VOCABULARIES) {
            if part & !whole != 0 {
                return Class::Other;
            }
            if part == 0 || part == whole {
                continue;
            }
            let (good, bad) = (vocabulary.good_mask(), vocabulary.bad_mask());
            let class = match (part & good != 0, part & bad != 0) {
                (false, true) if whole & good != 0 => Class::Errors,
                (true, false) if whole & bad != 0 => Class::Successes,
                _ => return Class::Other,
            };
            if found.is_some_and(|found| found != class) {
                return Class::Other;
            }
            found = Some(class);
        }
        found.unwrap_or(if self == whole { Class::Whole } else { Class::Other })
    }
}
