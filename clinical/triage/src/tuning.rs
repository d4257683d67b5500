//! The weights of the engine, in one place.

/// Weights that were chosen by measuring (see the example `calibrate`).
#[derive(Clone, Debug, PartialEq)]
pub struct Tuning {
    /// Belief between two classes of occurrence, as a logarithm.
    pub class_step: f64,
    /// Weight of all findings together, 0 to 1: they are not independent of each other.
    pub temper: f64,
    /// Weight of a common finding that a told story does not name.
    pub silence: f64,
    /// The same for a finding that is always there.
    pub silence_always: f64,
    /// Share of the general finding that a special one has where only the general one is listed.
    pub special: f64,
    /// Belief in a must-not-miss condition above which the same day is the least.
    pub not_missed: f64,
    /// Harm of sending somebody to (row) who belongs to (column), both from self-care to emergency. An
    /// emergency kept at home counts most, a visit too many little.
    pub cost: [[f64; 4]; 4],
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            class_step: 0.65,
            temper: 0.9,
            silence: 0.2,
            silence_always: 0.3,
            special: 0.07,
            not_missed: 0.2,
            cost: [
                [0.0, 1.0, 4.0, 13.0],
                [0.9, 0.0, 2.0, 9.0],
                [1.4, 0.7, 0.0, 4.0],
                [3.0, 2.4, 1.6, 0.0],
            ],
        }
    }
}
