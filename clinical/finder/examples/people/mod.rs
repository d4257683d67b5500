//! Made-up people of Cameroon and France, the same ones for the same seed.

use clinical_finder::{BirthDate, Person};

const GIVEN: &[&str] = &[
    "Jean",
    "Pierre",
    "Paul",
    "Marie",
    "Jeanne",
    "Brigitte",
    "Emmanuel",
    "Emmanuelle",
    "Aïssatou",
    "Mohamadou",
    "Fatimatou",
    "Abdoulaye",
    "Hervé",
    "Gaëlle",
    "Solange",
    "Thérèse",
    "Clarisse",
    "Serge",
    "Alain",
    "Yvette",
    "Yannick",
    "Raïssa",
    "Cédric",
    "Blaise",
    "Prosper",
    "Rose",
    "Chantal",
    "Chimène",
    "Honoré",
    "Félicité",
    "Zacharie",
    "Issa",
    "Hamidou",
    "Ousmanou",
    "Salamatou",
    "Bernadette",
    "Élodie",
    "Philippe",
    "Mireille",
    "Ghislain",
    "Rodrigue",
    "Landry",
    "Vanessa",
    "Estelle",
    "Armand",
    "Joseph",
    "Joséphine",
    "Célestin",
    "Odile",
    "Françoise",
    "François",
    "Guy",
    "Carine",
    "Nadège",
    "Bertrand",
    "Thomas",
    "Léopold",
    "Sandrine",
    "Christelle",
    "Patrice",
    "Lucie",
];
const FIRST: &[&str] = &[
    "Mba", "Ndo", "Ngo", "Nko", "Nje", "Fo", "Ka", "Kam", "Ta", "Tchou", "Wou", "Oua", "Ma", "Me",
    "Mvo", "E", "A", "O", "Es", "At", "Be", "Bi", "Ba", "Djo", "Nga", "Ngue", "Mbe", "Si", "So",
    "Ye", "Ze", "Noa", "Nou", "Poe", "Lam", "Dje", "Kou", "Mou", "Ham", "Bel", "Du", "Le", "Mar",
    "Gar", "Ro",
];
const MIDDLE: &[&str] = &[
    "", "", "ba", "ga", "nda", "lle", "mbe", "ka", "to", "no", "ri", "sso", "me", "ndo", "ngue",
    "bo", "fa", "kou", "ti", "mo", "na", "lo", "gue", "ya", "che",
];
const LAST: &[&str] = &[
    "a", "o", "mo", "ga", "la", "ngo", "no", "go", "fo", "u", "di", "ssi", "mba", "tsa", "ko",
    "bi", "gni", "djo", "ma", "ne", "nda", "ko", "uoh", "mga", "nkeu", "rt", "nd", "ux", "net",
    "rd",
];

/// A source of people.
pub(crate) struct Source(u64);

impl Source {
    /// A source with a seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    /// A number below a bound (splitmix64).
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % (bound as u64)).unwrap_or(0)
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        // Small numbers more often, as names are.
        let (a, b) = (self.below(from.len()), self.below(from.len()));
        from[a.min(b)]
    }

    /// A family name of two or three syllables.
    fn family(&mut self) -> String {
        let mut name = format!(
            "{}{}{}",
            self.pick(FIRST),
            self.pick(MIDDLE),
            self.pick(LAST)
        );
        if self.below(25) == 0 {
            name = name.replacen("Nd", "N'D", 1);
        }
        name
    }

    /// The next person.
    pub(crate) fn person(&mut self) -> Person {
        let mut given = self.pick(GIVEN).to_owned();
        match self.below(4) {
            0 => given = format!("{given}-{}", self.pick(GIVEN)),
            1 => given = format!("{given} {}", self.pick(GIVEN)),
            _ => {}
        }
        let mut family = self.family();
        if self.below(3) != 0 {
            family = format!("{family} {}", self.family());
        }
        let year = 1930 + self.below(95);
        Person {
            names: vec![given, family],
            birth_date: Some(BirthDate {
                year: u16::try_from(year).unwrap_or(1970),
                month: u8::try_from(1 + self.below(12)).unwrap_or(1),
                day: u8::try_from(1 + self.below(28)).unwrap_or(1),
            }),
            phones: vec![format!("+2376{:08}", self.below(100_000_000))],
            identifiers: vec![format!("CM{:09}", self.below(1_000_000_000))],
        }
    }
}
