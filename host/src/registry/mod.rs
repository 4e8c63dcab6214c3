//! Policies in OCI registries: how they are found, fetched, kept, pushed and held against signatures.

mod address;
mod args;
mod challenge;
mod client;
mod credentials;
mod digest;
mod error;
mod fetch;
mod limits;
mod manifest;
mod push;
mod retry;
mod session;
pub mod signature;
mod sources;
mod store;

pub use address::{Address, AddressError};
pub use args::{FetchArgs, SourceArgs};
pub use digest::Digest;
pub use error::RegistryError;
pub use fetch::{Fetched, Fetcher, Pin};
pub use limits::Limits;
pub use manifest::annotations;
pub use push::push;
