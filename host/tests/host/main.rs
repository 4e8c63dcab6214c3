//! The host from outside: as a library, as a command and as a server.

mod annotate;
mod guests;
mod monitoring;
mod run;
mod runtime;
mod serve;
