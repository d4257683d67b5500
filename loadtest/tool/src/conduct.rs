//! Plays a scenario: people come, it settles, it is measured, it drains, and what is known is told.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use loadtest_core::{
    Counts, Delivery, Latencies, Machine, Report, Sample, Scenario, ServerCost, mos,
};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::driver::{Presence, Running, Seat, Target, seats, sources_of};
use crate::engine::{Engine, Tally};
use crate::process::{self, Usage};
use crate::progress::{Moment, Progress};

/// How long somebody may take to come in.
const JOIN_MAX: Duration = Duration::from_secs(30);
/// The memory of a server that has just started is read after this, before the first person comes.
const REST: Duration = Duration::from_secs(1);
/// Ping times that wait to be counted. Who has one to tell waits, so none is lost.
const PINGS_MAX: usize = 1024;
/// WebSockets that come in at a time.
const ARRIVALS_MAX: usize = 64;

/// Who came in.
#[derive(Debug, Default)]
struct Guests {
    present: Vec<(Seat, Presence)>,
    joins: Latencies,
    failed: u64,
    first_failure: Option<anyhow::Error>,
}

/// What a run measured at its two ends.
struct Measured {
    before: Usage,
    after: Usage,
    generator: (Usage, Usage),
    wall: Duration,
}

/// Plays it once on a server that is started for it.
pub(crate) async fn play(
    scenario: &Scenario,
    target: &Target,
    threads: usize,
) -> anyhow::Result<Report> {
    let machine = Machine {
        processor: process::processor(),
        cores: std::thread::available_parallelism()
            .map_or(1, |it| u32::try_from(it.get()).unwrap_or(1)),
        load_before: process::load(),
    };
    let mut running = target.start(scenario).await?;
    let played = play_on(scenario, target, (&mut running, threads), machine).await;
    running.stop().await?;
    played
}

async fn play_on(
    scenario: &Scenario,
    target: &Target,
    (running, threads): (&mut Running, usize),
    machine: Machine,
) -> anyhow::Result<Report> {
    let at_unix_s = crate::engine::unix_us() / 1_000_000;
    tokio::time::sleep(REST).await;
    let pid = running.pid();
    let empty = process::usage(pid)?;
    let engine = Arc::new(Engine::start(threads, scenario.media, scenario.seed)?);
    let progress = Progress::start(&scenario.name, Arc::clone(&engine), pid, scenario.times);
    let (told, pings) = mpsc::channel(PINGS_MAX);
    let pings = tokio::spawn(count(pings));
    progress.at(Moment::Arriving);
    let crowd = come_idle(running, scenario.people.idle_sockets, told).await?;
    let guests = come(running, &engine, scenario).await;
    progress.at(Moment::Settling);
    tokio::time::sleep(seconds(scenario.times.settle_s)).await;
    progress.at(Moment::Measuring);
    let measured = hold(&engine, pid, scenario).await;
    progress.at(Moment::Draining);
    tokio::time::sleep(seconds(scenario.times.drain_s)).await;
    let tally = engine.tally().await?;
    let samples = progress.stop().await;
    drop(crowd);
    let measured = measured?;
    anyhow::ensure!(!running.has_ended(), "the server ended during the run");
    let mut report = Report {
        scenario: scenario.clone(),
        server_name: target.name(),
        at_unix_s,
        machine,
        people: u32::try_from(guests.present.len())?,
        delivery: delivery(&guests.present, &tally),
        latency: tally.latencies.percentiles(),
        latency_curve: tally.latencies.curve(),
        joins: guests.joins.percentiles(),
        failed_joins: guests.failed,
        pings: pings.await?.percentiles(),
        mos: None,
        server: None,
        generator_cores: (measured.generator.1.cpu_s - measured.generator.0.cpu_s)
            / measured.wall.as_secs_f64(),
        samples,
        failed: Vec::new(),
    };
    if scenario.media.audio.is_some() {
        let speech = tally.speech.percentiles();
        report.mos = Some(mos(speech.p99_ms, report.delivery.lost_per_million() / 1e6));
    }
    report.server = Some(cost(&report, empty, &measured));
    if let Some(error) = guests.first_failure {
        crate::say_error(&error.context(format!(
            "{} people did not get in; the first",
            guests.failed
        )));
    }
    Ok(report.judged())
}

#[expect(clippy::cast_precision_loss, reason = "counts and bytes")]
fn cost(report: &Report, empty: Usage, measured: &Measured) -> ServerCost {
    let cpu_s = measured.after.cpu_s - measured.before.cpu_s;
    let people = u64::from(report.people) + u64::from(report.scenario.people.idle_sockets);
    let grown = measured.after.rss_bytes.saturating_sub(empty.rss_bytes);
    ServerCost {
        cpu_s,
        wall_s: measured.wall.as_secs_f64(),
        cpu_s_per_million: cpu_s / report.delivery.delivered.max(1) as f64 * 1e6,
        rss_before_bytes: empty.rss_bytes,
        rss_bytes: measured.after.rss_bytes,
        rss_per_person_bytes: grown as f64 / people.max(1) as f64,
    }
}

/// Everybody comes, each at their time.
async fn come(running: &Running, engine: &Arc<Engine>, scenario: &Scenario) -> Guests {
    let seats = seats(scenario);
    let ramp = seconds(scenario.times.ramp_s);
    let count = u32::try_from(seats.len()).unwrap_or(u32::MAX).max(1);
    let begun = Instant::now();
    // Everybody is polled by this task: they are IO and little else.
    let arrivals = seats.into_iter().map(|seat| async move {
        let at = ramp * seat.person / count;
        tokio::time::sleep_until((begun + at).into()).await;
        let started = Instant::now();
        let joined = tokio::time::timeout(JOIN_MAX, running.join(engine, seat)).await;
        let joined = joined
            .context("not in after 30 s")
            .and_then(|joined| joined);
        (seat, joined, started.elapsed())
    });
    let mut guests = Guests::default();
    for (seat, joined, took) in futures_util::future::join_all(arrivals).await {
        match joined {
            Ok(presence) => {
                guests.joins.add(took);
                guests.present.push((seat, presence));
            }
            Err(error) => {
                guests.failed += 1;
                guests.first_failure.get_or_insert(error);
            }
        }
    }
    guests
}

/// People without media come; the set keeps them.
async fn come_idle(
    running: &Running,
    count: u32,
    told: mpsc::Sender<Duration>,
) -> anyhow::Result<JoinSet<()>> {
    let mut crowd = JoinSet::new();
    let people: Vec<u32> = (0..count).collect();
    for some in people.chunks(ARRIVALS_MAX) {
        let arrivals = some.iter().map(|person| running.idle(*person));
        for socket in futures_util::future::try_join_all(arrivals).await? {
            crowd.spawn(socket.keep(told.clone()));
        }
    }
    Ok(crowd)
}

async fn count(mut pings: mpsc::Receiver<Duration>) -> Latencies {
    let mut latencies = Latencies::new();
    while let Some(took) = pings.recv().await {
        latencies.add(took);
    }
    latencies
}

/// The measured part.
async fn hold(engine: &Engine, pid: u32, scenario: &Scenario) -> anyhow::Result<Measured> {
    let own = std::process::id();
    engine.measure(true).await?;
    let begun = Instant::now();
    let (before, mine) = (process::usage(pid)?, process::usage(own)?);
    tokio::time::sleep(seconds(scenario.times.hold_s)).await;
    let (after, mine_after) = (process::usage(pid)?, process::usage(own)?);
    let wall = begun.elapsed();
    engine.measure(false).await?;
    Ok(Measured {
        before,
        after,
        generator: (mine, mine_after),
        wall,
    })
}

/// What arrived of what had to: for everybody all of everybody else in the room.
fn delivery(present: &[(Seat, Presence)], tally: &Tally) -> Delivery {
    let mut all = Delivery {
        sent: tally.sent.values().sum(),
        ..Delivery::default()
    };
    for (seat, presence) in present {
        let mut got: std::collections::HashMap<u32, Counts> = std::collections::HashMap::new();
        for client in &presence.clients {
            for (source, counts) in tally.received.get(client).into_iter().flatten() {
                got.entry(*source).or_default().add(counts);
            }
        }
        let others = present.iter().map(|(other, _)| other);
        let others = others.filter(|other| other.room == seat.room && other.person != seat.person);
        for other in others {
            let (microphone, camera) = sources_of(other.person);
            let wanted = [
                (
                    microphone,
                    other.plan.microphone.is_some() && seat.plan.slots.audio > 0,
                ),
                (
                    camera,
                    other.plan.camera.is_some() && seat.plan.slots.video > 0,
                ),
            ];
            for (source, _) in wanted.into_iter().filter(|(_, wanted)| *wanted) {
                let counts = got.get(&source).copied().unwrap_or_default();
                all.expected += tally.sent.get(&source).copied().unwrap_or_default();
                all.delivered += counts.delivered;
                all.reordered += counts.reordered;
                all.duplicates += counts.duplicates;
                all.silent_pairs += u64::from(counts.seen == 0);
            }
        }
    }
    all
}

fn seconds(count: u32) -> Duration {
    Duration::from_secs(count.into())
}

/// One second of a run, as the live numbers say.
pub(crate) fn sample(
    engine: &Engine,
    (at, passed): (Duration, Duration),
    (packets, before): (u64, Usage),
    now: Usage,
) -> Sample {
    let live = engine.live();
    let came = live.packets.load(Ordering::Relaxed).saturating_sub(packets);
    #[expect(clippy::cast_precision_loss, reason = "packets of a second")]
    let packets_per_s = came as f64 / passed.as_secs_f64().max(1e-3);
    Sample {
        at_s: at.as_secs_f64(),
        people: u32::try_from(live.connected.load(Ordering::Relaxed)).unwrap_or(u32::MAX),
        packets_per_s,
        server_cores: (now.cpu_s - before.cpu_s) / passed.as_secs_f64().max(1e-3),
        server_rss_bytes: now.rss_bytes,
    }
}
