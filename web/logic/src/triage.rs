//! Checking symptoms: what is on the screen, shares in words, what was typed as numbers, and the plots
//! of the figures page.

use clinical_api::{FiguresMonthView, InterviewView, NumberRangeView};

/// The oldest person that is believed, in months.
const MONTHS_MAX: f64 = 1_440.0;

/// Width of a plot in units of its own.
pub const WIDTH: f64 = 600.0;
/// Its height.
pub const HEIGHT: f64 = 200.0;
/// Room for labels at the left and at the bottom.
pub const EDGE: f64 = 62.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 30.0;

/// How sure an answer is, as it is said to patients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sureness {
    /// Nine times of ten and more.
    High,
    /// Seven times of ten and more.
    Fair,
    /// Less.
    Low,
}

/// The words for a confidence between 0 and 1. What is no number is the least.
#[must_use]
pub fn sureness(confidence: f64) -> Sureness {
    if confidence >= 0.9 {
        Sureness::High
    } else if confidence >= 0.7 {
        Sureness::Fair
    } else {
        Sureness::Low
    }
}

/// How likely a hypothesis is, as it is said to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likelihood {
    /// More than half of the belief.
    Likely,
    /// A fifth and more.
    Possible,
    /// A twentieth and more.
    Less,
    /// Less than that.
    Hardly,
}

/// The words for a share of belief between 0 and 1. What is no number is the least.
#[must_use]
pub fn likelihood(share: f64) -> Likelihood {
    if share >= 0.5 {
        Likelihood::Likely
    } else if share >= 0.2 {
        Likelihood::Possible
    } else if share >= 0.05 {
        Likelihood::Less
    } else {
        Likelihood::Hardly
    }
}

/// A share in whole percent, 0 to 100. What is no number is 0.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0 ..= 100 before"
)]
pub fn percent(share: f64) -> u32 {
    if share.is_nan() {
        return 0;
    }
    (share.clamp(0.0, 1.0) * 100.0).round() as u32
}

/// A number as people type it, with a point or a comma.
#[must_use]
pub fn number(text: &str) -> Option<f64> {
    let plain = text.trim().replace(',', ".");
    let is_plain = plain
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.');
    plain.parse().ok().filter(|_| is_plain)
}

/// The age in months of somebody of so many years or months, rounded down, if people get that old.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and 1,440"
)]
pub fn age_months(text: &str, in_months: bool) -> Option<u32> {
    let months = number(text)? * if in_months { 1.0 } else { 12.0 };
    (months <= MONTHS_MAX).then_some(months as u32)
}

/// What was typed as a measurement, if the question takes it.
#[must_use]
pub fn measured(text: &str, range: &NumberRangeView) -> Option<f64> {
    number(text).filter(|value| (range.min..=range.max).contains(value))
}

/// What is on the screen of an interview.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Screen {
    /// The complaint is asked for.
    Complaint,
    /// A question stands.
    Question,
    /// Everything was asked: the answers to look over.
    Review,
    /// A person must be spoken to.
    Person,
    /// The result.
    Result,
}

/// What is on the screen of an interview that a person must look at, or not. A result is never hidden,
/// and what cannot be understood leads to a person.
#[must_use]
pub fn screen(view: &InterviewView, needs_person: bool) -> Screen {
    if view.result.is_some() {
        Screen::Result
    } else if needs_person || !view.unclear.is_empty() && view.question.is_none() {
        Screen::Person
    } else if view.complaint.trim().is_empty() {
        Screen::Complaint
    } else if view.question.is_some() {
        Screen::Question
    } else {
        Screen::Review
    }
}

/// Characters that may still be written; negative when there are too many.
#[must_use]
pub fn left(text: &str, most: usize) -> i64 {
    let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    count(most).saturating_sub(count(text.chars().count()))
}

/// `hits` of `of` as a share; none of nothing.
#[must_use]
pub fn share(hits: u32, of: u32) -> Option<f64> {
    (of > 0).then(|| f64::from(hits.min(of)) / f64::from(of))
}

/// The height of a share on the plot, from its top.
#[must_use]
pub fn y(share: f64, highest: f64) -> f64 {
    let part = if highest > 0.0 { share / highest } else { 0.0 };
    TOP + (1.0 - part.clamp(0.0, 1.0)) * (HEIGHT - TOP - BOTTOM)
}

/// The top of a plot whose lines reach so high: a tenth, a quarter, a half or all.
#[must_use]
pub fn highest<'a>(shares: impl IntoIterator<Item = &'a Option<f64>>) -> f64 {
    let most = shares.into_iter().flatten().copied().fold(0.0, f64::max);
    [0.1, 0.25, 0.5]
        .into_iter()
        .find(|top| most <= *top)
        .unwrap_or(1.0)
}

/// The places of the shares that are known, one month beside the next.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a dozen months")]
pub fn places(shares: &[Option<f64>], highest: f64) -> Vec<(f64, f64)> {
    let step = (WIDTH - EDGE - 15.0) / shares.len().saturating_sub(1).max(1) as f64;
    shares
        .iter()
        .enumerate()
        .filter_map(|(at, share)| Some((EDGE + at as f64 * step, y((*share)?, highest))))
        .collect()
}

/// The strokes of a line: from place to place, over times without a number.
#[must_use]
pub fn strokes(places: &[(f64, f64)]) -> String {
    let pairs: Vec<String> = places
        .iter()
        .map(|(x, y)| format!("{x:.1},{y:.1}"))
        .collect();
    pairs.join(" ")
}

/// What the figures page draws of a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Judged results that were accepted.
    Agreement,
    /// Judged results that were corrected or rejected.
    Override,
    /// Judged results that were sent lower than the clinician says.
    Under,
    /// Judged results that were sent higher.
    Over,
}

/// A measure of a month as hits and cases.
#[must_use]
pub fn counted(month: &FiguresMonthView, measure: Measure) -> (u32, u32) {
    let hits = match measure {
        Measure::Agreement => month.accepted,
        Measure::Override => month.corrected.saturating_add(month.rejected),
        Measure::Under => month.under,
        Measure::Over => month.over,
    };
    (hits, month.judged)
}

/// A measure, month by month; none where nothing was judged.
#[must_use]
pub fn line(months: &[FiguresMonthView], measure: Measure) -> Vec<Option<f64>> {
    months
        .iter()
        .map(|month| {
            let (hits, of) = counted(month, measure);
            share(hits, of)
        })
        .collect()
}

/// `2026-03` as `03/2026`; what is no month stays as it is.
#[must_use]
pub fn month(text: &str) -> String {
    text.split_once('-').map_or_else(
        || text.to_owned(),
        |(year, month)| format!("{month}/{year}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_never_promise_more_than_the_number() {
        assert_eq!(sureness(0.9), Sureness::High);
        assert_eq!(sureness(0.899), Sureness::Fair);
        assert_eq!(sureness(0.699), Sureness::Low);
        assert_eq!(sureness(f64::NAN), Sureness::Low);
        assert_eq!(likelihood(0.5), Likelihood::Likely);
        assert_eq!(likelihood(0.49), Likelihood::Possible);
        assert_eq!(likelihood(0.19), Likelihood::Less);
        assert_eq!(likelihood(0.049), Likelihood::Hardly);
        assert_eq!(likelihood(f64::NAN), Likelihood::Hardly);
    }

    #[test]
    fn percent_stays_between_nothing_and_all() {
        assert_eq!(
            [-1.0, 0.004, 0.005, 0.874, 3.0].map(percent),
            [0, 0, 1, 87, 100]
        );
        assert_eq!(percent(f64::NAN), 0);
    }

    #[test]
    fn numbers_are_read_as_people_type_them() {
        assert_eq!(number(" 38,5 "), Some(38.5));
        assert_eq!(number("38.5"), Some(38.5));
        for wrong in ["", ".", "-3", "1e5", "inf", "NaN", "3 ans", "1,2,3"] {
            assert_eq!(number(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_age_is_in_months_and_nobody_is_older_than_people_get() {
        assert_eq!(age_months("3", true), Some(3));
        assert_eq!(age_months("2,5", false), Some(30));
        assert_eq!(age_months("34", false), Some(408));
        assert_eq!(age_months("0", false), Some(0));
        assert_eq!(age_months("120", false), Some(1_440));
        assert_eq!(age_months("121", false), None);
        assert_eq!(age_months("9999999999999", true), None);
        assert_eq!(age_months("", false), None);
    }

    #[test]
    fn a_measurement_outside_of_what_is_possible_is_refused() {
        let range = NumberRangeView {
            unit: "Cel".to_owned(),
            min: 30.0,
            max: 45.0,
            step: 0.1,
        };
        assert_eq!(measured("39,2", &range), Some(39.2));
        assert_eq!(measured("30", &range), Some(30.0));
        for wrong in ["29.9", "101", "", "hot"] {
            assert_eq!(measured(wrong, &range), None, "{wrong}");
        }
    }

    fn interview(changes: serde_json::Value) -> InterviewView {
        let mut whole = serde_json::json!({
            "id": "00000000-0000-7000-8000-000000000001",
            "state": "complaint",
            "language": "en",
            "proxy": false,
            "complaint": "",
            "unclear": [],
            "answers": [],
            "flags": [],
            "measured": [],
            "emergency": { "general": "112", "ambulance": "15" },
            "started_us": 0,
        });
        let serde_json::Value::Object(changes) = changes else {
            panic!("no object");
        };
        whole.as_object_mut().unwrap().extend(changes);
        serde_json::from_value(whole).unwrap()
    }

    fn question() -> serde_json::Value {
        serde_json::json!({ "finding": "fever", "number": 1, "of": 15, "text": "?", "why": "!" })
    }

    #[test]
    fn the_screen_follows_the_interview() {
        let shown = |changes| screen(&interview(changes), false);
        assert_eq!(shown(serde_json::json!({})), Screen::Complaint);
        let asked = serde_json::json!({ "complaint": "fever", "question": question() });
        assert_eq!(shown(asked), Screen::Question);
        assert_eq!(
            shown(serde_json::json!({ "complaint": "fever" })),
            Screen::Review
        );
    }

    #[test]
    fn what_is_unclear_leads_to_a_person_unless_it_can_be_asked_about() {
        let unclear = serde_json::json!({ "complaint": "xyz", "unclear": ["not_understood"] });
        assert_eq!(screen(&interview(unclear), false), Screen::Person);
        let partly = serde_json::json!({
            "complaint": "fever!!", "unclear": ["abuse"], "question": question(),
        });
        assert_eq!(screen(&interview(partly), false), Screen::Question);
        let asked = serde_json::json!({ "complaint": "xyz", "question": question() });
        assert_eq!(screen(&interview(asked), true), Screen::Person);
    }

    #[test]
    fn a_result_is_never_hidden() {
        let result = serde_json::json!({
            "disposition": "emergency", "confidence": 1.0, "person": true, "reasons": [],
            "advice": [], "come_back": [], "would_change": [], "hypotheses": [],
            "shows_hypotheses": false,
        });
        let all = serde_json::json!({
            "unclear": ["failure"], "question": question(), "result": result,
        });
        assert_eq!(screen(&interview(all), true), Screen::Result);
    }

    #[test]
    fn what_is_left_counts_characters_and_goes_below_nothing() {
        assert_eq!(left("été", 5), 2);
        assert_eq!(left("été", 2), -1);
    }

    #[test]
    fn a_share_of_nothing_is_not_a_number() {
        assert_eq!(share(0, 0), None);
        assert_eq!(share(1, 4), Some(0.25));
        assert_eq!(share(9, 4), Some(1.0));
    }

    #[test]
    fn a_plot_is_as_high_as_it_needs_to_be() {
        let top = |shares: &[Option<f64>]| format!("{:.2}", highest(shares));
        assert_eq!(top(&[]), "0.10");
        assert_eq!(top(&[None, Some(0.1)]), "0.10");
        assert_eq!(top(&[Some(0.2), Some(0.04)]), "0.25");
        assert_eq!(top(&[Some(0.51)]), "1.00");
    }

    #[test]
    fn months_stand_between_the_ends_and_unknown_ones_nowhere() {
        let found = places(&[Some(0.0), None, Some(1.0)], 1.0);
        assert_eq!(strokes(&found), "62.0,170.0 585.0,12.0");
        assert_eq!(strokes(&places(&[], 1.0)), "");
        assert_eq!(strokes(&places(&[Some(0.5)], 1.0)), "62.0,91.0");
    }

    #[test]
    fn overrides_are_corrections_and_rejections_of_what_was_judged() {
        let counts = serde_json::json!({
            "month": "2026-03", "finished": 20, "emergency": 1, "urgent": 2, "routine": 9,
            "self_care": 8, "person": 0, "judged": 10, "accepted": 6, "corrected": 3, "rejected": 1,
            "under": 2, "over": 1, "median_seconds": 90,
        });
        let one: FiguresMonthView = serde_json::from_value(counts).unwrap();
        assert_eq!(counted(&one, Measure::Override), (4, 10));
        assert_eq!(counted(&one, Measure::Agreement), (6, 10));
        assert_eq!(counted(&one, Measure::Under), (2, 10));
        let none = FiguresMonthView {
            judged: 0,
            ..one.clone()
        };
        assert_eq!(line(&[one, none], Measure::Over), [Some(0.1), None]);
    }

    #[test]
    fn a_month_is_written_as_people_do() {
        assert_eq!(month("2026-03"), "03/2026");
        assert_eq!(month(""), "");
    }
}
