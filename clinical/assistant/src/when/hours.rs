//! Times of day.

use super::words::{Words, number};
use super::{DAY_MIN, Hour};

/// Parts of a day.
const MORNING: (u16, u16) = (6 * 60, 12 * 60);
const AFTERNOON: (u16, u16) = (12 * 60, 18 * 60);
const EVENING: (u16, u16) = (17 * 60, 22 * 60);
const NIGHT: (u16, u16) = (20 * 60, DAY_MIN);
/// How much "around" is, in minutes each way.
const AROUND: u16 = 60;
/// A bare hour before this one is one of the afternoon: nobody comes at 3 in the night.
const EARLIEST: u16 = 7;

/// A minute of the day, whether it was certainly a time, and how many words it took.
struct Said {
    minute: u16,
    count: usize,
    /// "3" alone: it needs "at" before it.
    bare: bool,
    /// Morning or afternoon was not said.
    open: bool,
}

/// The part of the day that is spoken of.
fn part(words: &Words) -> Option<(u16, u16)> {
    for at in 0..words.len() {
        // "Tonight" was taken as a day and is an hour too.
        let found = match (words.back(at, 0), words.back(at + 1, 0)) {
            ("apres", "midi") | ("aprem" | "afternoon" | "arvo", _) => AFTERNOON,
            ("matin" | "matinee" | "morning", _) => MORNING,
            ("soir" | "soiree" | "evening" | "tonight", _) => EVENING,
            ("nuit" | "night", _) => NIGHT,
            _ => continue,
        };
        return Some(found);
    }
    None
}

/// Whether "tonight" or the like stands there, which is today.
pub(super) fn is_tonight(words: &Words) -> bool {
    [
        "ce soir",
        "tonight",
        "ce matin",
        "cet apres midi",
        "this evening",
    ]
    .iter()
    .any(|it| words.has(it))
}

fn clock(hour: u16, minute: u16) -> Option<u16> {
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

/// Splits "15h30", "3pm", "15:30", "3.30pm" into hour, minute and what follows.
fn figures(word: &str) -> Option<(u16, u16, &str)> {
    let digits = |text: &str| {
        text.find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len())
    };
    let (hour, rest) = word.split_at_checked(digits(word))?;
    let hour: u16 = hour.parse().ok()?;
    let Some(more) = rest.strip_prefix([':', 'h', '.']) else {
        return Some((hour, 0, rest));
    };
    let (minute, rest_of) = more.split_at_checked(digits(more))?;
    if minute.is_empty() {
        return Some((hour, 0, rest));
    }
    Some((hour, minute.parse().ok()?, rest_of))
}

fn halves(hour: u16, meridiem: &str) -> Option<u16> {
    match meridiem {
        "am" => (1..=12).contains(&hour).then_some(hour % 12),
        "pm" => (1..=12).contains(&hour).then_some(hour % 12 + 12),
        _ => None,
    }
}

/// The time that begins at a word.
fn time(words: &Words, at: usize) -> Option<Said> {
    let (word, second, third) = (words.at(at), words.at(at + 1), words.at(at + 2));
    let said = |minute, count, bare, open| Said {
        minute,
        count,
        bare,
        open,
    };
    match (word, second) {
        ("midi", _) if words.back(at, 1) != "apres" => return Some(said(12 * 60, 1, false, false)),
        ("noon" | "midday", _) => return Some(said(12 * 60, 1, false, false)),
        ("half", "past") => {
            let hour = u16::try_from(number(third)?).ok()?;
            return Some(said(clock(hour, 30)?, 3, false, true));
        }
        ("quarter", "past" | "to") => {
            let hour = u16::try_from(number(third)?).ok()?;
            let hour_min = clock(hour, 0)?;
            let minute = if second == "past" {
                hour_min + 15
            } else {
                hour_min.checked_sub(15)?
            };
            return Some(said(minute, 3, false, true));
        }
        _ => {}
    }
    if word.starts_with(|c: char| c.is_ascii_digit()) {
        let (hour, minute, rest) = figures(word)?;
        if word.contains(['/', '-']) {
            return None;
        }
        if let Some(hour) = halves(hour, rest) {
            return Some(said(clock(hour, minute)?, 1, false, false));
        }
        if let ("", Some(hour)) = (rest, halves(hour, second)) {
            return Some(said(clock(hour, minute)?, 2, false, false));
        }
        return match (rest, second) {
            ("h" | "hr" | "hrs", _) => {
                let more = number(second)
                    .and_then(|it| u16::try_from(it).ok())
                    .filter(|_| second.len() == 2);
                let count = 1 + usize::from(more.is_some());
                let minute = more.unwrap_or(minute);
                Some(said(clock(hour, minute)?, count, false, hour < 13))
            }
            ("", "h" | "heures" | "heure" | "oclock") => {
                let more = number(third)
                    .and_then(|it| u16::try_from(it).ok())
                    .filter(|_| third.len() == 2);
                let half = words.has("et demie") || words.has("et demi");
                let minute = more.unwrap_or(if half { 30 } else { 0 });
                let count = 2 + usize::from(more.is_some());
                Some(said(clock(hour, minute)?, count, false, hour < 13))
            }
            ("", _) if word.contains([':', '.', 'h']) => {
                Some(said(clock(hour, minute)?, 1, false, false))
            }
            ("", "o") => Some(said(clock(hour, 0)?, 3, false, true)),
            ("", _) if word.len() <= 2 => Some(said(clock(hour, 0)?, 1, true, true)),
            _ => None,
        };
    }
    let hour = u16::try_from(
        number(word).filter(|_| !matches!(word, "a" | "an" | "un" | "one" | "couple"))?,
    )
    .ok()?;
    let (count, bare) = match second {
        "heures" | "heure" | "pm" | "am" | "oclock" => (2, false),
        "o" => (3, false),
        _ => (1, true),
    };
    let half = words.has("et demie");
    let hour = halves(hour, second).unwrap_or(hour);
    Some(said(
        clock(hour, if half { 30 } else { 0 })?,
        count,
        bare,
        !matches!(second, "am" | "pm"),
    ))
}

/// The minute that is meant when morning or afternoon was not said.
fn meant(said: &Said, part: Option<(u16, u16)>) -> u16 {
    if !said.open || said.minute >= 12 * 60 {
        return said.minute;
    }
    let later = said.minute + 12 * 60;
    match part {
        Some(MORNING) => said.minute,
        Some(_) => later,
        None if said.minute < EARLIEST * 60 => later,
        None => said.minute,
    }
}

/// The time of day that a text speaks of; its words are taken.
pub(super) fn read(words: &mut Words) -> Option<Hour> {
    let part = part(words);
    let mut found: Vec<(usize, u16)> = Vec::new();
    let mut at = 0;
    while at < words.len() && found.len() < 2 {
        let before = words.back(at, 1);
        let leads = matches!(
            before,
            "a" | "at"
                | "vers"
                | "around"
                | "about"
                | "apres"
                | "after"
                | "avant"
                | "before"
                | "entre"
                | "between"
                | "from"
                | "des"
                | "de"
                | "by"
                | "to"
                | "until"
                | "till"
                | "jusqu"
        ) || (matches!(before, "et" | "and") && !found.is_empty())
            || (before == "past" || before == "@");
        match time(words, at) {
            Some(said) if !said.bare || leads && said.minute > 0 => {
                found.push((at, meant(&said, part)));
                words.take(at, said.count);
                at += said.count;
            }
            _ => at += 1,
        }
    }
    let Some((at, minute)) = found.first().copied() else {
        return part.map(|(from, to)| Hour::Between(from, to));
    };
    if let Some((second, end)) = found.get(1).copied() {
        let joins = matches!(
            words.back(second, 1),
            "et" | "and" | "a" | "to" | "until" | "till" | "jusqu"
        );
        // "between 2 and 4pm": the first is of the same half.
        let begin = if joins && minute > end {
            minute % (12 * 60)
        } else {
            minute
        };
        if joins && begin < end {
            return Some(Hour::Between(begin, end));
        }
    }
    let two = words.back(at, 2);
    Some(match words.back(at, 1) {
        "apres" | "after" | "past" | "des" | "from" => Hour::Between(minute, DAY_MIN),
        "partir" => Hour::Between(minute, DAY_MIN),
        "de" if two == "partir" => Hour::Between(minute, DAY_MIN),
        "avant" | "before" | "by" | "until" | "till" => Hour::Between(0, minute),
        "vers" | "around" | "about" => Hour::Between(
            minute.saturating_sub(AROUND),
            (minute + AROUND).min(DAY_MIN),
        ),
        _ => Hour::At(minute),
    })
}
