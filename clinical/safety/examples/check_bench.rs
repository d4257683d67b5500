//! Prints how long a check takes: drafts of 10 lines for patients with 30 medicines.
//!
//! `cargo run --release -p clinical-safety --features embedded --example check_bench -- 2000`

use std::collections::BTreeSet;
use std::error::Error;
use std::io::Write as _;

use clinical_safety::{
    ActiveMedicine, Allergen, Allergy, Breastfeeding, Chart, Condition, ConditionStatus, Dose,
    DoseUnit, Draft, Drug, FactRef, Frequency, Line, LineRef, Pregnancy, Severity, Sex,
    SubstanceId, Verification, check, embedded,
};

const CODES: [&str; 10] = [
    "E11.9", "I10", "N18.4", "J45.9", "I50.9", "K25.9", "G40.9", "M10.9", "I48", "F32.9",
];

/// A small generator, so that every run checks the same drafts.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % limit as u64).unwrap_or(0)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark measures the clock; the crate itself has none"
)]
fn main() -> Result<(), Box<dyn Error>> {
    let rounds: usize = std::env::args()
        .nth(1)
        .map_or(Ok(2_000), |text| text.parse())?;
    let started = std::time::Instant::now();
    let rules = embedded()?;
    let loading = started.elapsed();
    let ids: Vec<SubstanceId> = rules
        .substances()
        .map(|substance| substance.id.clone())
        .collect();

    let mut dice = Dice(1);
    let mut micros = Vec::with_capacity(rounds);
    let mut findings = 0;
    for _ in 0..rounds {
        let mut pick = || {
            ids.get(dice.below(ids.len()))
                .cloned()
                .unwrap_or_else(|| SubstanceId::new(""))
        };
        let lines = lines(&mut pick)?;
        let chart = chart(&mut pick);
        let draft = Draft::new(lines)?;
        let started = std::time::Instant::now();
        let report = check(&rules, &draft, &chart);
        micros.push(started.elapsed().as_micros());
        findings += report.findings.len();
    }
    micros.sort_unstable();
    let at = |percent: usize| {
        micros
            .get((micros.len() * percent / 100).min(micros.len().saturating_sub(1)))
            .copied()
            .unwrap_or(0)
    };
    writeln!(
        std::io::stdout(),
        "{} medicines, {} rules, loaded in {loading:?}\n{rounds} drafts of 10 lines with 30 medicines: p50 {} us, p99 {} us, max {} us, {} findings a draft",
        ids.len(),
        rules.rules().len(),
        at(50),
        at(99),
        at(100),
        findings / rounds.max(1),
    )?;
    Ok(())
}

fn lines(pick: &mut impl FnMut() -> SubstanceId) -> Result<Vec<Line>, clinical_safety::DoseError> {
    (0..10)
        .map(|n| {
            Ok(Line {
                id: LineRef::new(n.to_string()),
                drug: Drug::Substance(pick()),
                dose: Some(Dose::new(250.0, DoseUnit::Mg)?),
                frequency: Some(Frequency::per_day(3.0)?),
                ..Line::of("", "")
            })
        })
        .collect::<Result<Vec<_>, clinical_safety::DoseError>>()
}

fn chart(pick: &mut impl FnMut() -> SubstanceId) -> Chart {
    Chart {
        version: 1,
        age_months: Some(72 * 12),
        sex: Sex::Female,
        weight_kg: Some(70.0),
        pregnancy: Pregnancy::No,
        breastfeeding: Breastfeeding::No,
        allergies: vec![Allergy {
            id: FactRef::new("a"),
            allergen: Allergen::Group("penicillin".to_owned()),
            severity: Severity::Severe,
            verification: Verification::Confirmed,
        }],
        conditions: CODES
            .iter()
            .map(|code| Condition {
                id: FactRef::new(*code),
                code: (*code).to_owned(),
                status: ConditionStatus::Active,
            })
            .collect(),
        medicines: (0..30)
            .map(|n| ActiveMedicine {
                id: FactRef::new(format!("m{n}")),
                drug: Drug::Substance(pick()),
                dose: None,
                frequency: None,
                route: None,
            })
            .collect(),
        egfr_ml_min: Some(38.0),
        glucose: Vec::new(),
        unknown: BTreeSet::new(),
    }
}
