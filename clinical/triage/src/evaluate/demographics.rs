//! Age, sex and who tells, in a story.

use clinical_redflags::flags::{Age, Sex};

/// Words for somebody close.
const CLOSE: [&str; 70] = [
    "son",
    "daughter",
    "baby",
    "child",
    "mother",
    "father",
    "mum",
    "mom",
    "dad",
    "husband",
    "wife",
    "brother",
    "sister",
    "fils",
    "fille",
    "bébé",
    "enfant",
    "mère",
    "père",
    "mari",
    "femme",
    "frère",
    "sœur",
    "garçon",
    "soeur",
    "partner",
    "girlfriend",
    "boyfriend",
    "friend",
    "flatmate",
    "mate",
    "neighbour",
    "neighbor",
    "gran",
    "grandma",
    "nan",
    "granddad",
    "grandad",
    "grandfather",
    "grandmother",
    "uncle",
    "aunt",
    "nephew",
    "niece",
    "toddler",
    "boy",
    "girl",
    "kid",
    "twin",
    "maman",
    "papa",
    "oncle",
    "tante",
    "neveu",
    "nièce",
    "copine",
    "copain",
    "ami",
    "amie",
    "voisin",
    "voisine",
    "mamie",
    "papi",
    "papy",
    "conjoint",
    "compagnon",
    "compagne",
    "petit",
    "petite",
    "nourrisson",
];

/// Those with whom a story begins without "my": "Grandma 81 was fine", "Bébé de 5 mois".
const BEGINS: [&str; 16] = [
    "grandma",
    "grandpa",
    "gran",
    "granny",
    "nan",
    "mum",
    "dad",
    "mom",
    "baby",
    "toddler",
    "mamie",
    "papi",
    "papa",
    "maman",
    "bébé",
    "nourrisson",
];

/// Whether a story begins with somebody close to who tells it: "my son", "ma mère".
pub(super) fn tells_of_another(story: &str) -> bool {
    let folded = story.to_lowercase();
    let all = || {
        folded
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
    };
    if all().next().is_some_and(|word| BEGINS.contains(&word)) {
        return true;
    }
    let mut words = all().take(60).skip_while(|word| {
        !matches!(
            *word,
            "i" | "je" | "j" | "my" | "mon" | "ma" | "our" | "notre"
        )
    });
    let whose = words.next();
    matches!(whose, Some("my" | "mon" | "ma" | "our" | "notre"))
        && words.take(4).any(|word| CLOSE.contains(&word))
}

const NUMBERS: [&str; 13] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve",
];
/// Further numbers in words.
const NUMBERS_SAID: [(&str, u32); 39] = [
    ("thirteen", 13),
    ("fourteen", 14),
    ("fifteen", 15),
    ("sixteen", 16),
    ("seventeen", 17),
    ("eighteen", 18),
    ("nineteen", 19),
    ("twenty", 20),
    ("thirty", 30),
    ("forty", 40),
    ("fifty", 50),
    ("sixty", 60),
    ("seventy", 70),
    ("eighty", 80),
    ("ninety", 90),
    ("deux", 2),
    ("trois", 3),
    ("quatre", 4),
    ("cinq", 5),
    ("sept", 7),
    ("huit", 8),
    ("neuf", 9),
    ("dix", 10),
    ("onze", 11),
    ("douze", 12),
    ("treize", 13),
    ("quatorze", 14),
    ("quinze", 15),
    ("seize", 16),
    ("dixhuit", 18),
    ("vingt", 20),
    ("vingts", 20),
    ("trente", 30),
    ("quarante", 40),
    ("cinquante", 50),
    ("soixante", 60),
    ("septante", 70),
    ("huitante", 80),
    ("nonante", 90),
];
const FEMALE: [&str; 13] = [
    "female", "woman", "girl", "f", "femme", "fille", "she", "her", "lady", "fillette", "elle",
    "daughter", "mother",
];
const MALE: [&str; 12] = [
    "male",
    "man",
    "boy",
    "m",
    "homme",
    "garçon",
    "he",
    "his",
    "gentleman",
    "il",
    "son",
    "father",
];

/// Age and sex in a text. A number without a unit is an age in years only in a field of its own.
pub(super) fn demographics(text: &str, own_field: bool) -> (Option<Age>, Option<Sex>) {
    let folded = text.to_lowercase();
    let words: Vec<&str> = folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let age = own_years(&words)
        .filter(|_| !own_field)
        .or_else(|| (0..words.len()).find_map(|at| age_at(&words, at, own_field)))
        .or_else(|| {
            let bare = words.iter().find_map(|word| number(word).map(|(n, _)| n));
            bare.filter(|_| own_field).map(Age::years)
        })
        .or_else(|| (0..words.len()).find_map(|at| years_said(&words, at)))
        .or_else(|| years_last(&folded));
    let with_child = ["pregnant", "enceinte", "accouché"];
    let carries = with_child.iter().any(|word| words.contains(word));
    let sex = Some(Sex::Female).filter(|_| carries && !own_field);
    let sex = sex.or_else(|| {
        words.iter().find_map(|word| {
            if word.len() == 1 && !own_field {
                None
            } else if FEMALE.contains(word) {
                Some(Sex::Female)
            } else if MALE.contains(word) {
                Some(Sex::Male)
            } else {
                None
            }
        })
    });
    (age, sex)
}

/// The number at the beginning of a word and what follows it: "34yo" is 34 and "yo".
fn number(word: &str) -> Option<(u32, &str)> {
    if let Some(at) = NUMBERS.iter().position(|name| *name == word) {
        return Some((u32::try_from(at).ok()?, ""));
    }
    if let Some((_, count)) = NUMBERS_SAID.iter().find(|(name, _)| *name == word) {
        return Some((*count, ""));
    }
    let end = word
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(word.len());
    let (digits, rest) = word.split_at(end);
    digits
        .parse()
        .ok()
        .filter(|number| *number < 1000)
        .map(|number| (number, rest))
}

/// What the words before a number in words add to it, and how many these are: "dix-huit" and "soixante-dix-neuf" are
/// two and three words, "quatre-vingt-dix-sept" is four.
fn said_before(words: &[&str], at: usize, count: u32) -> (u32, usize) {
    let word = |by: usize| {
        let word = at.checked_sub(by).and_then(|at| words.get(at));
        word.copied().unwrap_or_default()
    };
    let fourscore = |by: usize| matches!(word(by), "vingt" | "vingts") && word(by + 1) == "quatre";
    // A ten in words, with how many words it has.
    let ten = |by: usize| {
        if fourscore(by) {
            return Some((80, 2));
        }
        let said = Some(word(by)).filter(|word| word.chars().all(char::is_alphabetic));
        said.and_then(number)
            .map(|(count, _)| (count, 1))
            .filter(|(count, _)| count % 10 == 0 && *count > 0)
    };
    if fourscore(0) {
        return (60, 1);
    }
    match (ten(1), ten(2)) {
        (Some((10, _)), Some((more, its))) if count < 10 && more > 10 => (10 + more, 1 + its),
        (Some((more, its)), _) if count < 20 && more > count => (more, its),
        _ => (0, 0),
    }
}

fn age_at(words: &[&str], at: usize, own_field: bool) -> Option<Age> {
    let (count, attached) = number(words.get(at)?)?;
    let next = |by: usize| words.get(at + by).copied().unwrap_or_default();
    let (unit, behind) = if attached.is_empty() {
        (next(1), [next(2), next(3)])
    } else {
        (attached, [next(1), next(2)])
    };
    let spoken = words.get(at)?.chars().all(char::is_alphabetic) && attached.is_empty();
    let (more, skip) = if spoken {
        said_before(words, at, count)
    } else {
        (0, 0)
    };
    let count = count + more;
    let before = |by: usize| {
        at.checked_sub(by + skip)
            .and_then(|at| words.get(at))
            .copied()
            .unwrap_or_default()
    };
    let of_age = own_field
        || behind.iter().any(|word| {
            matches!(
                *word,
                "old" | "o" | "male" | "female" | "man" | "woman" | "boy" | "girl"
            )
        })
        || matches!(before(1), "aged" | "âgé" | "âgée")
        || matches!(before(1), "de" | "of") && (2..=3).any(|by| INFANT.contains(&before(by)));
    // "Depuis 10 ans" and "il y a 3 ans" say how long it is.
    if !own_field
        && (matches!(before(1), "depuis" | "pendant" | "les" | "dans")
            || (before(2), before(1)) == ("y", "a"))
    {
        return None;
    }
    let age = match unit {
        "yo" | "yr" | "yrs" | "ans" | "an" => Age::years(count),
        // "58M", "30F", as clinicians write.
        "m" | "f" if !attached.is_empty() && (14..=110).contains(&count) => Age::years(count),
        "y" | "year" | "years" if of_age => Age::years(count),
        "mo" | "month" | "months" | "mois" | "m" if of_age => Age::months(count),
        "wk" | "week" | "weeks" | "semaine" | "semaines" | "w" if of_age => Age::weeks(count),
        "day" | "days" | "jour" | "jours" | "d" if of_age => Age::days(count),
        _ => return None,
    };
    Some(age)
}

/// Words before the age of a baby: "bébé de 5 mois", "nouveau-né de 10 jours".
const INFANT: [&str; 12] = [
    "baby",
    "bébé",
    "nourrisson",
    "né",
    "newborn",
    "infant",
    "fils",
    "fille",
    "petit",
    "petite",
    "jumeaux",
    "twins",
];

/// The years of "I'm 31", "my wife is 29", "my dad 74", "man, 61" and of a bare number at the beginning,
/// when no unit of something else follows.
fn years_said(words: &[&str], at: usize) -> Option<Age> {
    let before = |by: usize| {
        at.checked_sub(by)
            .and_then(|at| words.get(at))
            .copied()
            .unwrap_or_default()
    };
    let (count, attached) = number(words.get(at)?)?;
    let own = before(1) == "im" || (matches!(before(1), "m" | "am") && before(2) == "i");
    let named = |word: &str| {
        CLOSE.contains(&word) || BEGINS.contains(&word) || matches!(word, "he" | "she")
    };
    let close = matches!(before(1), "is" | "s") && named(before(2))
        || CLOSE.contains(&before(1))
        || BEGINS.contains(&before(1))
        || matches!(
            before(1),
            "man"
                | "woman"
                | "male"
                | "female"
                | "aged"
                | "homme"
                | "gentleman"
                | "lady"
                | "f"
                | "m"
                | "h"
        )
        || before(1) == "of" && matches!(before(2), "woman" | "man" | "girl" | "boy");
    let alone = at == 0 && count >= 12;
    let other = words.get(at + 1).is_some_and(|next| {
        number(next).is_some()
            || [
                "weeks", "week", "wks", "months", "month", "days", "day", "hours", "minutes", "kg",
                "kilos", "stone", "cm", "feet", "ft", "times", "degrees", "semaines", "mois", "sa",
                "jours", "heures", "fois", "year", "years", "hour", "minute", "percent", "over",
                "degrés", "c",
            ]
            .contains(next)
    });
    ((own || close || alone) && attached.is_empty() && !other && (2..=110).contains(&count))
        .then(|| Age::years(count))
}

/// The years of who begins with "I" or "je" and says "I'm 31" or "j'ai 31 ans" somewhere: "I'm breastfeeding my
/// 3 week old, I'm 31".
fn own_years(words: &[&str]) -> Option<Age> {
    if !matches!(words.first(), Some(&("i" | "im" | "je" | "j"))) {
        return None;
    }
    (1..words.len()).find_map(|at| {
        let before = |by: usize| at.checked_sub(by).and_then(|at| words.get(at)).copied();
        let mine = match before(1) {
            Some("im") => true,
            Some("m" | "am") => before(2) == Some("i"),
            Some("ai") => before(2) == Some("j") && words.get(at + 1) == Some(&"ans"),
            _ => false,
        };
        if !mine {
            return None;
        }
        if before(1) == Some("ai") {
            return number(words.get(at)?).map(|(count, _)| Age::years(count));
        }
        years_said(words, at)
    })
}

/// The years of a number behind the last comma: "my ear hurts, 45".
fn years_last(text: &str) -> Option<Age> {
    let text = text.trim_end_matches(|c: char| !c.is_alphanumeric());
    let (_, last) = text.rsplit_once(", ")?;
    let years = last.trim().parse().ok()?;
    (12..=105).contains(&years).then(|| Age::years(years))
}

#[cfg(test)]
mod tests {
    use super::{Age, Sex, demographics};

    #[test]
    fn french_tens_are_added_and_fourscore_is_eighty() {
        for (said, years) in [
            ("vingt-quatre", 24),
            ("soixante-dix-neuf", 79),
            ("quatre-vingt", 80),
            ("quatre-vingts", 80),
            ("quatre-vingt-trois", 83),
            ("quatre-vingt-dix", 90),
            ("quatre-vingt-quinze", 95),
            ("quatre-vingt-dix-sept", 97),
        ] {
            let (age, _) = demographics(&format!("Femme de {said} ans"), false);
            assert_eq!(age, Some(Age::years(years)), "{said}");
        }
    }

    #[test]
    fn age_and_sex_are_found_however_they_are_written() {
        for (text, own_field, age, sex) in [
            ("34 year old Female", true, Age::years(34), Sex::Female),
            ("Male, 61", true, Age::years(61), Sex::Male),
            ("F 29", true, Age::years(29), Sex::Female),
            ("6 months Male", true, Age::months(6), Sex::Male),
            ("72yo M", true, Age::years(72), Sex::Male),
            ("45 ans, Femme", true, Age::years(45), Sex::Female),
            (
                "A 3-week-old boy is brought in",
                false,
                Age::weeks(3),
                Sex::Male,
            ),
            (
                "For 3 days a 52-year-old woman",
                false,
                Age::years(52),
                Sex::Female,
            ),
            (
                "48 y/o f with a headache, she",
                false,
                Age::years(48),
                Sex::Female,
            ),
            ("a six-month-old girl", false, Age::months(6), Sex::Female),
            ("I'm 31 and she", false, Age::years(31), Sex::Female),
            ("im 22, her ear", false, Age::years(22), Sex::Female),
            ("My son is 13, he", false, Age::years(13), Sex::Male),
            (
                "I feed my 3 week old son, I'm 31, he",
                false,
                Age::years(31),
                Sex::Male,
            ),
            ("Our daughter 7 has", false, Age::years(7), Sex::Female),
            ("Man 74, grey", false, Age::years(74), Sex::Male),
            ("58M, his leg", false, Age::years(58), Sex::Male),
            ("F 46. For months she", false, Age::years(46), Sex::Female),
            ("58, her back hurts", false, Age::years(58), Sex::Female),
            ("her ear aches, 45", false, Age::years(45), Sex::Female),
            (
                "nouveau-né de 10 jours, il",
                false,
                Age::days(10),
                Sex::Male,
            ),
            (
                "fils de dix-huit mois, il",
                false,
                Age::months(18),
                Sex::Male,
            ),
            (
                "elle a soixante-dix-neuf ans",
                false,
                Age::years(79),
                Sex::Female,
            ),
            (
                "depuis 3 ans, 50 ans, elle",
                false,
                Age::years(50),
                Sex::Female,
            ),
        ] {
            assert_eq!(
                demographics(text, own_field),
                (Some(age), Some(sex)),
                "{text}"
            );
        }
        for none in [
            "for 3 days",
            "I'm 35 weeks pregnant",
            "my baby is 5 weeks",
            "her temperature is 39",
        ] {
            assert_eq!(demographics(none, false).0, None, "{none}");
        }
    }
}
