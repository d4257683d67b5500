//! What is shown while a run lasts, once a second: a bar on a terminal, plain lines elsewhere.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant};

use loadtest_core::{Sample, Scenario};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::conduct::sample;
use crate::engine::Engine;
use crate::process::Processes;

const BEAT: Duration = Duration::from_secs(1);
/// A line this often where nobody looks at a terminal.
const PLAIN_EVERY: usize = 5;
const BAR: usize = 24;
/// Samples that are kept; a soak of days is thinned by dropping what comes later.
const SAMPLES_MAX: usize = 100_000;

/// Where a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    Arriving,
    Settling,
    Measuring,
    Draining,
}

impl Moment {
    const ALL: [Self; 4] = [
        Self::Arriving,
        Self::Settling,
        Self::Measuring,
        Self::Draining,
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::Arriving => "arriving",
            Self::Settling => "settling",
            Self::Measuring => "measuring",
            Self::Draining => "draining",
        }
    }
}

/// The showing task.
#[derive(Debug)]
pub(crate) struct Progress {
    moment: Arc<AtomicU8>,
    end: watch::Sender<bool>,
    task: JoinHandle<Vec<Sample>>,
}

impl Progress {
    pub(crate) fn start(scenario: &Scenario, engine: Arc<Engine>, server: Processes) -> Self {
        let times = scenario.times;
        let moment = Arc::new(AtomicU8::new(0));
        let (end, ended) = watch::channel(false);
        let show = Show {
            name: scenario.name.clone(),
            engine,
            server,
            whole_s: f64::from(times.ramp_s + times.settle_s + times.hold_s + times.drain_s),
            moment: Arc::clone(&moment),
        };
        Self {
            moment,
            end,
            task: tokio::spawn(show.run(ended)),
        }
    }

    pub(crate) fn at(&self, moment: Moment) {
        let place = Moment::ALL.iter().position(|it| *it == moment);
        let place = place.and_then(|it| u8::try_from(it).ok()).unwrap_or(0);
        self.moment.store(place, Ordering::Relaxed);
    }

    /// Ends the showing; answers with what was seen.
    pub(crate) async fn stop(self) -> Vec<Sample> {
        self.end.send_replace(true);
        self.task.await.unwrap_or_default()
    }
}

struct Show {
    name: String,
    engine: Arc<Engine>,
    server: Processes,
    whole_s: f64,
    moment: Arc<AtomicU8>,
}

impl Show {
    async fn run(self, mut ended: watch::Receiver<bool>) -> Vec<Sample> {
        let terminal = std::io::stderr().is_terminal();
        let begun = Instant::now();
        let mut beat = tokio::time::interval(BEAT);
        let mut samples = Vec::new();
        let mut last = (begun, 0, self.server.usage().unwrap_or_default());
        loop {
            tokio::select! {
                _ = beat.tick() => {}
                _ = ended.wait_for(|ended| *ended) => break,
            }
            let now = Instant::now();
            let used = self.server.usage().unwrap_or_default();
            let times = (now - begun, now - last.0);
            let one = sample(&self.engine, times, (last.1, last.2), used);
            last = (
                now,
                self.engine.live().packets.load(Ordering::Relaxed),
                used,
            );
            if samples.len() < SAMPLES_MAX {
                samples.push(one);
            }
            if terminal || samples.len() % PLAIN_EVERY == 1 {
                self.show(&one, terminal);
            }
        }
        if terminal {
            drop(writeln!(std::io::stderr()));
        }
        samples
    }

    #[expect(clippy::cast_precision_loss, reason = "bytes of a process")]
    fn show(&self, sample: &Sample, terminal: bool) {
        let place = usize::from(self.moment.load(Ordering::Relaxed));
        let moment = Moment::ALL.get(place).map_or("", |it| it.word());
        let share = (sample.at_s / self.whole_s.max(1.0)).clamp(0.0, 1.0);
        let filled = (1..=BAR)
            .filter(|step| *step as f64 <= share * BAR as f64)
            .count();
        let line = format!(
            "{} [{}{}] {moment:<9} {} people, {:.0} packets/s, server {:.2} cores, {:.0} MB",
            self.name,
            "#".repeat(filled),
            "-".repeat(BAR - filled),
            sample.people,
            sample.packets_per_s,
            sample.server_cores,
            sample.server_rss_bytes as f64 / 1e6,
        );
        // A closed terminal is no error.
        let mut out = std::io::stderr();
        drop(if terminal {
            write!(out, "\r\x1b[K{line}")
        } else {
            writeln!(out, "{line}")
        });
    }
}
