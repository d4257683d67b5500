//! Measurements in a text as findings: temperature, oxygen, breaths, pulse, pressure, haemoglobin, sugar, and how
//! long something has lasted.

use clinical_redflags::flags::Age;
use clinical_redflags::words::{Text, Token};

/// Words before a number that say what it is.
const BEFORE: usize = 4;
/// From here on a complaint is chronic.
const CHRONIC_MINUTES: u32 = 90 * 24 * 60;

const HEAT: &[&str] = &["temperature", "fever", "fievre", "febrile", "t", "tmax"];
const HEAT_UNIT: &[&str] = &["c", "f", "degrees", "degres", "celsius", "fahrenheit", "de"];
const OXYGEN: &[&str] = &[
    "saturation",
    "spo2",
    "sat",
    "sats",
    "o2",
    "oxygen",
    "oxygene",
    "oximetry",
    "sature",
];
const BREATHS: &[&str] = &[
    "respiratory",
    "respirations",
    "respiration",
    "breaths",
    "rr",
    "fr",
    "breathing",
    "respiratoire",
];
const PULSE: &[&str] = &["pulse", "heart", "hr", "fc", "pouls", "cardiaque", "beats"];
const PRESSURE: &[&str] = &["pressure", "bp", "ta", "tension", "systolic", "arterielle"];
const SUGAR: &[&str] = &["glucose", "sugar", "glycemie", "dextro"];

/// Blood tests: words, from and to, and the finding. Thousands are written "42,000", which is read as 42.0.
const TESTS: &[(&[&str], f64, f64, &str)] = &[
    (
        &["hemoglobin", "haemoglobin", "hb", "hgb", "hemoglobine"],
        3.0,
        11.0,
        "anemia",
    ),
    (
        &["alt", "ast", "transaminases", "alat", "asat"],
        1.5,
        30_000.0,
        "alt_high",
    ),
    (&["inr"], 1.5, 20.0, "inr_high"),
    (
        &["platelets", "platelet", "plaquettes"],
        1.0,
        100.0,
        "platelets_low",
    ),
    (&["bilirubin", "bilirubine"], 2.0, 40.0, "bilirubin_high"),
    (&["creatinine"], 1.6, 15.0, "creatinine_high"),
    (&["creatinine"], 150.0, 2_000.0, "creatinine_high"),
    (&["wbc", "leukocytes", "leucocytes"], 12.0, 90.0, "wbc_high"),
];

/// Limits of what is usual for an age: breaths a minute, breaths that are dangerous, and beats a minute.
struct Limits {
    breaths: f64,
    breaths_danger: f64,
    beats: f64,
    beats_danger: f64,
}

/// Fast breathing of children: WHO, Integrated Management of Childhood Illness. Adults: NEWS2.
fn limits(age: Option<Age>) -> Limits {
    let years = age.map_or(30.0, |age| f64::from(age.in_days()) / 365.0);
    let (breaths, breaths_danger, beats, beats_danger) = match years {
        ..0.17 => (60.0, 70.0, 180.0, 220.0),
        ..1.0 => (50.0, 70.0, 170.0, 200.0),
        ..5.0 => (40.0, 60.0, 150.0, 180.0),
        ..12.0 => (30.0, 45.0, 130.0, 160.0),
        _ => (22.0, 30.0, 101.0, 135.0),
    };
    Limits {
        breaths,
        breaths_danger,
        beats,
        beats_danger,
    }
}

/// Ids of the findings that the numbers of a text are.
pub(crate) fn measured(text: &Text, age: Option<Age>) -> Vec<&'static str> {
    let tokens = text.tokens();
    let limits = limits(age);
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let Some(value) = number(&token.word) else {
            continue;
        };
        let before = tokens.get(at.saturating_sub(3)..at).unwrap_or_default();
        let near = |words: &[&str]| {
            let same = before.iter().filter(|near| near.sentence == token.sentence);
            same.into_iter()
                .any(|near| words.contains(&near.word.as_str()))
        };
        found.extend(TESTS.iter().filter_map(|(words, from, to, finding)| {
            ((*from..*to).contains(&value) && near(words)).then_some(*finding)
        }));
        if is_severe_anemia(tokens, at, value) {
            found.push("vitals_danger");
        }
        match label(tokens, at) {
            Some("heat") => heat(value, &mut found),
            Some("oxygen") if (50.0..92.0).contains(&value) => found.push("low_oxygen"),
            Some("breaths") if (limits.breaths..=120.0).contains(&value) => {
                found.push("fast_breathing");
                if value >= limits.breaths_danger {
                    found.push("vitals_danger");
                }
            }
            Some("pulse") if (limits.beats..=300.0).contains(&value) => {
                found.push("tachycardia");
                if value >= limits.beats_danger {
                    found.push("vitals_danger");
                }
            }
            Some("pulse") if (20.0..50.0).contains(&value) => found.push("bradycardia"),
            Some("pressure") => {
                let behind = tokens.get(at + 1..).unwrap_or_default().iter();
                let lower = behind
                    .take_while(|next| next.sentence == token.sentence)
                    .find(|next| !["over", "sur"].contains(&next.word.as_str()))
                    .and_then(|next| number(&next.word));
                pressure(value, lower, age, &mut found);
            }
            Some("sugar") if (11.1..40.0).contains(&value) || (200.0..1500.0).contains(&value) => {
                found.push("glucose_high");
            }
            Some("sugar") if (1.0..3.4).contains(&value) || (40.0..60.0).contains(&value) => {
                found.push("glucose_low");
            }
            None if bare_heat(tokens, at, value) => heat(value, &mut found),
            _ => {}
        }
    }
    let lasting = |moment: &clinical_redflags::words::Moment| {
        !moment.ago && moment.minutes >= CHRONIC_MINUTES
    };
    if text.moments().iter().any(lasting) {
        found.push("chronic");
    }
    found
}

/// What the number at a place measures: the nearest word before it in its sentence decides.
fn label(tokens: &[Token], at: usize) -> Option<&'static str> {
    let token = tokens.get(at)?;
    let unit = tokens
        .get(at + 1)
        .filter(|next| next.sentence == token.sentence)
        .map_or("", |next| next.word.as_str());
    let before = tokens.get(at.saturating_sub(BEFORE)..at)?;
    for near in before.iter().rev() {
        if near.sentence != token.sentence {
            return None;
        }
        let word = near.word.as_str();
        for (name, words) in [
            ("heat", HEAT),
            ("oxygen", OXYGEN),
            ("breaths", BREATHS),
            ("pulse", PULSE),
            ("pressure", PRESSURE),
            ("sugar", SUGAR),
        ] {
            if words.contains(&word) {
                return Some(name);
            }
        }
        if number(word).is_some() && !unit.is_empty() && !matches!(name_of(unit), Some("heat")) {
            return None;
        }
    }
    let after = tokens
        .get(at + 1..)
        .unwrap_or_default()
        .iter()
        .take(3)
        .any(|next| next.sentence == token.sentence && HEAT.contains(&next.word.as_str()));
    (name_of(unit) == Some("heat") && (after || token.word.contains('.'))).then_some("heat")
}

/// "He has 38.6" and "il a 38,6" are a temperature when no unit says otherwise.
fn bare_heat(tokens: &[Token], at: usize, value: f64) -> bool {
    const HAS: [&str; 12] = [
        "a", "ai", "as", "avait", "avais", "fait", "faisait", "monte", "has", "had", "have", "to",
    ];
    const OTHER: [&str; 17] = [
        "kg", "kilos", "kilo", "g", "mg", "l", "ml", "dl", "cm", "mm", "m", "mmol", "km", "ans",
        "years", "semaines", "weeks",
    ];
    let word = |at: Option<usize>| {
        at.and_then(|at| tokens.get(at))
            .map_or("", |token| token.word.as_str())
    };
    (38.0..42.5).contains(&value)
        && word(Some(at)).contains('.')
        && HAS.contains(&word(at.checked_sub(1)))
        && !OTHER.contains(&word(Some(at + 1)))
}

fn name_of(unit: &str) -> Option<&'static str> {
    HEAT_UNIT.contains(&unit).then_some("heat")
}

fn heat(value: f64, found: &mut Vec<&'static str>) {
    let celsius = if (95.0..110.0).contains(&value) {
        (value - 32.0) / 1.8
    } else {
        value
    };
    if (37.95..44.0).contains(&celsius) {
        found.push("fever");
    }
    if (39.0..44.0).contains(&celsius) {
        found.push("fever_high");
    }
}

/// mmHg, or the French cmHg below 30.
fn pressure(upper: f64, lower: Option<f64>, age: Option<Age>, found: &mut Vec<&'static str>) {
    let whole = |value: f64| if value < 30.0 { value * 10.0 } else { value };
    let (upper, lower) = (whole(upper), lower.map(whole));
    let Some(lower) = lower.filter(|lower| *lower < upper && (20.0..200.0).contains(lower)) else {
        return;
    };
    if (40.0..low_pressure(age)).contains(&upper) {
        found.push("hypotension");
    }
    if (160.0..300.0).contains(&upper) || (100.0..180.0).contains(&lower) {
        found.push("hypertension_now");
    }
}

/// Systolic pressure below which it is low for the age, mmHg. Children: PALS (American Heart Association), 70 and twice
/// the years from one to ten.
fn low_pressure(age: Option<Age>) -> f64 {
    let years = age.map_or(30.0, |age| f64::from(age.in_days()) / 365.0);
    match years {
        ..0.08 => 60.0,
        ..1.0 => 70.0,
        ..10.0 => 70.0 + 2.0 * years.floor(),
        ..12.0 => 90.0,
        _ => 91.0,
    }
}

/// Whether a number is a haemoglobin below 5 g/dL, at which blood is given whatever the signs (WHO, Pocket Book of
/// Hospital Care for Children). A change of it and HbA1c are none.
fn is_severe_anemia(tokens: &[Token], at: usize, value: f64) -> bool {
    const HAEMOGLOBIN: [&str; 5] = ["hemoglobin", "haemoglobin", "hb", "hgb", "hemoglobine"];
    const OTHER: [&str; 13] = [
        "glyquee",
        "glycated",
        "glycosylated",
        "glycosylee",
        "a1c",
        "drop",
        "dropped",
        "fall",
        "fell",
        "by",
        "chute",
        "perdu",
        "baisse",
    ];
    let Some(token) = tokens.get(at) else {
        return false;
    };
    let same = |near: &&Token| near.sentence == token.sentence;
    let before = tokens.get(at.saturating_sub(3)..at).unwrap_or_default();
    let named = |words: &[&str]| {
        let mut near = before.iter().filter(same);
        near.any(|near| words.contains(&near.word.as_str()))
    };
    let behind = tokens.get(at + 1).filter(same);
    let grams = behind.is_some_and(|next| matches!(next.word.as_str(), "g" | "gr" | "grams"));
    (1.0..5.0).contains(&value)
        && (grams || token.word.contains('.'))
        && named(&HAEMOGLOBIN)
        && !named(&OTHER)
}

fn number(word: &str) -> Option<f64> {
    word.starts_with(|c: char| c.is_ascii_digit())
        .then(|| word.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::{Age, Text, measured};
    use clinical_redflags::words::Reader;

    fn read(text: &str, years: u32) -> Vec<&'static str> {
        measured(
            &Text::read(text, Reader::default()),
            Some(Age::years(years)),
        )
    }

    #[test]
    fn vital_signs_are_read_as_clinicians_write_them() {
        assert_eq!(read("Temperature 39.2 C", 40), ["fever", "fever_high"]);
        assert_eq!(read("temp of 101.3 F", 40), ["fever"]);
        assert_eq!(read("38,9 de fièvre", 40), ["fever"]);
        assert_eq!(read("fièvre à 38,2", 40), ["fever"]);
        assert_eq!(read("il a 38,6 et le nez qui coule", 3), ["fever"]);
        assert_eq!(read("la masse a 38,6 mm", 40), [""; 0]);
        assert_eq!(
            read("BP 84/50, saturation 88 %", 40),
            ["hypotension", "low_oxygen"]
        );
        for usual in ["is 124/78", "134/80", "of 118/70", "126 over 85"] {
            assert_eq!(read(&format!("blood pressure {usual}"), 40), [""; 0]);
        }
        assert_eq!(read("BP 82 over 50", 40), ["hypotension"]);
        assert_eq!(
            read("pulse of 142 per minute", 40),
            ["tachycardia", "vitals_danger"]
        );
        assert_eq!(
            read("respiratory rate 32", 40),
            ["fast_breathing", "vitals_danger"]
        );
        assert_eq!(read("respiratory rate 32", 3), [""; 0]);
        assert_eq!(read("tension 18/11", 60), ["hypertension_now"]);
    }

    #[test]
    fn signs_that_are_low_for_the_age_are_read_in_french_notation() {
        assert_eq!(read("PA 68/35", 3), ["hypotension"]);
        assert_eq!(read("PA 88/50", 3), [""; 0]);
        assert_eq!(read("TA 8/5", 40), ["hypotension"]);
        assert_eq!(read("PA 78/40", 8), ["hypotension"]);
        assert_eq!(read("BP 68/35", 3), ["hypotension"]);
        assert_eq!(read("FC 190", 3), ["tachycardia", "vitals_danger"]);
        assert_eq!(read("FC 72", 40), [""; 0]);
        assert_eq!(read("FR 64", 3), ["fast_breathing", "vitals_danger"]);
        assert_eq!(read("FR 16, PA 124/76", 40), [""; 0]);
        for severe in ["hémoglobine 3,4 g/dL", "Hb 4.6", "Hb à 4 g/dL"] {
            assert_eq!(read(severe, 3), ["anemia", "vitals_danger"], "{severe}");
        }
        for other in [
            "hémoglobine glyquée 4,8 %",
            "Hb 7.2 g/dL",
            "Hb dropped by 3 g",
        ] {
            assert!(!read(other, 40).contains(&"vitals_danger"), "{other}");
        }
    }

    #[test]
    fn how_long_it_lasts_is_read() {
        assert_eq!(read("for six months her hands hurt", 40), ["chronic"]);
        assert_eq!(read("six months ago", 40), [""; 0]);
        assert_eq!(read("for 3 days", 40), [""; 0]);
        for age in [
            "An 8-month-old infant coughs",
            "Bébé de 7 mois, il tousse",
            "Je suis enceinte de 35 semaines",
            "She is 34 weeks pregnant",
        ] {
            assert_eq!(read(age, 30), [""; 0], "{age}");
        }
    }
}
