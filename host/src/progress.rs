//! How far the work is, on a terminal, once it takes long enough to ask.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How long nothing is shown.
const PATIENCE: Duration = Duration::from_millis(500);

/// A bar on standard error that appears late and leaves nothing behind. It is shown on a terminal only.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    began: Instant,
    shown: OnceLock<()>,
}

impl Progress {
    /// Of this many steps.
    pub(crate) fn new(what: &'static str, steps: usize) -> Self {
        let bar = ProgressBar::with_draw_target(Some(steps as u64), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:32}] {pos}/{len}") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(what);
        Self { bar, began: Instant::now(), shown: OnceLock::new() }
    }

    /// Of bytes, whose number is told once it is known.
    pub(crate) fn of_bytes(what: &'static str) -> Self {
        let progress = Self::new(what, 0);
        if let Ok(style) = ProgressStyle::with_template("{msg} [{bar:32}] {bytes}/{total_bytes}") {
            progress.bar.set_style(style.progress_chars("=> "));
        }
        progress
    }

    /// Begins anew, with so many steps if their number is known.
    pub(crate) fn begin(&self, steps: Option<u64>) {
        self.bar.set_position(0);
        self.bar.set_length(steps.unwrap_or_default());
    }

    /// Never shown.
    #[cfg(test)]
    pub(crate) fn hidden() -> Self {
        Self::new("", 0)
    }

    /// So many steps more are to be done than was known.
    pub(crate) fn grow(&self, steps: usize) {
        self.bar.inc_length(steps as u64);
    }

    /// Prints something that the bar must not run into.
    pub(crate) fn beside<R>(&self, print: impl FnOnce() -> R) -> R {
        self.bar.suspend(print)
    }

    /// One more step is done.
    pub(crate) fn step(&self) {
        self.advance(1);
    }

    /// So many more steps are done.
    pub(crate) fn advance(&self, steps: usize) {
        self.bar.inc(steps as u64);
        if self.began.elapsed() > PATIENCE {
            self.shown.get_or_init(|| self.bar.set_draw_target(ProgressDrawTarget::stderr()));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
