//! What is said about a run, and whether its gates held.

use serde::{Deserialize, Serialize};

use crate::callers::Callers;
use crate::latency::Percentiles;
use crate::scenario::{Gates, Scenario};
use crate::work::Work;

/// Everything measured in one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// What was played.
    pub scenario: Scenario,
    /// Which server: its driver and what it calls itself.
    pub server_name: String,
    /// When it began, Unix time in seconds.
    pub at_unix_s: u64,
    /// Where.
    pub machine: Machine,
    /// People with media who were connected while it was measured.
    pub people: u32,
    /// What arrived.
    pub delivery: Delivery,
    /// From the packet's sender to the kernel of its receiver.
    pub latency: Percentiles,
    /// Points of that distribution: share, milliseconds.
    pub latency_curve: Vec<(f64, f64)>,
    /// From the first word to a connection.
    pub joins: Percentiles,
    /// People who did not get in.
    pub failed_joins: u64,
    /// WebSocket pings.
    pub pings: Percentiles,
    /// What was done beside media.
    #[serde(default)]
    pub works: Vec<Work>,
    /// Telephones; none when nobody had to call.
    #[serde(default)]
    pub callers: Option<Callers>,
    /// Estimated opinion of speech; none without speech.
    pub mos: Option<f64>,
    /// What the server took; none when it runs elsewhere.
    pub server: Option<ServerCost>,
    /// What each thread of the server took while it was measured, the busiest first; idle ones are left out.
    #[serde(default)]
    pub threads: Vec<ThreadCost>,
    /// Share of one core that this tool took while it measured. Near its cores, it is the limit.
    pub generator_cores: f64,
    /// Once a second from the first arrival on.
    pub samples: Vec<Sample>,
    /// Gates that did not hold.
    pub failed: Vec<Failed>,
}

/// Where a run took place.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// Name of the processor.
    pub processor: String,
    /// Cores of the machine.
    pub cores: u32,
    /// Processes that wanted a core in the minute before, without this run.
    pub load_before: f64,
}

/// What arrived of what had to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Packets sent while it was measured.
    pub sent: u64,
    /// For every receiver every packet of every source of its room.
    pub expected: u64,
    /// Arrived, each counted once for each receiver.
    pub delivered: u64,
    /// Came after a later one.
    pub reordered: u64,
    /// Came again.
    pub duplicates: u64,
    /// Pairs of a receiver and a source of which nothing at all arrived.
    pub silent_pairs: u64,
}

impl Delivery {
    /// Packets that did not arrive.
    #[must_use]
    pub const fn lost(&self) -> u64 {
        self.expected.saturating_sub(self.delivered)
    }

    /// Missing packets in a million expected ones.
    #[must_use]
    pub fn lost_per_million(&self) -> f64 {
        per_million(self.lost(), self.expected)
    }

    /// Late packets in a million delivered ones.
    #[must_use]
    pub fn reordered_per_million(&self) -> f64 {
        per_million(self.reordered, self.delivered)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of packets")]
fn per_million(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    part as f64 / whole as f64 * 1e6
}

/// What the server took while it was measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct ServerCost {
    /// Processor seconds.
    pub cpu_s: f64,
    /// Seconds on the wall.
    pub wall_s: f64,
    /// Processor seconds for a million delivered packets.
    pub cpu_s_per_million: f64,
    /// Resident memory before the first person, in bytes.
    pub rss_before_bytes: u64,
    /// Resident memory at the end of the measured part, in bytes.
    pub rss_bytes: u64,
    /// Growth for each person, in bytes.
    pub rss_per_person_bytes: f64,
}

/// What a thread took while it was measured.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ThreadCost {
    /// As the system calls it.
    pub name: String,
    /// Processor seconds.
    pub cpu_s: f64,
}

impl ServerCost {
    /// Cores that the server kept busy.
    #[must_use]
    pub fn cores(&self) -> f64 {
        if self.wall_s > 0.0 {
            self.cpu_s / self.wall_s
        } else {
            0.0
        }
    }
}

/// One second of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Seconds since the beginning.
    pub at_s: f64,
    /// People connected.
    pub people: u32,
    /// Packets per second that arrived.
    pub packets_per_s: f64,
    /// Cores that the server used.
    pub server_cores: f64,
    /// Resident memory of the server in bytes.
    pub server_rss_bytes: u64,
}

/// A gate that did not hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failed {
    /// Its name in the scenario.
    pub gate: String,
    /// What was allowed.
    pub allowed: f64,
    /// What was measured; nothing when it could not be.
    pub measured: Option<f64>,
}

impl Report {
    /// Judges the run by the gates of its scenario. A value that a gate needs and that was not
    /// measured fails it.
    #[must_use]
    pub fn judged(mut self) -> Self {
        self.failed = self.judge(&self.scenario.gates);
        self
    }

    /// Nothing when no work had to be done.
    fn worst_work(&self, of: impl Fn(&Work) -> f64) -> Option<f64> {
        let works = self.works.iter().filter(|work| work.wanted > 0);
        works.map(of).reduce(f64::max)
    }

    /// Gates of telephones: name, what is allowed, what was measured.
    #[expect(clippy::cast_precision_loss, reason = "counts")]
    fn of_callers(&self, gates: &Gates) -> [(&'static str, Option<f64>, Option<f64>); 6] {
        let callers = self.callers.as_ref();
        let came = callers.filter(|it| it.came_in > 0);
        [
            (
                "failed_calls_max",
                gates.failed_calls_max.map(|max| max as f64),
                callers.map(|it| it.failed() as f64),
            ),
            (
                "call_p99_ms_max",
                gates.call_p99_ms_max,
                came.map(|it| it.setup.p99_ms),
            ),
            (
                "caller_lost_per_million_max",
                gates.caller_lost_per_million_max,
                came.map(Callers::lost_per_million),
            ),
            (
                "caller_gap_p99_ms_max",
                gates.caller_gap_p99_ms_max,
                came.filter(|it| it.heard.gaps.count > 0 && it.said.gaps.count > 0)
                    .map(Callers::gap_p99_ms),
            ),
            (
                "callers_unheard_max",
                gates.callers_unheard_max.map(|max| max as f64),
                came.map(|it| (it.deaf + it.unheard) as f64),
            ),
            (
                "caller_irregular_max",
                gates.caller_irregular_max.map(|max| max as f64),
                came.map(|it| it.irregular as f64),
            ),
        ]
    }

    #[expect(clippy::cast_precision_loss, reason = "counts")]
    fn judge(&self, gates: &Gates) -> Vec<Failed> {
        let got = self.delivery.delivered > 0;
        let cost = self.server.as_ref();
        let most = [
            (
                "lost_per_million_max",
                gates.lost_per_million_max,
                (self.delivery.expected > 0).then(|| self.delivery.lost_per_million()),
            ),
            (
                "reordered_per_million_max",
                gates.reordered_per_million_max,
                got.then(|| self.delivery.reordered_per_million()),
            ),
            (
                "p50_ms_max",
                gates.p50_ms_max,
                got.then_some(self.latency.p50_ms),
            ),
            (
                "p99_ms_max",
                gates.p99_ms_max,
                got.then_some(self.latency.p99_ms),
            ),
            (
                "cpu_s_per_million_max",
                gates.cpu_s_per_million_max,
                cost.filter(|_| got).map(|cost| cost.cpu_s_per_million),
            ),
            (
                "memory_kb_per_person_max",
                gates.memory_kb_per_person_max,
                cost.map(|cost| cost.rss_per_person_bytes / 1000.0),
            ),
            (
                "join_p99_ms_max",
                gates.join_p99_ms_max,
                (self.joins.count > 0).then_some(self.joins.p99_ms),
            ),
            (
                "failed_joins_max",
                gates.failed_joins_max.map(|max| max as f64),
                Some(self.failed_joins as f64),
            ),
            (
                "work_failed_max",
                gates.work_failed_max.map(|max| max as f64),
                self.worst_work(|work| work.failed() as f64),
            ),
            (
                "work_p99_ms_max",
                gates.work_p99_ms_max,
                self.worst_work(|work| work.times.p99_ms),
            ),
            (
                "ping_p99_ms_max",
                gates.ping_p99_ms_max,
                (self.pings.count > 0).then_some(self.pings.p99_ms),
            ),
        ];
        let mut failed: Vec<Failed> = most
            .into_iter()
            .chain(self.of_callers(gates))
            .filter_map(|(gate, allowed, measured)| {
                let allowed = allowed?;
                let holds = measured.is_some_and(|measured| measured <= allowed);
                (!holds).then(|| failed(gate, allowed, measured))
            })
            .collect();
        if let Some(allowed) = gates.mos_min
            && !self.mos.is_some_and(|mos| mos >= allowed)
        {
            failed.push(self::failed("mos_min", allowed, self.mos));
        }
        failed
    }
}

fn failed(gate: &str, allowed: f64, measured: Option<f64>) -> Failed {
    Failed {
        gate: gate.to_owned(),
        allowed,
        measured,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::callers::Sound;

    pub(crate) fn report(gates: &str) -> Report {
        let text = format!(
            "name = \"x\"\n[people]\nrooms = 1\nsenders = 1\nviewers = 2\n[media]\n\
             audio = {{ packet_ms = 20, bytes = 80 }}\n[gates]\n{gates}"
        );
        Report {
            scenario: Scenario::read(&text).unwrap(),
            server_name: "hub".to_owned(),
            at_unix_s: 1_700_000_000,
            machine: Machine::default(),
            people: 3,
            delivery: Delivery {
                sent: 100,
                expected: 200,
                delivered: 200,
                ..Delivery::default()
            },
            latency: Percentiles {
                count: 200,
                p50_ms: 0.3,
                p99_ms: 1.0,
                ..Percentiles::default()
            },
            latency_curve: vec![(0.5, 0.3), (1.0, 2.0)],
            joins: Percentiles::default(),
            failed_joins: 0,
            pings: Percentiles::default(),
            works: Vec::new(),
            callers: None,
            mos: Some(4.4),
            server: Some(ServerCost {
                cpu_s_per_million: 9.0,
                ..ServerCost::default()
            }),
            threads: Vec::new(),
            generator_cores: 0.1,
            samples: vec![Sample::default(); 3],
            failed: Vec::new(),
        }
    }

    fn gates_that_fail(gates: &str, change: impl FnOnce(&mut Report)) -> Vec<String> {
        let mut it = report(gates);
        change(&mut it);
        it.judged().failed.into_iter().map(|f| f.gate).collect()
    }

    #[test]
    fn a_gate_holds_up_to_its_value_and_not_beyond() {
        let gates =
            "lost_per_million_max = 0\np99_ms_max = 1.0\ncpu_s_per_million_max = 9\nmos_min = 4.0";
        assert_eq!(gates_that_fail(gates, |_| {}), [""; 0]);
        assert_eq!(
            gates_that_fail(gates, |it| it.delivery.delivered = 199),
            ["lost_per_million_max"]
        );
        assert_eq!(
            gates_that_fail(gates, |it| it.latency.p99_ms = 1.01),
            ["p99_ms_max"]
        );
        assert_eq!(gates_that_fail(gates, |it| it.mos = Some(3.9)), ["mos_min"]);
    }

    #[test]
    fn the_worst_kind_of_work_is_judged() {
        let work = |done, p99_ms| Work {
            wanted: 5,
            done,
            times: Percentiles {
                p99_ms,
                ..Percentiles::default()
            },
            ..Work::default()
        };
        let gates = "work_failed_max = 0\nwork_p99_ms_max = 10";
        let both = ["work_failed_max", "work_p99_ms_max"];
        assert_eq!(gates_that_fail(gates, |_| {}), both);
        let good = |it: &mut Report| it.works = vec![work(5, 9.0), work(5, 10.0)];
        assert_eq!(gates_that_fail(gates, good), [""; 0]);
        let bad = |it: &mut Report| it.works = vec![work(5, 11.0), work(4, 1.0)];
        assert_eq!(gates_that_fail(gates, bad), both);
    }

    #[test]
    fn telephones_are_judged_by_the_worse_direction() {
        let sound = |got, p99_ms| Sound {
            expected: 100,
            got,
            gaps: Percentiles {
                count: 99,
                p99_ms,
                ..Percentiles::default()
            },
        };
        let good = Callers {
            wanted: 2,
            came_in: 2,
            heard: sound(100, 21.0),
            said: sound(100, 22.0),
            irregular: 1,
            ..Callers::default()
        };
        let gates = "failed_calls_max = 0\ncall_p99_ms_max = 9\ncaller_lost_per_million_max = 0\n\
                     caller_gap_p99_ms_max = 22\ncallers_unheard_max = 0\n\
                     caller_irregular_max = 1";
        let with = |change: &dyn Fn(&mut Callers)| {
            gates_that_fail(gates, |it| {
                let mut callers = good.clone();
                change(&mut callers);
                it.callers = Some(callers);
            })
        };
        assert_eq!(with(&|_| {}), [""; 0]);
        assert_eq!(with(&|it| it.came_in = 1), ["failed_calls_max"]);
        assert_eq!(with(&|it| it.setup.p99_ms = 10.0), ["call_p99_ms_max"]);
        for change in [
            (|it: &mut Callers| it.heard.got = 99) as fn(&mut Callers),
            |it| it.said.got = 99,
            |it| it.said.expected = 0,
        ] {
            assert_eq!(with(&change), ["caller_lost_per_million_max"]);
        }
        assert_eq!(
            with(&|it| it.heard.gaps.p99_ms = 23.0),
            ["caller_gap_p99_ms_max"]
        );
        assert_eq!(with(&|it| it.deaf = 1), ["callers_unheard_max"]);
        assert_eq!(with(&|it| it.unheard = 1), ["callers_unheard_max"]);
        assert_eq!(with(&|it| it.irregular = 2), ["caller_irregular_max"]);
        assert_eq!(with(&|it| it.came_in = 0).len(), 6, "nothing was measured");
        assert_eq!(gates_that_fail(gates, |_| {}).len(), 6, "nobody called");
    }

    #[test]
    fn a_gate_on_something_that_was_not_measured_fails() {
        assert_eq!(
            gates_that_fail("cpu_s_per_million_max = 9", |it| it.server = None),
            ["cpu_s_per_million_max"]
        );
        assert_eq!(
            gates_that_fail("lost_per_million_max = 0", |it| it.delivery =
                Delivery::default()),
            ["lost_per_million_max"]
        );
        assert_eq!(
            gates_that_fail("join_p99_ms_max = 5", |_| {}),
            ["join_p99_ms_max"]
        );
    }
}
