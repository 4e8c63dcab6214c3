//! Where the numbers of a metric come from.

/// What takes a metric's measurements.
#[derive(Debug, Clone, Default)]
pub struct Provider {
    /// The controller's name for it, in small letters; empty when it knows none of that name.
    pub name: &'static str,
    /// Whether it can be reached by what is declared.
    pub reach: Reach,
}

/// Whether a provider can be reached.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Reach {
    /// By what the manifest says, or by what the controller always has.
    #[default]
    Declared,
    /// Only where the controller was started with an address of its own, which no manifest shows.
    ByController,
    /// It cannot.
    Not {
        /// Why, as the end of a sentence about the metric.
        why: String,
    },
}

impl Reach {
    /// Not to be reached, because of `why`.
    pub(crate) fn not(why: impl Into<String>) -> Self {
        Self::Not { why: why.into() }
    }
}
