//! Measures the engine on a file of vignettes: `vignettes FILE [even|odd]`.

use clinical_triage::Engine;
use clinical_triage::evaluate::evaluate;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let text = std::fs::read_to_string(args.next().ok_or("which file?")?)?;
    let half = args.next();
    let lines = text
        .lines()
        .enumerate()
        .filter(|(at, _)| match half.as_deref() {
            Some("odd") => at % 2 == 0,
            Some("even") => at % 2 == 1,
            _ => true,
        });
    let report = evaluate(&Engine::shipped()?, lines.map(|(_, line)| line))?;
    serde_json::to_writer_pretty(std::io::stdout(), &report)?;
    Ok(())
}
