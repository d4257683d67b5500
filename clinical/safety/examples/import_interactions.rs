//! Writes a list of interactions of others as a data file of this program, to standard output.
//!
//! `cargo run -p clinical-safety --example import_interactions --features embedded,importers -- LIST FILE..`
//! where LIST is `ansm` (index, then thesaurus), `onc-high`, `onc-low` or `crescenddi`. The file is
//! printed only when it loads beside the shipped data set.

use std::error::Error;
use std::io::Write as _;

use clinical_safety::importers::{File, List, Names, ansm, crescenddi, pddi};
use clinical_safety::{RuleSet, embedded, embedded_files};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let list = arguments.next().ok_or("name the list")?;
    let paths: Vec<String> = arguments.collect();
    let texts = paths
        .iter()
        .map(std::fs::read_to_string)
        .collect::<Result<Vec<_>, _>>()?;
    let files: Vec<File<'_>> = paths
        .iter()
        .zip(&texts)
        .map(|(name, text)| File { name, text })
        .collect();
    let names = Names::of(&embedded()?);
    let import = match (list.as_str(), files.as_slice()) {
        ("ansm", [index, thesaurus]) => ansm(*index, *thesaurus, &names)?,
        ("onc-high", [pairs]) => pddi(*pairs, List::HighPriority, &names)?,
        ("onc-low", [pairs]) => pddi(*pairs, List::NonInterruptive, &names)?,
        ("crescenddi", [graded]) => crescenddi(*graded, &names)?,
        _ => {
            return Err(
                "LIST is ansm INDEX THESAURUS, onc-high FILE, onc-low FILE or crescenddi FILE"
                    .into(),
            );
        }
    };
    let written = import.to_toml()?;
    let mut together = embedded_files().to_vec();
    together.push(("imported.toml", &written));
    let rules = RuleSet::parse(&together)?;
    writeln!(
        std::io::stderr(),
        "{} interactions, {} groups; {} entries name medicines that the formulary does not hold; together {} rules",
        import.interactions.len(),
        import.groups.len(),
        import.left_out,
        rules.rules().len(),
    )?;
    std::io::stdout().write_all(written.as_bytes())?;
    Ok(())
}
