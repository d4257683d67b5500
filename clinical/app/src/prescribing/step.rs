//! One step of a prescription: read at the version that the actor knows, written over it, committed.

use clinical_model::prescribing::{Prescription, Stage};
use clinical_model::{Micros, PrescriptionId};
use clinical_store::{Tx, prescriptions};

use super::{PrescribingError, at_version, entry, guard};
use crate::{Actor, Clinic};

/// The open transaction of a step, with what was read in it.
pub(super) struct Step<'a> {
    pub(super) tx: Tx,
    pub(super) now: Micros,
    pub(super) actor: &'a Actor,
    read: (u32, Stage),
}

impl<'a> Step<'a> {
    /// Reads a prescription that the actor may see, at the version that they have read.
    pub(super) async fn begin(
        clinic: &Clinic,
        actor: &'a Actor,
        place: (PrescriptionId, u32),
    ) -> Result<(Self, Prescription), PrescribingError> {
        let now = clinic.clock.now();
        let mut tx = clinic.db.begin().await?;
        let old = at_version(&mut tx, actor, place, now).await?;
        let read = guard(&old);
        let step = Self {
            tx,
            now,
            actor,
            read,
        };
        Ok((step, old))
    }

    /// As [`Step::begin`], for the prescriber alone.
    pub(super) async fn own(
        clinic: &Clinic,
        actor: &'a Actor,
        place: (PrescriptionId, u32),
    ) -> Result<(Self, Prescription), PrescribingError> {
        let (step, old) = Self::begin(clinic, actor, place).await?;
        if old.prescriber == actor.user {
            Ok((step, old))
        } else {
            Err(PrescribingError::Forbidden)
        }
    }

    /// Writes what the prescription has become over what was read.
    pub(super) async fn put(&mut self, next: &Prescription) -> Result<(), PrescribingError> {
        Ok(prescriptions::update(&mut self.tx, next, self.read, self.now).await?)
    }

    /// The version and stage that were read, for writing in another way than [`Step::put`].
    pub(super) const fn read(&self) -> (u32, Stage) {
        self.read
    }

    /// Commits what was written, as this act.
    pub(super) async fn commit(
        self,
        action: &'static str,
        next: Prescription,
    ) -> Result<Prescription, PrescribingError> {
        let entry = entry(self.actor, action, &next, self.now);
        self.tx.commit(entry).await?;
        Ok(next)
    }

    /// Writes, and commits as this act.
    pub(super) async fn finish(
        mut self,
        action: &'static str,
        next: Prescription,
    ) -> Result<Prescription, PrescribingError> {
        self.put(&next).await?;
        self.commit(action, next).await
    }

    /// Changes nothing and writes down that the check refused the act.
    pub(super) async fn refused(
        self,
        action: &'static str,
        old: &Prescription,
    ) -> Result<(), PrescribingError> {
        let entry = self.actor.was_refused(action, self.now);
        let entry = entry.about("prescription", old.id.as_uuid());
        self.tx.commit(entry.of_patient(old.patient)).await?;
        Ok(())
    }
}
