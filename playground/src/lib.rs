//! The policy in a web page: what `rollgate check` and `rollgate plan` say about a text, for an editor.
//!
//! [`review`] and [`catalogue`] are plain functions from values to values. In Wasm they are exported with JSON
//! between them and JavaScript; nothing else is, so the page can do nothing but ask.

// What is exported to JavaScript is exported by name.
#![cfg_attr(not(target_family = "wasm"), forbid(unsafe_code))]

mod answer;
mod catalogue;
mod example;
mod export;
mod places;
mod review;

pub use answer::{Edit, Exemption, Found, Judged, Release, Review, Verdict};
pub use catalogue::{Catalogue, catalogue};
pub use export::{catalogue_as_json, review_as_json};
pub use places::{Place, Problem};
pub use review::review;
