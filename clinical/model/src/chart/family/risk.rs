//! What diseases in the family mean for the patient. The limits follow published guidance in a simplified
//! form: premature heart disease before 55 (men) and 65 (women) in a first-degree relative (ESC prevention
//! guideline 2021); diabetes by the weights of FINDRISC; breast and ovary by NICE CG164; bowel by the British
//! guideline of 2020. They sort people for a talk with a clinician and diagnose nothing.

use serde::{Deserialize, Serialize};

use super::{Case, Site, Topic};
use crate::chart::Relative;

/// How much more likely than for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// It is not known whether anybody had it.
    Unknown,
    /// As for everybody.
    Average,
    /// More than for others: worth a talk.
    Raised,
    /// Much more than for others: worth an examination or advice of a specialist.
    High,
}

/// The rule that decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Nobody is known to have it, or only distant relatives late in life.
    NothingNotable,
    /// Nobody could say.
    NobodyKnows,
    /// One close relative.
    OneClose,
    /// Two or more close relatives.
    SeveralClose,
    /// A close relative at a young age.
    CloseAndYoung,
    /// Several relatives at a young age.
    SeveralYoung,
    /// A relative further away.
    OneDistant,
    /// Three or more relatives on any side.
    Many,
    /// A man with breast cancer, both breasts early, or breast and ovary.
    TellingForm,
}

/// What the answers about one topic mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicRisk {
    /// What.
    pub topic: Topic,
    /// How likely.
    pub risk: Risk,
    /// Why.
    pub reason: Reason,
}

/// Parents, brothers and sisters, children.
const fn is_close(relative: Relative) -> bool {
    match relative {
        Relative::Mother
        | Relative::Father
        | Relative::Sister
        | Relative::Brother
        | Relative::Daughter
        | Relative::Son => true,
        Relative::MaternalGrandmother
        | Relative::MaternalGrandfather
        | Relative::PaternalGrandmother
        | Relative::PaternalGrandfather
        | Relative::MaternalAunt
        | Relative::PaternalAunt
        | Relative::MaternalUncle
        | Relative::PaternalUncle
        | Relative::Cousin => false,
    }
}

const fn is_man(relative: Relative) -> bool {
    match relative {
        Relative::Father
        | Relative::Brother
        | Relative::Son
        | Relative::MaternalGrandfather
        | Relative::PaternalGrandfather
        | Relative::MaternalUncle
        | Relative::PaternalUncle => true,
        Relative::Mother
        | Relative::Sister
        | Relative::Daughter
        | Relative::MaternalGrandmother
        | Relative::PaternalGrandmother
        | Relative::MaternalAunt
        | Relative::PaternalAunt
        | Relative::Cousin => false,
    }
}

/// Whether it makes sense to ask about the ovary. A cousin may be a woman.
pub(super) const fn may_have_ovary(relative: Relative) -> bool {
    !is_man(relative)
}

/// Judges one topic.
pub(super) fn judge(topic: Topic, unknown: bool, cases: &[Case]) -> TopicRisk {
    let cases: Vec<Case> = cases
        .iter()
        .copied()
        .filter(|case| case.topic == topic)
        .collect();
    let (risk, reason) = if unknown {
        (Risk::Unknown, Reason::NobodyKnows)
    } else {
        match topic {
            Topic::Heart => heart(&cases),
            Topic::Diabetes => diabetes(&cases),
            Topic::Breast => breast(&cases),
            Topic::Bowel => bowel(&cases),
            Topic::SickleCell => sickle_cell(&cases),
        }
    };
    TopicRisk {
        topic,
        risk,
        reason,
    }
}

fn close(cases: &[Case]) -> usize {
    cases.iter().filter(|case| is_close(case.relative)).count()
}

/// Cases that began before an age; an age that nobody knows counts as not early.
fn before(cases: &[Case], years: u8) -> usize {
    cases
        .iter()
        .filter(|case| case.years.is_some_and(|it| it < years))
        .count()
}

fn heart(cases: &[Case]) -> (Risk, Reason) {
    let early = cases
        .iter()
        .filter(|case| is_close(case.relative))
        .filter(|case| {
            let limit = if is_man(case.relative) { 55 } else { 65 };
            case.years.is_some_and(|years| years < limit)
        })
        .count();
    match (early, close(cases)) {
        (2.., _) => (Risk::High, Reason::SeveralYoung),
        (1, _) => (Risk::Raised, Reason::CloseAndYoung),
        (0, 2..) => (Risk::Raised, Reason::SeveralClose),
        (0, 0 | 1) => (Risk::Average, Reason::NothingNotable),
    }
}

fn diabetes(cases: &[Case]) -> (Risk, Reason) {
    match (close(cases), cases.len()) {
        (2.., _) => (Risk::High, Reason::SeveralClose),
        (1, _) => (Risk::Raised, Reason::OneClose),
        (0, 1..) => (Risk::Raised, Reason::OneDistant),
        (0, 0) => (Risk::Average, Reason::NothingNotable),
    }
}

fn breast(cases: &[Case]) -> (Risk, Reason) {
    let telling = cases.iter().any(|case| {
        is_man(case.relative)
            || case.site == Some(Site::BreastAndOvary)
            || (case.site == Some(Site::BothBreasts) && case.years.is_some_and(|years| years < 50))
    });
    let ovary = cases.iter().any(|case| case.site == Some(Site::Ovary));
    let close = close(cases);
    let young_close = cases
        .iter()
        .any(|case| is_close(case.relative) && case.years.is_some_and(|years| years < 40));
    if telling || (ovary && cases.len() > 1) {
        (Risk::High, Reason::TellingForm)
    } else if before(cases, 50) >= 2 && close >= 1 {
        (Risk::High, Reason::SeveralYoung)
    } else if cases.len() >= 3 {
        (Risk::High, Reason::Many)
    } else if young_close {
        (Risk::Raised, Reason::CloseAndYoung)
    } else if close >= 2 {
        (Risk::Raised, Reason::SeveralClose)
    } else if close == 1 && (cases.len() >= 2 || ovary) {
        (Risk::Raised, Reason::OneClose)
    } else {
        (Risk::Average, Reason::NothingNotable)
    }
}

fn bowel(cases: &[Case]) -> (Risk, Reason) {
    let young_close = cases
        .iter()
        .any(|case| is_close(case.relative) && case.years.is_some_and(|years| years < 50));
    match (close(cases), young_close) {
        (2.., _) => (Risk::High, Reason::SeveralClose),
        (_, true) => (Risk::High, Reason::CloseAndYoung),
        (1, false) => (Risk::Raised, Reason::OneClose),
        (0, false) => (Risk::Average, Reason::NothingNotable),
    }
}

fn sickle_cell(cases: &[Case]) -> (Risk, Reason) {
    match (close(cases), cases.len()) {
        (2.., _) => (Risk::High, Reason::SeveralClose),
        (1, _) => (Risk::Raised, Reason::OneClose),
        (0, 1..) => (Risk::Raised, Reason::OneDistant),
        (0, 0) => (Risk::Average, Reason::NothingNotable),
    }
}
