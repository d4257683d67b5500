//! Measures the shipped rules against lists of interactions that are not ours and not shipped.
//!
//! `cargo run -p clinical-safety --example evaluate_interactions --features embedded,importers -- FOLDER`
//! where FOLDER holds `pddi/ONC_High_Priority_Mapped.csv`, `crescenddi/positive_dev.csv` and
//! `crescenddi/negative_dev.csv`.

#![expect(clippy::print_stdout, reason = "a tool that prints figures")]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::Path;

use clinical_safety::importers::{Control, File, Names, negatives, pddi_pairs, positives};
use clinical_safety::{Chart, Draft, Kind, Level, Line, RuleSet, SubstanceId, check};

type Pair = (SubstanceId, SubstanceId);

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args()
        .nth(1)
        .ok_or("name the folder of the lists")?;
    let rules = clinical_safety::embedded()?;
    let names = Names::of(&rules);
    println!(
        "data set {}, {} medicines, {} rules",
        rules.version_text(),
        rules.substances().count(),
        rules.rules().len()
    );

    let onc = read(&folder, "pddi/ONC_High_Priority_Mapped.csv")?;
    let onc = pddi_pairs(File {
        name: "ONC",
        text: &onc,
    })?;
    let onc: BTreeSet<(String, String)> = onc
        .into_iter()
        .map(|(_, one, other)| sorted(one, other))
        .collect();
    row(&rules, &names, "ONC high priority", onc.iter());

    let positive = read(&folder, "crescenddi/positive_dev.csv")?;
    let positive = positives(File {
        name: "positive",
        text: &positive,
    })?;
    let mut graded: BTreeMap<(String, String), Vec<&Control>> = BTreeMap::new();
    for control in &positive {
        graded
            .entry(sorted(control.one.clone(), control.other.clone()))
            .or_default()
            .push(control);
    }
    row(&rules, &names, "CRESCENDDI positive, all", graded.keys());
    let severe = |control: &&Control| {
        control.grades.bnf >= Some(Level::Justify)
            || control.grades.micromedex >= Some(Level::Justify)
    };
    let pick = |test: &dyn Fn(&[&Control]) -> bool| {
        graded
            .iter()
            .filter(|(_, controls)| test(controls))
            .map(|(pair, _)| pair)
            .collect::<Vec<_>>()
    };
    let named = |label: &str, test: &dyn Fn(&[&Control]) -> bool| {
        row(&rules, &names, label, pick(test).into_iter());
    };
    named("  Severe (BNF) or Major (Micromedex)", &|controls| {
        controls.iter().any(severe)
    });
    named("  contraindicated by ANSM or Micromedex", &|controls| {
        controls.iter().any(|control| {
            control.grades.ansm == Some(Level::Contraindicated)
                || control.grades.micromedex == Some(Level::Contraindicated)
        })
    });
    named("  Severe (BNF) and Major (Micromedex)", &|controls| {
        controls.iter().any(|control| {
            control.grades.bnf >= Some(Level::Justify)
                && control.grades.micromedex >= Some(Level::Justify)
        })
    });

    let negative = read(&folder, "crescenddi/negative_dev.csv")?;
    let negative: BTreeSet<(String, String)> = negatives(File {
        name: "negative",
        text: &negative,
    })?
    .into_iter()
    .map(|control| sorted(control.one, control.other))
    .filter(|pair| !graded.contains_key(pair))
    .collect();
    row(
        &rules,
        &names,
        "CRESCENDDI negative (false alerts)",
        negative.iter(),
    );
    Ok(())
}

fn read(folder: &str, name: &str) -> Result<String, Box<dyn Error>> {
    Ok(std::fs::read_to_string(Path::new(folder).join(name))?)
}

fn sorted(one: String, other: String) -> (String, String) {
    let (one, other) = (one.to_lowercase(), other.to_lowercase());
    if one <= other {
        (one, other)
    } else {
        (other, one)
    }
}

/// One line of the table: pairs, those whose two medicines we have, and what is found among these.
fn row<'a>(
    rules: &RuleSet,
    names: &Names,
    label: &str,
    pairs: impl Iterator<Item = &'a (String, String)>,
) {
    let (mut all, mut known) = (0_u32, BTreeSet::<Pair>::new());
    for (one, other) in pairs {
        all += 1;
        if let (Some(one), Some(other)) = (names.find(one), names.find(other))
            && one != other
        {
            known.insert(if one <= other {
                (one.clone(), other.clone())
            } else {
                (other.clone(), one.clone())
            });
        }
    }
    let mut counts = [0_u32; 3];
    let mut missed = Vec::new();
    for (one, other) in &known {
        let found = level(rules, one, other);
        for (count, least) in
            counts
                .iter_mut()
                .zip([Level::Inform, Level::Justify, Level::Contraindicated])
        {
            *count += u32::from(found >= Some(least));
        }
        if (found >= Some(Level::Justify)) == label.contains("negative") {
            missed.push(format!("{} + {}", one.as_str(), other.as_str()));
        }
    }
    let total = u32::try_from(known.len()).unwrap_or(u32::MAX);
    let share = |count: u32| 100.0 * f64::from(count) / f64::from(total.max(1));
    println!(
        "{label}: {all} pairs, {total} in the formulary; any finding {} ({:.1} %), justify or more {} ({:.1} %), contraindicated {} ({:.1} %)",
        counts[0],
        share(counts[0]),
        counts[1],
        share(counts[1]),
        counts[2],
        share(counts[2]),
    );
    if std::env::args().nth(2).as_deref() == Some("--list") {
        for pair in missed {
            println!("    {pair}");
        }
    }
}

fn level(rules: &RuleSet, one: &SubstanceId, other: &SubstanceId) -> Option<Level> {
    let draft = Draft::new(vec![
        Line::of("1", one.as_str()),
        Line::of("2", other.as_str()),
    ])
    .ok()?;
    let report = check(rules, &draft, &Chart::unknown(1));
    let kinds = [Kind::DrugDrug, Kind::Duplicate];
    report
        .findings
        .iter()
        .filter(|finding| kinds.contains(&finding.kind))
        .map(|finding| finding.level)
        .max()
}
