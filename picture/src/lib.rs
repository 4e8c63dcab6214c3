//! A delivery plan to look at: its stages, who watches them, and what becomes of a good release and of bad ones.
//!
//! [`Picture::new`] plays the releases; [`json`], [`mermaid`], [`svg`] and [`text`] write them down. Pure functions
//! throughout, without files, without a clock: they run in a web page as well.

mod clock;
pub mod json;
mod lane;
pub mod mermaid;
mod picture;
mod release;
mod story;
pub mod svg;
pub mod text;
mod wording;

pub use picture::{Analysis, Metric, Picture, Stage, Subject, Wait};
pub use release::read;
pub use story::{Cause, Passage, Run, Story};
