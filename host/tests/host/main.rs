//! The host from outside: as a library, as a command and as a server.

mod annotate;
mod api_server;
mod audit;
mod check;
mod guests;
mod hostile;
mod live;
mod monitoring;
mod registry;
mod run;
mod runtime;
mod second_look;
mod serve;
mod tls;
mod traces;
