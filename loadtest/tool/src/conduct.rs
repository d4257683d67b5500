//! Plays a scenario: people come, it settles, it is measured, it drains, and what is known is told.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use futures_util::{StreamExt as _, TryStreamExt as _};
use loadtest_core::{
    Callers, Counts, Delivery, Latencies, Machine, People, Report, Sample, Scenario, ServerCost,
    ThreadCost, Work, mos,
};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::driver::{Presence, Running, Seat, Target, cut, seats, sources_of};
use crate::engine::{Engine, Tally, Ways};
use crate::phone::Calls;
use crate::process::{self, Processes, Usage};
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

/// How a run is driven.
#[derive(Debug, Clone, Copy)]
pub(crate) struct How {
    /// Threads with participants.
    pub(crate) threads: usize,
    /// How they reach the server.
    pub(crate) ways: Ways,
    /// Sabotage: the server stands still for so long once a second while it is measured.
    pub(crate) stall: Option<Duration>,
}

/// What a run measured at its two ends.
struct Measured {
    before: Usage,
    after: Usage,
    generator: (Usage, Usage),
    wall: Duration,
    works: Vec<Work>,
    threads: Vec<ThreadCost>,
}

/// Plays it once on a server that is started for it.
pub(crate) async fn play(scenario: &Scenario, target: &Target, how: How) -> anyhow::Result<Report> {
    let (processor, cores) = process::processor();
    let machine = Machine {
        processor,
        cores,
        load_before: process::load(),
    };
    let mut running = target.start(scenario).await?;
    let played = play_on(scenario, target, (&mut running, how), machine).await;
    running.stop().await?;
    played
}

async fn play_on(
    scenario: &Scenario,
    target: &Target,
    (running, how): (&mut Running, How),
    machine: Machine,
) -> anyhow::Result<Report> {
    let at_unix_s = crate::engine::unix_us() / 1_000_000;
    tokio::time::sleep(REST).await;
    let server = running.processes().clone();
    let empty = server.usage()?;
    let engine = Arc::new(Engine::start(
        how.threads,
        scenario.media,
        (scenario.seed, how.ways),
    )?);
    let progress = Progress::start(scenario, Arc::clone(&engine), server.clone());
    let (told, pings) = mpsc::channel(PINGS_MAX);
    let pings = tokio::spawn(count(pings));
    progress.at(Moment::Arriving);
    let (crowd, came) = come_idle(running, scenario.people, told).await?;
    let mut guests = arrive(running, &engine, scenario).await?;
    let mut calls = running.calls(how.ways.lose_per_million).await;
    guests.first_failure = guests.first_failure.or(calls.first_failure.take());
    progress.at(Moment::Settling);
    tokio::time::sleep(seconds(scenario.times.settle_s)).await;
    progress.at(Moment::Measuring);
    let measured = async {
        let hold = hold(running, &engine, (&server, scenario), (&mut guests, &calls));
        match how.stall {
            Some(pause) => tokio::select! {
                measured = hold => measured,
                Err(error) = process::stall(&server, pause) => Err(error),
            },
            None => hold.await,
        }
    }
    .await;
    // Whoever was stopped in the middle goes on.
    if how.stall.is_some() {
        process::go_on(&server).await?;
    }
    progress.at(Moment::Draining);
    tokio::time::sleep(seconds(scenario.times.drain_s)).await;
    let tally = engine.tally().await?;
    let samples = progress.stop().await;
    drop(crowd);
    let mut measured = measured?;
    let works = works(running, (came, &mut measured), &guests).await;
    let callers = calls.end(measured.wall, (&guests.present, &tally));
    let callers = callers.await?;
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
        works,
        callers,
        mos: None,
        server: None,
        threads: core::mem::take(&mut measured.threads),
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
    guests.say_failure(report.callers.as_ref());
    Ok(report.judged())
}

/// Everybody comes, and a second time if the scenario says so.
async fn arrive(
    running: &Running,
    engine: &Arc<Engine>,
    scenario: &Scenario,
) -> anyhow::Result<Guests> {
    let mut guests = Guests::default();
    come(running, engine, scenario, (0, &mut guests)).await;
    if scenario.times.reconnect {
        let before = core::mem::take(&mut guests.present);
        for (_, presence) in &before {
            cut(engine, presence).await?;
        }
        drop(before);
        come(running, engine, scenario, (1, &mut guests)).await;
    }
    Ok(guests)
}

#[expect(clippy::cast_precision_loss, reason = "counts and bytes")]
fn cost(report: &Report, empty: Usage, measured: &Measured) -> ServerCost {
    let cpu_s = measured.after.cpu_s - measured.before.cpu_s;
    let callers = report.callers.as_ref().map_or(0, |it| it.came_in);
    let people =
        u64::from(report.people) + u64::from(report.scenario.people.idle_sockets) + callers;
    let grown = measured.after.rss_bytes.saturating_sub(empty.rss_bytes);
    ServerCost {
        cpu_s,
        wall_s: measured.wall.as_secs_f64(),
        cpu_s_per_million: if report.delivery.delivered > 0 {
            cpu_s / report.delivery.delivered as f64 * 1e6
        } else {
            0.0
        },
        rss_before_bytes: empty.rss_bytes,
        rss_bytes: measured.after.rss_bytes,
        rss_per_person_bytes: grown as f64 / people.max(1) as f64,
    }
}

/// Everybody comes, each at their time; all at once when they come again.
async fn come(
    running: &Running,
    engine: &Arc<Engine>,
    scenario: &Scenario,
    (coming, guests): (u32, &mut Guests),
) {
    let seats = seats(scenario, coming);
    let ramp = if coming == 0 {
        seconds(scenario.times.ramp_s)
    } else {
        Duration::ZERO
    };
    let from = seats.first().map_or(0, |seat| seat.person);
    let count = u32::try_from(seats.len()).unwrap_or(u32::MAX).max(1);
    let begun = Instant::now();
    // Everybody is polled by this task: they are IO and little else.
    let arrivals = seats.into_iter().map(|seat| async move {
        let at = ramp * (seat.person - from) / count;
        tokio::time::sleep_until((begun + at).into()).await;
        enter(running, engine, seat).await
    });
    for entered in futures_util::future::join_all(arrivals).await {
        guests.note(entered);
    }
}

/// What became of somebody who wanted in, and how long it took.
type Entered = (Seat, anyhow::Result<Presence>, Duration);

async fn enter(running: &Running, engine: &Arc<Engine>, seat: Seat) -> Entered {
    let started = Instant::now();
    let joined = tokio::time::timeout(JOIN_MAX, running.join(engine, seat)).await;
    let joined = joined
        .context("not in after 30 s")
        .and_then(|joined| joined);
    (seat, joined, started.elapsed())
}

impl Guests {
    /// Why the first one did not get in.
    fn say_failure(self, callers: Option<&Callers>) {
        if let Some(error) = self.first_failure {
            crate::say_error(&error.context(format!(
                "{} people and {} callers did not get in; the first",
                self.failed,
                callers.map_or(0, Callers::failed)
            )));
        }
    }

    fn note(&mut self, (seat, joined, took): Entered) {
        match joined {
            Ok(presence) => {
                self.joins.add(took);
                self.present.push((seat, presence));
            }
            Err(error) => {
                self.failed += 1;
                self.first_failure.get_or_insert(error);
            }
        }
    }
}

/// People without media come; the set keeps them.
async fn come_idle(
    running: &Running,
    people: People,
    told: mpsc::Sender<Duration>,
) -> anyhow::Result<(JoinSet<()>, Option<Work>)> {
    let mut crowd = JoinSet::new();
    let mut times = Latencies::new();
    let begun = Instant::now();
    let arrivals = (0..people.idle_sockets).map(|person| async move {
        let started = Instant::now();
        let socket = running.idle(person).await?;
        anyhow::Ok((socket, started.elapsed()))
    });
    let mut arrivals = futures_util::stream::iter(arrivals).buffer_unordered(ARRIVALS_MAX);
    while let Some((socket, took)) = arrivals.try_next().await? {
        times.add(took);
        crowd.spawn(socket.keep(told.clone()));
    }
    let name = if people.tls {
        "WebSockets that came in, with TLS"
    } else {
        "WebSockets that came in"
    };
    let wanted = u64::from(people.idle_sockets);
    let wall_s = begun.elapsed().as_secs_f64();
    let came = (wanted > 0).then(|| Work::of(name, wanted, (&times, wall_s)));
    Ok((crowd, came))
}

/// Everything that was done beside media.
async fn works(
    running: &Running,
    (came, measured): (Option<Work>, &mut Measured),
    guests: &Guests,
) -> Vec<Work> {
    let mut people = HashMap::new();
    for (seat, _) in &guests.present {
        *people.entry(seat.room).or_default() += 1;
    }
    let chat = running.chat(&people, measured.wall.as_secs_f64()).await;
    let beside = core::mem::take(&mut measured.works);
    came.into_iter().chain(chat).chain(beside).collect()
}

async fn count(mut pings: mpsc::Receiver<Duration>) -> Latencies {
    let mut latencies = Latencies::new();
    while let Some(took) = pings.recv().await {
        latencies.add(took);
    }
    latencies
}

/// The measured part.
async fn hold(
    running: &Running,
    engine: &Arc<Engine>,
    (server, scenario): (&Processes, &Scenario),
    (guests, calls): (&mut Guests, &Calls),
) -> anyhow::Result<Measured> {
    let own = std::process::id();
    engine.measure(true).await?;
    calls.measure(true);
    let begun = Instant::now();
    let threads = server.threads()?;
    let (before, mine) = (server.usage()?, process::usage(own)?);
    let end = begun + seconds(scenario.times.hold_s);
    running.speak(true);
    let coming = churn(running, engine, scenario, (end, guests));
    let (passers_by, works) = tokio::try_join!(coming, running.work())?;
    tokio::time::sleep_until(end.into()).await;
    running.speak(false);
    let (after, mine_after) = (server.usage()?, process::usage(own)?);
    let threads = busiest(&threads, server.threads()?);
    let wall = begun.elapsed();
    calls.measure(false);
    engine.measure(false).await?;
    drop(passers_by);
    Ok(Measured {
        before,
        after,
        generator: (mine, mine_after),
        wall,
        works,
        threads,
    })
}

/// What each thread has used between two looks, the busiest first; idle ones are left out.
fn busiest(
    before: &HashMap<u32, (String, f64)>,
    after: HashMap<u32, (String, f64)>,
) -> Vec<ThreadCost> {
    let costs = after.into_iter().map(|(number, (name, now))| {
        let then = before.get(&number).map_or(0.0, |(_, cpu_s)| *cpu_s);
        let cpu_s = now - then;
        ThreadCost { name, cpu_s }
    });
    let mut costs: Vec<ThreadCost> = costs.filter(|it| it.cpu_s > 0.0).collect();
    costs.sort_by(|one, other| other.cpu_s.total_cmp(&one.cpu_s));
    costs
}

/// Viewers leave and others come in their place. What those who stay receive is counted as ever;
/// of those who come and go only how fast they came in.
async fn churn(
    running: &Running,
    engine: &Arc<Engine>,
    scenario: &Scenario,
    (end, guests): (Instant, &mut Guests),
) -> anyhow::Result<Vec<(Seat, Presence)>> {
    let mut passers_by = Vec::new();
    let Some(period) = seconds(60).checked_div(scenario.times.churn_per_min) else {
        return Ok(passers_by);
    };
    let mut random = fastrand::Rng::with_seed(scenario.seed);
    let mut beat = tokio::time::interval(period);
    beat.tick().await;
    let each = scenario.people.senders + scenario.people.viewers;
    let mut pass_of = HashMap::new();
    for number in 0.. {
        let _ = tokio::time::timeout_at(end.into(), beat.tick()).await;
        if Instant::now() >= end {
            break;
        }
        let present = guests.present.iter().enumerate();
        let viewers = present.filter(|(_, (seat, _))| seat.place >= seat.senders);
        let Some((at, _)) = random.choice(viewers.collect::<Vec<_>>()) else {
            break;
        };
        let (seat, presence) = guests.present.swap_remove(at);
        Running::leave(engine, (seat, presence)).await?;
        let pass = pass_of.entry(seat.room).or_insert(each);
        let next = Seat {
            person: 2 * scenario.people() + number,
            key: 2 * scenario.people() + number,
            pass: *pass,
            ..seat
        };
        *pass += 1;
        let entered = enter(running, engine, next).await;
        guests.note(entered);
        passers_by.extend(
            guests
                .present
                .pop_if(|(seat, _)| seat.person == next.person),
        );
    }
    Ok(passers_by)
}

/// What arrived of what had to: for everybody all of everybody else in the room.
fn delivery(present: &[(Seat, Presence)], tally: &Tally) -> Delivery {
    let mut all = Delivery {
        sent: tally.sent.values().sum(),
        ..Delivery::default()
    };
    let mut lacking = Lacking::default();
    for (seat, presence) in present {
        let mut got: HashMap<u32, Counts> = HashMap::new();
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
                let sent = tally.sent.get(&source).copied().unwrap_or_default();
                if counts.delivered < sent {
                    lacking.note(seat, (source, other), (counts.delivered, sent));
                }
                all.expected += sent;
                all.delivered += counts.delivered;
                all.reordered += counts.reordered;
                all.duplicates += counts.duplicates;
                all.silent_pairs += u64::from(counts.seen == 0);
            }
        }
    }
    lacking.say();
    all
}

/// Who did not get everything, so that a loss can be looked for.
#[derive(Debug, Default)]
struct Lacking {
    lines: Vec<String>,
    more: usize,
}

impl Lacking {
    const LINES_MAX: usize = 12;

    fn note(&mut self, seat: &Seat, (source, of): (u32, &Seat), (got, sent): (u64, u64)) {
        if self.lines.len() >= Self::LINES_MAX {
            self.more += 1;
            return;
        }
        let what = if source.is_multiple_of(2) {
            "speech"
        } else {
            "picture"
        };
        let ((who, stack), (whose, other)) =
            ((seat.place, seat.plan.stack), (of.place, of.plan.stack));
        self.lines.push(format!(
            "room {}: {who} ({stack:?}) got {got} of {sent} packets of the {what} of {whose} ({other:?})",
            seat.room
        ));
    }

    fn say(&self) {
        for line in &self.lines {
            crate::say_note(line);
        }
        if self.more > 0 {
            crate::say_note(&format!("and {} more did not get everything", self.more));
        }
    }
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
