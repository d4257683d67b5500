//! Measures the engine on files of vignettes: `vignettes [odd|even|all] [json|misses|figures] FILE...`.
//! `misses` shows every case that was not answered rightly with what was read in it.

use clinical_redflags::flags::{Evidence, Flags, Story};
use clinical_triage::Engine;
use clinical_triage::evaluate::{Report, Vignette, case, evaluate};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let half = args.next().ok_or("odd, even or all?")?;
    let how = args.next().ok_or("json, misses or figures?")?;
    let engine = Engine::shipped()?;
    let mut out = std::io::stdout().lock();
    let mut lines = Vec::new();
    for file in args {
        let text = std::fs::read_to_string(file)?;
        let taken = text
            .lines()
            .enumerate()
            .filter(|(at, _)| match half.as_str() {
                "odd" => at % 2 == 0,
                "even" => at % 2 == 1,
                _ => true,
            });
        lines.extend(taken.map(|(_, line)| line.to_owned()));
    }
    let report = evaluate(&engine, lines.iter().map(String::as_str))?;
    match how.as_str() {
        "json" => serde_json::to_writer_pretty(&mut out, &report)?,
        "misses" => {
            for miss in &report.misses {
                let line = lines.get(miss.line - 1).ok_or("no such line")?;
                show(&mut out, &engine, line)?;
            }
        }
        _ => {}
    }
    figures(&mut out, &report)?;
    Ok(())
}

fn figures(out: &mut impl std::io::Write, report: &Report) -> std::io::Result<()> {
    for (name, share) in [
        ("top1", report.top1),
        ("top3", report.top3),
        ("coverage", report.coverage),
        ("exact", report.exact),
        ("exact of three", report.exact_of_three),
        ("emergencies", report.emergencies),
        ("false emergencies", report.false_emergencies),
        ("under", report.under),
        ("over", report.over),
    ] {
        writeln!(
            out,
            "{name} {:.1} % ({}/{})",
            share.share * 100.0,
            share.hits,
            share.of
        )?;
    }
    for row in &report.matrix {
        writeln!(
            out,
            "{:14} self {:3} routine {:3} urgent {:3} emergency {:3}",
            row.label, row.self_care, row.routine, row.urgent, row.emergency
        )?;
    }
    Ok(())
}

fn show(
    out: &mut impl std::io::Write,
    engine: &Engine,
    line: &str,
) -> Result<(), Box<dyn std::error::Error>> {
    let vignette: Vignette = serde_json::from_str(line)?;
    let told = case(engine, &vignette);
    let answer = engine.assess(&told);
    let knowledge = engine.knowledge();
    let name = |at: &usize| knowledge.findings.get(*at).map_or("?", |f| f.id.as_str());
    writeln!(
        out,
        "== {} {} [{}] -> {:?} ({:.2})",
        vignette.id,
        vignette.correct_diagnosis,
        vignette.triage.as_deref().unwrap_or("-"),
        answer.disposition,
        answer.confidence
    )?;
    let words: Vec<String> = engine
        .mentions(&told.patient, &told.text)
        .iter()
        .map(|one| {
            let said = told.text.get(one.start..one.end).unwrap_or_default();
            format!("{}={said:?}{:?}", name(&one.finding), one.assertion)
        })
        .collect();
    writeln!(out, "   ~ {}", words.join(" "))?;
    let present: Vec<&str> = answer.reading.present.iter().map(name).collect();
    let absent: Vec<&str> = answer.reading.absent.iter().map(name).collect();
    writeln!(out, "   + {}", present.join(" "))?;
    writeln!(out, "   - {}", absent.join(" "))?;
    let ranked: Vec<String> = answer
        .hypotheses
        .iter()
        .take(6)
        .filter_map(|h| {
            let condition = knowledge.conditions.get(h.condition)?;
            Some(format!(
                "{}({:?}) {:.2}",
                condition.id, condition.urgency, h.probability
            ))
        })
        .collect();
    writeln!(out, "   {}", ranked.join(", "))?;
    let story = Story {
        text: &told.text,
        findings: &[],
    };
    for hit in Flags::shipped().screen(&told.patient, &story).hits {
        let words: Vec<&str> = hit
            .evidence
            .iter()
            .filter_map(|evidence| match evidence {
                Evidence::Words { start, end } => told.text.get(*start..*end),
                Evidence::Known(name) => Some(name.as_str()),
            })
            .collect();
        writeln!(
            out,
            "   ! {} {:?}: {}",
            hit.flag.id,
            hit.flag.level,
            words.join(" & ")
        )?;
    }
    Ok(())
}
