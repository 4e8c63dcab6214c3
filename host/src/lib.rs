//! The `rollgate` command's library.

pub mod manifest;
