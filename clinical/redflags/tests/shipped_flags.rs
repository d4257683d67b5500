//! The shipped list is complete and every flag can be raised.

use std::collections::BTreeSet;

use clinical_redflags::flags::{Flags, Level};

#[test]
fn the_list_is_long_cited_and_in_both_languages() {
    let flags = Flags::shipped().all();
    assert!(flags.len() >= 120, "{}", flags.len());
    assert!(flags.iter().any(|flag| flag.level == Level::Urgent));
    for flag in flags {
        assert_ne!(flag.reason.en, flag.reason.fr, "{}", flag.id);
        assert!(flag.advice.en.len() > 20 && flag.advice.fr.len() > 20, "{}", flag.id);
        assert!(flag.citation.len() > 5, "{}", flag.id);
    }
    let systems: BTreeSet<&str> = flags.iter().map(|flag| flag.system.as_str()).collect();
    assert!(systems.len() >= 10, "{systems:?}");
}

#[test]
fn refused_data_is_named() {
    for (text, error) in [
        ("flag a urgent\n- fever\n", "lacks"),
        ("nonsense\n", "means nothing"),
        ("flag a soon\n", "means nothing"),
        ("advice x\nen: e\nfr: f\nflag a urgent\nen: e\nfr: f\ndo: x\ncite: c\n- #nothing\n", "unknown feature"),
        ("group a: @b\n", "a pattern in"),
    ] {
        let refused = Flags::parse(&[("a.txt", text)]).unwrap_err();
        assert!(refused.to_string().contains(error), "{refused}");
    }
}
