//! The days that are free by law.
#![expect(clippy::unwrap_used, reason = "tests")]

use clinical_calendar::{Country, HolidayBook, HolidayError};
use jiff::civil::date;

fn days(code: &str, year: i16) -> Vec<String> {
    HolidayBook::built_in()
        .unwrap()
        .between(
            Country::parse(code).unwrap(),
            date(year, 1, 1),
            date(year, 12, 31),
        )
        .iter()
        .map(|holiday| holiday.date.strftime("%m-%d").to_string())
        .collect()
}

#[test]
fn every_country_of_the_file_has_its_days_of_2026() {
    assert_eq!(
        days("CM", 2026),
        [
            "01-01", "02-11", "04-03", "05-01", "05-14", "05-20", "08-15", "12-25"
        ]
    );
    assert_eq!(
        days("FR", 2026),
        [
            "01-01", "04-06", "05-01", "05-08", "05-14", "05-25", "07-14", "08-15", "11-01",
            "11-11", "12-25"
        ]
    );
    assert_eq!(
        days("SN", 2026),
        [
            "01-01", "04-04", "04-06", "05-01", "05-14", "05-25", "08-15", "11-01", "12-25"
        ]
    );
    assert_eq!(
        days("CI", 2026),
        [
            "01-01", "04-06", "05-01", "05-14", "05-25", "08-07", "08-15", "11-01", "11-15",
            "12-25"
        ]
    );
    // Boxing Day 2026 is a Saturday, so Monday the 28th is free.
    assert_eq!(
        days("GB", 2026),
        [
            "01-01", "04-03", "04-06", "05-04", "05-25", "08-31", "12-25", "12-28"
        ]
    );
    let book = HolidayBook::built_in().unwrap();
    assert_eq!(book.countries().count(), 5);
}

#[test]
fn a_substitute_does_not_fall_on_another_holiday() {
    // Christmas 2021 was a Saturday and Boxing Day a Sunday; 1 January 2022 was a Saturday.
    let days_2021 = days("GB", 2021);
    assert_eq!(&days_2021[days_2021.len() - 2..], ["12-27", "12-28"]);
    assert_eq!(days("GB", 2022).first().unwrap(), "01-03");
    // Christmas 2022 was a Sunday and Boxing Day a Monday.
    let days_2022 = days("GB", 2022);
    assert_eq!(&days_2022[days_2022.len() - 2..], ["12-26", "12-27"]);
}

#[test]
fn easter_is_where_the_almanac_says() {
    let book = HolidayBook::parse("[[FR]]\nname = { fr = 'P', en = 'E' }\neaster = 0").unwrap();
    let france = Country::parse("FR").unwrap();
    for (year, month, day) in [
        (1990, 4, 15),
        (2000, 4, 23),
        (2008, 3, 23),
        (2011, 4, 24),
        (2024, 3, 31),
        (2025, 4, 20),
        (2026, 4, 5),
        (2027, 3, 28),
        (2038, 4, 25),
        (2049, 4, 18),
        (2100, 3, 28),
    ] {
        let found = book.between(france, date(year, 1, 1), date(year, 12, 31));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].date, date(year, month, day));
    }
}

#[test]
fn announced_days_and_years_in_force_are_kept() {
    let book = HolidayBook::parse(
        "[[SN]]\nname = { fr = 'Tabaski', en = 'Tabaski' }\ndates = ['2027-05-17']\n\
         [[SN]]\nname = { fr = 'A', en = 'A' }\non = '06-01'\nsince = 2027\nuntil = 2028",
    )
    .unwrap();
    let senegal = Country::parse("SN").unwrap();
    let count = |year| {
        book.between(senegal, date(year, 1, 1), date(year, 12, 31))
            .len()
    };
    assert_eq!([2026, 2027, 2028, 2029].map(count), [0, 2, 1, 0]);
    assert!(
        book.between(
            Country::parse("US").unwrap(),
            date(2026, 1, 1),
            date(2027, 1, 1)
        )
        .is_empty()
    );
}

#[test]
fn a_file_with_a_day_that_does_not_exist_is_refused() {
    let refusal = |day: &str| {
        HolidayBook::parse(&format!("[[FR]]\nname = {{ fr = 'a', en = 'b' }}\n{day}")).unwrap_err()
    };
    let no_day = HolidayError::Day("b".to_owned());
    for day in [
        "on = '02-30'",
        "on = '13-01'",
        "on = 'x'",
        "",
        "easter = 300",
        "weekday = 1\nnth = 1",
        "weekday = 8\nnth = 1\nmonth = 5",
        "weekday = 1\nnth = 0\nmonth = 5",
        "on = '01-01'\neaster = 1",
        "dates = ['2026-02-30']",
    ] {
        assert_eq!(refusal(day), no_day, "{day}");
    }
    assert!(matches!(refusal("day = 1"), HolidayError::Form(_)));
    assert_eq!(
        HolidayBook::parse("[[France]]\nname = { fr = 'a', en = 'b' }\non = '01-01'").unwrap_err(),
        HolidayError::Country("France".to_owned())
    );
    let many = "[[FR]]\nname = { fr = 'a', en = 'b' }\non = '01-01'\n".repeat(101);
    assert_eq!(
        HolidayBook::parse(&many).unwrap_err(),
        HolidayError::TooMany("FR".to_owned())
    );
}
