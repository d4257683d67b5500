//! A server that this tool has started, and what it takes: /proc of Linux.

use std::collections::HashMap;
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
    pub(crate) processes: Processes,
}

/// Processes whose cost is counted together.
#[derive(Debug, Clone)]
pub(crate) struct Processes(Vec<u32>);

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
        Ok(Self {
            child,
            pid,
            processes: Processes(vec![pid]),
        })
    }

    /// From here on what it costs is also what the processes cost that it has started so far.
    pub(crate) fn count_children(&mut self) -> anyhow::Result<()> {
        let Processes(all) = &mut self.processes;
        for entry in std::fs::read_dir("/proc")? {
            let name = entry?.file_name();
            let pid = name.to_str().and_then(|name| name.parse().ok());
            // Whoever has ended in the meantime is no child.
            let parent = pid.and_then(|pid| parent(pid).ok());
            if let (Some(pid), Some(parent)) = (pid, parent)
                && parent == self.pid
            {
                all.push(pid);
            }
        }
        anyhow::ensure!(all.len() > 1, "the server has started no process");
        Ok(())
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

impl Processes {
    /// What all of them have used.
    pub(crate) fn usage(&self) -> anyhow::Result<Usage> {
        let mut all = Usage::default();
        for pid in &self.0 {
            let one = usage(*pid)?;
            all.cpu_s += one.cpu_s;
            all.rss_bytes += one.rss_bytes;
        }
        Ok(all)
    }

    /// Processor seconds of each thread with its name, by the thread's number.
    pub(crate) fn threads(&self) -> anyhow::Result<HashMap<u32, (String, f64)>> {
        let mut all = HashMap::new();
        for pid in &self.0 {
            for entry in std::fs::read_dir(format!("/proc/{pid}/task"))? {
                let entry = entry?;
                let number = entry.file_name().to_str().and_then(|it| it.parse().ok());
                // Whoever has ended in the meantime is left out.
                let stat = std::fs::read_to_string(entry.path().join("stat"));
                if let (Some(number), Ok(stat)) = (number, stat) {
                    let (name, fields) = named(&stat)?;
                    all.insert(number, (name.to_owned(), cpu_s(fields)));
                }
            }
        }
        Ok(all)
    }
}

/// Stops all of a server's processes and lets them go on, once a second, for so long each time; until this is dropped.
pub(crate) async fn stall(server: &Processes, pause: Duration) -> anyhow::Result<()> {
    let mut beat = tokio::time::interval(Duration::from_secs(1));
    loop {
        beat.tick().await;
        signal(server, "-STOP").await?;
        tokio::time::sleep(pause).await;
        signal(server, "-CONT").await?;
    }
}

/// Lets a server that was stopped go on.
pub(crate) async fn go_on(server: &Processes) -> anyhow::Result<()> {
    signal(server, "-CONT").await
}

async fn signal(Processes(all): &Processes, name: &str) -> anyhow::Result<()> {
    let all = all.iter().map(u32::to_string);
    let status = Command::new("kill").arg(name).args(all).status().await?;
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
    let (_, fields) = named(&stat)?;
    let cpu_s = cpu_s(fields);
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

/// A line of `stat`: the name, which stands in parentheses and may hold spaces, and the fields after it.
fn named(stat: &str) -> anyhow::Result<(&str, &str)> {
    let (name, fields) = stat.rsplit_once(") ").context("an odd line in /proc")?;
    let (_, name) = name.split_once('(').context("an odd line in /proc")?;
    Ok((name, fields))
}

/// Processor seconds in user and system mode.
fn cpu_s(fields: &str) -> f64 {
    let ticks = fields.split(' ').skip(11).take(2);
    let ticks = ticks.filter_map(|it| it.parse::<f64>().ok());
    ticks.sum::<f64>() / TICKS_PER_S
}

/// Who has started a process.
fn parent(pid: u32) -> anyhow::Result<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, fields) = named(&stat)?;
    let parent = fields.split(' ').nth(1).context("an odd line in /proc")?;
    Ok(parent.parse()?)
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

    #[test]
    fn a_process_is_known_by_its_parent_and_its_threads_by_their_names() {
        let (own, starter) = (std::process::id(), std::os::unix::process::parent_id());
        assert_eq!(parent(own).unwrap(), starter);
        let threads = Processes(vec![own]).threads().unwrap();
        assert!(threads.contains_key(&own), "{threads:?}");
        let (name, fields) = named("17 (sfu (0) x) R 3 17").unwrap();
        assert_eq!((name, fields), ("sfu (0) x", "R 3 17"));
    }

    /// A shell with a child, both counted, and the log that the child's number is in.
    async fn with_a_child() -> (Server, u32, std::path::PathBuf) {
        let log = std::env::temp_dir().join(format!("children-{}", uuid::Uuid::new_v4()));
        let script = "sleep 60 & echo $!; wait";
        let mut server = Server::start(Path::new("sh"), ["-c", script], None, &log).unwrap();
        let told = loop {
            let told = std::fs::read_to_string(&log).unwrap();
            if told.ends_with('\n') {
                break told.trim().parse::<u32>().unwrap();
            }
            tokio::task::yield_now().await;
        };
        server.count_children().unwrap();
        (server, told, log)
    }

    async fn end((server, told, log): (Server, u32, std::path::PathBuf)) {
        signal(&Processes(vec![told]), "-KILL").await.unwrap();
        server.stop().await.unwrap();
        std::fs::remove_file(log).unwrap();
    }

    fn runtime() -> tokio::runtime::Runtime {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_all().build().unwrap()
    }

    #[test]
    fn what_a_server_has_started_counts_as_its_own() {
        runtime().block_on(async {
            let (server, told, log) = with_a_child().await;
            assert_eq!(server.processes.0, [server.pid, told]);
            let alone = usage(server.pid).unwrap().rss_bytes;
            assert!(server.processes.usage().unwrap().rss_bytes > alone);
            end((server, told, log)).await;
        });
    }

    #[test]
    fn a_server_stands_still_with_all_that_it_has_started() {
        fn stopped(pid: u32) -> bool {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
            let (_, fields) = named(&stat).unwrap();
            fields.starts_with('T')
        }
        async fn until(all: [u32; 2], wanted: bool) {
            while all.into_iter().any(|pid| stopped(pid) != wanted) {
                tokio::task::yield_now().await;
            }
        }
        runtime().block_on(async {
            let (server, told, log) = with_a_child().await;
            let all = [server.pid, told];
            let processes = server.processes.clone();
            // It stands still for longer than this takes.
            let stands = stall(&processes, Duration::from_secs(3600));
            let patience = Duration::from_secs(60);
            tokio::select! {
                all = tokio::time::timeout(patience, until(all, true)) => all.unwrap(),
                ended = stands => panic!("{ended:?}"),
            }
            go_on(&processes).await.unwrap();
            until(all, false).await;
            end((server, told, log)).await;
        });
    }
}
