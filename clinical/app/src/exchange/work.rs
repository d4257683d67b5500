//! Several reads and writes in one transaction, under the rights of one person.

use clinical_model::access::Label;
use clinical_model::chart::{Entry, Kind};
use clinical_model::patients::{Demographics, Patient};
use clinical_model::{AuditEntry, EntryId, Micros, PatientId};
use clinical_store::{Conn, Look, Tx, chart, patients};

use super::{ExchangeError, PATIENTS_MAX, Written, all_entries, with_writers};
use crate::access::Access;
use crate::records::{self, AmendCommand, FactCommand, RecordError, Registration};
use crate::{Actor, Clinic, Desk};

/// An open transaction of one person. What was done in it holds together with [`Work::commit`], or
/// not at all.
#[derive(Debug)]
pub struct Work<'a> {
    pub(super) actor: Actor,
    pub(super) now: Micros,
    hold: Hold<'a>,
    pub(super) acts: Vec<AuditEntry>,
}

#[derive(Debug)]
enum Hold<'a> {
    Look(Look),
    Write(Tx, &'a Desk),
}

impl<'a> Work<'a> {
    /// Begins what only reads.
    ///
    /// # Errors
    /// The store failed.
    pub async fn look(clinic: &Clinic, actor: &Actor) -> Result<Self, ExchangeError> {
        let hold = Hold::Look(clinic.db.look().await?);
        Ok(Self::held(hold, *actor, clinic.clock.now()))
    }

    /// Begins what writes as well.
    ///
    /// # Errors
    /// The store failed.
    pub async fn begin(desk: &'a Desk, actor: &Actor) -> Result<Self, ExchangeError> {
        let hold = Hold::Write(desk.db().begin().await?, desk);
        Ok(Self::held(hold, *actor, desk.now()))
    }

    const fn held(hold: Hold<'a>, actor: Actor, now: Micros) -> Self {
        Self {
            actor,
            now,
            hold,
            acts: Vec::new(),
        }
    }

    /// Makes everything durable, with an audit entry for each act.
    ///
    /// # Errors
    /// The store failed, or the request was carried out before.
    pub async fn commit(mut self) -> Result<(), ExchangeError> {
        let Some(last) = self.acts.pop() else {
            return Ok(());
        };
        match self.hold {
            Hold::Look(mut look) => {
                for act in self.acts {
                    look.also(act);
                }
                look.commit(last).await?;
            }
            Hold::Write(mut tx, _) => {
                for act in self.acts {
                    tx.also(act).await?;
                }
                tx.commit(last).await?;
            }
        }
        Ok(())
    }

    /// Who works.
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Every patient whom the actor may see.
    ///
    /// # Errors
    /// [`ExchangeError::TooMany`] and [`ExchangeError::Store`]
    pub async fn patients(&mut self) -> Result<Vec<Patient>, ExchangeError> {
        let viewer = self.actor.viewer(self.now);
        let found = patients::reached(self.conn(), &viewer, PATIENTS_MAX + 1).await?;
        if found.len() > usize::try_from(PATIENTS_MAX).unwrap_or(usize::MAX) {
            return Err(ExchangeError::TooMany);
        }
        self.acts.push(self.actor.did("fhir.patients", self.now));
        Ok(found)
    }

    /// One patient.
    ///
    /// # Errors
    /// [`ExchangeError::NotFound`] and [`ExchangeError::Store`]
    pub async fn patient(&mut self, id: PatientId) -> Result<Patient, ExchangeError> {
        let access = self.access(id).await?;
        let found = patients::find(self.conn(), access.viewer(), id).await?;
        self.acts.push(access.entry(&self.actor, "fhir.patient"));
        found.ok_or(ExchangeError::NotFound)
    }

    /// The entries of some kinds (all when empty) in the chart of a patient, newest first.
    ///
    /// # Errors
    /// [`ExchangeError::NotFound`], [`ExchangeError::TooMany`] and [`ExchangeError::Store`]
    pub async fn entries(
        &mut self,
        patient: PatientId,
        kinds: &[Kind],
    ) -> Result<Vec<Written>, ExchangeError> {
        let access = self.access(patient).await?;
        let entries = all_entries(self.conn(), &access, kinds).await?;
        self.acts.push(access.entry(&self.actor, "fhir.entries"));
        Ok(with_writers(self.conn(), entries).await?)
    }

    /// A patient with every entry of the chart that the actor may see.
    ///
    /// # Errors
    /// [`ExchangeError`]
    pub async fn everything(
        &mut self,
        id: PatientId,
    ) -> Result<(Patient, Vec<Written>), ExchangeError> {
        let access = self.access(id).await?;
        let found = patients::find(self.conn(), access.viewer(), id).await?;
        let patient = found.ok_or(ExchangeError::NotFound)?;
        let entries = all_entries(self.conn(), &access, &[]).await?;
        self.acts.push(access.entry(&self.actor, "fhir.everything"));
        Ok((patient, with_writers(self.conn(), entries).await?))
    }

    /// Every version of one entry, oldest first; there is at least one.
    ///
    /// # Errors
    /// [`ExchangeError::NotFound`] and [`ExchangeError::Store`]
    pub async fn versions(&mut self, id: EntryId) -> Result<Vec<Written>, ExchangeError> {
        // Which patient it is about says under which right it is read, and that how much is seen.
        let viewer = self.actor.viewer(self.now);
        let about = chart::find(self.conn(), &viewer, Label::VeryRestricted, id).await?;
        let about = about.ok_or(ExchangeError::NotFound)?;
        let access = self.access(about.patient).await?;
        let label_max = access.label_max()?;
        let versions = chart::versions(self.conn(), access.viewer(), label_max, id).await?;
        if versions.is_empty() {
            return Err(ExchangeError::NotFound);
        }
        let act = access.entry(&self.actor, "fhir.entry");
        self.acts.push(act.about("chart_entry", id.as_uuid()));
        Ok(with_writers(self.conn(), versions).await?)
    }

    /// Registers a patient, as in the pages.
    ///
    /// # Errors
    /// [`RecordError`]
    pub async fn register(&mut self, command: Registration) -> Result<Patient, RecordError> {
        let actor = self.actor;
        let (tx, desk) = self.writing()?;
        let (patient, act) = records::register_in(desk, tx, &actor, command).await?;
        self.acts.push(act);
        // The right to see them begins when they are written, which is after the work began.
        self.now = desk.now();
        Ok(patient)
    }

    /// Changes who a patient is, on top of version `read`.
    ///
    /// # Errors
    /// [`RecordError`]
    pub async fn change(
        &mut self,
        place: (PatientId, u32),
        who: Demographics,
    ) -> Result<Patient, RecordError> {
        let (actor, now) = (self.actor, self.now);
        let (tx, _) = self.writing()?;
        let (patient, act) = records::change_in(tx, (&actor, now), place, who).await?;
        self.acts.push(act);
        Ok(patient)
    }

    /// Writes a fact into a chart.
    ///
    /// # Errors
    /// [`RecordError`]
    pub async fn add(
        &mut self,
        patient: PatientId,
        command: FactCommand,
    ) -> Result<Written, RecordError> {
        let actor = self.actor;
        let (tx, desk) = self.writing()?;
        let made = records::add_in(desk.clinic(), tx, &actor, (patient, command)).await?;
        self.wrote(made, "chart.add").await
    }

    /// Writes the next version of a fact on top of version `read`.
    ///
    /// # Errors
    /// [`RecordError`]
    pub async fn amend(
        &mut self,
        place: (EntryId, u32),
        command: AmendCommand,
    ) -> Result<Written, RecordError> {
        let (actor, now) = (self.actor, self.now);
        let (tx, _) = self.writing()?;
        let made = records::amend_in(tx, (&actor, now), place, command).await?;
        self.wrote(made, "chart.amend").await
    }

    /// Takes a fact out of a chart: it stays there, struck through, and counts nowhere.
    ///
    /// # Errors
    /// [`RecordError`]
    pub async fn take_back(&mut self, place: (EntryId, u32)) -> Result<Written, RecordError> {
        let (actor, now) = (self.actor, self.now);
        let (tx, _) = self.writing()?;
        let made = records::in_error_in(tx, (&actor, now), place).await?;
        self.wrote(made, "chart.in_error").await
    }

    pub(super) fn conn(&mut self) -> &mut Conn {
        match &mut self.hold {
            Hold::Look(look) => look,
            Hold::Write(tx, _) => tx,
        }
    }

    /// A look writes nothing.
    const fn writing(&mut self) -> Result<(&mut Tx, &'a Desk), RecordError> {
        match &mut self.hold {
            Hold::Look(_) => Err(RecordError::Forbidden),
            Hold::Write(tx, desk) => Ok((tx, *desk)),
        }
    }

    async fn access(&mut self, patient: PatientId) -> Result<Access, ExchangeError> {
        let (actor, now) = (self.actor, self.now);
        Ok(Access::to(self.conn(), &actor, patient, now).await?)
    }

    async fn wrote(
        &mut self,
        (entry, access): (Entry, Access),
        action: &'static str,
    ) -> Result<Written, RecordError> {
        let act = access.entry(&self.actor, action);
        let act = act.about("chart_entry", entry.id.as_uuid());
        self.acts.push(act.at_version(entry.version));
        let mut written = with_writers(self.conn(), vec![entry]).await?;
        written.pop().ok_or(RecordError::NotFound)
    }
}
