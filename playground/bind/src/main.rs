//! Writes the JavaScript through which a page calls a module: `rollgate-playground-bind MODULE DIRECTORY`.

#![forbid(unsafe_code)]

use std::env;
use std::path::PathBuf;

use anyhow::Context;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> anyhow::Result<()> {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let (module, directory) =
        arguments.next().zip(arguments.next()).context("usage: rollgate-playground-bind MODULE DIRECTORY")?;
    // Names of functions are for debuggers, and a fifth of the module.
    Bindgen::new()
        .input_path(&module)
        .out_name("policy")
        .remove_name_section(true)
        .remove_producers_section(true)
        .web(true)
        .and_then(|bindgen| bindgen.typescript(true).generate(&directory))
        .with_context(|| format!("cannot bind {}", module.display()))
}
