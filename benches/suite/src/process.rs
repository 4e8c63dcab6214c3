//! A server that is measured: its start, its memory, its end.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// How long a server may take to start: the first time, it compiles its policy.
const START: Duration = Duration::from_mins(2);
/// How often it is looked whether it is ready.
const GLANCE: Duration = Duration::from_millis(1);

/// A running server. It ends with this value.
pub struct Process {
    child: Child,
    /// From its start to the first answer that says it is ready.
    pub ready_after: Duration,
}

impl Drop for Process {
    fn drop(&mut self) {
        // A server with processes of its own takes them with it when it is asked to stop.
        let asked = Command::new("kill").arg(self.child.id().to_string()).status();
        if !asked.is_ok_and(|status| status.success()) {
            // It has ended by itself, or does now.
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

impl Process {
    /// Starts `command` and waits until `ready` says so. What it prints goes to `log`.
    ///
    /// # Errors
    /// When it ends or does not get ready.
    pub fn start(command: &mut Command, log: &Path, ready: impl Fn() -> bool) -> anyhow::Result<Self> {
        let file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let name = command.get_program().to_owned();
        command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
        let started = Instant::now();
        let child = command.spawn().with_context(|| format!("cannot run {}", name.display()))?;
        let mut process = Self { child, ready_after: Duration::ZERO };
        while !ready() {
            let printed = || fs::read_to_string(log).unwrap_or_default();
            if let Some(status) = process.child.try_wait()? {
                bail!("{} ended with {status}:\n{}", name.display(), printed());
            }
            if started.elapsed() > START {
                bail!("{} is not ready after {START:?}:\n{}", name.display(), printed());
            }
            std::thread::sleep(GLANCE);
        }
        process.ready_after = started.elapsed();
        Ok(process)
    }

    /// Memory that it and its own processes have resident at this moment, in bytes.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn resident(&self) -> anyhow::Result<u64> {
        resident(self.child.id())
    }
}

fn resident(process: u32) -> anyhow::Result<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"));
    let status = status.with_context(|| format!("process {process} has ended"))?;
    let own = in_status(&status).with_context(|| format!("process {process} has no memory"))?;
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children"))?;
    let children = children.split_whitespace().map(|child| resident(child.parse()?));
    Ok(own + children.sum::<anyhow::Result<u64>>()?)
}

fn in_status(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_memory_is_read() {
        assert_eq!(in_status("VmPeak:\t 9 kB\nVmRSS:\t   23032 kB\nThreads:\t3\n"), Some(23_032 * 1024));
        assert_eq!(in_status("VmPeak:\t 9 kB\n"), None);
    }
}
