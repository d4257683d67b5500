//! The format of the data files, read.
//!
//! A line begins with what it is: `group name: words`, `feature name` or `background name` or
//! `nothing` (phrases that only look like others) or `flag name level` with lines `- ...` under it, `advice name` with `en:` and `fr:`. A flag also has
//! `en:`, `fr:` (reasons), `do:` (an advice) and `cite:`. The rule of a flag is made of conditions
//! apart by ` & `: `#feature`, `age<90d`, `age>=16y`, `female`, `male`, `since<6h`, or patterns apart
//! by ` | `. A line that begins with two slashes is a remark.

use std::collections::BTreeMap;

use super::flag::{Flag, Level, Limit, Rule, Said};
use super::patient::{Age, Sex};
use crate::words::{Matcher, PatternError, Phrases};

/// Data that cannot be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DataError {
    /// A line that means nothing.
    #[error("{file}:{line}: {text:?} means nothing here")]
    Line {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The text.
        text: String,
    },
    /// A pattern that cannot be used.
    #[error("a pattern in {file}")]
    Pattern {
        /// The file.
        file: String,
        /// Why.
        #[source]
        source: PatternError,
    },
    /// A flag without reason, advice, citation or rule.
    #[error("the flag {0} lacks a reason, an advice, a citation or a rule")]
    Incomplete(String),
    /// A rule names a feature that nobody defined.
    #[error("the flag {flag} names the unknown feature {feature}")]
    UnknownFeature {
        /// The flag.
        flag: String,
        /// The feature.
        feature: String,
    },
    /// Two flags of one name.
    #[error("two flags are called {0}")]
    Twice(String),
}

/// Features that are not words: measured, or known from the record.
pub(super) const MEASURED: [&str; 9] = [
    "temp_fever",
    "temp_very_high",
    "temp_low",
    "oxygen_low",
    "pressure_high",
    "pressure_very_high",
    "sugar_high",
    "sugar_low",
    "pressure_low",
];

/// What the files hold.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) flags: Vec<Flag>,
    pub(super) features: BTreeMap<String, u32>,
    /// Features for which "history of" counts.
    pub(super) lasting: Vec<u32>,
    pub(super) matcher: Matcher,
}

#[derive(Default)]
struct Draft {
    id: String,
    level: Option<Level>,
    system: String,
    en: String,
    fr: String,
    advice: String,
    cite: String,
    rules: Vec<String>,
}

#[derive(Default)]
struct Reading {
    phrases: Phrases,
    features: BTreeMap<String, u32>,
    lasting: Vec<u32>,
    patterns: Vec<(u32, String)>,
    advice: BTreeMap<String, Said>,
    drafts: Vec<Draft>,
}

enum Open {
    Nothing,
    Feature(u32),
    Flag,
    Advice(String),
}

/// Reads files, each with its name and its text.
pub(super) fn read(files: &[(&str, &str)]) -> Result<Read, DataError> {
    let mut reading = Reading::default();
    for name in MEASURED {
        reading.feature(name);
    }
    for (file, text) in files {
        let mut open = Open::Nothing;
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with("//") {
                continue;
            }
            let refused = || DataError::Line {
                file: (*file).to_owned(),
                line: number + 1,
                text: line.to_owned(),
            };
            reading.line(file, line, &mut open)?.ok_or_else(refused)?;
        }
    }
    reading.finish()
}

impl Reading {
    fn feature(&mut self, name: &str) -> u32 {
        let next = u32::try_from(self.features.len()).unwrap_or(u32::MAX);
        *self.features.entry(name.to_owned()).or_insert(next)
    }

    /// Takes a line in; `None` when it means nothing.
    fn line(&mut self, file: &str, line: &str, open: &mut Open) -> Result<Option<()>, DataError> {
        if let Some(rest) = line.strip_prefix("group ") {
            let Some((name, words)) = rest.split_once(':') else {
                return Ok(None);
            };
            let read = self.phrases.group(name.trim(), words);
            return read.map(Some).map_err(|source| DataError::Pattern {
                file: file.to_owned(),
                source,
            });
        }
        if let Some(name) = line.strip_prefix("feature ") {
            *open = Open::Feature(self.feature(name));
            return Ok(Some(()));
        }
        if line == "nothing" {
            *open = Open::Feature(Matcher::NOTHING);
            return Ok(Some(()));
        }
        if let Some(name) = line.strip_prefix("background ") {
            let id = self.feature(name);
            self.lasting.push(id);
            *open = Open::Feature(id);
            return Ok(Some(()));
        }
        if let Some(name) = line.strip_prefix("advice ") {
            self.advice.insert(
                name.to_owned(),
                Said {
                    en: String::new(),
                    fr: String::new(),
                },
            );
            *open = Open::Advice(name.to_owned());
            return Ok(Some(()));
        }
        if let Some(rest) = line.strip_prefix("flag ") {
            let Some((id, level)) = rest.split_once(' ') else {
                return Ok(None);
            };
            let level = match level {
                "emergency" => Level::Emergency,
                "urgent" => Level::Urgent,
                _ => return Ok(None),
            };
            *open = Open::Flag;
            let system = file
                .rsplit('/')
                .next()
                .and_then(|name| name.strip_suffix(".txt"))
                .unwrap_or(file);
            self.drafts.push(Draft {
                id: id.to_owned(),
                level: Some(level),
                system: system.to_owned(),
                ..Draft::default()
            });
            return Ok(Some(()));
        }
        Ok(self.under(line, open))
    }

    fn under(&mut self, line: &str, open: &Open) -> Option<()> {
        if let Some(rule) = line.strip_prefix("- ") {
            match open {
                Open::Feature(id) => self
                    .patterns
                    .extend(rule.split(" | ").map(|pattern| (*id, pattern.to_owned()))),
                Open::Flag => self.drafts.last_mut()?.rules.push(rule.to_owned()),
                Open::Nothing | Open::Advice(_) => return None,
            }
            return Some(());
        }
        let (key, value) = line.split_once(": ")?;
        let value = value.trim().to_owned();
        match (open, key) {
            (Open::Advice(name), "en") => self.advice.get_mut(name)?.en = value,
            (Open::Advice(name), "fr") => self.advice.get_mut(name)?.fr = value,
            (Open::Flag, "en") => self.drafts.last_mut()?.en = value,
            (Open::Flag, "fr") => self.drafts.last_mut()?.fr = value,
            (Open::Flag, "do") => self.drafts.last_mut()?.advice = value,
            (Open::Flag, "cite") => self.drafts.last_mut()?.cite = value,
            _ => return None,
        }
        Some(())
    }

    fn finish(mut self) -> Result<Read, DataError> {
        let mut flags: Vec<Flag> = Vec::new();
        for draft in core::mem::take(&mut self.drafts) {
            if flags.iter().any(|flag| flag.id == draft.id) {
                return Err(DataError::Twice(draft.id));
            }
            let mut rules = Vec::new();
            for (number, rule) in draft.rules.iter().enumerate() {
                rules.push(self.rule(&draft.id, number, rule)?);
            }
            let advice = self.advice.get(&draft.advice).cloned();
            let (Some(advice), Some(level)) = (advice, draft.level) else {
                return Err(DataError::Incomplete(draft.id));
            };
            if draft.en.is_empty()
                || draft.fr.is_empty()
                || draft.cite.is_empty()
                || rules.is_empty()
            {
                return Err(DataError::Incomplete(draft.id));
            }
            flags.push(Flag {
                id: draft.id,
                level,
                system: draft.system,
                reason: Said {
                    en: draft.en,
                    fr: draft.fr,
                },
                advice,
                citation: draft.cite,
                rules,
            });
        }
        let patterns = self
            .patterns
            .iter()
            .map(|(id, pattern)| (*id, pattern.as_str()));
        let matcher =
            Matcher::compile(&self.phrases, patterns).map_err(|source| DataError::Pattern {
                file: "features and flags".to_owned(),
                source,
            })?;
        Ok(Read {
            flags,
            features: self.features,
            lasting: self.lasting,
            matcher,
        })
    }

    fn rule(&mut self, flag: &str, number: usize, written: &str) -> Result<Rule, DataError> {
        let mut rule = Rule {
            features: Vec::new(),
            limits: Vec::new(),
            minutes_max: None,
        };
        for (place, condition) in written.split(" & ").map(str::trim).enumerate() {
            if let Some(name) = condition.strip_prefix('#') {
                let id =
                    self.features
                        .get(name)
                        .copied()
                        .ok_or_else(|| DataError::UnknownFeature {
                            flag: flag.to_owned(),
                            feature: name.to_owned(),
                        })?;
                rule.features.push(id);
            } else if let Some(limit) = limit(condition) {
                rule.limits.push(limit);
            } else if let Some(minutes) = condition.strip_prefix("since<").and_then(days_or_hours) {
                rule.minutes_max = Some(minutes);
            } else {
                let id = self.feature(&format!("{flag} {number} {place}"));
                self.patterns.extend(
                    condition
                        .split(" | ")
                        .map(|pattern| (id, pattern.to_owned())),
                );
                rule.features.push(id);
            }
        }
        if rule.features.is_empty() {
            return Err(DataError::Incomplete(flag.to_owned()));
        }
        Ok(rule)
    }
}

fn limit(condition: &str) -> Option<Limit> {
    match condition {
        "female" => return Some(Limit::Of(Sex::Female)),
        "male" => return Some(Limit::Of(Sex::Male)),
        _ => {}
    }
    if let Some(age) = condition.strip_prefix("age<") {
        return Some(Limit::Below(age_of(age)?));
    }
    Some(Limit::From(age_of(condition.strip_prefix("age>=")?)?))
}

fn age_of(text: &str) -> Option<Age> {
    if let Some(days) = text.strip_suffix('d') {
        return days.parse().ok().map(Age::days);
    }
    if let Some(months) = text.strip_suffix('m') {
        return months.parse().ok().map(Age::months);
    }
    text.strip_suffix('y')?.parse().ok().map(Age::years)
}

fn days_or_hours(text: &str) -> Option<u32> {
    if let Some(hours) = text.strip_suffix('h') {
        return hours
            .parse::<u32>()
            .ok()
            .map(|hours| hours.saturating_mul(60));
    }
    text.strip_suffix('d')?
        .parse::<u32>()
        .ok()
        .map(|days| days.saturating_mul(24 * 60))
}
