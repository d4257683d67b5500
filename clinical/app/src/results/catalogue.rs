//! The tests that a laboratory offers, read from data that is compiled in.

use std::sync::OnceLock;

use clinical_model::results::{CatalogueError, LabCatalogue, LabTest};

const TESTS: &str = include_str!("../../data/lab_tests.json");

/// Why a file of tests was refused.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueFileError {
    /// Not the JSON of a catalogue: a wrong code, number or field.
    #[error("the file of laboratory tests can not be read")]
    Json(#[from] serde_json::Error),
    /// The tests contradict each other or themselves.
    #[error("the laboratory tests contradict themselves")]
    Content(#[from] CatalogueError),
}

/// The tests that are compiled in. Their ranges are published ones for people in general; a
/// laboratory that knows its own machines replaces them.
///
/// # Errors
/// [`CatalogueFileError`] when the data is broken; a test sees to it that it is not.
pub fn read_catalogue() -> Result<LabCatalogue, CatalogueFileError> {
    let tests: Vec<LabTest> = serde_json::from_str(TESTS)?;
    Ok(LabCatalogue::try_from(tests)?)
}

/// The tests that are compiled in, read once; none when the data is broken.
#[must_use]
pub fn catalogue() -> Option<&'static LabCatalogue> {
    static CATALOGUE: OnceLock<Option<LabCatalogue>> = OnceLock::new();
    CATALOGUE.get_or_init(|| read_catalogue().ok()).as_ref()
}

#[cfg(test)]
mod tests {
    use clinical_model::results::{Amount, Flag, LoincCode, Measured, PersonAt, Sex, judge};

    use super::*;

    #[test]
    fn the_catalogue_is_sound_and_large_enough_for_a_clinic() {
        let catalogue = read_catalogue().unwrap();
        assert!(catalogue.tests().len() >= 40);
        let with_critical = catalogue
            .tests()
            .iter()
            .filter(|test| match &test.measured {
                Measured::Quantity { critical, .. } => !critical.is_empty(),
                Measured::Finding { critical } => *critical,
                Measured::Words => false,
            })
            .count();
        assert!(with_critical >= 15, "{with_critical}");
    }

    #[test]
    fn every_critical_limit_names_its_source() {
        for test in read_catalogue().unwrap().tests() {
            let has_critical = match &test.measured {
                Measured::Quantity { critical, .. } => !critical.is_empty(),
                Measured::Finding { critical } => *critical,
                Measured::Words => false,
            };
            assert!(
                !has_critical || test.source.contains("Critical:"),
                "{}",
                test.en
            );
        }
    }

    #[test]
    fn an_adult_of_either_sex_has_a_range_for_every_quantity() {
        for test in read_catalogue().unwrap().tests() {
            let Measured::Quantity { .. } = test.measured else {
                continue;
            };
            let person = |sex| PersonAt {
                sex: Some(sex),
                age_years: 45,
            };
            let one = Amount::try_from("1").unwrap();
            let covered = [Sex::Female, Sex::Male]
                .into_iter()
                .any(|sex| judge(test, one, person(sex)).is_some());
            assert!(covered, "{}", test.en);
        }
    }

    #[test]
    fn known_values_get_the_flags_that_a_clinician_expects() {
        let catalogue = read_catalogue().unwrap();
        let check = |code: &str, value: &str, flag: Flag| {
            let test = catalogue.test(&LoincCode::try_from(code).unwrap()).unwrap();
            let person = PersonAt {
                sex: Some(Sex::Male),
                age_years: 45,
            };
            let judged = judge(test, Amount::try_from(value).unwrap(), person).unwrap();
            assert_eq!(judged.flag, flag, "{code} {value}");
        };
        check("2823-3", "4.2", Flag::Normal);
        check("2823-3", "6.8", Flag::CriticalHigh);
        check("2951-2", "118", Flag::CriticalLow);
        check("718-7", "110", Flag::Low);
        check("718-7", "65", Flag::CriticalLow);
        check("14749-6", "11.5", Flag::High);
        check("777-3", "40", Flag::CriticalLow);
    }
}
