//! The flags of this crate.

use std::sync::OnceLock;

use super::data::DataError;
use super::screening::Flags;

/// The data files, in the order in which they are read.
const FILES: &[(&str, &str)] = &[
    ("groups.txt", include_str!("../../data/groups.txt")),
    ("nothing.txt", include_str!("../../data/nothing.txt")),
    ("features.txt", include_str!("../../data/features.txt")),
    ("advice.txt", include_str!("../../data/advice.txt")),
    (
        "flags/heart.txt",
        include_str!("../../data/flags/heart.txt"),
    ),
    (
        "flags/brain.txt",
        include_str!("../../data/flags/brain.txt"),
    ),
    (
        "flags/breathing.txt",
        include_str!("../../data/flags/breathing.txt"),
    ),
    (
        "flags/infection.txt",
        include_str!("../../data/flags/infection.txt"),
    ),
    (
        "flags/belly.txt",
        include_str!("../../data/flags/belly.txt"),
    ),
    (
        "flags/pregnancy.txt",
        include_str!("../../data/flags/pregnancy.txt"),
    ),
    (
        "flags/child.txt",
        include_str!("../../data/flags/child.txt"),
    ),
    (
        "flags/injury.txt",
        include_str!("../../data/flags/injury.txt"),
    ),
    (
        "flags/poison.txt",
        include_str!("../../data/flags/poison.txt"),
    ),
    ("flags/mind.txt", include_str!("../../data/flags/mind.txt")),
    ("flags/eyes.txt", include_str!("../../data/flags/eyes.txt")),
    (
        "flags/metabolic.txt",
        include_str!("../../data/flags/metabolic.txt"),
    ),
];

impl Flags {
    /// The flags of this crate, read once in a process.
    ///
    /// # Panics
    ///
    /// Never in a build that passed its tests: they read these files.
    #[must_use]
    pub fn shipped() -> &'static Self {
        static SHIPPED: OnceLock<Flags> = OnceLock::new();
        SHIPPED.get_or_init(|| {
            #[expect(
                clippy::expect_used,
                reason = "the files are compiled in and every test reads them"
            )]
            Self::parse(FILES).expect("the shipped flags are valid")
        })
    }

    /// Reads the shipped flags and further files after them.
    ///
    /// # Errors
    ///
    /// When a further file cannot be used.
    pub fn shipped_with(further: &[(&str, &str)]) -> Result<Self, DataError> {
        let files: Vec<(&str, &str)> = FILES.iter().chain(further).copied().collect();
        Self::parse(&files)
    }
}
