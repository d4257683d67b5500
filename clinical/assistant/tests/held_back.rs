//! How much is understood of phrases and times that were written after everything was tuned.
#![expect(clippy::unwrap_used, reason = "tests")]

use clinical_assistant::{Classifier, Hour, Meaning, When, phrases};
use jiff::civil::{Date, date};

const PHRASES: [(&str, &str); 2] = [
    ("fr", include_str!("held_fr.txt")),
    ("en", include_str!("held_en.txt")),
];
const TIMES: [(&str, &str); 2] = [
    ("fr", include_str!("times_fr.txt")),
    ("en", include_str!("times_en.txt")),
];
/// A Wednesday.
const TODAY: Date = date(2026, 12, 2);

/// Of 100: what the product asks for.
const ACCURACY_MIN: usize = 92;
/// Times that are read wholly right, of 100.
const F1_MIN: usize = 92;

#[test]
fn intents_of_phrases_that_nothing_was_learnt_from_are_found() {
    for (language, file) in PHRASES {
        let all = phrases(file).unwrap();
        assert!(all.len() >= 150, "{language}: {}", all.len());
        let (mut right, mut sure, mut misled) = (0, 0, 0);
        for (intent, phrase) in &all {
            let first = Classifier::shipped().ranked(phrase)[0];
            if first.intent == *intent {
                right += 1;
            } else {
                println!(
                    "{language} {phrase}: {} not {}",
                    first.intent.name(),
                    intent.name()
                );
            }
            if let Meaning::Sure(it) = Classifier::shipped().meaning(phrase) {
                sure += 1;
                misled += usize::from(it.intent != *intent);
            }
        }
        let all = all.len();
        println!(
            "{language}: {right} of {all}; acted on without a question {sure}, of these wrong {misled}"
        );
        assert!(
            right * 100 >= ACCURACY_MIN * all,
            "{language}: {right} of {all}"
        );
        assert!(
            misled * 100 <= 8 * all,
            "{language}: misled {misled} of {all}"
        );
    }
}

fn minute(text: &str) -> u16 {
    let (hour, minute) = text.split_once(':').unwrap();
    hour.parse::<u16>().unwrap() * 60 + minute.parse::<u16>().unwrap()
}

#[test]
fn days_and_hours_in_words_are_read() {
    for (language, file) in TIMES {
        let (mut hit, mut found, mut there) = (0, 0, 0);
        for line in file.lines().filter(|line| !line.starts_with('#')) {
            let parts: Vec<&str> = line.split('|').map(str::trim).collect();
            let days = parts[1]
                .split_once("..")
                .map(|(a, b)| (a.parse().unwrap(), b.parse().unwrap()));
            let hour = match (parts[2], parts[2].split_once('-')) {
                ("-", _) => None,
                (_, Some((from, to))) => Some(Hour::Between(minute(from), minute(to))),
                (at, None) => Some(Hour::At(minute(at))),
            };
            let read = When::read(parts[0], TODAY);
            if (read.days, read.hour) != (days, hour) {
                println!("{language} {}: {:?} {:?}", parts[0], read.days, read.hour);
            }
            there += usize::from(days.is_some()) + usize::from(hour.is_some());
            found += usize::from(read.days.is_some()) + usize::from(read.hour.is_some());
            hit += usize::from(days.is_some() && read.days == days);
            hit += usize::from(hour.is_some() && read.hour == hour);
        }
        let f1 = 200 * hit / (found + there);
        println!("{language}: F1 {f1} of 100 ({hit} right, {found} found, {there} there)");
        assert!(f1 >= F1_MIN, "{language}: {f1}");
    }
}
