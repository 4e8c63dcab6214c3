//! `rollgate check` as people use it.

mod baseline;
mod command;
mod fix;
mod forms;
mod input;
mod integrations;
mod only;
mod schemas;
mod settings;
