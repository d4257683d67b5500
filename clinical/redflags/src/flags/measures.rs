//! Numbers that patients write: temperature, blood pressure, oxygen, sugar.

use crate::words::{Text, Token};

/// A measured feature and the bytes of its number.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Measured {
    pub(super) feature: &'static str,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Words around a number that say what it is.
const AROUND: usize = 4;
/// Words behind a name among which its own number stands.
const OWN: usize = 2;

/// What a number can be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Heat,
    Oxygen,
    Pressure,
    Sugar,
    /// Something that no flag asks for: breaths, beats.
    Other,
}

/// Words that name what is measured, before or behind the number.
const NAMES: [(Kind, &[&str]); 5] = [
    (
        Kind::Heat,
        &[
            "fever",
            "fievre",
            "temp",
            "temperature",
            "thermometer",
            "thermometre",
            "febrile",
        ],
    ),
    (
        Kind::Oxygen,
        &[
            "oxygen",
            "oxygene",
            "spo2",
            "sat",
            "sats",
            "saturation",
            "sature",
            "o2",
            "oximeter",
            "oxymetre",
        ],
    ),
    (
        Kind::Pressure,
        &[
            "tension",
            "bp",
            "pressure",
            "arterielle",
            "systolic",
            "systolique",
        ],
    ),
    (
        Kind::Sugar,
        &[
            "sugar",
            "sugars",
            "glucose",
            "glycemie",
            "dextro",
            "glycemies",
            "glucometer",
            "sucre",
            "hypo",
        ],
    ),
    (
        Kind::Other,
        &[
            "respiratory",
            "respirations",
            "breaths",
            "rr",
            "fr",
            "fc",
            "pulse",
            "pouls",
            "hr",
            "heartbeat",
            "cardiaque",
            "respiratoire",
        ],
    ),
];
/// Units of heat, right behind the number.
const DEGREES: &[&str] = &[
    "degres",
    "degre",
    "degrees",
    "celsius",
    "fahrenheit",
    "f",
    "c",
];
/// Behind a number that is an age or a time.
const TIMES: &[&str] = &[
    "year", "years", "yo", "yr", "yrs", "old", "ans", "an", "day", "days", "jour", "jours", "week",
    "weeks", "semaine", "semaines", "sa", "hour", "hours", "heure", "heures", "minute", "minutes",
    "min", "mins", "month", "months", "mois",
];

/// Everything measured in a text.
pub(super) fn measured(text: &Text) -> Vec<Measured> {
    let tokens = text.tokens();
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let Some(value) = tenths(&token.word) else {
            continue;
        };
        let decimal = token.word.contains('.');
        let next = tokens
            .get(at + 1)
            .filter(|next| next.sentence == token.sentence);
        let grams = next.is_some_and(|next| matches!(next.word.as_str(), "g" | "grammes" | "gl"))
            || decimal && is_in_grams(tokens, at);
        let lower = next.and_then(|next| tenths(&next.word));
        let mut add = |feature| {
            found.push(Measured {
                feature,
                start: token.start,
                end: token.end,
            });
        };
        match kind(tokens, at, value, decimal) {
            Some(Kind::Oxygen) if (500..=910).contains(&value) => add("oxygen_low"),
            Some(Kind::Sugar) => sugar(value, grams, &mut add),
            Some(Kind::Pressure) => pressure(value, lower, &mut add),
            Some(Kind::Heat) if (300..=350).contains(&value) => {
                if is_body(tokens, at) {
                    add("temp_low");
                }
            }
            Some(Kind::Heat) => heat(value, &mut add),
            Some(Kind::Oxygen | Kind::Other) | None => {}
        }
    }
    found
}

/// What the number at a place measures: the nearest word before it in its sentence decides, then the nearest
/// behind it that names no number of its own.
fn kind(tokens: &[Token], at: usize, value: u32, decimal: bool) -> Option<Kind> {
    let token = tokens.get(at)?;
    let same = |near: &&Token| near.sentence == token.sentence;
    let behind = tokens.get(at + 1..).unwrap_or_default();
    let behind: Vec<&Token> = behind
        .iter()
        .take(AROUND + OWN + 1)
        .take_while(same)
        .collect();
    let unit = behind.first().map_or("", |next| next.word.as_str());
    if DEGREES.contains(&unit) {
        return Some(Kind::Heat);
    }
    if TIMES.contains(&unit) {
        return None;
    }
    let before = tokens.get(..at).unwrap_or_default();
    // The second number of "124/76" is what the first one is.
    let paired = before.last().filter(same).map(|near| tenths(&near.word));
    let paired = paired.flatten().is_some();
    let mut skipped = false;
    for near in before.iter().rev().take(AROUND).take_while(same) {
        if tenths(&near.word).is_some() {
            if skipped || !paired {
                break;
            }
            continue;
        }
        skipped = true;
        if let Some(kind) = name(&near.word) {
            return Some(kind);
        }
    }
    let ahead = (!paired).then(|| ahead(&behind)).flatten();
    ahead.or_else(|| (decimal && (375..=425).contains(&value)).then_some(Kind::Heat))
}

/// The name behind a number, unless another number follows that it belongs to: "35, temperature 38".
fn ahead(behind: &[&Token]) -> Option<Kind> {
    for (at, near) in behind.iter().enumerate().take(AROUND) {
        if tenths(&near.word).is_some() {
            return None;
        }
        let Some(kind) = name(&near.word) else {
            continue;
        };
        let own = behind.iter().enumerate().skip(at + 1).take(OWN);
        let mut own = own.filter_map(|(place, next)| Some((place, tenths(&next.word)?)));
        let is_measured = own.any(|(place, value)| {
            let unit = behind.get(place + 1).map_or("", |next| next.word.as_str());
            value >= 300 && !TIMES.contains(&unit)
        });
        return (!is_measured).then_some(kind);
    }
    None
}

fn name(word: &str) -> Option<Kind> {
    let mut all = NAMES.iter();
    all.find(|(_, words)| words.contains(&word))
        .map(|&(kind, _)| kind)
}

/// Whether the sugar is told in grams, as French speakers do with a fraction.
fn is_in_grams(tokens: &[Token], at: usize) -> bool {
    let around = tokens.get(at.saturating_sub(AROUND)..(at + AROUND).min(tokens.len()));
    around
        .unwrap_or_default()
        .iter()
        .any(|token| matches!(token.word.as_str(), "glycemie" | "glycemies" | "dextro"))
}

/// Whether degrees before which somebody names a temperature: "35 degrees outside" is the weather.
fn is_body(tokens: &[Token], at: usize) -> bool {
    let around = tokens.get(at.saturating_sub(AROUND)..(at + AROUND).min(tokens.len()));
    let here = tokens.get(at).map(|token| token.sentence);
    around.unwrap_or_default().iter().any(|token| {
        let named = matches!(
            token.word.as_str(),
            "temperature" | "temp" | "thermometer" | "thermometre"
        );
        named && Some(token.sentence) == here
    })
}

/// Degrees Celsius or Fahrenheit. `value` is in tenths.
fn heat(value: u32, add: &mut impl FnMut(&'static str)) {
    match value {
        380..=430 | 1004..=1090 => {
            add("temp_fever");
            if (400..=430).contains(&value) || value >= 1040 {
                add("temp_very_high");
            }
        }
        _ => {}
    }
}

/// Grams a litre; otherwise mmol/l below 40 and mg/dl from there on. `value` is in tenths.
fn sugar(value: u32, grams: bool, add: &mut impl FnMut(&'static str)) {
    match (grams, value) {
        (true, 2..=5) | (false, 10..=32 | 400..=540) => add("sugar_low"),
        (true, 25..=99) | (false, 200..=390 | 2700..=9990) => add("sugar_high"),
        _ => {}
    }
}

/// mmHg, or the French cmHg below 30.
fn pressure(value: u32, lower: Option<u32>, add: &mut impl FnMut(&'static str)) {
    let value = if (60..=300).contains(&value) {
        value * 10
    } else {
        value
    };
    let lower = lower.map(|lower| {
        if (30..=180).contains(&lower) {
            lower * 10
        } else {
            lower
        }
    });
    if (1400..=2800).contains(&value)
        || lower
            .is_some_and(|lower| (900..=1800).contains(&lower) && (1000..=2800).contains(&value))
    {
        add("pressure_high");
    }
    if (1800..=2800).contains(&value)
        || lower
            .is_some_and(|lower| (1100..=1800).contains(&lower) && (1200..=2800).contains(&value))
    {
        add("pressure_very_high");
    }
    if (600..=890).contains(&value) && lower.is_some_and(|lower| lower < value) {
        add("pressure_low");
    }
}

/// A number in tenths: "39.5" is 395. Longer fractions are cut.
fn tenths(word: &str) -> Option<u32> {
    let (whole, fraction) = word.split_once('.').unwrap_or((word, "0"));
    if whole.is_empty() || whole.len() > 4 {
        return None;
    }
    let first: u32 = fraction.get(..1)?.parse().ok()?;
    Some(whole.parse::<u32>().ok()? * 10 + first)
}

#[cfg(test)]
mod tests {
    use super::measured;
    use crate::words::{Reader, Text};

    fn read(text: &str) -> Vec<&'static str> {
        let text = Text::read(text, Reader::default());
        measured(&text).iter().map(|it| it.feature).collect()
    }

    #[test]
    fn a_number_is_what_the_nearest_word_says() {
        let well = "respiratory rate 18, blood pressure 124/76, oxygen saturation 97%";
        assert_eq!(read(well), [""; 0]);
        assert_eq!(read("BP 84/50, sats 88%"), ["pressure_low", "oxygen_low"]);
        assert_eq!(read("88 oxygen"), ["oxygen_low"]);
        assert_eq!(read("39 of fever for 3 days"), ["temp_fever"]);
        assert_eq!(read("fièvre à 38,9 depuis 40 heures"), ["temp_fever"]);
        assert_eq!(read("35 weeks, temperature 36.9"), [""; 0]);
        assert_eq!(
            read("tension 19/11"),
            ["pressure_high", "pressure_very_high"]
        );
        assert_eq!(read("I don't have a temperature. I'm 35"), [""; 0]);
        assert_eq!(read("temperature 34.2"), ["temp_low"]);
        assert_eq!(read("it is 35 degrees outside"), [""; 0]);
        assert_eq!(read("peak flow 65 % of her best, saturation 96 %"), [""; 0]);
        assert_eq!(
            read("pulse 80 temperature 40.2"),
            ["temp_fever", "temp_very_high"]
        );
    }
}
