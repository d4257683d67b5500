//! One page that needs nothing beside itself.

use core::fmt::Write as _;

use crate::plot::Plot;
use crate::report::{Report, Sample};
use crate::table::table;

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}\
    pre{overflow:auto;background:#f4f4f4;padding:.8rem}figure{margin:1.5rem 0}svg{width:100%;height:auto}\
    svg text{font-size:11px;fill:#444}polyline{fill:none;stroke:#0b6;stroke-width:2}circle{fill:#0b6}\
    .grid{stroke:#ddd}.failed{color:#b00}";

/// A page for several runs, in their order.
#[must_use]
pub fn page(reports: &[Report]) -> String {
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Load test</title><style>{STYLE}</style>\
         <h1>Load test</h1>"
    );
    for report in reports {
        one(report, &mut html);
    }
    html.push_str("</html>\n");
    html
}

fn one(report: &Report, html: &mut String) {
    let verdict = if report.failed.is_empty() {
        "<p>All gates held.</p>"
    } else {
        "<p class=\"failed\">Gates failed.</p>"
    };
    // Writing to a string does not fail.
    let _ = write!(
        html,
        "<h2>{} at {}</h2>{verdict}<pre>{}</pre>",
        escaped(&report.scenario.name),
        escaped(&report.server_name),
        escaped(&table(report))
    );
    let nines = nines_of(&report.latency_curve);
    let over_time = |value: &dyn Fn(&Sample) -> f64| -> Vec<(f64, f64)> {
        let samples = report.samples.iter();
        samples.map(|sample| (sample.at_s, value(sample))).collect()
    };
    let rates = over_time(&|sample| sample.packets_per_s);
    let per_packet = over_time(&|sample| {
        if sample.packets_per_s > 0.0 {
            sample.server_cores / sample.packets_per_s * 1e6
        } else {
            0.0
        }
    });
    #[expect(clippy::cast_precision_loss, reason = "bytes of a process")]
    let memory: Vec<(f64, f64)> = report
        .samples
        .iter()
        .map(|sample| {
            (
                f64::from(sample.people),
                sample.server_rss_bytes as f64 / 1e6,
            )
        })
        .collect();
    let plots = [
        (
            "Latency: nines of the share below it",
            "1 = 90 %, 2 = 99 %",
            "ms",
            nines,
            false,
        ),
        ("Packets that arrived", "s", "per second", rates, false),
        (
            "Processor time of the server for a packet",
            "s",
            "us",
            per_packet,
            false,
        ),
        (
            "Memory of the server against people",
            "people",
            "MB",
            memory,
            true,
        ),
    ];
    let callers = report.callers.as_ref().map(|callers| {
        (
            "Gaps between packets to telephones: nines of the share below",
            "1 = 90 %, 2 = 99 %",
            "ms",
            nines_of(&callers.gap_curve),
            false,
        )
    });
    for (title, x_name, y_name, points, scattered) in plots.into_iter().chain(callers) {
        let plot = Plot {
            title,
            x_name,
            y_name,
            points: &points,
            scattered,
        };
        html.push_str(&plot.svg());
    }
}

/// Nines on a line of their own: 0.9 is 1, 0.99 is 2.
fn nines_of(curve: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let points = curve.iter();
    points
        .map(|(share, ms)| (-(1.0 - share.min(0.99999)).log10(), *ms))
        .collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callers::Callers;
    use crate::report::tests::report;

    #[test]
    fn a_page_loads_nothing_and_shows_no_markup_of_others() {
        let mut it = report("p99_ms_max = 0.5").judged();
        it.server_name = "<script>alert(1)</script>".to_owned();
        let html = page(&[it]);
        for outside in ["<script", "http://", "https://", "src=", "href="] {
            assert!(!html.contains(outside), "{outside}");
        }
        assert!(html.contains("Gates failed"));
        assert_eq!(html.matches("<svg").count(), 4);
    }

    #[test]
    fn the_gaps_of_telephones_are_a_plot_of_their_own() {
        let mut it = report("");
        it.callers = Some(Callers::default());
        assert_eq!(page(&[it]).matches("<svg").count(), 5);
    }
}
