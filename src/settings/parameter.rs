//! What a rule lets its users tune.

use serde_json::Value;

use crate::duration;

/// A number, a switch or a list that tunes one rule; declared in the rule's own file.
#[derive(Debug)]
pub struct Parameter {
    /// Its key in the settings, below the rule's name.
    pub name: &'static str,
    /// What it sets, in one line.
    pub meaning: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// Its value in the profile `standard`.
    pub standard: Default,
    /// Its value in the profile `strict`.
    pub strict: Default,
}

/// What a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A percentage from 0 to 100.
    Percent,
    /// A duration in Go's syntax; kept in seconds.
    Duration,
    /// A share from 0 to 1.
    Ratio,
    /// Weight over time, in percent-minutes.
    PercentMinutes,
    /// True or false.
    Switch,
    /// A list of texts; with choices, of these only.
    Texts(&'static [&'static str]),
}

/// What a parameter is when nobody sets it.
#[derive(Debug, Clone, Copy)]
pub enum Default {
    /// Nothing: what it bounds is not bounded.
    Unset,
    /// A number, in the unit of the kind.
    Number(f64),
    /// A switch.
    Switch(bool),
    /// A list.
    Texts(&'static [&'static str]),
}

/// What somebody set a parameter to.
#[derive(Debug, Clone)]
pub(super) enum Given {
    Number(f64),
    Switch(bool),
    Texts(Vec<String>),
}

impl Kind {
    /// Reads a value; the error says what would be right.
    pub(super) fn read(self, value: &Value) -> Result<Given, String> {
        let within = |least: f64, most: f64| {
            value.as_f64().filter(|number| (least..=most).contains(number)).map(Given::Number)
        };
        let given = match self {
            Self::Percent => within(0.0, 100.0),
            Self::Ratio => within(0.0, 1.0),
            Self::PercentMinutes => within(0.0, f64::MAX),
            Self::Duration => value
                .as_str()
                .and_then(duration::parse_go)
                .filter(|seconds| *seconds > 0.0)
                .map(Given::Number),
            Self::Switch => value.as_bool().map(Given::Switch),
            Self::Texts(choices) => texts(value, choices).map(Given::Texts),
        };
        given.ok_or_else(|| format!("must be {}, is {value}", self.description()))
    }

    /// What it takes, as the end of "must be …".
    #[must_use]
    pub fn description(self) -> String {
        match self {
            Self::Percent => "a percentage from 0 to 100".to_owned(),
            Self::Ratio => "a share from 0 to 1".to_owned(),
            Self::PercentMinutes => "a number of percent-minutes".to_owned(),
            Self::Duration => "a duration such as 5m or 1h30m".to_owned(),
            Self::Switch => "true or false".to_owned(),
            Self::Texts([]) => "a list of strings".to_owned(),
            Self::Texts(choices) => format!("a list of {}", choices.join(", ")),
        }
    }
}

fn texts(value: &Value, choices: &[&str]) -> Option<Vec<String>> {
    let known = |text: &&str| choices.is_empty() || choices.contains(text);
    value.as_array()?.iter().map(|text| text.as_str().filter(known).map(str::to_owned)).collect()
}

impl Parameter {
    /// A percentage from 0 to 100.
    #[must_use]
    pub const fn percent(name: &'static str, standard: f64, strict: f64, meaning: &'static str) -> Self {
        Self {
            name,
            meaning,
            kind: Kind::Percent,
            standard: Default::Number(standard),
            strict: Default::Number(strict),
        }
    }

    /// A duration in seconds.
    #[must_use]
    pub const fn duration(name: &'static str, standard: f64, strict: f64, meaning: &'static str) -> Self {
        Self {
            name,
            meaning,
            kind: Kind::Duration,
            standard: Default::Number(standard),
            strict: Default::Number(strict),
        }
    }

    /// A bound that only the profile `strict` sets.
    #[must_use]
    pub const fn strict_bound(name: &'static str, kind: Kind, strict: f64, meaning: &'static str) -> Self {
        Self { name, meaning, kind, standard: Default::Unset, strict: Default::Number(strict) }
    }

    /// A switch.
    #[must_use]
    pub const fn switch(name: &'static str, standard: bool, strict: bool, meaning: &'static str) -> Self {
        Self {
            name,
            meaning,
            kind: Kind::Switch,
            standard: Default::Switch(standard),
            strict: Default::Switch(strict),
        }
    }

    /// A list of texts, the same in both profiles; with choices, of these only.
    #[must_use]
    pub const fn texts(
        name: &'static str,
        choices: &'static [&'static str],
        default: &'static [&'static str],
        meaning: &'static str,
    ) -> Self {
        Self {
            name,
            meaning,
            kind: Kind::Texts(choices),
            standard: Default::Texts(default),
            strict: Default::Texts(default),
        }
    }
}
