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
    ("temper .65", |t| t.temper = 0.65),
    ("temper .7", |t| t.temper = 0.7),
    ("temper .9", |t| t.temper = 0.9),
    ("temper 1.0", |t| t.temper = 1.0),
    ("class step .5", |t| t.class_step = 0.5),
    ("class step .8", |t| t.class_step = 0.8),
    ("silence .06", |t| t.silence = 0.06),
    ("silence .2", |t| t.silence = 0.2),
    ("silence .3", |t| t.silence = 0.3),
    ("always .25", |t| t.silence_always = 0.25),
    ("always .4", |t| t.silence_always = 0.4),
    ("always .6", |t| t.silence_always = 0.6),
    ("always .8", |t| t.silence_always = 0.8),
    ("not missed .08", |t| t.not_missed = 0.08),
    ("not missed .2", |t| t.not_missed = 0.2),
    ("not missed .3", |t| t.not_missed = 0.3),
    ("home cheaper", |t| t.cost[0] = [0.0, 1.1, 4.0, 13.0]),
    ("home much cheaper", |t| t.cost[0] = [0.0, 0.8, 3.0, 11.0]),
    ("visits for home dearer", |t| t.cost[1][0] = 1.0),
    ("visits for home much dearer", |t| {
        t.cost[1][0] = 1.4;
        t.cost[2][0] = 2.2;
    }),
    ("emergency dearer", |t| t.cost[3] = [3.5, 3.0, 2.2, 0.0]),
    ("emergency cheaper", |t| t.cost[3] = [2.5, 2.0, 1.2, 0.0]),
    ("missed emergency dearer", |t| {
        t.cost[0][3] = 24.0;
        t.cost[1][3] = 14.0;
        t.cost[2][3] = 6.0;
    }),
    ("missed emergency cheaper", |t| {
        t.cost[0][3] = 12.0;
        t.cost[1][3] = 7.0;
        t.cost[2][3] = 3.0;
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
