//! The rollgate policy.
