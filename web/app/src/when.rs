//! Instants in words: in the reader's own zone and language, by the browser's `Intl`.
//!
//! All arguments are Unix microseconds. The functions follow the language switch.

use js_sys::{Array, Date, Function, Intl, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

use crate::browser::now_us;
use crate::i18n::lang;

/// `{weekday}, {day} {month}`; with the year when it is not this year.
#[must_use]
pub fn date(us: i64) -> String {
    let mut options = vec![("weekday", "long"), ("day", "numeric"), ("month", "long")];
    if year(us) != year(now_us()) {
        options.push(("year", "numeric"));
    }
    format(us, &options, None)
}

/// `{weekday}, {day} {month} {year}`, for what is read years later.
#[must_use]
pub fn full_date(us: i64) -> String {
    let options = [
        ("weekday", "long"),
        ("day", "numeric"),
        ("month", "long"),
        ("year", "numeric"),
    ];
    format(us, &options, None)
}

/// Hours and minutes.
#[must_use]
pub fn time(us: i64) -> String {
    format(us, &[("hour", "2-digit"), ("minute", "2-digit")], None)
}

/// Hours and minutes in another zone, named: `10:00 (Douala)`.
#[must_use]
pub fn time_in(us: i64, zone: &str) -> String {
    let time = format(
        us,
        &[("hour", "2-digit"), ("minute", "2-digit")],
        Some(zone),
    );
    format!("{time} ({})", city(zone))
}

/// Date and time, for lists and records.
#[must_use]
pub fn date_time(us: i64) -> String {
    let options = [
        ("day", "numeric"),
        ("month", "long"),
        ("year", "numeric"),
        ("hour", "2-digit"),
        ("minute", "2-digit"),
    ];
    format(us, &options, None)
}

/// A date as far as it is known, `1968-03-14`, `1968-03` or `1968`, in words.
#[must_use]
pub fn partial(date: &str) -> String {
    let all = [("year", "numeric"), ("month", "long"), ("day", "numeric")];
    let known = all.get(..date.split('-').count()).unwrap_or(&all);
    utc_us(date).map_or_else(|| date.to_owned(), |us| format(us, known, Some("UTC")))
}

/// Date and time of a wall clock that is kept as if it showed UTC.
#[must_use]
pub fn wall(us: i64) -> String {
    let options = [
        ("weekday", "short"),
        ("day", "numeric"),
        ("month", "long"),
        ("hour", "2-digit"),
        ("minute", "2-digit"),
    ];
    format(us, &options, Some("UTC"))
}

/// What the reader's clock shows at an instant, as if it showed UTC.
#[must_use]
pub fn wall_clock(us: i64) -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a zone is less than a day away from UTC"
    )]
    let behind_min = moment(us).get_timezone_offset() as i64;
    us.saturating_sub(behind_min.saturating_mul(clinical_model::Micros::MINUTE))
}

/// `Mon, 23 Nov`: the head of a narrow column.
#[must_use]
pub fn day_short(us: i64) -> String {
    let options = [("weekday", "short"), ("day", "numeric"), ("month", "short")];
    format(us, &options, None)
}

/// The first instant of the Monday before or on the day of `us`.
#[must_use]
pub fn week_start(us: i64) -> i64 {
    let since_sunday = i32::try_from(moment(us).get_day()).unwrap_or(1);
    day_start(us, -((since_sunday + 6) % 7))
}

/// What a `datetime-local` input holds, as if its clock showed UTC.
#[must_use]
pub fn wall_us(text: &str) -> Option<i64> {
    utc_us(&format!("{text}Z"))
}

/// `2026-11-21` in the reader's zone: groups instants by day and sorts.
#[must_use]
pub fn day_key(us: i64) -> String {
    let moment = moment(us);
    format!(
        "{:04}-{:02}-{:02}",
        moment.get_full_year(),
        moment.get_month() + 1,
        moment.get_date()
    )
}

/// The first instant of the day of `us`, `days` later, in the reader's zone.
#[must_use]
pub fn day_start(us: i64, days: i32) -> i64 {
    let moment = moment(us);
    let start = Date::new_with_year_month_day(
        moment.get_full_year(),
        i32::try_from(moment.get_month()).unwrap_or(0),
        i32::try_from(moment.get_date()).unwrap_or(1) + days,
    );
    #[expect(
        clippy::cast_possible_truncation,
        reason = "milliseconds of Date fit into 54 bits"
    )]
    let millis = start.get_time() as i64;
    millis.saturating_mul(1_000)
}

/// The name of an ISO weekday, 1 Monday ... 7 Sunday.
#[must_use]
pub fn weekday(iso: u8) -> String {
    // 5 January 2026 was a Monday.
    const MONDAY_US: i64 = 1_767_571_200_000_000;
    let us = MONDAY_US + (i64::from(iso) - 1) * clinical_model::Micros::DAY;
    format(us, &[("weekday", "long")], Some("UTC"))
}

/// The reader's own IANA zone.
#[must_use]
pub fn own_zone() -> String {
    Reflect::get(
        &Intl::DateTimeFormat::default().resolved_options(),
        &"timeZone".into(),
    )
    .ok()
    .and_then(|zone| zone.as_string())
    .unwrap_or_else(|| "UTC".to_owned())
}

/// Whether a clock in `zone` shows another time than the reader's clock at that instant.
#[must_use]
pub fn differs(us: i64, zone: &str) -> bool {
    let options = [
        ("day", "numeric"),
        ("hour", "2-digit"),
        ("minute", "2-digit"),
    ];
    format(us, &options, None) != format(us, &options, Some(zone))
}

/// The last part of an IANA zone, readable: `Africa/Douala` is `Douala`.
#[must_use]
pub fn city(zone: &str) -> String {
    zone.rsplit('/').next().unwrap_or(zone).replace('_', " ")
}

/// What the browser's `Date` reads; a date without a time is at its beginning in UTC.
fn utc_us(text: &str) -> Option<i64> {
    let millis = Date::parse(text);
    #[expect(
        clippy::cast_possible_truncation,
        reason = "milliseconds of Date fit into 54 bits"
    )]
    let whole = millis.is_finite().then_some(millis as i64)?;
    Some(whole.saturating_mul(1_000))
}

fn moment(us: i64) -> Date {
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds of our century are exact in f64"
    )]
    let millis = (us / 1_000) as f64;
    Date::new(&JsValue::from_f64(millis))
}

fn year(us: i64) -> u32 {
    moment(us).get_full_year()
}

/// Formats through `Reflect::construct`, which turns an unknown zone into an error and no panic.
fn format(us: i64, options: &[(&str, &str)], zone: Option<&str>) -> String {
    let settings = Object::new();
    for (name, value) in options
        .iter()
        .copied()
        .chain(zone.map(|zone| ("timeZone", zone)))
    {
        Reflect::set(&settings, &name.into(), &value.into()).ok();
    }
    let locale = match lang() {
        crate::i18n::Lang::En => "en-GB",
        crate::i18n::Lang::Fr => "fr-FR",
    };
    let text = formatted(&moment(us), locale, &settings)
        .unwrap_or_else(|| String::from(moment(us).to_iso_string()));
    let first = locale == "fr-FR" && options.contains(&("month", "long"));
    if first { ordinal(&text) } else { text }
}

/// "mardi 1 décembre" as French has it: "mardi 1er décembre". `Intl` does not know.
fn ordinal(text: &str) -> String {
    let day = |word: &str| if word == "1" { "1er" } else { word }.to_owned();
    let words: Vec<String> = text.split(' ').map(day).collect();
    words.join(" ")
}

fn formatted(moment: &Date, locale: &str, settings: &Object) -> Option<String> {
    let intl = Reflect::get(&js_sys::global(), &"Intl".into()).ok()?;
    let constructor: Function = Reflect::get(&intl, &"DateTimeFormat".into())
        .ok()?
        .dyn_into()
        .ok()?;
    let arguments = Array::of2(&locale.into(), settings);
    let formatter = Reflect::construct(&constructor, &arguments).ok()?;
    let format: Function = Reflect::get(&formatter, &"format".into())
        .ok()?
        .dyn_into()
        .ok()?;
    format.call1(&formatter, moment).ok()?.as_string()
}
