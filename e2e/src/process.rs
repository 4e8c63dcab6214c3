//! A server that runs beside the test.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};

/// How long a server may take to stop before it is killed.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often a condition is looked at.
const EVERY: Duration = Duration::from_millis(50);

/// A process whose output goes to a file. It ends with this value.
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `command`; what it prints goes to `<name>.log` in `folder`, after what is there.
    pub fn start(name: &str, command: &mut Command, folder: &Path) -> anyhow::Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let file = File::options().create(true).append(true).open(&log);
        let file = file.with_context(|| format!("cannot write {}", log.display()))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone().context("cannot share the log")?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("cannot run {}", command.get_program().display()))?;
        Ok(Self { name: name.to_owned(), child, log })
    }

    /// Waits until `ready` holds.
    ///
    /// # Errors
    /// When the process ends before, or it takes longer than `limit`; the end of the log is in the error.
    pub fn wait_until(&mut self, limit: Duration, mut ready: impl FnMut() -> bool) -> anyhow::Result<()> {
        let started = Instant::now();
        while !ready() {
            if let Some(status) = self.child.try_wait().context("cannot ask for the state of a process")? {
                bail!("{} ended with {status}; its last lines:\n{}", self.name, self.last_lines());
            }
            if started.elapsed() > limit {
                bail!("{} is not ready after {limit:?}; its last lines:\n{}", self.name, self.last_lines());
            }
            std::thread::sleep(EVERY);
        }
        Ok(())
    }

    /// Asks the process to stop.
    pub fn ask_to_stop(&self) -> anyhow::Result<()> {
        self.signal(Signal::TERM)
    }

    /// Asks the process to stop and waits for its end; kills it if it takes too long.
    pub fn stop(&mut self) -> anyhow::Result<ExitStatus> {
        self.ask_to_stop()?;
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(EVERY);
        }
        self.kill()
    }

    /// Asks the process to stop, waits for its end, and wants that to be a success.
    pub fn stop_well(&mut self) -> anyhow::Result<()> {
        let status = self.stop()?;
        ensure!(status.success(), "{} ended with {status}:\n{}", self.name, self.printed());
        Ok(())
    }

    /// Ends the process at once.
    pub fn kill(&mut self) -> anyhow::Result<ExitStatus> {
        self.child.kill()?;
        Ok(self.child.wait()?)
    }

    /// What the process printed so far.
    #[must_use]
    pub fn printed(&self) -> String {
        std::fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    fn signal(&self, signal: Signal) -> anyhow::Result<()> {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("no process id")?;
        // One that has ended needs no signal.
        let _ = kill_process(id, signal);
        Ok(())
    }

    fn last_lines(&self) -> String {
        let printed = self.printed();
        let lines: Vec<&str> = printed.lines().collect();
        lines[lines.len().saturating_sub(15)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            let _ = self.stop();
        }
    }
}
