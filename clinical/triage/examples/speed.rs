//! How long reading, judging and choosing a question take: `speed FILE...`. Every vignette of the files is told, and
//! every question is answered with no. Prints the median and the slowest of hundred; the bound is 50 ms a question.

use std::io::Write as _;
use std::time::{Duration, Instant};

use clinical_triage::evaluate::{Vignette, case};
use clinical_triage::{Answer, Engine, Interview};

#[expect(
    clippy::disallowed_methods,
    reason = "an example that measures needs a clock"
)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut out = std::io::stdout().lock();
    let begun = Instant::now();
    let engine = Engine::shipped()?;
    writeln!(out, "engine built in {:?}", begun.elapsed())?;
    let mut steps = Vec::new();
    for file in std::env::args().skip(1) {
        for line in std::fs::read_to_string(file)?.lines() {
            let vignette: Vignette = serde_json::from_str(line)?;
            let mut interview = Interview::default();
            interview.complain(&case(&engine, &vignette).text)?;
            loop {
                let begun = Instant::now();
                let question = interview.next(&engine);
                steps.push(begun.elapsed());
                let Some(question) = question else { break };
                interview.answer(&engine, &question.finding, Answer::No)?;
            }
        }
    }
    steps.sort_unstable();
    let part = |share: usize| {
        let at = steps.len().saturating_sub(1) * share / 100;
        steps.get(at).copied().unwrap_or(Duration::ZERO)
    };
    writeln!(
        out,
        "{} questions: p50 {:?}, p99 {:?}, slowest {:?}",
        steps.len(),
        part(50),
        part(99),
        part(100)
    )?;
    Ok(())
}
