//! Elisions, contractions and short-message spelling, written out.

/// Spellings of one word that stand for several, or for another. Folded on both sides.
const SHORT: &[(&str, &str)] = &[
    ("ain't", "is not"),
    ("aint", "is not"),
    ("arent", "are not"),
    ("aujourd'hui", "aujourdhui"),
    ("ajd", "aujourdhui"),
    ("auj", "aujourdhui"),
    ("bb", "bebe"),
    ("bcp", "beaucoup"),
    ("bp", "blood pressure"),
    ("cant", "can not"),
    ("can't", "can not"),
    ("cannot", "can not"),
    ("chui", "je suis"),
    ("cest", "c est"),
    ("couldnt", "can not"),
    ("couldn't", "can not"),
    ("cuz", "because"),
    ("coz", "because"),
    ("didnt", "did not"),
    ("doesnt", "does not"),
    ("ds", "dans"),
    ("dr", "docteur"),
    ("g", "j ai"),
    ("gonna", "going to"),
    ("hadnt", "had not"),
    ("hasnt", "has not"),
    ("havent", "have not"),
    ("hes", "he is"),
    ("im", "i am"),
    ("isnt", "is not"),
    ("ive", "i have"),
    ("jai", "j ai"),
    ("jarrive", "j arrive"),
    ("jarive", "j arrive"),
    ("javais", "j avais"),
    ("jsuis", "je suis"),
    ("kan", "quand"),
    ("ke", "que"),
    ("ki", "qui"),
    ("mtn", "maintenant"),
    ("mnt", "maintenant"),
    ("narrive", "n arrive"),
    ("nd", "and"),
    ("pa", "pas"),
    ("plu", "plus"),
    ("pls", "please"),
    ("pq", "pourquoi"),
    ("pr", "pour"),
    ("rn", "right now"),
    ("sest", "s est"),
    ("shan't", "shall not"),
    ("shes", "she is"),
    ("shouldnt", "should not"),
    ("tjrs", "toujours"),
    ("tjs", "toujours"),
    ("tt", "tout"),
    ("u", "you"),
    ("ur", "your"),
    ("wasnt", "was not"),
    ("won't", "will not"),
    ("wont", "will not"),
    ("wouldnt", "would not"),
    ("ya", "il y a"),
    ("yrs", "years"),
    ("yr", "year"),
    ("hrs", "hours"),
    ("hr", "hour"),
    ("mins", "minutes"),
    ("dont", "dont"),
    ("qd", "quand"),
    ("jpeux", "je peux"),
    ("jcrois", "je crois"),
    ("jveux", "je veux"),
    ("jme", "je me"),
    ("whats", "what is"),
    ("its", "it is"),
    ("theres", "there is"),
    ("thats", "that is"),
    ("hubby", "husband"),
    ("lil", "little"),
    ("preg", "pregnant"),
    ("temp", "temperature"),
    ("tho", "though"),
    ("sob", "short breath"),
    ("rdv", "rendezvous"),
    ("gyneco", "gynecologue"),
    ("w", "with"),
    ("wo", "without"),
];
/// English endings after an apostrophe.
const AFTER: [(&str, &str); 6] = [
    ("ve", "have"),
    ("re", "are"),
    ("ll", "will"),
    ("m", "am"),
    ("d", ""),
    ("s", ""),
];
/// English words after which "dont" is not the French "dont".
const BEFORE_DONT: [&str; 6] = ["i", "we", "they", "you", "please", "really"];
/// English words before which "dont" is not the French "dont".
const AFTER_DONT: [&str; 14] = [
    "have",
    "know",
    "want",
    "feel",
    "think",
    "get",
    "see",
    "remember",
    "care",
    "need",
    "like",
    "even",
    "really",
    "understand",
];

/// Hands every word that a raw word stands for to `word`. `before` and `after` are its neighbours.
pub(super) fn expand(raw: &str, before: &str, after: &str, mut word: impl FnMut(&str)) {
    if raw == "dont" {
        if BEFORE_DONT.contains(&before) || AFTER_DONT.contains(&after) {
            word("do");
            word("not");
        } else {
            word(raw);
        }
        return;
    }
    // What somebody could not do when it began is told in the past, and still an inability.
    if raw == "could" && after == "not" {
        word("can");
        return;
    }
    // The French "PA 68/35" is a pressure, not a short "pas".
    if raw == "pa"
        && after
            .parse()
            .is_ok_and(|mmhg: u32| (40..=260).contains(&mmhg))
    {
        word("blood");
        word("pressure");
        return;
    }
    let after_number = before.ends_with(|c: char| c.is_ascii_digit());
    if !after_number && let Some((_, long)) = SHORT.iter().find(|(short, _)| *short == raw) {
        long.split(' ').for_each(word);
        return;
    }
    if let Some(verb) = raw.strip_suffix("n't") {
        word(verb);
        word("not");
        return;
    }
    if let Some((stem, ending)) = raw.rsplit_once('\'')
        && (stem.len() > 1 || stem == "i")
        && let Some((_, long)) = AFTER.iter().find(|(short, _)| *short == ending)
    {
        stem.split('\'')
            .filter(|part| !part.is_empty())
            .for_each(&mut word);
        if !long.is_empty() {
            word(long);
        }
        return;
    }
    split_units(raw, word);
}

/// "3jours" and "39c" are a number and a word; "j'ai" is two words.
fn split_units(raw: &str, mut word: impl FnMut(&str)) {
    for part in raw.split('\'').filter(|part| !part.is_empty()) {
        let digits = part
            .bytes()
            .take_while(|b| b.is_ascii_digit() || *b == b'.')
            .count();
        match (part.get(..digits), part.get(digits..)) {
            (Some(number), Some(unit)) if digits > 0 && !unit.is_empty() => {
                word(number);
                word(unit);
            }
            _ => word(part),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::expand;

    fn of(raw: &str, before: &str, after: &str) -> String {
        let mut words = Vec::new();
        expand(raw, before, after, |word| words.push(word.to_owned()));
        words.join(" ")
    }

    #[test]
    fn short_forms_are_written_out() {
        for (raw, long) in [
            ("don't", "do not"),
            ("can't", "can not"),
            ("i'm", "i am"),
            ("she's", "she"),
            ("jusqu'a", "jusqu a"),
            ("j'ai", "j ai"),
            ("n'arrive", "n arrive"),
            ("d'un", "d un"),
            ("3jours", "3 jours"),
            ("l'oeil", "l oeil"),
            ("i've", "i have"),
            ("s'est", "s est"),
            ("g", "j ai"),
            ("m'a", "m a"),
            ("aujourd'hui", "aujourdhui"),
            ("39.5", "39.5"),
        ] {
            assert_eq!(of(raw, "", ""), long);
        }
        assert_eq!(of("pa", "", "68"), "blood pressure");
        assert_eq!(of("pa", "", "38"), "pas");
        assert_eq!(of("dont", "i", ""), "do not");
        assert_eq!(of("dont", "enfant", "il"), "dont");
    }
}
