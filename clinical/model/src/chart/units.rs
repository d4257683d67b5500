//! Units of measurements: UCUM codes, conversion, and which codes measure the same thing.

/// What a unit measures. Units of one dimension convert into each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dimension {
    Mass,
    Length,
    Temperature,
    Pressure,
    /// Amount of substance in a volume.
    Moles,
    /// Mass in a volume.
    Density,
}

/// A unit as `base = value * scale + offset`.
struct Unit {
    ucum: &'static str,
    dimension: Dimension,
    scale: f64,
    offset: f64,
}

const fn unit(ucum: &'static str, dimension: Dimension, scale: f64) -> Unit {
    Unit {
        ucum,
        dimension,
        scale,
        offset: 0.0,
    }
}

/// Bases: kg, cm, degrees Celsius, mm of mercury, mmol/L, mg/dL.
const UNITS: &[Unit] = &[
    unit("kg", Dimension::Mass, 1.0),
    unit("g", Dimension::Mass, 0.001),
    unit("[lb_av]", Dimension::Mass, 0.453_592_37),
    unit("[oz_av]", Dimension::Mass, 0.028_349_523_125),
    unit("cm", Dimension::Length, 1.0),
    unit("m", Dimension::Length, 100.0),
    unit("mm", Dimension::Length, 0.1),
    unit("[in_i]", Dimension::Length, 2.54),
    unit("[ft_i]", Dimension::Length, 30.48),
    unit("Cel", Dimension::Temperature, 1.0),
    Unit {
        ucum: "[degF]",
        dimension: Dimension::Temperature,
        scale: 5.0 / 9.0,
        offset: -160.0 / 9.0,
    },
    Unit {
        ucum: "K",
        dimension: Dimension::Temperature,
        scale: 1.0,
        offset: -273.15,
    },
    unit("mm[Hg]", Dimension::Pressure, 1.0),
    unit("kPa", Dimension::Pressure, 7.500_617),
    unit("cm[H2O]", Dimension::Pressure, 0.735_559),
    unit("mmol/L", Dimension::Moles, 1.0),
    unit("umol/L", Dimension::Moles, 0.001),
    unit("mol/L", Dimension::Moles, 1000.0),
    unit("mg/dL", Dimension::Density, 1.0),
    unit("mg/L", Dimension::Density, 0.1),
    unit("g/L", Dimension::Density, 100.0),
    unit("g/dL", Dimension::Density, 1000.0),
    unit("ug/dL", Dimension::Density, 0.001),
];

/// Units that are understood and convert into nothing else.
const ALONE: &[&str] = &[
    "1",
    "%",
    "/min",
    "kg/m2",
    "mL/min/{1.73_m2}",
    "mL/min",
    "L",
    "mL",
    "h",
    "min",
    "s",
    "d",
    "wk",
    "mo",
    "a",
    "U/L",
    "[IU]/L",
    "m[IU]/L",
    "ng/mL",
    "pg/mL",
    "10*9/L",
    "10*12/L",
    "10*3/uL",
    "10*6/uL",
    "/uL",
    "fL",
    "pg",
    "mm/h",
    "mmol/mol",
    "{score}",
    "[pH]",
    "meq/L",
    "L/min",
    "dB",
    "[diop]",
];

/// One thing that is measured, whichever code and unit a laboratory uses for it.
#[derive(Debug, PartialEq)]
pub struct Analyte {
    /// A short English word, the same for ever: it names texts and files.
    pub slug: &'static str,
    /// LOINC codes that mean it, the one we write first.
    pub codes: &'static [&'static str],
    /// UCUM code of the unit in which its trend is shown.
    pub unit: &'static str,
    /// mg/dL of 1 mmol/L, which is a tenth of the molar mass in g/mol; none where it makes no sense.
    mg_dl: Option<f64>,
    /// Values outside of this, in `unit`, are slips of the pen and refused.
    possible: (f64, f64),
    /// Digits after the point that mean something in `unit`.
    pub places: usize,
}

const fn analyte(
    slug: &'static str,
    codes: &'static [&'static str],
    unit: &'static str,
    possible: (f64, f64),
    places: usize,
) -> Analyte {
    Analyte {
        slug,
        codes,
        unit,
        mg_dl: None,
        possible,
        places,
    }
}

const fn dissolved(
    slug: &'static str,
    codes: &'static [&'static str],
    unit: &'static str,
    mg_dl: f64,
    possible: (f64, f64),
) -> Analyte {
    Analyte {
        slug,
        codes,
        unit,
        mg_dl: Some(mg_dl),
        possible,
        places: 1,
    }
}

/// LOINC code of systolic pressure.
pub const SYSTOLIC: &str = "8480-6";
/// LOINC code of diastolic pressure.
pub const DIASTOLIC: &str = "8462-4";
/// LOINC code of the blood pressure panel, whose components are the two.
pub const BLOOD_PRESSURE: &str = "85354-9";
/// LOINC code of the estimated filtration rate (CKD-EPI 2021).
pub const EGFR: &str = "98979-8";
/// LOINC code of creatinine in serum, by mass.
pub const CREATININE: &str = "2160-0";

/// What is known here, vital signs first. Molar masses (g/mol): glucose 180.16, creatinine 113.12,
/// cholesterol 386.65, triglycerides as triolein 885.4, urea 60.06, urate 168.11, bilirubin 584.66,
/// calcium 40.08.
pub const ANALYTES: &[Analyte] = &[
    analyte("systolic", &[SYSTOLIC], "mm[Hg]", (20.0, 350.0), 0),
    analyte("diastolic", &[DIASTOLIC], "mm[Hg]", (5.0, 250.0), 0),
    analyte("heart_rate", &["8867-4"], "/min", (10.0, 350.0), 0),
    analyte("breathing_rate", &["9279-1"], "/min", (2.0, 120.0), 0),
    analyte("temperature", &["8310-5", "8331-1"], "Cel", (20.0, 46.0), 1),
    analyte("oxygen", &["59408-5", "2708-6"], "%", (20.0, 100.0), 0),
    analyte("weight", &["29463-7", "3141-9"], "kg", (0.2, 500.0), 1),
    analyte("height", &["8302-2"], "cm", (20.0, 260.0), 0),
    analyte("bmi", &["39156-5"], "kg/m2", (5.0, 150.0), 1),
    dissolved(
        "glucose",
        &["15074-8", "2339-0", "2345-7", "14749-6"],
        "mmol/L",
        18.016,
        (0.2, 100.0),
    ),
    dissolved(
        "fasting_glucose",
        &["14771-0", "1558-6"],
        "mmol/L",
        18.016,
        (0.2, 100.0),
    ),
    analyte("hba1c", &["4548-4"], "%", (2.0, 25.0), 1),
    dissolved(
        "creatinine",
        &[CREATININE, "14682-9"],
        "umol/L",
        11.312,
        (5.0, 5000.0),
    ),
    analyte("egfr", &[EGFR], "mL/min/{1.73_m2}", (0.0, 250.0), 0),
    dissolved(
        "cholesterol",
        &["14647-2", "2093-3"],
        "mmol/L",
        38.665,
        (0.3, 40.0),
    ),
    dissolved(
        "hdl",
        &["14646-4", "2085-9"],
        "mmol/L",
        38.665,
        (0.05, 10.0),
    ),
    dissolved(
        "ldl",
        &["22748-8", "2089-1", "13457-7"],
        "mmol/L",
        38.665,
        (0.05, 30.0),
    ),
    dissolved(
        "triglycerides",
        &["14927-8", "2571-8"],
        "mmol/L",
        88.54,
        (0.05, 150.0),
    ),
    dissolved(
        "urea",
        &["22664-7", "3091-6"],
        "mmol/L",
        6.006,
        (0.1, 150.0),
    ),
    dissolved(
        "urate",
        &["14933-6", "3084-1"],
        "umol/L",
        16.811,
        (10.0, 3000.0),
    ),
    dissolved(
        "bilirubin",
        &["14631-6", "1975-2"],
        "umol/L",
        58.466,
        (0.1, 2000.0),
    ),
    dissolved(
        "calcium",
        &["2000-8", "17861-6"],
        "mmol/L",
        4.008,
        (0.2, 8.0),
    ),
    analyte("haemoglobin", &["718-7"], "g/dL", (1.0, 30.0), 1),
];

impl Analyte {
    /// What a LOINC code measures.
    #[must_use]
    pub fn of_code(loinc: &str) -> Option<&'static Self> {
        ANALYTES.iter().find(|it| it.codes.contains(&loinc))
    }

    /// What a short word names.
    #[must_use]
    pub fn of_slug(slug: &str) -> Option<&'static Self> {
        ANALYTES.iter().find(|it| it.slug == slug)
    }

    /// A value in another unit of this analyte, by molar mass where one is an amount and one a mass.
    #[must_use]
    pub fn convert(&self, value: f64, from: &str, to: &str) -> Option<f64> {
        convert_with(value, from, to, self.mg_dl)
    }

    /// A value in the unit of the trend.
    #[must_use]
    pub fn harmonise(&self, value: f64, from: &str) -> Option<f64> {
        self.convert(value, from, self.unit)
    }

    /// Whether a living person can have this value, so that a slip of the pen is refused.
    #[must_use]
    pub fn is_possible(&self, value: f64, from: &str) -> bool {
        self.harmonise(value, from)
            .is_some_and(|value| (self.possible.0..=self.possible.1).contains(&value))
    }
}

/// Whether a UCUM code is one that is understood here.
#[must_use]
pub fn is_known(ucum: &str) -> bool {
    ALONE.contains(&ucum) || UNITS.iter().any(|unit| unit.ucum == ucum)
}

/// A value in another unit of the same dimension.
#[must_use]
pub fn convert(value: f64, from: &str, to: &str) -> Option<f64> {
    convert_with(value, from, to, None)
}

fn convert_with(value: f64, from: &str, to: &str, mg_dl: Option<f64>) -> Option<f64> {
    if from == to {
        return Some(value);
    }
    let find = |ucum: &str| UNITS.iter().find(|unit| unit.ucum == ucum);
    let (from, to) = (find(from)?, find(to)?);
    let base = value * from.scale + from.offset;
    let base = match (from.dimension, to.dimension) {
        (one, other) if one == other => base,
        (Dimension::Moles, Dimension::Density) => base * mg_dl?,
        (Dimension::Density, Dimension::Moles) => base / mg_dl?,
        _ => return None,
    };
    Some((base - to.offset) / to.scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(value: Option<f64>, expected: f64) {
        let value = value.unwrap();
        assert!(
            (value - expected).abs() < 0.01 * expected.abs().max(0.1),
            "{value} {expected}"
        );
    }

    #[test]
    fn laboratory_values_convert_by_molar_mass() {
        let of = |code| Analyte::of_code(code).unwrap();
        about(of("2339-0").convert(126.0, "mg/dL", "mmol/L"), 7.0);
        about(of("2339-0").convert(1.26, "g/L", "mmol/L"), 7.0);
        about(of("15074-8").convert(7.0, "mmol/L", "mg/dL"), 126.0);
        about(of("2160-0").convert(1.0, "mg/dL", "umol/L"), 88.4);
        about(of("2093-3").convert(200.0, "mg/dL", "mmol/L"), 5.17);
    }

    #[test]
    fn everyday_units_convert() {
        about(convert(150.0, "[lb_av]", "kg"), 68.04);
        about(convert(98.6, "[degF]", "Cel"), 37.0);
        about(convert(37.0, "Cel", "[degF]"), 98.6);
        about(convert(16.0, "kPa", "mm[Hg]"), 120.0);
        assert_eq!(convert(1.0, "kg", "cm"), None);
        assert_eq!(
            convert(1.0, "mmol/L", "mg/dL"),
            None,
            "not without a molar mass"
        );
    }

    #[test]
    fn every_conversion_comes_back() {
        for analyte in ANALYTES {
            assert!(is_known(analyte.unit), "{}", analyte.unit);
            for unit in UNITS {
                if let Some(there) = analyte.convert(3.5, analyte.unit, unit.ucum) {
                    about(analyte.convert(there, unit.ucum, analyte.unit), 3.5);
                }
            }
        }
    }

    #[test]
    fn impossible_values_are_seen_in_any_unit() {
        let weight = Analyte::of_slug("weight").unwrap();
        assert!(weight.is_possible(70.0, "kg"));
        assert!(weight.is_possible(154.0, "[lb_av]"));
        assert!(!weight.is_possible(7000.0, "kg"));
        assert!(!weight.is_possible(70.0, "cm"));
        assert!(!weight.is_possible(f64::NAN, "kg"));
    }

    #[test]
    fn a_code_means_one_thing() {
        let mut codes: Vec<&str> = ANALYTES.iter().flat_map(|it| it.codes).copied().collect();
        codes.sort_unstable();
        let count = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), count);
    }
}
