//! What people write when they are in danger is found; what they write otherwise raises no alarm.
#![expect(clippy::unwrap_used, reason = "tests")]

use clinical_redflags::flags::{Age, Flags, Patient, Sex, Story, Urgency};

/// Ordinary lines of 1000 that may raise a flag.
const FALSE_ALARMS_PER_THOUSAND_MAX: usize = 9;
const LINES_MIN: usize = 300;

fn age(text: &str) -> Option<Age> {
    let number = |text: &str| -> u32 { text.parse().unwrap() };
    if let Some(years) = text.strip_suffix('y') {
        return Some(Age::years(number(years)));
    }
    if let Some(months) = text.strip_suffix('m') {
        return Some(Age::months(number(months)));
    }
    text.strip_suffix('d').map(|days| Age::days(number(days)))
}

/// The patient of a line and its text.
fn line(line: &str) -> (&str, Patient, &str) {
    let mut fields = line.splitn(4, '|');
    let flags = fields.next().unwrap();
    let age = age(fields.next().unwrap());
    let sex = match fields.next().unwrap() {
        "f" => Some(Sex::Female),
        "m" => Some(Sex::Male),
        _ => None,
    };
    (
        flags,
        Patient {
            age,
            sex,
            ..Patient::default()
        },
        fields.next().unwrap(),
    )
}

fn missed(data: &str) -> Vec<String> {
    let flags = Flags::shipped();
    let mut missed = Vec::new();
    for written in data.lines().filter(|line| !line.is_empty()) {
        let (expected, mut patient, text) = line(written);
        if text.contains("my son")
            || text.contains("daughter")
            || text.starts_with("mum ")
            || text.contains("grandad")
            || text.contains("mon père n'")
            || text.contains("my boy")
            || text.contains("mon fils")
            || text.contains("ma fille")
            || text.contains("ma mère")
            || text.contains("my husband")
            || text.contains("my toddler")
            || text.contains("mon mari")
        {
            patient.speaker = clinical_redflags::words::Speaker::Proxy;
        }
        let screening = flags.screen(
            &patient,
            &Story {
                text,
                findings: &[],
            },
        );
        let found: Vec<&str> = screening
            .hits
            .iter()
            .map(|hit| hit.flag.id.as_str())
            .collect();
        if !expected.split('/').any(|flag| found.contains(&flag)) {
            missed.push(format!("{written}: {found:?} {:?}", screening.unclear));
        }
    }
    missed
}

fn alarms(data: &str) -> (usize, Vec<String>) {
    let flags = Flags::shipped();
    let patient = Patient {
        age: Some(Age::years(40)),
        ..Patient::default()
    };
    let lines: Vec<&str> = data.lines().filter(|line| !line.is_empty()).collect();
    let mut alarms = Vec::new();
    for text in &lines {
        let screening = flags.screen(
            &patient,
            &Story {
                text,
                findings: &[],
            },
        );
        if screening.urgency >= Urgency::Urgent {
            let found: Vec<&str> = screening
                .hits
                .iter()
                .map(|hit| hit.flag.id.as_str())
                .collect();
            alarms.push(format!("{text}: {found:?}"));
        }
    }
    (lines.len(), alarms)
}

fn every_line_is_found(data: &str) {
    let missed = missed(data);
    assert!(missed.is_empty(), "{} missed: {missed:#?}", missed.len());
    assert!(
        data.lines().count() >= LINES_MIN,
        "{}",
        data.lines().count()
    );
}

fn few_alarms(data: &str) {
    let (lines, alarms) = alarms(data);
    assert!(lines >= LINES_MIN, "{lines}");
    assert!(
        alarms.len() * 1000 <= lines * FALSE_ALARMS_PER_THOUSAND_MAX,
        "{} of {lines}: {alarms:#?}",
        alarms.len()
    );
}

#[test]
fn every_danger_in_english_is_found() {
    every_line_is_found(include_str!("paraphrases_en.txt"));
}

#[test]
fn every_danger_in_french_is_found() {
    every_line_is_found(include_str!("paraphrases_fr.txt"));
}

#[test]
fn ordinary_english_raises_no_alarm() {
    few_alarms(include_str!("ordinary_en.txt"));
}

#[test]
fn ordinary_french_raises_no_alarm() {
    few_alarms(include_str!("ordinary_fr.txt"));
}

#[test]
fn every_danger_that_was_written_after_tuning_is_found() {
    let missed = missed(include_str!("later.txt"));
    assert!(missed.is_empty(), "{} missed: {missed:#?}", missed.len());
}

#[test]
fn every_danger_of_the_second_set_is_found() {
    let mut missed = missed(include_str!("anew_en.txt"));
    missed.extend(self::missed(include_str!("anew_fr.txt")));
    assert!(missed.is_empty(), "{} missed: {missed:#?}", missed.len());
}

#[test]
fn every_danger_of_the_third_set_is_found() {
    let mut missed = missed(include_str!("third_en.txt"));
    missed.extend(self::missed(include_str!("third_fr.txt")));
    assert!(missed.is_empty(), "{} missed: {missed:#?}", missed.len());
}

#[test]
fn a_harmless_word_beside_it_hides_no_danger() {
    let mut missed = missed(include_str!("hidden_en.txt"));
    missed.extend(self::missed(include_str!("hidden_fr.txt")));
    assert!(missed.is_empty(), "{} missed: {missed:#?}", missed.len());
}

#[test]
fn what_is_told_without_its_name_is_found() {
    let mut missed = missed(include_str!("told_en.txt"));
    missed.extend(self::missed(include_str!("told_fr.txt")));
    assert!(missed.is_empty(), "{} missed: {missed:#?}", missed.len());
}
