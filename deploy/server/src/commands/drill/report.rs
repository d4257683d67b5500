//! What came of a drill, for people and for programs.

use std::path::Path;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use clinical_archive::{Manifest, TableSum};
use serde::Serialize;

/// Whether a step held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    /// Everything was as it should be.
    Held,
    /// Something was not.
    Failed,
    /// What it needs is not here.
    NotTried,
}

/// One step of a drill.
#[derive(Debug, Serialize)]
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) outcome: Outcome,
    /// What was seen.
    said: String,
    duration_ms: u64,
}

/// The steps so far.
pub(super) struct Steps {
    began: Instant,
    steps: Vec<Step>,
    of: Option<Of>,
}

/// What the backup says of itself.
struct Of {
    program: String,
    schema: i64,
    made_at_us: i64,
    tables: usize,
    rows: u64,
}

/// A step that is not tried because something it needs is not here, and why.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct NotHere(pub(super) String);

impl Steps {
    pub(super) fn begin() -> Self {
        Self {
            began: Instant::now(),
            steps: Vec::new(),
            of: None,
        }
    }

    pub(super) fn is_of(&mut self, manifest: &Manifest, sums: &[TableSum]) {
        self.of = Some(Of {
            program: manifest.program.clone(),
            schema: manifest.schema,
            made_at_us: manifest.at_us,
            tables: sums.len(),
            rows: sums.iter().map(|sum| sum.rows).sum(),
        });
    }

    /// A step that others need a value of.
    pub(super) fn first<T>(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> anyhow::Result<(T, String)>,
    ) -> Option<T> {
        let began = Instant::now();
        match work() {
            Ok((value, said)) => {
                self.add(name, began, Ok(said));
                Some(value)
            }
            Err(error) => {
                self.add(name, began, Err(error));
                None
            }
        }
    }

    /// Answers whether the step held.
    pub(super) async fn step(
        &mut self,
        name: &'static str,
        work: impl Future<Output = anyhow::Result<String>>,
    ) -> bool {
        let began = Instant::now();
        let said = work.await;
        let held = said.is_ok();
        self.add(name, began, said);
        held
    }

    fn add(&mut self, name: &'static str, began: Instant, said: anyhow::Result<String>) {
        let (outcome, said) = match said {
            Ok(said) => (Outcome::Held, said),
            Err(error) if error.is::<NotHere>() => (Outcome::NotTried, error.to_string()),
            Err(error) => (Outcome::Failed, format!("{error:#}")),
        };
        self.steps.push(Step {
            name,
            outcome,
            said,
            duration_ms: millis(began),
        });
    }
}

fn millis(began: Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// A whole drill.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    /// Whether no step failed.
    pub(super) ok: bool,
    backup: String,
    backup_bytes: u64,
    engine: &'static str,
    program: Option<String>,
    schema: Option<i64>,
    made_at_us: Option<i64>,
    /// How old the backup is: what a loss of everything now would cost.
    age_s: Option<i64>,
    tables: Option<usize>,
    rows: Option<u64>,
    /// From the first step to the last: what restoring takes on this machine.
    duration_ms: u64,
    steps: Vec<Step>,
}

impl Report {
    pub(super) fn new(backup: &Path, backup_bytes: u64, is_postgres: bool, steps: Steps) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0, |it| i64::try_from(it.as_secs()).unwrap_or(i64::MAX));
        let age = |of: &Of| now.saturating_sub(of.made_at_us / 1_000_000);
        Self {
            ok: steps.steps.iter().all(|it| it.outcome != Outcome::Failed),
            backup: backup.display().to_string(),
            backup_bytes,
            engine: if is_postgres { "postgresql" } else { "sqlite" },
            program: steps.of.as_ref().map(|it| it.program.clone()),
            schema: steps.of.as_ref().map(|it| it.schema),
            made_at_us: steps.of.as_ref().map(|it| it.made_at_us),
            age_s: steps.of.as_ref().map(age),
            tables: steps.of.as_ref().map(|it| it.tables),
            rows: steps.of.as_ref().map(|it| it.rows),
            duration_ms: millis(steps.began),
            steps: steps.steps,
        }
    }

    /// One line a step, and what it comes to.
    pub(super) fn lines(&self) -> Vec<String> {
        let line = |step: &Step| {
            let word = match step.outcome {
                Outcome::Held => "held     ",
                Outcome::Failed => "FAILED   ",
                Outcome::NotTried => "not tried",
            };
            format!(
                "{word}  {:<10} {:>7} ms  {}",
                step.name, step.duration_ms, step.said
            )
        };
        let mut lines: Vec<String> = self.steps.iter().map(line).collect();
        let age = match self.age_s {
            Some(age) => format!("a backup that is {age} s old"),
            None => "a backup of unknown age".to_owned(),
        };
        let verdict = if self.ok {
            "can be restored"
        } else {
            "is NOT whole"
        };
        let (bytes, engine, took) = (self.backup_bytes, self.engine, self.duration_ms);
        lines.push(format!(
            "{} ({bytes} bytes), {age}, {verdict} into {engine}; the drill took {took} ms.",
            self.backup
        ));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(outcomes: &[Result<&str, &str>]) -> Report {
        let mut steps = Steps::begin();
        for outcome in outcomes {
            let said = match outcome {
                Ok(said) => Ok((*said).to_owned()),
                Err("not here") => Err(NotHere("not here".to_owned()).into()),
                Err(why) => Err(anyhow::anyhow!((*why).to_owned())),
            };
            steps.add("step", Instant::now(), said);
        }
        Report::new(Path::new("a.backup"), 5, false, steps)
    }

    #[test]
    fn one_step_that_failed_makes_a_drill_fail_and_one_that_was_not_tried_is_told() {
        let good = report(&[Ok("fine"), Err("not here")]);
        assert!(good.ok);
        let lines = good.lines();
        assert!(lines[1].starts_with("not tried"), "{lines:?}");
        assert!(lines[2].contains("can be restored"), "{lines:?}");
        let bad = report(&[Ok("fine"), Err("a row is missing")]);
        assert!(!bad.ok);
        assert!(bad.lines()[1].starts_with("FAILED"));
        assert!(bad.lines()[2].contains("NOT whole"));
        let json = serde_json::to_value(&bad).unwrap();
        assert_eq!(json["ok"], false);
        assert_eq!(json["steps"][1]["outcome"], "failed");
        assert_eq!(json["steps"][1]["said"], "a row is missing");
    }
}
