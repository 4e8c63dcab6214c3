//! Asking the built command for the page.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::Failure;
use crate::workspace::Workspace;

/// How long the command may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the command says once it listens, before its address.
const LISTENS: &str = "the playground is at http://";

/// Starts the command, and asks it for every file of the page.
pub fn check(workspace: &Workspace) -> Result<(), Failure> {
    let dist = workspace.root.join("playground/dist");
    let mut command = Command::new(workspace.command());
    command.args(["playground", "--listen", "127.0.0.1:0"]).stderr(Stdio::piped());
    let child = command.spawn().map_err(|error| format!("cannot run dist/rollgate: {error}"))?;
    let mut server = Server(child);
    let address = server.address()?;
    let files = fs::read_dir(&dist).map_err(|error| format!("cannot read playground/dist: {error}"))?;
    for file in files {
        let path = file.map_err(|error| format!("cannot read playground/dist: {error}"))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let expected = fs::read(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        let (head, body) = ask(&address, &name)
            .map_err(|error| format!("dist/rollgate does not answer for {name}: {error}"))?;
        let has_policy = head.contains("content-security-policy: default-src 'none'; script-src 'self'");
        if !head.starts_with("http/1.1 200 ") || !has_policy || body != expected {
            return Err(format!("dist/rollgate does not serve {name} as it is:\n{head}"));
        }
    }
    eprintln!("xtask: dist/rollgate serves every file of the page");
    Ok(())
}

/// A process that ends with its owner.
struct Server(Child);

impl Server {
    fn address(&mut self) -> Result<String, Failure> {
        let stderr = self.0.stderr.take().ok_or("dist/rollgate has no standard error")?;
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            if let Some(address) = line.strip_prefix(LISTENS) {
                return Ok(address.trim_end_matches('/').to_owned());
            }
            eprintln!("{line}");
        }
        Err("dist/rollgate does not serve the page".to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Head, in small letters, and body of an answer.
fn ask(address: &str, name: &str) -> std::io::Result<(String, Vec<u8>)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET /{name} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").map_or(answer.len(), |at| at + 4);
    let body = answer.split_off(end);
    Ok((String::from_utf8_lossy(&answer).to_ascii_lowercase(), body))
}
