//! Several reads and writes in one transaction, under the rights of one person.

use clinical_model::access::{CareRelation, Grant, Label};
use clinical_model::chart::duty::may_write;
use clinical_model::chart::{Amendment, Entry, EntryStatus, Fact, Kind, MedicationSource};
use clinical_model::patients::{Demographics, Patient, PatientState};
use clinical_model::{AppointmentId, AuditEntry, EntryId, GrantId, Micros, PatientId, Role};
use clinical_store::{Tx, chart, patients};

use super::{ExchangeError, PATIENTS_MAX, Written, all_entries, with_writers};
use crate::access::Access;
use crate::{Actor, Clinic};

/// How long who registers a patient belongs to the care team: long enough for a course of treatment.
const RELATION_US: i64 = 90 * Micros::DAY;
/// Clocks of devices differ: a fact may be this far ahead, in microseconds.
const AHEAD_US_MAX: i64 = Micros::HOUR;

/// A fact that is to be written.
#[derive(Debug, Clone)]
pub struct NewFact {
    /// About whom.
    pub patient: PatientId,
    /// What is known.
    pub fact: Fact,
    /// Who may see it.
    pub label: Option<Label>,
    /// Since when it is true; now when it is not said.
    pub effective: Option<Micros>,
    /// At which appointment.
    pub appointment: Option<AppointmentId>,
}

/// An open transaction of one person. What was done in it holds together with [`Work::commit`], or
/// not at all.
#[derive(Debug)]
pub struct Work<'a> {
    clinic: &'a Clinic,
    actor: Actor,
    now: Micros,
    tx: Tx,
    acts: Vec<AuditEntry>,
}

impl<'a> Work<'a> {
    /// Begins.
    ///
    /// # Errors
    /// The store failed.
    pub async fn begin(clinic: &'a Clinic, actor: &Actor) -> Result<Self, ExchangeError> {
        Ok(Self {
            clinic,
            actor: *actor,
            now: clinic.clock.now(),
            tx: clinic.db.begin().await?,
            acts: Vec::new(),
        })
    }

    /// Makes everything durable, with an audit entry for each act.
    ///
    /// # Errors
    /// The store failed, or the request was carried out before.
    pub async fn commit(mut self) -> Result<(), ExchangeError> {
        let Some(last) = self.acts.pop() else {
            return Ok(());
        };
        for act in self.acts {
            self.tx.also(act).await?;
        }
        Ok(self.tx.commit(last).await?)
    }

    /// Every patient whom the actor may see.
    ///
    /// # Errors
    /// [`ExchangeError::TooMany`] and [`ExchangeError::Store`]
    pub async fn patients(&mut self) -> Result<Vec<Patient>, ExchangeError> {
        let viewer = self.actor.viewer(self.now);
        let found = patients::reached(&mut self.tx, &viewer, PATIENTS_MAX + 1).await?;
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
        let found = patients::find(&mut self.tx, access.viewer(), id).await?;
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
        let entries = all_entries(&mut self.tx, &access, kinds).await?;
        self.acts.push(access.entry(&self.actor, "fhir.entries"));
        with_writers(&mut self.tx, entries).await
    }

    /// Every version of one entry, oldest first; there is at least one.
    ///
    /// # Errors
    /// [`ExchangeError::NotFound`] and [`ExchangeError::Store`]
    pub async fn versions(&mut self, id: EntryId) -> Result<Vec<Written>, ExchangeError> {
        // Which patient it is about says under which right it is read, and that how much is seen.
        let viewer = self.actor.viewer(self.now);
        let about = chart::find(&mut self.tx, &viewer, Label::VeryRestricted, id).await?;
        let about = about.ok_or(ExchangeError::NotFound)?;
        let access = self.access(about.patient).await?;
        let label_max = access.label_max()?;
        let versions = chart::versions(&mut self.tx, access.viewer(), label_max, id).await?;
        if versions.is_empty() {
            return Err(ExchangeError::NotFound);
        }
        let act = access.entry(&self.actor, "fhir.entry");
        self.acts.push(act.about("chart_entry", id.as_uuid()));
        with_writers(&mut self.tx, versions).await
    }

    /// Registers a patient. Who registers them belongs to their care team.
    ///
    /// # Errors
    /// [`ExchangeError::Forbidden`] and [`ExchangeError::Store`]
    pub async fn register(&mut self, who: Demographics) -> Result<Patient, ExchangeError> {
        if !registers(self.actor.role) {
            return Err(ExchangeError::Forbidden);
        }
        let patient = Patient {
            id: PatientId::from_uuid(self.clinic.entropy.uuid(self.now)),
            tenant: self.actor.tenant,
            demographics: who,
            state: PatientState::Active,
            version: 1,
            chart_version: 0,
        };
        patients::insert(&mut self.tx, &patient, self.now).await?;
        let relation = CareRelation {
            id: GrantId::from_uuid(self.clinic.entropy.uuid(self.now)),
            tenant: self.actor.tenant,
            patient: patient.id,
            clinician: self.actor.user,
            from: self.now,
            until: self.now.plus(RELATION_US),
            created_by: self.actor.user,
        };
        clinical_store::access::insert_care_relation(&mut self.tx, &relation).await?;
        let act = self.actor.did("fhir.register", self.now);
        let act = act.of_patient(patient.id).at_version(patient.version);
        self.acts.push(act);
        // The right to see them begins when they are written, which is after the work began.
        self.now = desk.now();
        Ok(patient)
    }

    /// Changes who a patient is, on top of version `read`.
    ///
    /// # Errors
    /// [`ExchangeError`], but for [`ExchangeError::TooMany`]
    pub async fn change(
        &mut self,
        (id, read): (PatientId, u32),
        who: Demographics,
    ) -> Result<Patient, ExchangeError> {
        let access = self.access(id).await?;
        if is_own(&access) || !registers(self.actor.role) {
            return Err(ExchangeError::Forbidden);
        }
        let found = patients::find(&mut self.tx, access.viewer(), id).await?;
        let mut patient = found.ok_or(ExchangeError::NotFound)?;
        if patient.version != read {
            return Err(ExchangeError::Changed);
        }
        if patient.state != PatientState::Active {
            return Err(ExchangeError::WrongState);
        }
        // FHIR's Patient has no place for it, so nothing is said about it.
        let blood_group = who.blood_group.or(patient.demographics.blood_group);
        patient.demographics = Demographics { blood_group, ..who };
        patient.version = read.saturating_add(1);
        patients::update(&mut self.tx, &patient, read, self.now).await?;
        let act = access.entry(&self.actor, "fhir.change");
        self.acts.push(act.at_version(patient.version));
        Ok(patient)
    }

    /// Writes a fact into a chart.
    ///
    /// # Errors
    /// [`ExchangeError`], but for [`ExchangeError::TooMany`] and [`ExchangeError::Changed`]
    pub async fn add(&mut self, new: NewFact) -> Result<Written, ExchangeError> {
        let access = self.writer(new.patient, &new.fact).await?;
        let label = within(&access, new.label.unwrap_or_default())?;
        if let Some(id) = new.appointment {
            let found = clinical_store::booking::find(&mut self.tx, id).await?;
            found
                .filter(|it| it.appointment.patient == new.patient)
                .ok_or(ExchangeError::Invalid("encounter"))?;
        }
        let entry = Entry {
            id: EntryId::from_uuid(self.clinic.entropy.uuid(self.now)),
            tenant: self.actor.tenant,
            patient: new.patient,
            fact: new.fact,
            label,
            status: EntryStatus::Active,
            effective: self.effective(new.effective)?.unwrap_or(self.now),
            recorded: self.now,
            author: self.actor.user,
            appointment: new.appointment,
            version: 1,
        };
        chart::insert(&mut self.tx, &entry).await?;
        self.wrote(&access, "fhir.add", entry).await
    }

    /// Writes the next version of a fact on top of version `read`.
    ///
    /// # Errors
    /// [`ExchangeError`], but for [`ExchangeError::TooMany`]
    pub async fn amend(
        &mut self,
        (old, read): (Entry, u32),
        new: NewFact,
    ) -> Result<Written, ExchangeError> {
        let access = self.changer(&old, &new.fact).await?;
        let amendment = Amendment {
            label: within(&access, new.label.unwrap_or(old.label))?,
            effective: self.effective(new.effective)?.unwrap_or(old.effective),
            fact: new.fact,
        };
        let next = old.amend(read, amendment, (self.actor.user, self.now))?;
        chart::update(&mut self.tx, &next, read).await?;
        self.wrote(&access, "fhir.amend", next).await
    }

    /// Takes a fact out of a chart: it stays there, struck through, and counts nowhere.
    ///
    /// # Errors
    /// [`ExchangeError`], but for [`ExchangeError::TooMany`]
    pub async fn take_back(&mut self, (old, read): (Entry, u32)) -> Result<Written, ExchangeError> {
        let access = self.changer(&old, &old.fact).await?;
        let next = old.enter_in_error(read, (self.actor.user, self.now))?;
        chart::update(&mut self.tx, &next, read).await?;
        self.wrote(&access, "fhir.in_error", next).await
    }

    async fn access(&mut self, patient: PatientId) -> Result<Access, ExchangeError> {
        Ok(Access::to(&mut self.tx, &self.actor, patient, self.now).await?)
    }

    /// The right under which the actor writes this fact into a chart that is in use.
    async fn writer(&mut self, patient: PatientId, fact: &Fact) -> Result<Access, ExchangeError> {
        let access = self.access(patient).await?;
        access.label_max()?;
        // In their own record, and for whom they act, a clinician is a patient too.
        let own = is_own(&access);
        let role = if own { Role::Patient } else { self.actor.role };
        let viewer = access.viewer();
        let acts = !own || clinical_store::access::may_act(&mut self.tx, viewer, patient).await?;
        if !acts || !may_write(role, fact.kind()) {
            return Err(ExchangeError::Forbidden);
        }
        let found = patients::find(&mut self.tx, access.viewer(), patient).await?;
        if found.ok_or(ExchangeError::NotFound)?.state != PatientState::Active {
            return Err(ExchangeError::WrongState);
        }
        // That a medicine comes from a prescription is said by handing it out, not by hand.
        match fact {
            Fact::Medication(it) if it.source == MedicationSource::Prescription => {
                Err(ExchangeError::Invalid("derivedFrom"))
            }
            _ => Ok(access),
        }
    }

    /// The same for an entry that is there. Patients change what they wrote themselves.
    async fn changer(&mut self, old: &Entry, fact: &Fact) -> Result<Access, ExchangeError> {
        let access = self.writer(old.patient, fact).await?;
        if is_own(&access) && old.author != self.actor.user {
            return Err(ExchangeError::Forbidden);
        }
        Ok(access)
    }

    const fn effective(&self, at: Option<Micros>) -> Result<Option<Micros>, ExchangeError> {
        match at {
            Some(at) if at.0 > self.now.plus(AHEAD_US_MAX).0 => {
                Err(ExchangeError::Invalid("its date"))
            }
            at => Ok(at),
        }
    }

    async fn wrote(
        &mut self,
        access: &Access,
        action: &'static str,
        entry: Entry,
    ) -> Result<Written, ExchangeError> {
        let act = access.entry(&self.actor, action);
        let act = act.about("chart_entry", entry.id.as_uuid());
        self.acts.push(act.at_version(entry.version));
        let mut written = with_writers(&mut self.tx, vec![entry]).await?;
        written.pop().ok_or(ExchangeError::NotFound)
    }
}

/// Who treats patients and so registers them.
const fn registers(role: Role) -> bool {
    matches!(role, Role::Doctor | Role::Nurse)
}

const fn is_own(access: &Access) -> bool {
    matches!(access.grant(), Grant::OwnRecord | Grant::Proxy)
}

/// Nobody writes what they could not read.
fn within(access: &Access, label: Label) -> Result<Label, ExchangeError> {
    if label > access.label_max()? {
        return Err(ExchangeError::Invalid("meta.security"));
    }
    Ok(label)
}
