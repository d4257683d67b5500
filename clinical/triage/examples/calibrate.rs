//! Measures weights of the engine on files of labelled vignettes: `calibrate FILE...`. Prints the reliability curve
//! of the shipped weights and what single changes of them would do.

use std::io::Write as _;

use clinical_triage::evaluate::{Report, evaluate};
use clinical_triage::{Engine, Tuning};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut lines = Vec::new();
    for file in std::env::args().skip(1) {
        let text = std::fs::read_to_string(file)?;
        lines.extend(text.lines().map(str::to_owned));
    }
    let mut out = std::io::stdout().lock();
    let mut engine = Engine::shipped()?;
    let shipped = engine.tuning().clone();
    let report = evaluate(&engine, lines.iter().map(String::as_str))?;
    for (bin, share) in report.calibration.iter().enumerate() {
        writeln!(
            out,
            "belief {:3}-{:3} %: right {:5.1} % of {} ({:.1}-{:.1})",
            bin * 20,
            bin * 20 + 20,
            share.share * 100.0,
            share.of,
            share.low * 100.0,
            share.high * 100.0
        )?;
    }
    line(&mut out, "shipped", &report)?;
    for (name, change) in CHANGES {
        let mut tuning = shipped.clone();
        change(&mut tuning);
        engine = engine.tuned(tuning);
        let report = evaluate(&engine, lines.iter().map(String::as_str))?;
        line(&mut out, name, &report)?;
    }
    Ok(())
}

type Change = fn(&mut Tuning);

const CHANGES: &[(&str, Change)] = &[
    ("temper .8", |t| t.temper = 0.8),
    ("temper 1.0", |t| t.temper = 1.0),
    ("class step .5", |t| t.class_step = 0.5),
    ("silence .2", |t| t.silence = 0.2),
    ("special .10", |t| t.special = 0.10),
    ("special .07", |t| t.special = 0.07),
    ("special .05", |t| t.special = 0.05),
    ("not missed .12", |t| t.not_missed = 0.12),
    ("home cheaper", |t| {
        t.cost[0] = [0.0, 1.0, 4.0, 13.0];
        t.cost[1][0] = 0.9;
    }),
    ("home much cheaper", |t| {
        t.cost[0] = [0.0, 0.8, 3.5, 12.0];
        t.cost[1][0] = 1.0;
    }),
    ("home very much cheaper", |t| {
        t.cost[0] = [0.0, 0.6, 3.0, 11.0];
        t.cost[1][0] = 1.0;
        t.cost[2][0] = 1.7;
    }),
    ("missed emergency dearer", |t| {
        t.cost[1][3] = 14.0;
        t.cost[2][3] = 6.0;
    }),
];

fn line(out: &mut impl std::io::Write, name: &str, report: &Report) -> std::io::Result<()> {
    let percent = |share: clinical_triage::evaluate::Share| share.share * 100.0;
    writeln!(
        out,
        "{name:28} top1 {:5.1} top3 {:5.1} exact {:5.1} of three {:5.1} emergencies {:5.1} false {:5.1} under {:4.1} over {:4.1}",
        percent(report.top1),
        percent(report.top3),
        percent(report.exact),
        percent(report.exact_of_three),
        percent(report.emergencies),
        percent(report.false_emergencies),
        percent(report.under),
        percent(report.over)
    )
}
