//! Small pieces that several checks say alike.

use crate::draft::{Dose, Frequency};
use crate::substance::DoseUnit;

/// A daily amount in `unit`, when dose and frequency are known and the units fit.
pub(super) fn daily(
    dose: Option<Dose>,
    frequency: Option<Frequency>,
    unit: DoseUnit,
) -> Option<f64> {
    let dose = dose?;
    Some(dose.unit().convert(dose.amount(), unit)? * frequency?.get())
}

/// An amount without digits that nobody needs.
pub(super) fn amount(value: f64, unit: DoseUnit) -> String {
    let rounded = (value * 100.0).round() / 100.0;
    format!("{rounded} {}", unit.symbol())
}
