//! What people type, upload and send along: rules, words, files, factors, lines of files.

use core::str::FromStr;
use std::collections::BTreeSet;

use clinical_calendar::{HolidayBook, Rule, TEXT_BYTES_MAX};
use clinical_factors::{
    Assertion, Attestation, CREDENTIAL_ID_BYTES_MAX, OneTimeCode, RecoveryCode,
};
use clinical_finder::{Finder, Person, fold_words};
use clinical_ledger::{
    CheckpointKey, Checkpoints, Exported, Hash, PublicKey, SignedCheckpoint, export_line,
};
use clinical_model::booking::{PersonName, Reason, Relation};
use clinical_model::chart::files::FileType;
use clinical_model::chart::tags::Tag;
use clinical_model::notify::{Template, split_sms};
use clinical_model::prescribing::ClockTime;
use clinical_model::results::Amount;
use clinical_model::text::{CodeText, Decimal, Line, MessageText, PartialDate, Phone, Prose};
use clinical_model::visits::JoinLinkToken;
use clinical_model::{DeviceLabel, EMAIL_BYTES_MAX, Email, PatientId};
use jiff::ToSpan as _;
use jiff::civil::Date;
use uuid::Uuid;

/// Words of a name of which a search leaves none out.
const NAME_WORDS: usize = 4;
/// Parts of one SMS.
const PARTS_MAX: usize = 10;
/// Days of a year and half of the next.
const LOOKED_AT: i32 = 550;

/// A recurrence rule behind two bytes that make its first possible day.
pub(crate) fn recurrence(bytes: &[u8]) {
    let [year, day, rest @ ..] = bytes else {
        return;
    };
    let first = Date::new(1990 + i16::from(year % 111), 1, 1);
    let (Ok(first), Ok(text)) = (first, core::str::from_utf8(rest)) else {
        return;
    };
    let Ok(anchor) = first.checked_add(i32::from(*day).days()) else {
        return;
    };
    let Ok(rule) = Rule::parse(text, anchor) else {
        return;
    };
    assert!(text.len() <= TEXT_BYTES_MAX && rule.anchor() == anchor);
    let (Ok(middle), Ok(last)) = (
        anchor.checked_add(200.days()),
        anchor.checked_add(LOOKED_AT.days()),
    ) else {
        return;
    };
    let Ok(dates) = rule.dates(anchor, last) else {
        return;
    };
    assert!(
        dates.is_sorted_by(|one, next| one < next),
        "a day comes twice"
    );
    assert!(dates.iter().all(|date| (anchor..=last).contains(date)));
    // The same rule read again recurs on the same days, and a part of a range is a part of them.
    let again = Rule::parse(rule.text(), anchor).and_then(|rule| rule.dates(anchor, last));
    assert!(again.is_ok_and(|again| again == dates));
    let later: Vec<Date> = dates
        .iter()
        .copied()
        .filter(|date| *date >= middle)
        .collect();
    assert!(rule.dates(middle, last).is_ok_and(|part| part == later));
}

/// A file with holidays.
pub(crate) fn holidays(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else {
        return;
    };
    let Ok(book) = HolidayBook::parse(text) else {
        return;
    };
    let (Ok(first), Ok(last)) = (Date::new(2025, 12, 1), Date::new(2027, 1, 31)) else {
        return;
    };
    for country in book.countries() {
        let found = book.between(country, first, last);
        assert!(found.is_sorted() && found.len() <= 1_000);
        assert!(found.iter().all(|it| (first..=last).contains(&it.date)));
    }
}

/// What `parse` makes of a text is made of its own writing again.
fn stays<T>(text: &str, parse: impl Fn(&str) -> Option<T>, write: impl Fn(&T) -> String) {
    let Some(value) = parse(text) else {
        return;
    };
    let written = write(&value);
    let again = parse(&written).map(|again| write(&again));
    assert_eq!(again, Some(written));
}

/// A text that is typed into any field.
pub(crate) fn typed_words(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else {
        return;
    };
    macro_rules! words {
        ($($name:ident),*) => {$(
            stays(text, |text| $name::try_from(text).ok(), |it| it.as_str().to_owned());
        )*};
    }
    words!(
        PersonName,
        Relation,
        Reason,
        Line,
        Prose,
        MessageText,
        CodeText
    );
    macro_rules! shapes {
        ($($name:ident),*) => {$(
            stays(text, |text| $name::from_str(text).ok(), |it| it.as_str().to_owned());
        )*};
    }
    shapes!(Decimal, PartialDate, Phone);
    stays(
        text,
        |text| Tag::parse(text).ok(),
        |it| it.as_str().to_owned(),
    );
    stays(
        text,
        |text| Email::parse(text).ok(),
        |it| it.as_str().to_owned(),
    );
    stays(
        text,
        |text| Amount::try_from(text).ok(),
        ToString::to_string,
    );
    stays(
        text,
        |text| ClockTime::from_str(text).ok(),
        ToString::to_string,
    );
    stays(
        text,
        |text| PatientId::from_str(text).ok(),
        ToString::to_string,
    );
    stays(
        text,
        |text| JoinLinkToken::from_str(text).ok(),
        JoinLinkToken::to_text,
    );
    let email = Email::parse(text).ok();
    assert!(email.is_none_or(|it| it.as_str().len() <= EMAIL_BYTES_MAX));
    assert!(DeviceLabel::of_user_agent(text).as_str().len() <= DeviceLabel::BYTES_MAX);
    let _ = Template::try_from(text);
    if let Ok(cut) = split_sms(text, PARTS_MAX) {
        assert!(cut.parts.len() <= PARTS_MAX);
        assert_eq!(cut.parts.concat(), text);
    }
}

/// A file behind a line with the media type that came with it.
pub(crate) fn upload(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    let said = parts
        .next()
        .and_then(|said| core::str::from_utf8(said).ok());
    let file = parts.next().unwrap_or_default();
    let Ok(kind) = FileType::sniff(file, said) else {
        return;
    };
    assert_eq!(FileType::sniff(file, Some(kind.media_type())), Ok(kind));
    assert_eq!(FileType::sniff(file, None), Ok(kind));
    assert_eq!(FileType::of_media_type(kind.media_type()), Some(kind));
    if kind == FileType::Text {
        let text = core::str::from_utf8(file).unwrap_or("<");
        assert!(!text.trim_start().starts_with('<') && !text.contains('\0'));
    }
}

/// A line with the name of somebody, one with their number, and a search.
pub(crate) fn people_search(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else {
        return;
    };
    let mut lines = text.splitn(3, '\n');
    let mut next = || lines.next().unwrap_or_default().to_owned();
    let (name, number, query) = (next(), next(), next());
    let mut finder = Finder::new();
    let person = |name: &str| Person {
        names: vec![name.to_owned()],
        birth_date: None,
        phones: vec![number.clone()],
        identifiers: vec![number.clone()],
    };
    finder.insert(Uuid::from_u128(1), &person(&name));
    finder.insert(Uuid::from_u128(2), &person("Awa Diallo"));
    let hits = finder.search(&query, 1);
    assert!(hits.len() <= 1);
    assert!(hits.iter().all(|hit| (0.0..=1.0).contains(&hit.score)));
    // Who has a name is found by it.
    let words = fold_words(&name);
    let different = words.iter().collect::<BTreeSet<_>>().len();
    if (1..=NAME_WORDS).contains(&different) && !name.contains(|c: char| c.is_ascii_digit()) {
        let hits = finder.search(&name, 10);
        assert!(hits.iter().any(|hit| hit.id == Uuid::from_u128(1)));
    }
    assert!(finder.remove(Uuid::from_u128(1)));
    assert!(
        finder
            .search(&name, 10)
            .iter()
            .all(|hit| hit.id != Uuid::from_u128(1))
    );
}

/// What somebody shows as a second factor.
pub(crate) fn second_factor(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else {
        return;
    };
    let _ = OneTimeCode::parse(text);
    stays(
        text,
        |text| RecoveryCode::parse(text).ok(),
        RecoveryCode::reveal,
    );
    let _ = Attestation::parse(text);
    if let Ok(assertion) = Assertion::parse(text) {
        // An id that is written into the store.
        let _ = assertion.account();
        assert!(assertion.credential_id().len() <= CREDENTIAL_ID_BYTES_MAX);
    }
}

/// A line of a file that says what was signed or done, and the files of keys.
pub(crate) fn audit_line(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else {
        return;
    };
    stays(text, |text| Hash::from_str(text).ok(), ToString::to_string);
    stays(
        text,
        |text| PublicKey::from_pem(text).ok(),
        |it| it.to_pem(),
    );
    let _ = CheckpointKey::from_pem(text);
    if let Ok(signed) = SignedCheckpoint::from_line(text) {
        let line = signed.to_line();
        let again = line.and_then(|line| SignedCheckpoint::from_line(&line));
        assert!(again.is_ok_and(|again| again == signed));
    }
    if let Ok(row) = Exported::from_line(text) {
        let line = export_line(&row.event(), row.hash()).unwrap_or_default();
        let again = Exported::from_line(&line).ok();
        assert!(again.is_some_and(|again| {
            again.hash() == row.hash() && again.event().canonical() == row.event().canonical()
        }));
    }
    let mut checkpoints = Checkpoints::new(Vec::new());
    checkpoints.line(text);
    // No key is known, so nothing can have been signed.
    let report = checkpoints.verifier(0).finish();
    assert!(text.trim().is_empty() || !report.is_honest());
}
