//! The functions of `PromQL` that are read, with the types Prometheus demands.

use super::tree::Type;

/// Parameters are given as letters: `v` an instant vector, `m` a range vector, `s` a scalar, `t` text.
/// Those after a `?` may be left out; the one before a `*` may come any number of times.
const FUNCTIONS: [(&str, &str); 49] = [
    ("abs", "v"),
    ("absent", "v"),
    ("absent_over_time", "m"),
    ("avg_over_time", "m"),
    ("ceil", "v"),
    ("changes", "m"),
    ("clamp", "vss"),
    ("clamp_max", "vs"),
    ("clamp_min", "vs"),
    ("count_over_time", "m"),
    ("delta", "m"),
    ("deriv", "m"),
    ("exp", "v"),
    ("floor", "v"),
    ("histogram_avg", "v"),
    ("histogram_count", "v"),
    ("histogram_fraction", "ssv"),
    ("histogram_quantile", "sv"),
    ("histogram_sum", "v"),
    ("idelta", "m"),
    ("increase", "m"),
    ("irate", "m"),
    ("label_join", "vtttt*"),
    ("label_replace", "vtttt"),
    ("last_over_time", "m"),
    ("ln", "v"),
    ("log10", "v"),
    ("log2", "v"),
    ("max_over_time", "m"),
    ("min_over_time", "m"),
    ("pi", ""),
    ("predict_linear", "ms"),
    ("present_over_time", "m"),
    ("quantile_over_time", "sm"),
    ("rate", "m"),
    ("resets", "m"),
    ("round", "v?s"),
    ("scalar", "v"),
    ("sgn", "v"),
    ("sort", "v"),
    ("sort_desc", "v"),
    ("sqrt", "v"),
    ("stddev_over_time", "m"),
    ("stdvar_over_time", "m"),
    ("sum_over_time", "m"),
    ("time", ""),
    ("timestamp", "v"),
    ("vector", "s"),
    ("hour", "?v"),
];

#[derive(Clone, Copy)]
pub(super) struct Function {
    pub name: &'static str,
    parameters: &'static str,
}

impl Function {
    pub fn named(name: &str) -> Option<Self> {
        let (name, parameters) = FUNCTIONS.iter().find(|(known, _)| *known == name)?;
        Some(Self { name, parameters })
    }

    pub fn returns(self) -> Type {
        match self.name {
            "scalar" | "time" | "pi" => Type::Scalar,
            _ => Type::Vector,
        }
    }

    pub fn takes(self, arguments: &[Type]) -> bool {
        let mut given = arguments.iter();
        let mut optional = false;
        let mut last = Type::Vector;
        for letter in self.parameters.chars() {
            let wanted = match letter {
                '?' => {
                    optional = true;
                    continue;
                }
                '*' => return given.all(|argument| *argument == last),
                'v' => Type::Vector,
                'm' => Type::Matrix,
                's' => Type::Scalar,
                _ => Type::Text,
            };
            last = wanted;
            match given.next() {
                Some(argument) if *argument == wanted => {}
                None if optional => return true,
                _ => return false,
            }
        }
        given.next().is_none()
    }
}
