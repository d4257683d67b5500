//! Figures for administrators: how often clinicians agree, and the last evaluation. Nobody is named.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use clinical_model::text::Phone;
use clinical_model::triage::{Disposition, Settings, Verdict};
use clinical_model::{Micros, Role, ServiceId};
use clinical_store::tenants;
use clinical_store::triage::{self as store, Finished};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::Deserialize;
use tokio::task::spawn_blocking;

use super::{Triage, TriageError};
use crate::{Actor, Clinic};

/// How many months are counted, the one that runs among them.
const MONTHS: i8 = 12;
/// Longest report that is read, in bytes: 20,000 misses of 800 bytes.
const REPORT_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// Misses that are shown.
const MISSES_MAX: usize = 200;

/// Counts of a month.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Month {
    /// `YYYY-MM` in the facility's zone.
    pub month: String,
    /// By disposition: self-care, routine, urgent, emergency.
    pub by_disposition: [u32; 4],
    /// Such as a person had to look at.
    pub person: u32,
    /// Accepted, corrected, rejected.
    pub verdicts: [u32; 3],
    /// Sent lower than the clinician says.
    pub under: u32,
    /// Sent higher than the clinician says.
    pub over: u32,
    /// Seconds that each took.
    seconds: Vec<u32>,
}

impl Month {
    /// How many were finished.
    #[must_use]
    pub fn finished(&self) -> u32 {
        self.by_disposition.iter().sum()
    }

    /// How many were judged by a clinician.
    #[must_use]
    pub fn judged(&self) -> u32 {
        self.verdicts.iter().sum()
    }

    /// Half of them took at most so many seconds.
    #[must_use]
    pub fn median_seconds(&self) -> Option<u32> {
        let mut sorted = self.seconds.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied()
    }

    fn count(&mut self, it: &Finished) {
        let Some(judged) = &it.interview.story.judged else {
            return;
        };
        if let Some(count) = self.by_disposition.get_mut(judged.disposition as usize) {
            *count += 1;
        }
        self.person += u32::from(judged.person);
        let took = it
            .interview
            .finished
            .map(|at| at.since(it.interview.started));
        let seconds = took.and_then(|us| u32::try_from(us / Micros::SECOND).ok());
        self.seconds.extend(seconds);
        // The last verdict on the whole counts.
        let verdict = it.feedback.iter().rev().find(|it| it.is_about_the_whole());
        let Some(verdict) = verdict else {
            return;
        };
        let [accepted, corrected, rejected] = &mut self.verdicts;
        match verdict.verdict {
            Verdict::Accept => *accepted += 1,
            Verdict::Correct => *corrected += 1,
            Verdict::Reject => *rejected += 1,
        }
        if let Some(right) = verdict.disposition {
            self.under += u32::from(judged.disposition < right);
            self.over += u32::from(judged.disposition > right);
        }
    }
}

/// Counts of a facility.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figures {
    /// The last months, oldest first.
    pub months: Vec<Month>,
    /// All of them together.
    pub all: Month,
}

const fn only_admin(actor: &Actor) -> Result<(), TriageError> {
    match actor.role {
        Role::Admin => Ok(()),
        _ => Err(TriageError::Forbidden),
    }
}

fn month_of(at: Micros, zone: &TimeZone) -> Option<String> {
    let at = Timestamp::from_microsecond(at.0).ok()?;
    let date = at.to_zoned(zone.clone()).date();
    Some(date.strftime("%Y-%m").to_string())
}

/// The months that are counted, oldest first, and when the first one begins.
fn months(now: Micros, zone: &TimeZone) -> Option<(Vec<String>, Micros)> {
    let today = Timestamp::from_microsecond(now.0).ok()?;
    let running = today.to_zoned(zone.clone()).date().first_of_month();
    let first = running.checked_sub(Span::new().months(MONTHS - 1)).ok()?;
    let begin = first.to_zoned(zone.clone()).ok()?.timestamp();
    let names = (0..MONTHS).rev().filter_map(|ago| {
        let month = running.checked_sub(Span::new().months(ago)).ok()?;
        Some(month.strftime("%Y-%m").to_string())
    });
    Some((names.collect(), Micros(begin.as_microsecond())))
}

/// How triage went in the last twelve months. It may be as old as replicas of the store may be late.
///
/// # Errors
/// [`TriageError::Forbidden`] and [`TriageError::Store`]
pub async fn figures(clinic: &Clinic, actor: &Actor) -> Result<Figures, TriageError> {
    only_admin(actor)?;
    let now = clinic.clock.now();
    let mut look = clinic.db.look_stale().await?;
    let zone = tenants::zone(&mut look, actor.tenant).await?;
    let zone = zone.and_then(|it| TimeZone::get(&it).ok());
    let zone = zone.unwrap_or(TimeZone::UTC);
    let (names, since) = months(now, &zone).unwrap_or((Vec::new(), Micros(i64::MAX)));
    let finished = store::figures_since(&mut look, actor.tenant, since).await?;
    look.commit(actor.did("triage.figures", now)).await?;
    let mut by_name: BTreeMap<String, Month> = BTreeMap::new();
    let mut all = Month::default();
    for it in &finished {
        all.count(it);
        let at = it.interview.finished.unwrap_or(it.interview.started);
        if let Some(name) = month_of(at, &zone) {
            by_name.entry(name).or_default().count(it);
        }
    }
    let months = names.into_iter().map(|name| Month {
        month: name.clone(),
        ..by_name.remove(&name).unwrap_or_default()
    });
    Ok(Figures {
        months: months.collect(),
        all,
    })
}

/// A share with its interval, as the evaluation writes it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
pub struct EvaluatedShare {
    /// Cases that count.
    pub hits: u32,
    /// Cases in all.
    pub of: u32,
    /// The share.
    pub share: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A case that was not answered rightly, as the evaluation writes it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Miss {
    /// Line number from 1.
    pub line: u32,
    /// The right diagnosis.
    pub expected: String,
    /// Its rank.
    pub rank: Option<u32>,
    /// The first answers.
    pub first: Vec<String>,
    /// The label.
    pub triage: Option<String>,
    /// Where the engine sent the patient.
    pub answered: Answered,
}

/// A disposition as the evaluation writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Answered {
    /// Self-care.
    SelfCare,
    /// Routine.
    Routine,
    /// Urgent.
    Urgent,
    /// Emergency.
    Emergency,
}

impl From<Answered> for Disposition {
    fn from(it: Answered) -> Self {
        match it {
            Answered::SelfCare => Self::SelfCare,
            Answered::Routine => Self::Routine,
            Answered::Urgent => Self::Urgent,
            Answered::Emergency => Self::Emergency,
        }
    }
}

/// What was measured, as the evaluation writes it; what a version does not write is empty.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Evaluated {
    /// Vignettes.
    pub cases: u32,
    /// Right diagnosis first.
    pub top1: EvaluatedShare,
    /// Among three.
    pub top3: EvaluatedShare,
    /// Among five.
    pub top5: EvaluatedShare,
    /// Diagnosis known.
    pub coverage: EvaluatedShare,
    /// Exactly where the label says.
    pub exact: EvaluatedShare,
    /// There or higher.
    pub safe: EvaluatedShare,
    /// Lower.
    pub under: EvaluatedShare,
    /// Higher.
    pub over: EvaluatedShare,
    /// Emergencies seen as such.
    pub emergencies: EvaluatedShare,
    /// By belief in the first answer.
    #[serde(default)]
    pub calibration: Vec<EvaluatedShare>,
    /// Misses.
    #[serde(default)]
    pub misses: Vec<Miss>,
}

/// A saved report.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct ReportFile {
    /// When it was measured.
    pub at_us: i64,
    /// The name of the file of vignettes.
    pub file: String,
    /// What was measured.
    pub report: Evaluated,
}

fn read_report(path: &Path) -> Result<Option<ReportFile>, TriageError> {
    let bad = |error: Box<dyn core::error::Error + Send + Sync>| TriageError::Report(error);
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(bad(error.into())),
    };
    let mut text = String::new();
    file.take(REPORT_BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(|error| bad(error.into()))?;
    let mut report: ReportFile = serde_json::from_str(&text).map_err(|error| bad(error.into()))?;
    report.report.misses.truncate(MISSES_MAX);
    Ok(Some(report))
}

/// The last report of the evaluation; none when none was saved.
///
/// # Errors
/// [`TriageError::Forbidden`], [`TriageError::Report`] and [`TriageError::Store`]
pub async fn evaluation(
    clinic: &Clinic,
    triage: &Triage,
    actor: &Actor,
) -> Result<Option<ReportFile>, TriageError> {
    only_admin(actor)?;
    let now = clinic.clock.now();
    let path = triage.0.report.clone();
    let read = spawn_blocking(move || path.map_or(Ok(None), |path| read_report(&path)));
    let report = read
        .await
        .map_err(|error| TriageError::Report(error.into()))??;
    let tx = clinic.db.look().await?;
    tx.commit(actor.did("triage.evaluation", now)).await?;
    Ok(report)
}

/// What the facility decided.
///
/// # Errors
/// [`TriageError::Forbidden`] and [`TriageError::Store`]
pub async fn read_settings(clinic: &Clinic, actor: &Actor) -> Result<Settings, TriageError> {
    only_admin(actor)?;
    let now = clinic.clock.now();
    let mut tx = clinic.db.look().await?;
    let settings = store::settings(&mut tx, actor.tenant).await?;
    tx.commit(actor.did("triage.settings", now)).await?;
    Ok(settings)
}

/// Decides something, on top of the version that was read.
///
/// # Errors
/// [`TriageError`]
pub async fn put_settings(
    clinic: &Clinic,
    actor: &Actor,
    (show_hypotheses, service, phone): (bool, Option<ServiceId>, Option<Phone>),
    read: u32,
) -> Result<Settings, TriageError> {
    only_admin(actor)?;
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    if let Some(id) = service {
        let known = clinical_store::booking::service(&mut tx, actor.tenant, id).await?;
        known.ok_or(TriageError::Invalid("service"))?;
    }
    let settings = Settings {
        show_hypotheses,
        service,
        phone,
        version: read.saturating_add(1),
    };
    let before = store::settings(&mut tx, actor.tenant).await?;
    if before.version != read {
        return Err(TriageError::Changed);
    }
    store::put_settings(&mut tx, actor.tenant, &settings).await?;
    tx.commit(actor.did("triage.put_settings", now)).await?;
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twelve_months_end_with_the_one_that_runs() {
        let now = Micros(1_795_420_800_000_000);
        let (names, since) = months(now, &TimeZone::UTC).unwrap();
        assert_eq!((names.len(), names[0].as_str()), (12, "2025-12"));
        assert_eq!(names[11], "2026-11");
        assert_eq!(month_of(since, &TimeZone::UTC).as_deref(), Some("2025-12"));
    }

    #[test]
    fn a_report_that_was_saved_is_read_and_anything_else_is_an_error() {
        let share = r#"{"hits":1,"of":2,"share":0.5,"low":0.1,"high":0.9}"#;
        let names = [
            "top1",
            "top3",
            "top5",
            "coverage",
            "exact",
            "safe",
            "under",
            "over",
            "emergencies",
        ];
        let shares: Vec<String> = names.iter().map(|it| format!("\"{it}\":{share}")).collect();
        let text = format!(
            r#"{{"at_us":7,"file":"x.jsonl","report":{{"cases":2,{},"calibration":[],"misses":
               [{{"line":2,"expected":"Gout","rank":null,"covered":true,"first":[],"triage":null,
               "answered":"SelfCare"}}]}}}}"#,
            shares.join(",")
        );
        let folder = std::env::temp_dir().join(format!("triage-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("report.json");
        assert!(read_report(&path).unwrap().is_none());
        std::fs::write(&path, text).unwrap();
        let read = read_report(&path).unwrap().unwrap();
        assert_eq!((read.at_us, read.report.cases), (7, 2));
        let answered = Disposition::from(read.report.misses[0].answered);
        assert_eq!(answered, Disposition::SelfCare);
        std::fs::write(&path, "[]").unwrap();
        assert!(read_report(&path).is_err());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
