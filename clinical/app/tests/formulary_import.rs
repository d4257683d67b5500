//! A list of a facility's own: taken as it was written, or not at all.

use clinical_app::prescribing::{ImportProblem, read_table, use_import};

const TABLE: &str = "drug_a,atc_a,drug_b,atc_b,level,text_en,text_fr,source,year\n\
    paracetamol,,warfarin,,justify,Bleeding.,Saignement.,House list,2026\n\
    paracetamol,,unknownium,,justify,Bleeding.,Saignement.,House list,2026\n";

#[test]
fn a_file_that_was_changed_by_one_letter_is_refused() {
    let made = read_table("house.csv", TABLE).unwrap();
    assert_eq!((made.rows, made.pairs, made.refused.len()), (2, 1, 1));
    assert!(made.version.contains("+import."));
    let weaker = made.file.replace("justify", "inform");
    let cut: String = made.file.chars().take(made.file.len() / 2).collect();
    for damaged in [weaker.as_str(), cut.as_str(), ""] {
        let refused = use_import(damaged);
        assert!(matches!(refused, Err(ImportProblem::Damaged)));
    }
    assert_eq!(use_import(&made.file).unwrap(), made.version);
    let again = use_import(&made.file);
    assert!(matches!(again, Err(ImportProblem::Late)));
}
