//! A server that this tool has started, and what it takes: /proc of Linux.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::Context as _;
use tokio::process::{Child, Command};

/// The kernel's unit of times in /proc; the same on all Linux systems that this runs on.
const TICKS_PER_S: f64 = 100.0;

/// What a process has used so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    pub(crate) cpu_s: f64,
    pub(crate) rss_bytes: u64,
}

/// A started program; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) pid: u32,
}

impl Server {
    /// Starts a program on one core, or wherever the system likes. What it says goes into `log`.
    pub(crate) fn start<A: AsRef<OsStr>>(
        program: &Path,
        arguments: impl IntoIterator<Item = A>,
        core: Option<u32>,
        log: &Path,
    ) -> anyhow::Result<Self> {
        let mut command = match core {
            Some(core) => {
                let mut pinned = Command::new("taskset");
                pinned.arg("-c").arg(core.to_string()).arg(program);
                pinned
            }
            None => Command::new(program),
        };
        let log = std::fs::File::create(log).context("cannot write the server's log")?;
        let child = command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let pid = child.id().context("the server ended at once")?;
        Ok(Self { child, pid })
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// Ends it.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("cannot end the server")
    }
}

/// Stops a process and lets it go on, once a second, for so long each time; until this is dropped.
pub(crate) async fn stall(pid: u32, pause: Duration) -> anyhow::Result<()> {
    let mut beat = tokio::time::interval(Duration::from_secs(1));
    loop {
        beat.tick().await;
        signal(pid, "-STOP").await?;
        tokio::time::sleep(pause).await;
        signal(pid, "-CONT").await?;
    }
}

/// Lets a process that was stopped go on.
pub(crate) async fn go_on(pid: u32) -> anyhow::Result<()> {
    signal(pid, "-CONT").await
}

async fn signal(pid: u32, name: &str) -> anyhow::Result<()> {
    let status = Command::new("kill")
        .arg(name)
        .arg(pid.to_string())
        .status()
        .await?;
    anyhow::ensure!(status.success(), "the server cannot be signalled");
    Ok(())
}

/// What a process has used; an error when there is no such process.
pub(crate) fn usage(pid: u32) -> anyhow::Result<Usage> {
    let read = |name: &str| {
        let path = format!("/proc/{pid}/{name}");
        std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))
    };
    let stat = read("stat")?;
    // The program's name stands in parentheses and may hold spaces.
    let (_, fields) = stat.rsplit_once(") ").context("an odd line in /proc")?;
    let mut fields = fields.split(' ').skip(11);
    let mut ticks = || {
        fields
            .next()
            .and_then(|it| it.parse::<f64>().ok())
            .unwrap_or(0.0)
    };
    let cpu_s = (ticks() + ticks()) / TICKS_PER_S;
    let status = read("status")?;
    let rss = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
    Ok(Usage {
        cpu_s,
        rss_bytes: rss.unwrap_or(0) * 1024,
    })
}

/// How many processes wanted a core in the last minute.
pub(crate) fn load() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let first = text.split(' ').next();
    first.and_then(|it| it.parse().ok()).unwrap_or(0.0)
}

/// What the processor is called, and how many cores there are, also those that this process may not use.
pub(crate) fn processor() -> (String, u32) {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let name = line.and_then(|line| line.split_once(": "));
    let cores = text.lines().filter(|line| line.starts_with("processor"));
    let cores = u32::try_from(cores.count()).unwrap_or(0);
    (name.map_or("unknown", |(_, name)| name).to_owned(), cores)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_used_something() {
        let used = usage(std::process::id()).unwrap();
        assert!(used.rss_bytes > 500_000, "{used:?}");
        assert!(usage(u32::MAX).is_err());
    }
}
