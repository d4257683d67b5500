//! How long reading, judging and choosing a question take: `speed`. The bound is 50 ms a question.

use std::io::Write as _;
use std::time::Instant;

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
    for complaint in [
        "I have had a headache and feel sick since yesterday, light bothers me",
        "j'ai mal au ventre depuis deux jours et un peu de fièvre",
    ] {
        let mut interview = Interview::default();
        interview.complain(complaint)?;
        let mut slowest = std::time::Duration::ZERO;
        let mut asked = 0_u32;
        loop {
            let begun = Instant::now();
            let question = interview.next(&engine);
            slowest = slowest.max(begun.elapsed());
            let Some(question) = question else { break };
            interview.answer(&engine, &question.finding, Answer::No)?;
            asked += 1;
        }
        writeln!(out, "{asked} questions, the slowest took {slowest:?}")?;
    }
    Ok(())
}
