//! When a metric is measured, and when its measurements decide.

use super::Measured;

/// Seconds between retries of a measurement that ended in an error, whatever the interval
/// (Argo Rollouts, `analysis/analysis.go`).
const ERROR_RETRY: f64 = 10.0;

/// More errors in a row than this, five minutes of them, are as good as any number.
const MOST_ERRORS: u64 = 30;

/// How often a metric is measured and how many bad measurements it bears.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// Seconds from the start of the analysis to the first measurement.
    pub initial_delay: f64,
    /// Seconds between measurements; `None` for a single one.
    pub interval: Option<f64>,
    /// Number of measurements; `None` while the analysis runs.
    pub count: Option<u64>,
    /// Failed measurements that are still borne; `None`: any number.
    pub failure_limit: Option<u64>,
    /// Inconclusive measurements that are still borne.
    pub inconclusive_limit: u64,
    /// Errors in a row that are still borne.
    pub consecutive_error_limit: u64,
    /// Successes in a row that end the metric early; 0 for none.
    pub consecutive_success_limit: u64,
}

impl Default for Schedule {
    /// One measurement, no failure borne: Argo Rollouts' defaults.
    fn default() -> Self {
        Self {
            initial_delay: 0.0,
            interval: None,
            count: Some(1),
            failure_limit: Some(0),
            inconclusive_limit: 0,
            consecutive_error_limit: 4,
            consecutive_success_limit: 0,
        }
    }
}

/// How a metric ends when its measurements go one way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MetricEnd {
    /// Seconds from the start of the analysis; `None` when it goes on until it is stopped.
    pub at: Option<f64>,
    /// What it ends as.
    pub phase: Measured,
    /// Seconds from the start of the analysis to the first measurement that was not successful.
    pub first_failing: Option<f64>,
}

#[expect(clippy::cast_precision_loss, reason = "counts above 2^53 measurements have no meaning")]
impl Schedule {
    fn time_of(&self, measurement: u64) -> f64 {
        self.initial_delay + measurement as f64 * self.interval.unwrap_or(0.0)
    }

    fn takes_place(&self, measurement: u64) -> bool {
        self.count.is_none_or(|count| measurement < count)
    }

    /// How many measurements are over `seconds` after the start; with `inclusive`, one at that very moment is.
    #[must_use]
    pub fn measurements_before(&self, seconds: f64, inclusive: bool) -> u64 {
        let since_first = seconds - self.initial_delay;
        if since_first < 0.0 || (since_first == 0.0 && !inclusive) {
            return 0;
        }
        let Some(interval) = self.interval.filter(|interval| *interval > 0.0) else {
            return self.count.unwrap_or(u64::MAX);
        };
        let intervals = since_first / interval;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "not negative, saturates"
        )]
        let whole = if inclusive { intervals.floor() as u64 + 1 } else { intervals.ceil() as u64 };
        self.count.map_or(whole, |count| whole.min(count))
    }

    /// The end of the metric when its first `blind` measurements are successful and all others are `verdict`.
    #[must_use]
    pub fn end(&self, blind: u64, verdict: Measured) -> MetricEnd {
        let successes_wanted = self.consecutive_success_limit;
        if successes_wanted > 0 && successes_wanted <= blind && self.takes_place(successes_wanted - 1) {
            return self.successful_at(successes_wanted - 1);
        }
        if !self.takes_place(blind) {
            return self.exhausted(None);
        }
        let first_failing = Some(self.time_of(blind));
        let ends =
            |measurement, phase| MetricEnd { at: Some(self.time_of(measurement)), phase, first_failing };
        match verdict {
            Measured::Successful if successes_wanted > 0 && self.takes_place(successes_wanted - 1) => {
                self.successful_at(successes_wanted - 1)
            }
            Measured::Successful => self.exhausted(None),
            Measured::Failed => match self.failure_limit {
                Some(limit) => {
                    let deciding = blind.saturating_add(limit);
                    if self.takes_place(deciding) {
                        ends(deciding, Measured::Failed)
                    } else {
                        self.exhausted(first_failing)
                    }
                }
                None => self.exhausted(first_failing),
            },
            Measured::Inconclusive => {
                let deciding = blind.saturating_add(self.inconclusive_limit);
                if self.takes_place(deciding) {
                    ends(deciding, Measured::Inconclusive)
                } else {
                    self.exhausted(first_failing)
                }
            }
            Measured::Error => MetricEnd {
                at: Some(self.time_of(blind) + self.consecutive_error_limit as f64 * ERROR_RETRY),
                phase: Measured::Error,
                first_failing,
            },
        }
    }

    fn successful_at(&self, measurement: u64) -> MetricEnd {
        MetricEnd { at: Some(self.time_of(measurement)), phase: Measured::Successful, first_failing: None }
    }

    /// The end when the count is reached and no limit was exceeded on the way.
    fn exhausted(&self, first_failing: Option<f64>) -> MetricEnd {
        let Some(count) = self.count else {
            return MetricEnd { at: None, phase: Measured::Successful, first_failing };
        };
        // Missing the wanted successes in a row is inconclusive, or failed where failures alone are not counted.
        let phase = match (self.consecutive_success_limit, self.failure_limit) {
            (0, _) => Measured::Successful,
            (_, Some(_)) => Measured::Inconclusive,
            (_, None) => Measured::Failed,
        };
        MetricEnd { at: Some(self.time_of(count.saturating_sub(1))), phase, first_failing }
    }

    /// Whether a good release is measured for as long as the analysis runs.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        self.end(0, Measured::Successful).at.is_none()
    }

    /// Whether failures and successes in turn can use up the count with neither limit reached.
    #[must_use]
    pub fn may_fall_between(&self) -> bool {
        let (wanted, borne) = (self.consecutive_success_limit, self.failure_limit.unwrap_or(0));
        // Between so many failures there is room for so many successes, none of them in a row too long.
        let room = wanted.saturating_sub(1).saturating_mul(borne.saturating_add(1)).saturating_add(borne);
        wanted > 0 && self.count.is_some_and(|count| count <= room)
    }

    /// Whether measurements that all end in an error end the metric before long.
    #[must_use]
    pub fn ends_on_errors(&self) -> bool {
        self.consecutive_error_limit <= MOST_ERRORS
    }

    /// Whether failing measurements alone can end the metric as failed.
    #[must_use]
    pub fn can_fail(&self) -> bool {
        self.end(0, Measured::Failed).phase == Measured::Failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_minute(count: Option<u64>, failure_limit: Option<u64>) -> Schedule {
        Schedule { interval: Some(60.0), count, failure_limit, ..Schedule::default() }
    }

    #[test]
    fn fails_after_one_more_than_the_limit() {
        let end = every_minute(None, Some(2)).end(0, Measured::Failed);
        assert_eq!((end.at, end.phase, end.first_failing), (Some(120.0), Measured::Failed, Some(0.0)));
    }

    #[test]
    fn a_limit_as_high_as_the_count_never_fails() {
        let end = every_minute(Some(3), Some(3)).end(0, Measured::Failed);
        assert_eq!((end.at, end.phase), (Some(120.0), Measured::Successful));
        assert!(!every_minute(Some(3), Some(3)).can_fail());
        assert!(every_minute(Some(4), Some(3)).can_fail());
    }

    #[test]
    fn unlimited_failures_without_count_go_on_for_ever() {
        assert_eq!(every_minute(None, None).end(0, Measured::Failed).at, None);
    }

    #[test]
    fn a_wanted_row_of_successes_decides_when_failures_are_not_counted() {
        let schedule = Schedule { consecutive_success_limit: 2, ..every_minute(Some(5), None) };
        assert_eq!(schedule.end(0, Measured::Failed).phase, Measured::Failed);
        let counted = Schedule { failure_limit: Some(9), ..schedule.clone() };
        assert_eq!(counted.end(0, Measured::Failed).phase, Measured::Inconclusive);
        assert_eq!(schedule.end(0, Measured::Successful).at, Some(60.0));
    }

    #[test]
    fn errors_are_retried_every_ten_seconds_and_do_not_count() {
        let end = every_minute(Some(2), Some(0)).end(0, Measured::Error);
        assert_eq!((end.at, end.phase), (Some(40.0), Measured::Error));
    }

    #[test]
    fn blind_measurements_are_successes() {
        let end = every_minute(None, Some(1)).end(3, Measured::Failed);
        assert_eq!((end.at, end.first_failing), (Some(240.0), Some(180.0)));
        assert_eq!(every_minute(Some(3), Some(0)).end(3, Measured::Failed).phase, Measured::Successful);
    }

    #[test]
    fn counts_measurements_up_to_a_moment() {
        let schedule = every_minute(None, Some(0));
        assert_eq!(schedule.measurements_before(0.0, false), 0);
        assert_eq!(schedule.measurements_before(0.0, true), 1);
        assert_eq!(schedule.measurements_before(60.0, false), 1);
        assert_eq!(schedule.measurements_before(60.0, true), 2);
        assert_eq!(schedule.measurements_before(-5.0, true), 0);
    }

    #[test]
    fn failures_and_successes_in_turn_may_use_up_the_count() {
        let falls = |count, failure_limit, consecutive_success_limit| {
            Schedule { consecutive_success_limit, ..every_minute(count, failure_limit) }.may_fall_between()
        };
        // Three successes, a failure, three successes, a failure, and so on.
        assert!(falls(Some(11), Some(2), 4) && falls(Some(5), Some(1), 3));
        assert!(!falls(Some(12), Some(2), 4) && !falls(Some(6), Some(1), 3));
        assert!(!falls(None, Some(2), 4) && !falls(Some(10), Some(2), 0) && !falls(Some(10), Some(0), 4));
    }
}
