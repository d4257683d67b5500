//! How this process is: memory, files, processor time, and whether its store answers.

use std::fs;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clinical_app::Db;
use metrics::{counter, describe_gauge, describe_histogram, gauge, histogram};
use tokio::sync::watch;

use crate::{processors, replicas};

/// How often the process looks at itself. Prometheus asks every 15 s or less often.
const LOOK: Duration = Duration::from_secs(10);

/// How long the store may take before it counts as gone, as for `/readyz`.
const STORE_PATIENCE: Duration = Duration::from_secs(2);

/// Clock ticks of `/proc/self/stat` in a second: fixed for programs on Linux (`USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;

/// Where the processor time of user and kernel stands in `/proc/self/stat`, counted after the name.
const STAT_USER: usize = 11;

/// Faults that alerts look for. They are 0 from the start: of a number that only appears with the first
/// fault, Prometheus sees no increase.
const FAULTS: [&str; 9] = [
    "audit_checkpoint_failures_total",
    "phone_ticks_left_out_total",
    "phone_leg_events_lost_total",
    "sfu_tcp_connections_refused_total",
    "signal_clinic_dropped_total",
    "signal_media_failures_total",
    "signal_room_panics_total",
    "telemetry_spans_dropped_total",
    "telemetry_spans_unsent_total",
];

/// What the last look at the store came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreLook {
    /// It answered, after this time.
    Answers(Duration),
    /// It gave no answer in time.
    Silent,
}

/// Tells the numbers until the server stops, and what was seen of the store; nothing before the first look.
pub(crate) fn start(db: Db, stopped: watch::Receiver<bool>) -> watch::Receiver<Option<StoreLook>> {
    describe();
    replicas::describe();
    for fault in FAULTS {
        counter!(fault).increment(0);
    }
    for empty in ["signal_connections", "signal_rooms", "phone_calls"] {
        gauge!(empty).increment(0.0);
    }
    gauge!("telehealth_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    if let Ok(since) = SystemTime::now().duration_since(UNIX_EPOCH) {
        gauge!("process_start_time_seconds").set(since.as_secs_f64());
    }
    let (tell_store, store) = watch::channel(None);
    // Ends with the order to stop.
    tokio::spawn(look_until_stopped(db, tell_store, stopped));
    store
}

async fn look_until_stopped(
    db: Db,
    tell_store: watch::Sender<Option<StoreLook>>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut tick = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            // A dropped sender means stop as well.
            _ = stopped.wait_for(|stop| *stop) => return,
        }
        tell(&Process::look());
        processors::look();
        replicas::tell(&db);
        let begin = Instant::now();
        let answered = tokio::time::timeout(STORE_PATIENCE, db.ping()).await;
        let answers = matches!(answered, Ok(Ok(())));
        gauge!("telehealth_store_up").set(f64::from(u8::from(answers)));
        let look = if answers {
            let took = begin.elapsed();
            histogram!("telehealth_store_ping_seconds").record(took.as_secs_f64());
            StoreLook::Answers(took)
        } else {
            StoreLook::Silent
        };
        tell_store.send_replace(Some(look));
    }
}

/// What `/proc` says of this process; what it does not say is left out.
#[derive(Debug, Default, PartialEq)]
struct Process {
    resident_bytes: Option<f64>,
    threads: Option<f64>,
    open_fds: Option<f64>,
    max_fds: Option<f64>,
    cpu_s: Option<f64>,
}

impl Process {
    fn look() -> Self {
        let read =
            |name: &str| fs::read_to_string(format!("/proc/self/{name}")).unwrap_or_default();
        let mut process = Self::parse(&read("status"), &read("limits"), &read("stat"));
        process.open_fds = fs::read_dir("/proc/self/fd")
            .ok()
            .and_then(|entries| u32::try_from(entries.count()).ok())
            .map(f64::from);
        process
    }

    fn parse(status: &str, limits: &str, stat: &str) -> Self {
        Self {
            resident_bytes: field(status, "VmRSS:", 0).map(|kib| kib * 1024.0),
            threads: field(status, "Threads:", 0),
            open_fds: None,
            max_fds: field(limits, "Max open files", 0),
            // The name stands in brackets, and may hold anything.
            cpu_s: stat.rsplit_once(") ").and_then(|(_, numbers)| {
                let mut words = numbers.split(' ').skip(STAT_USER);
                let user: f64 = words.next()?.parse().ok()?;
                let kernel: f64 = words.next()?.parse().ok()?;
                Some((user + kernel) / TICKS_PER_SECOND)
            }),
        }
    }
}

/// The word `index` after `name` at the beginning of a line.
fn field(text: &str, name: &str, index: usize) -> Option<f64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().nth(index)?.parse().ok()
}

fn tell(process: &Process) {
    for (name, value) in [
        ("process_resident_memory_bytes", process.resident_bytes),
        ("process_threads", process.threads),
        ("process_open_fds", process.open_fds),
        ("process_max_fds", process.max_fds),
        // Counters hold whole numbers only, so these seconds are a gauge that only grows.
        ("process_cpu_seconds_total", process.cpu_s),
    ] {
        if let Some(value) = value {
            gauge!(name).set(value);
        }
    }
}

fn describe() {
    describe_gauge!(
        "telehealth_build_info",
        "1, with the version of this program"
    );
    describe_gauge!(
        "process_start_time_seconds",
        "When this process started, Unix time"
    );
    describe_gauge!("process_resident_memory_bytes", "Memory of this process");
    describe_gauge!("process_threads", "Threads of this process");
    describe_gauge!("process_open_fds", "Open files and sockets of this process");
    describe_gauge!(
        "process_max_fds",
        "Most files and sockets that this process may open"
    );
    describe_gauge!(
        "process_cpu_seconds_total",
        "Processor time of this process, in seconds"
    );
    describe_gauge!(
        "telehealth_store_up",
        "1 when the store answered within 2 s, else 0"
    );
    describe_histogram!(
        "telehealth_store_ping_seconds",
        "How long the store took to answer"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_says_is_read() {
        let status = "Name:\tx\nVmRSS:\t    2048 kB\nThreads:\t7\n";
        let limits = "Max processes             10  10  processes\n\
                      Max open files            1024                 4096                 files\n";
        let stat = "1 (a) b) S 0 1 1 0 -1 4194560 5 0 0 0 150 50 0 0 20 0 7 0 1 2 3";
        let process = Process::parse(status, limits, stat);
        assert_eq!(
            process,
            Process {
                resident_bytes: Some(2_097_152.0),
                threads: Some(7.0),
                open_fds: None,
                max_fds: Some(1024.0),
                cpu_s: Some(2.0),
            }
        );
    }

    #[test]
    fn what_the_kernel_does_not_say_is_left_out() {
        assert_eq!(
            Process::parse("", "Max open files unlimited", "1 (a"),
            Process::default()
        );
    }

    #[test]
    fn this_process_has_memory_files_and_threads() {
        let process = Process::look();
        assert!(process.resident_bytes > Some(0.0), "{process:?}");
        assert!(process.open_fds > Some(2.0), "{process:?}");
        assert!(process.threads > Some(0.0), "{process:?}");
        assert!(process.cpu_s.is_some(), "{process:?}");
    }
}
