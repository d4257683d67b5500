//! A light stemmer for both languages at once: nobody says in which language a word is.

/// Endings that carry no meaning here, longest first.
const ENDINGS: [&str; 30] = [
    "issements",
    "issement",
    "issante",
    "issant",
    "ements",
    "aient",
    "ement",
    "ingly",
    "ations",
    "ation",
    "ings",
    "ants",
    "ante",
    "ions",
    "ing",
    "ees",
    "ait",
    "ais",
    "ant",
    "ent",
    "ion",
    "ee",
    "ed",
    "er",
    "ez",
    "es",
    "ly",
    "e",
    "s",
    "x",
];
/// Letters that must be left, so that short words keep apart.
const LEFT_MIN: usize = 4;
/// Letters that must be left when only a plural is taken away.
const LEFT_MIN_PLURAL: usize = 3;

/// Words that keep apart from others of their stem: "severed" is not "severe", "winded" no "wind", a
/// "rendez-vous" no vomiting ("il rend").
const APART: [&str; 23] = [
    "severed", "winded", "pounding", "pounds", "burning", "flights", "brulant", "brulante",
    "brulants", "latex", "stabbing", "boite", "boites", "rendez", "hardly", "number", "numbers",
    "tickly", "balle", "balles", "ballant", "ballante", "boiling",
];

/// The stem of a folded word: small letters without accents. Works on either language.
///
/// It takes one ending away, and is the same for patterns and texts, which is all that it has to be.
#[must_use]
pub fn stem(word: &str) -> &str {
    if APART.contains(&word) {
        return word;
    }
    // A blow ("coup") is no cut ("coupe").
    if matches!(word, "coup" | "coups") {
        return "coups";
    }
    for ending in ENDINGS {
        let least = if ending == "s" {
            LEFT_MIN_PLURAL
        } else {
            LEFT_MIN
        };
        if let Some(left) = word.strip_suffix(ending)
            && left.len() >= least
            && !(ending == "s" && left.ends_with('s'))
        {
            return left;
        }
    }
    word
}

#[cfg(test)]
mod tests {
    use super::stem;

    #[test]
    fn forms_of_one_word_meet() {
        for forms in [
            &["breathe", "breathing", "breath", "breathes"][..],
            &["saigne", "saigner", "saignement", "saignements", "saignait"],
            &["collapsed", "collapsing", "collapse"],
            &["respire", "respirer", "respirait"],
            &["enfle", "enflee", "enfler", "enflees"],
        ] {
            for form in forms {
                assert_eq!(stem(form), stem(forms[0]), "{form}");
            }
        }
    }

    #[test]
    fn short_words_keep_apart() {
        for (one, other) in [("male", "mal"), ("dose", "do"), ("tired", "tir")] {
            assert_ne!(stem(one), stem(other), "{one} {other}");
        }
        assert_eq!(stem("mass"), "mass");
    }
}
