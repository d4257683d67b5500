//! Which days a rule means, and which rules are refused.
#![expect(clippy::unwrap_used, reason = "tests")]

use clinical_calendar::{COUNT_MAX, Rule, RuleError, TEXT_BYTES_MAX};
use jiff::civil::{Date, date};
use proptest::prelude::*;

fn days(text: &str, anchor: Date, first: Date, last: Date) -> Vec<String> {
    Rule::parse(text, anchor)
        .unwrap()
        .dates(first, last)
        .unwrap()
        .iter()
        .map(Date::to_string)
        .collect()
}

#[test]
fn a_rule_recurs_on_the_days_that_its_parts_name() {
    let (from, to) = (date(2026, 11, 1), date(2026, 11, 30));
    let weekly = "FREQ=WEEKLY;BYDAY=MO,WE";
    assert_eq!(
        days(weekly, date(2026, 11, 4), from, date(2026, 11, 12)),
        ["2026-11-04", "2026-11-09", "2026-11-11"]
    );
    assert_eq!(
        days(
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU",
            date(2026, 10, 27),
            from,
            to
        ),
        ["2026-11-10", "2026-11-24"]
    );
    assert_eq!(
        days("FREQ=MONTHLY;BYDAY=1MO,-1FR", date(2026, 1, 1), from, to),
        ["2026-11-02", "2026-11-27"]
    );
    assert_eq!(
        days(
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            date(2026, 1, 1),
            from,
            to
        ),
        ["2026-11-30"]
    );
    assert_eq!(
        days(
            "freq=daily;count=3",
            date(2026, 11, 29),
            from,
            date(2026, 12, 31)
        ),
        ["2026-11-29", "2026-11-30", "2026-12-01"]
    );
}

#[test]
fn the_last_day_of_a_rule_is_a_date_and_belongs_to_it() {
    assert_eq!(
        days(
            "FREQ=DAILY;UNTIL=20261103",
            date(2026, 11, 2),
            date(2026, 1, 1),
            date(2026, 12, 31)
        ),
        ["2026-11-02", "2026-11-03"]
    );
}

#[test]
fn the_29th_of_february_and_the_31st_recur_only_where_they_exist() {
    assert_eq!(
        days(
            "FREQ=YEARLY",
            date(2024, 2, 29),
            date(2024, 1, 1),
            date(2032, 12, 31)
        ),
        ["2024-02-29", "2028-02-29", "2032-02-29"]
    );
    assert_eq!(
        days(
            "FREQ=MONTHLY",
            date(2026, 1, 31),
            date(2026, 1, 1),
            date(2026, 6, 1)
        ),
        ["2026-01-31", "2026-03-31", "2026-05-31"]
    );
}

#[test]
fn a_rule_that_costs_too_much_or_says_nothing_is_refused_by_name() {
    let refusal = |text: &str| Rule::parse(text, date(2026, 1, 1)).unwrap_err();
    let part = |name: &str| RuleError::Part(name.to_owned());
    assert_eq!(refusal("FREQ=SECONDLY"), RuleError::Frequency);
    assert_eq!(refusal("FREQ=HOURLY"), RuleError::Frequency);
    assert_eq!(refusal("INTERVAL=2"), RuleError::Frequency);
    assert_eq!(refusal("FREQ=DAILY;BYHOUR=1"), part("BYHOUR"));
    assert_eq!(refusal("FREQ=DAILY;BYSECOND=1,2,3"), part("BYSECOND"));
    assert_eq!(refusal("FREQ=DAILY;FREQ=DAILY"), part("FREQ"));
    assert_eq!(refusal("FREQ=DAILY;X-EVIL=1"), part("X-EVIL"));
    assert_eq!(refusal("FREQ=DAILY\r\nRDATE:20260101"), part("FREQ"));
    assert_eq!(refusal("FREQ=DAILY;BYDAY="), part("BYDAY"));
    assert_eq!(refusal(""), part(""));
    assert_eq!(refusal("FREQ=DAILY;INTERVAL=0"), RuleError::Interval);
    assert_eq!(refusal("FREQ=DAILY;INTERVAL=65535"), RuleError::Interval);
    assert_eq!(refusal("FREQ=DAILY;COUNT=0"), RuleError::Count);
    assert_eq!(
        refusal(&format!("FREQ=DAILY;COUNT={}", COUNT_MAX + 1)),
        RuleError::Count
    );
    assert_eq!(refusal("FREQ=DAILY;COUNT=-1"), RuleError::Count);
    assert_eq!(
        refusal("FREQ=DAILY;COUNT=2;UNTIL=20270101"),
        RuleError::Until
    );
    assert_eq!(refusal("FREQ=DAILY;UNTIL=20270231"), RuleError::Until);
    assert_eq!(
        refusal("FREQ=DAILY;UNTIL=20270101T000000Z"),
        RuleError::Until
    );
    assert_eq!(refusal("FREQ=DAILY;UNTIL=20251231"), RuleError::Never);
    assert_eq!(
        refusal("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
        RuleError::Never
    );
    assert!(matches!(
        refusal("FREQ=WEEKLY;BYDAY=XX"),
        RuleError::Value(_)
    ));
    let long = format!("FREQ=DAILY;BYMONTHDAY={}", "1,".repeat(TEXT_BYTES_MAX));
    assert_eq!(refusal(&long), RuleError::TooLong);
    let anchor = date(1815, 12, 10);
    assert_eq!(
        Rule::parse("FREQ=DAILY", anchor).unwrap_err(),
        RuleError::Anchor
    );
}

#[test]
fn a_range_that_lies_too_far_behind_the_anchor_is_refused() {
    let many: Vec<String> = (1..=31).map(|day| day.to_string()).collect();
    let rule = format!("FREQ=MONTHLY;BYMONTHDAY={}", many.join(","));
    let rule = Rule::parse(&rule, date(2026, 1, 1)).unwrap();
    let far = date(2300, 1, 1);
    assert_eq!(rule.dates(far, far), Err(RuleError::TooMany));
}

fn any_rule() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        (1u16..60).prop_map(|n| format!("INTERVAL={n}")),
        (1u16..400).prop_map(|n| format!("COUNT={n}")),
        (2026u16..2028, 1u8..=12).prop_map(|(y, m)| format!("UNTIL={y}{m:02}15")),
        "(BYDAY=(-?[1-5])?(MO|TU|WE|TH|FR|SA|SU)(,(MO|TU|WE|TH|FR|SA|SU)){0,3})",
        "(BYMONTH=([1-9]|1[0-2])(,([1-9]|1[0-2])){0,2})",
        "(BYMONTHDAY=-?([1-9]|[12][0-9]|3[01])(,([1-9]|2[0-8])){0,4})",
        "(BYYEARDAY=-?([1-9][0-9]{0,1}|[12][0-9]{2}))",
        "(BYWEEKNO=-?([1-9]|[1-4][0-9]))",
        "(BYSETPOS=-?[1-4])",
        "(WKST=(MO|SU|SA))",
        "([A-Z]{1,10}=[A-Z0-9,;=-]{0,12})",
    ];
    (
        prop_oneof!["FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)", "[A-Z=]{0,8}"],
        proptest::collection::vec(part, 0..4),
    )
        .prop_map(|(freq, parts)| {
            std::iter::once(freq)
                .chain(parts)
                .collect::<Vec<_>>()
                .join(";")
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_written_is_refused_or_recurs_in_order_and_in_bounds(
        text in any_rule(),
        anchor_days in 0i32..3_650,
        first_days in 0i32..3_650,
    ) {
        let start = date(2020, 1, 1);
        let anchor = start.checked_add(jiff::Span::new().days(anchor_days)).unwrap();
        let first = start.checked_add(jiff::Span::new().days(first_days)).unwrap();
        let last = first.checked_add(jiff::Span::new().days(60)).unwrap();
        if let Ok(rule) = Rule::parse(&text, anchor) {
            let dates = rule.dates(first, last).unwrap();
            prop_assert!(dates.len() <= 61);
            prop_assert!(dates.windows(2).all(|pair| pair[0] < pair[1]), "{dates:?}");
            prop_assert!(dates.iter().all(|d| (first..=last).contains(d) && *d >= anchor));
            // A part of a range has the same days as the range.
            let middle = first.checked_add(jiff::Span::new().days(30)).unwrap();
            let mut parts = rule.dates(first, middle).unwrap();
            parts.extend(rule.dates(middle.tomorrow().unwrap(), last).unwrap());
            prop_assert_eq!(&parts, &dates);
            // Looked at from its anchor, it has the same days.
            let mut whole = rule.dates(anchor, last).unwrap();
            whole.retain(|date| *date >= first);
            prop_assert_eq!(&whole, &rule.dates(first.max(anchor), last).unwrap_or_default());
            // What is stored is read again as the same rule.
            prop_assert_eq!(Rule::parse(rule.text(), anchor).unwrap(), rule);
        }
    }
}
