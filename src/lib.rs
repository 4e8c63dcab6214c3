//! The rollgate policy.
pub mod condition;
pub mod query;
