//! Policies in WebAssembly text.

use std::fmt::Write;

const BEHAVIOURS: &str = include_str!("behaviours.wat");

const IMPORTS: &str = r#"
(import "wapc" "__guest_request" (func $guest_request (param i32 i32)))
(import "wapc" "__guest_response" (func $guest_response (param i32 i32)))
(import "wapc" "__guest_error" (func $guest_error (param i32 i32)))
(import "wapc" "__host_call" (func $host_call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
(import "wapc" "__host_response_len" (func $host_response_len (result i32)))
(import "wapc" "__host_response" (func $host_response (param i32)))
(import "wapc" "__host_error_len" (func $host_error_len (result i32)))
(import "wapc" "__host_error" (func $host_error (param i32)))
(import "wapc" "__console_log" (func $console_log (param i32 i32)))
(import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
(import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
(import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
(import "wasi_unstable" "environ_get" (func $old_environ_get (param i32 i32) (result i32)))
"#;

const TEXTS: [(&str, &str); 14] = [
    ("version", r#""v1""#),
    ("valid", r#"{"valid":true}"#),
    ("invalid", r#"{"valid":false,"message":"no such \"setting\""}"#),
    ("accepts", r#"{"accepted":true}"#),
    (
        "rejects",
        r#"{"accepted":false,"message":"not today","code":403,"warnings":["mind the gap"],"audit_annotations":{"denied-by":"first,second","warned-by":"third"},"mutated_object":null}"#,
    ),
    ("large_code", r#"{"accepted":false,"code":70000}"#),
    ("printed", "hello from the guest\n"),
    ("echo", r#"{"accepted":true,"mutated_object":"#),
    ("kubewarden", "kubewarden"),
    ("kubernetes", "kubernetes"),
    ("get_resource", "get_resource"),
    (
        "known",
        r#"{"api_version":"v1","kind":"Namespace","name":"prod","namespace":null,"disable_cache":false}"#,
    ),
    (
        "missing",
        r#"{"api_version":"v1","kind":"Namespace","name":"none","namespace":"ns","disable_cache":false}"#,
    ),
    (
        "forbidden",
        r#"{"api_version":"v1","kind":"Secret","name":"prod","namespace":"ns","disable_cache":false}"#,
    ),
];

/// A policy that does what the first letter of the uid says: see `behaviours.wat`.
pub fn behaviours() -> Vec<u8> {
    module(&format!("{}{BEHAVIOURS}", definitions()), "")
}

/// As [`behaviours`], with metadata that asks for Namespaces.
pub fn behaviours_with_metadata() -> Vec<u8> {
    let metadata = r#"{"rules":[],"mutating":false,"protocolVersion":"v1","executionMode":"kubewarden-wapc","contextAwareResources":[{"apiVersion":"v1","kind":"Namespace"}]}"#;
    annotated(&[metadata])
}

/// A kubeconfig for an API server that is not there.
pub const NOWHERE: &str = "{apiVersion: v1, kind: Config, current-context: nowhere,\n\
    contexts: [{name: nowhere, context: {cluster: nowhere, user: nobody}}],\n\
    clusters: [{name: nowhere, cluster: {server: 'http://127.0.0.1:1'}}], users: [{name: nobody, user: {}}]}\n";

/// As [`behaviours`], with metadata sections of the given contents.
pub fn annotated(sections: &[&str]) -> Vec<u8> {
    let sections = sections.iter().fold(String::new(), |mut all, section| {
        let _ = writeln!(all, "(@custom \"io.kubewarden.metadata\" \"{}\")", escaped(section));
        all
    });
    module(&format!("{}{BEHAVIOURS}", definitions()), &sections)
}

/// A module of the given definitions, with one page of memory if it has none of its own.
pub fn module(definitions: &str, sections: &str) -> Vec<u8> {
    let text = format!("(module {definitions} {sections})");
    wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}"))
}

fn definitions() -> String {
    let mut text = format!("{IMPORTS}(memory (export \"memory\") 4)\n");
    text += "(global $buffer i32 (i32.const 32768))(global $payload i32 (i32.const 65536))\n";
    let mut at = 64;
    for (name, content) in TEXTS {
        let len = content.len();
        let _ = writeln!(
            text,
            "(global ${name}_at i32 (i32.const {at})) (global ${name}_len i32 (i32.const {len})) \
             (data (i32.const {at}) \"{}\")",
            escaped(content)
        );
        at += len;
    }
    for letter in 'a'..='z' {
        let _ = writeln!(text, "(global $letter_{letter} i32 (i32.const {}))", u32::from(letter));
    }
    text
}

fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut all, byte| {
        let _ = write!(all, "\\{byte:02x}");
        all
    })
}
