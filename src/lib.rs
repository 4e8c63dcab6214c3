//! The rollgate policy.
pub mod condition;
