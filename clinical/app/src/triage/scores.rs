//! Early warning scores from values of the record, where it has all that they ask for.

use clinical_model::Micros;
use clinical_model::triage::{Disposition, Measured, Story};
use clinical_triage::scores::{Response, Vitals, news2, qsofa};

/// From this age on NEWS2 may be used, in days.
const ADULT_DAYS: u32 = 16 * 365;

/// A score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Score {
    /// `news2` or `qsofa`.
    pub code: &'static str,
    /// Points.
    pub points: u32,
    /// What the table says to it.
    pub response: &'static str,
    /// When the oldest value in it was measured.
    pub at: Micros,
    /// The published table.
    pub source: &'static str,
    /// The least disposition that follows.
    pub least: Option<Disposition>,
}

fn newest<'a>(story: &'a Story, codes: &[&str], unit: &str) -> Option<&'a Measured> {
    let mut all = story.measured.iter();
    all.find(|it| codes.contains(&it.code.as_str()) && it.unit == unit)
}

/// The scores of a story. Somebody who answers for themselves is alert; for whom somebody else answers,
/// nothing is known of that, and no score is made. Without oxygen in the record it is room air.
pub(super) fn of(story: &Story) -> Vec<Score> {
    let is_adult = story.age_days.is_some_and(|days| days >= ADULT_DAYS);
    if !is_adult || story.pregnant == Some(true) || story.proxy {
        return Vec::new();
    }
    let parts = (
        newest(story, &["9279-1"], "/min"),
        newest(story, &["59408-5", "2708-6"], "%"),
        newest(story, &["8480-6"], "mm[Hg]"),
        newest(story, &["8867-4"], "/min"),
        newest(story, &["8310-5"], "Cel"),
    );
    let (Some(breaths), Some(saturation), Some(systolic), Some(pulse), Some(temperature)) = parts
    else {
        return Vec::new();
    };
    let oxygen = newest(story, &["3151-8"], "L/min").is_some_and(|it| it.value > 0.0);
    let all = [breaths, saturation, systolic, pulse, temperature];
    let at = all.iter().map(|it| it.at).min().unwrap_or(breaths.at);
    let vitals = Vitals {
        breaths: breaths.value,
        saturation: saturation.value,
        oxygen,
        scale_two: false,
        systolic: systolic.value,
        pulse: pulse.value,
        alert: true,
        temperature: temperature.value,
    };
    let mut scores = Vec::new();
    if let Ok((points, response)) = news2(vitals) {
        let (word, least) = match response {
            Response::Low => ("low", None),
            Response::LowMedium => ("low_medium", Some(Disposition::Urgent)),
            Response::Medium => ("medium", Some(Disposition::Urgent)),
            Response::High => ("high", Some(Disposition::Emergency)),
        };
        scores.push(Score {
            code: "news2",
            points,
            response: word,
            at,
            source: "Royal College of Physicians, National Early Warning Score (NEWS) 2, 2017",
            least,
        });
    }
    if let Ok(points) = qsofa(vitals) {
        let is_high = points >= 2;
        scores.push(Score {
            code: "qsofa",
            points,
            response: if is_high { "high" } else { "low" },
            at,
            source: "Singer et al., Sepsis-3, JAMA 2016;315:801",
            least: is_high.then_some(Disposition::Urgent),
        });
    }
    scores
}

#[cfg(test)]
mod tests {
    use super::*;

    fn story(values: [f64; 5]) -> Story {
        let codes = [
            ("9279-1", "/min"),
            ("59408-5", "%"),
            ("8480-6", "mm[Hg]"),
            ("8867-4", "/min"),
            ("8310-5", "Cel"),
        ];
        let measured = codes.iter().zip(values).zip(1..);
        Story {
            age_days: Some(40 * 365),
            measured: measured
                .map(|(((code, unit), value), at)| Measured {
                    code: (*code).to_owned(),
                    name: String::new(),
                    value,
                    unit: (*unit).to_owned(),
                    at: Micros(at),
                    laboratory: false,
                })
                .collect(),
            ..Story::default()
        }
    }

    #[test]
    fn complete_values_give_a_score_with_the_time_of_the_oldest() {
        let scores = of(&story([26.0, 90.0, 85.0, 132.0, 39.5]));
        let news = &scores[0];
        assert_eq!(
            (news.code, news.response, news.at),
            ("news2", "high", Micros(1))
        );
        assert_eq!(news.least, Some(Disposition::Emergency));
        assert_eq!(scores[1].points, 2);
        let well = of(&story([16.0, 97.0, 125.0, 72.0, 36.8]));
        assert_eq!((well[0].points, well[0].least), (0, None));
    }

    #[test]
    fn a_missing_value_a_child_and_a_proxy_give_none() {
        let mut it = story([16.0, 97.0, 125.0, 72.0, 36.8]);
        it.measured.pop();
        assert!(of(&it).is_empty());
        let mut child = story([16.0, 97.0, 125.0, 72.0, 36.8]);
        child.age_days = Some(3 * 365);
        assert!(of(&child).is_empty());
        let mut proxy = story([16.0, 97.0, 125.0, 72.0, 36.8]);
        proxy.proxy = true;
        assert!(of(&proxy).is_empty());
    }
}
