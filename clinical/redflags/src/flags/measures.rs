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
const HEAT: &[&str] = &["fever", "fievre", "temp", "temperature", "degres", "degre", "degrees", "celsius", "fahrenheit", "thermometer", "thermometre", "febrile", "f", "c"];
const OXYGEN: &[&str] = &["oxygen", "oxygene", "spo2", "sat", "sats", "saturation", "sature", "o2", "oximeter", "oxymetre"];
const PRESSURE: &[&str] = &["tension", "bp", "pressure", "arterielle", "systolic", "systolique"];
const SUGAR: &[&str] = &["sugar", "sugars", "glucose", "glycemie", "dextro", "glycemies", "glucometer", "sucre", "hypo"];

/// Everything measured in a text.
pub(super) fn measured(text: &Text) -> Vec<Measured> {
    let tokens = text.tokens();
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let Some(value) = tenths(&token.word) else { continue };
        let decimal = token.word.contains('.');
        let near = |words: &[&str]| near(tokens, at, words);
        let grams = tokens.get(at + 1).is_some_and(|next| matches!(next.word.as_str(), "g" | "grammes" | "gl"))
            || near(&["glycemie", "glycemies", "dextro"]) && decimal;
        let lower = tokens.get(at + 1).and_then(|next| tenths(&next.word));
        let mut add = |feature| found.push(Measured { feature, start: token.start, end: token.end });
        let heat = near(HEAT) || (decimal && (375..=425).contains(&value));
        match value {
            _ if near(OXYGEN) && (500..=910).contains(&value) => add("oxygen_low"),
            _ if near(SUGAR) => sugar(value, grams, &mut add),
            _ if near(PRESSURE) => pressure(value, lower, &mut add),
            380..=430 if heat => {
                add("temp_fever");
                if value >= 400 {
                    add("temp_very_high");
                }
            }
            1004..=1090 if heat => {
                add("temp_fever");
                if value >= 1040 {
                    add("temp_very_high");
                }
            }
            300..=350 if near(&["temperature", "temp", "thermometer", "thermometre"]) => add("temp_low"),
            _ => {}
        }
    }
    found
}

fn near(tokens: &[Token], at: usize, words: &[&str]) -> bool {
    let around = tokens.get(at.saturating_sub(AROUND)..(at + AROUND).min(tokens.len())).unwrap_or_default();
    around.iter().any(|token| words.contains(&token.word.as_str()))
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
    let value = if (60..=300).contains(&value) { value * 10 } else { value };
    let lower = lower.map(|lower| if (30..=180).contains(&lower) { lower * 10 } else { lower });
    if (1400..=2800).contains(&value) || lower.is_some_and(|lower| (900..=1800).contains(&lower) && (1000..=2800).contains(&value)) {
        add("pressure_high");
    }
    if (1800..=2800).contains(&value) || lower.is_some_and(|lower| (1100..=1800).contains(&lower) && (1200..=2800).contains(&value)) {
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
