//! What a patient takes now: prescriptions reconciled with what was handed out, and what the chart
//! says they take besides.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::dosage::{Course, Dose, DoseTimes, date_of, shifted};
use super::{PrescribedLine, Prescription, Stage};
use crate::Micros;
use crate::chart::{Entry, Fact, MedicationStatement, MedicationStatus};
use crate::{PrescriptionId, UserId};

/// What else is known of a line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineFacts {
    /// When the first of it was handed out.
    pub handed_out: Option<Micros>,
    /// The clock times that the patient chose.
    pub times: Option<DoseTimes>,
}

/// How much of a line the patient has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Supply {
    /// Nothing was handed out yet.
    NotCollected,
    /// A part was handed out, and it lasts still.
    Partly,
    /// All was handed out.
    All,
    /// A part was handed out; taken as prescribed it is used up.
    RanOut,
}

impl Supply {
    /// The word in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotCollected => "not_collected",
            Self::Partly => "partly",
            Self::All => "all",
            Self::RanOut => "ran_out",
        }
    }
}

/// A line of a prescription as it is taken.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedLine {
    /// Of which prescription.
    pub prescription: PrescriptionId,
    /// Which line, from 0.
    pub line: usize,
    /// Who prescribed it.
    pub prescriber: UserId,
    /// Hidden from nurses and proxies.
    pub is_confidential: bool,
    /// What, how much, how often.
    pub prescribed: PrescribedLine,
    /// Its first day.
    pub from: Date,
    /// Its last day; none without an end.
    pub until: Option<Date>,
    /// Whether it is to be taken on this day, as far as the days say.
    pub is_current: bool,
    /// How much of it the patient has.
    pub supply: Supply,
    /// Units prescribed, all repeats together.
    pub units: u32,
    /// Units handed out.
    pub units_handed_out: u32,
    /// Until when the rest can be collected; none when that is over or nothing is left.
    pub collect_until: Option<Micros>,
    /// The doses of this day; empty for frequencies without clock times.
    pub today: Vec<Dose>,
}

/// What a patient takes now.
#[derive(Debug, Clone, PartialEq)]
pub struct MedicationPlan {
    /// This day on the patient's calendar.
    pub today: Date,
    /// Lines of prescriptions, as they came in.
    pub prescribed: Vec<PlannedLine>,
    /// What the chart says is taken besides.
    pub recorded: Vec<Entry>,
}

/// Whether a prescription in this stage is one to be taken from.
#[must_use]
pub const fn is_running(stage: Stage) -> bool {
    match stage {
        Stage::Signed | Stage::Transmitted | Stage::DispensedPart | Stage::Completed => true,
        Stage::Draft | Stage::Refused | Stage::Replaced | Stage::Cancelled => false,
    }
}

/// For how many days a line is taken, all repeats together.
fn days(line: &PrescribedLine) -> Option<u32> {
    let courses = u32::from(line.repeats).saturating_add(1);
    let days = u32::from(line.line.duration_days?);
    Some(days.saturating_mul(courses))
}

/// When taking a line begins: when the first of it was handed out, or was signed until then.
fn begins(it: &Prescription, facts: &LineFacts) -> Option<Micros> {
    let signed = it.signed?;
    Some(facts.handed_out.map_or(signed, |at| at.max(signed)))
}

/// The doses of a line, at the times that the patient chose or at the usual ones. None when its
/// frequency has no clock times, or when nothing of the prescription is to be taken.
#[must_use]
pub fn course(
    it: &Prescription,
    line: usize,
    facts: &LineFacts,
    zone: &TimeZone,
) -> Option<Course> {
    if !is_running(it.stage) {
        return None;
    }
    let line = it.content.lines.get(line)?;
    let usual = DoseTimes::usual(line.line.frequency)?;
    let chosen = facts
        .times
        .clone()
        .filter(|times| times.is_as_many_as(&usual));
    let times = chosen.unwrap_or(usual);
    Course::new(begins(it, facts)?, days(line), times, zone.clone())
}

fn planned(
    it: &Prescription,
    at: usize,
    facts: &LineFacts,
    (now, today, zone): (Micros, Date, &TimeZone),
) -> Option<PlannedLine> {
    let line = it.content.lines.get(at)?;
    let course = course(it, at, facts, zone);
    let begins = date_of(begins(it, facts)?, zone)?;
    let days = days(line);
    let (from, until) = match &course {
        Some(course) => (course.from(), course.until()),
        None => {
            let last = days.map(|days| i64::from(days).saturating_sub(1));
            (begins, last.and_then(|last| shifted(begins, last)))
        }
    };
    let units = line.total();
    let units_handed_out = it.dispensed.get(at).copied().unwrap_or(0);
    let supply = if units_handed_out == 0 {
        Supply::NotCollected
    } else if units_handed_out >= units {
        Supply::All
    } else if days.is_some_and(|days| {
        let lasts = i64::from(days) * i64::from(units_handed_out) / i64::from(units);
        shifted(from, lasts).is_some_and(|empty| today >= empty)
    }) {
        Supply::RanOut
    } else {
        Supply::Partly
    };
    let is_over = until.is_some_and(|until| until < today);
    let collect_until = it
        .expires
        .filter(|&until| until > now && units_handed_out < units);
    let waits = supply == Supply::NotCollected && collect_until.is_some();
    (!is_over || waits).then(|| PlannedLine {
        prescription: it.id,
        line: at,
        prescriber: it.prescriber,
        is_confidential: it.label > crate::access::Label::Normal,
        prescribed: line.clone(),
        from,
        until,
        is_current: !is_over && from <= today,
        supply,
        units,
        units_handed_out,
        collect_until,
        today: course.map_or_else(Vec::new, |course| course.doses_on(today)),
    })
}

/// Whether a fact of the chart names a medicine that is taken now and comes from no prescription. What
/// comes from one is told by the prescription itself: to those who may see it, and as long as it runs.
fn is_taken_besides(fact: &MedicationStatement, today: Date) -> bool {
    let is_taken = match fact.status {
        MedicationStatus::Active => true,
        MedicationStatus::OnHold | MedicationStatus::Completed | MedicationStatus::Stopped => false,
    };
    let is_over = fact.until.as_ref().is_some_and(|until| {
        let (year, month, day) = until.parts();
        let last = (year, month.unwrap_or(i8::MAX), day.unwrap_or(i8::MAX));
        last < (today.year(), today.month(), today.day())
    });
    is_taken && !is_over && fact.prescription.is_none()
}

/// What a patient takes at `now`, from the prescriptions and facts that the reader may see. None
/// outside the calendar of [`jiff`].
#[must_use]
pub fn plan(
    prescriptions: &[(Prescription, Vec<LineFacts>)],
    facts: Vec<Entry>,
    now: Micros,
    zone: &TimeZone,
) -> Option<MedicationPlan> {
    let today = date_of(now, zone)?;
    let running = prescriptions.iter().filter(|(it, _)| is_running(it.stage));
    let unknown = LineFacts::default();
    let prescribed = running
        .flat_map(|(it, lines)| {
            (0..it.content.lines.len()).filter_map(|at| {
                let facts = lines.get(at).unwrap_or(&unknown);
                planned(it, at, facts, (now, today, zone))
            })
        })
        .collect();
    let recorded = facts
        .into_iter()
        .filter(|entry| match &entry.fact {
            Fact::Medication(fact) => is_taken_besides(fact, today),
            Fact::Condition(_)
            | Fact::Allergy(_)
            | Fact::Observation(_)
            | Fact::Immunization(_)
            | Fact::FamilyHistory(_)
            | Fact::Procedure(_)
            | Fact::Document(_)
            | Fact::Note(_) => false,
        })
        .collect();
    Some(MedicationPlan {
        today,
        prescribed,
        recorded,
    })
}
