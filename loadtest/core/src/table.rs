//! Reports as text.

use core::fmt::Write as _;

use crate::callers::{Callers, Sound};
use crate::compare::Comparison;
use crate::report::Report;

/// What is not known.
const NOTHING: &str = "-";
/// More threads than this are not named.
const THREADS_SHOWN: usize = 4;

/// One run for a terminal.
#[must_use]
pub fn table(report: &Report) -> String {
    let mut text = String::new();
    let delivery = &report.delivery;
    let latency = &report.latency;
    let mut line = |what: &str, figure: String| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{what:<34} {figure}");
    };
    line(
        "scenario",
        format!("{} at {}", report.scenario.name, report.server_name),
    );
    line(
        "machine",
        format!(
            "{} x {}, load before {:.2}",
            report.machine.cores, report.machine.processor, report.machine.load_before
        ),
    );
    line(
        "people connected, not let in",
        format!("{}, {}", report.people, report.failed_joins),
    );
    line(
        "packets sent, expected, delivered",
        format!(
            "{}, {}, {}",
            delivery.sent, delivery.expected, delivery.delivered
        ),
    );
    line(
        "lost, late, twice, silent pairs",
        format!(
            "{} ({:.1} per million), {}, {}, {}",
            delivery.lost(),
            delivery.lost_per_million(),
            delivery.reordered,
            delivery.duplicates,
            delivery.silent_pairs
        ),
    );
    line(
        "latency p50, p90, p99, p99.9, max",
        format!(
            "{:.2}, {:.2}, {:.2}, {:.2}, {:.2} ms",
            latency.p50_ms, latency.p90_ms, latency.p99_ms, latency.p999_ms, latency.max_ms
        ),
    );
    add_rest(report, &mut line);
    line("generator", format!("{:.2} cores", report.generator_cores));
    for failed in &report.failed {
        let measured = failed
            .measured
            .map_or_else(|| NOTHING.to_owned(), |it| format!("{it:.3}"));
        line(
            &format!("FAILED {}", failed.gate),
            format!("{measured}, allowed {:.3}", failed.allowed),
        );
    }
    text
}

/// What is only known of some runs.
fn add_rest(report: &Report, line: &mut impl FnMut(&str, String)) {
    if report.joins.count > 0 {
        let joins = &report.joins;
        line(
            "joining p50, p99, max",
            format!(
                "{:.0}, {:.0}, {:.0} ms",
                joins.p50_ms, joins.p99_ms, joins.max_ms
            ),
        );
    }
    if report.pings.count > 0 {
        let pings = &report.pings;
        line(
            "ping p50, p99, max",
            format!(
                "{:.1}, {:.1}, {:.1} ms",
                pings.p50_ms, pings.p99_ms, pings.max_ms
            ),
        );
    }
    for work in &report.works {
        let times = &work.times;
        line(
            &format!("{}: wanted, done", work.name),
            format!(
                "{}, {}, {:.1} per s; p50, p99, max {:.1}, {:.1}, {:.1} ms",
                work.wanted, work.done, work.per_s, times.p50_ms, times.p99_ms, times.max_ms
            ),
        );
    }
    if let Some(callers) = &report.callers {
        add_callers(callers, line);
    }
    if let Some(mos) = report.mos {
        line("speech, estimated opinion (MOS)", format!("{mos:.2}"));
    }
    if let Some(cost) = &report.server {
        line(
            "server CPU",
            format!(
                "{:.2} s in {:.1} s, {:.2} cores; {:.2} CPU-s per million packets",
                cost.cpu_s,
                cost.wall_s,
                cost.cores(),
                cost.cpu_s_per_million
            ),
        );
        if let Some(threads) = threads(report) {
            line("of that, the busiest threads", threads);
        }
        line(
            "server memory",
            format!(
                "{} before, {} now, {} for each person",
                megabytes(cost.rss_before_bytes),
                megabytes(cost.rss_bytes),
                format_args!("{:.0} kB", cost.rss_per_person_bytes / 1000.0)
            ),
        );
    }
}

fn add_callers(callers: &Callers, line: &mut impl FnMut(&str, String)) {
    let setup = &callers.setup;
    line(
        "telephones: called, in the visit",
        format!(
            "{}, {}; p50, p99, max {:.0}, {:.0}, {:.0} ms from INVITE until let in",
            callers.wanted, callers.came_in, setup.p50_ms, setup.p99_ms, setup.max_ms
        ),
    );
    let sound = |sound: &Sound| {
        format!(
            "{}, {} ({:.1} lost per million); gaps p50, p99, max {:.1}, {:.1}, {:.1} ms",
            sound.expected,
            sound.got,
            sound.lost_per_million(),
            sound.gaps.p50_ms,
            sound.gaps.p99_ms,
            sound.gaps.max_ms
        )
    };
    line("to telephones: expected, got", sound(&callers.heard));
    line("from telephones: expected, got", sound(&callers.said));
    line(
        "telephones: deaf, unheard, irregular",
        format!(
            "{}, {}, {}",
            callers.deaf, callers.unheard, callers.irregular
        ),
    );
}

/// The busiest threads; with one alone the server's line says it all.
fn threads(report: &Report) -> Option<String> {
    let shown = report.threads.iter().take(THREADS_SHOWN);
    let shown: Vec<String> = shown
        .map(|it| format!("{} {:.2} s", it.name, it.cpu_s))
        .collect();
    (shown.len() > 1).then(|| shown.join(", "))
}

#[expect(clippy::cast_precision_loss, reason = "bytes of a process")]
fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

/// Two servers, pair by pair.
#[must_use]
pub fn comparison_table(comparison: &Comparison) -> String {
    let mut text = String::from(
        "pair   ours CPU-s/M   peer CPU-s/M  ratio   ours p50/p99 ms   peer p50/p99 ms  lost ours, peer  cores ours, peer  load\n",
    );
    for (index, pair) in comparison.pairs.iter().enumerate() {
        let cpu = |report: &Report| report.server.map_or(0.0, |cost| cost.cpu_s_per_million);
        let cores = |report: &Report| report.server.map_or(0.0, |cost| cost.cores());
        let _ = writeln!(
            text,
            "{:>4} {:>14.2} {:>14.2} {:>6} {:>8.2} / {:>6.2} {:>8.2} / {:>6.2} {:>8}, {:>6} {:>11.2}, {:>4.2} {:>5.2}",
            index + 1,
            cpu(&pair.ours),
            cpu(&pair.peer),
            shown(pair.cpu_ratio()),
            pair.ours.latency.p50_ms,
            pair.ours.latency.p99_ms,
            pair.peer.latency.p50_ms,
            pair.peer.latency.p99_ms,
            pair.ours.delivery.lost(),
            pair.peer.delivery.lost(),
            cores(&pair.ours),
            cores(&pair.peer),
            pair.ours.machine.load_before,
        );
    }
    let _ = writeln!(
        text,
        "median ratio: CPU per packet {}, p99 {}; {}",
        shown(comparison.cpu_ratio()),
        shown(comparison.p99_ratio()),
        if comparison.is_exact() {
            "both delivered every packet in every run"
        } else {
            "NOT every packet was delivered: the ratio says nothing"
        }
    );
    text
}

fn shown(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| NOTHING.to_owned(), |ratio| format!("{ratio:.2}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Pair;
    use crate::report::ThreadCost;
    use crate::report::tests::report;

    #[test]
    fn a_failed_gate_stands_in_the_table() {
        let shown = table(&report("p99_ms_max = 0.5").judged());
        assert!(shown.contains("FAILED p99_ms_max"), "{shown}");
        assert!(!table(&report("p99_ms_max = 2.0").judged()).contains("FAILED"));
    }

    #[test]
    fn telephones_stand_in_the_table_when_somebody_called() {
        let mut it = report("");
        assert!(!table(&it).contains("telephones"));
        it.callers = Some(Callers {
            wanted: 5,
            came_in: 4,
            ..Callers::default()
        });
        assert!(table(&it).contains("telephones: called, in the visit   5, 4;"));
    }

    #[test]
    fn a_run_says_how_busy_the_server_and_which_of_its_threads_were() {
        let mut it = report("");
        it.server.as_mut().unwrap().cpu_s = 7.0;
        it.server.as_mut().unwrap().wall_s = 10.0;
        assert!(!table(&it).contains("busiest"));
        let thread = |name: &str, cpu_s| ThreadCost {
            name: name.to_owned(),
            cpu_s,
        };
        it.threads = vec![thread("sfu-1", 3.6), thread("sfu-0", 3.4)];
        let shown = table(&it);
        assert!(shown.contains("7.00 s in 10.0 s, 0.70 cores"), "{shown}");
        assert!(shown.contains("sfu-1 3.60 s, sfu-0 3.40 s"), "{shown}");
    }

    #[test]
    fn a_comparison_without_exact_delivery_says_so() {
        let mut pair = Pair {
            ours: report(""),
            peer: report(""),
        };
        let shown = |pair: &Pair| {
            let pairs = vec![pair.clone()];
            comparison_table(&Comparison { pairs })
        };
        assert!(shown(&pair).contains("median ratio: CPU per packet 1.00"));
        pair.peer.delivery.delivered = 3;
        assert!(shown(&pair).contains("NOT every packet"));
    }
}
