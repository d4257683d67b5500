//! Prescriptions, appointments, doctors, orders and results for other programs: read by the same
//! functions as the pages read them, so under the same rights and with the same audit.

use clinical_model::booking::Doctor;
use clinical_model::prescribing::Prescription;
use clinical_model::{
    AppointmentId, InterviewId, Micros, OrderId, PatientId, PrescriptionId, Role,
};
use clinical_store::booking::{self as appointments, APPOINTMENTS_MAX, AppointmentRecord, Party};
use clinical_store::triage::INTERVIEWS_MAX;
use clinical_store::{orders, prescriptions};

use super::{ExchangeError, Work};
use crate::results::Full;
use crate::triage::Shown;
use crate::{booking, prescribing, results, triage};

/// A list that is as long as a list can be may lack something; that is refused.
fn whole<T>(found: Vec<T>, max: i64) -> Result<Vec<T>, ExchangeError> {
    if usize::try_from(max).is_ok_and(|max| found.len() >= max) {
        Err(ExchangeError::TooMany)
    } else {
        Ok(found)
    }
}

impl Work<'_> {
    /// The prescriptions of a patient that the actor may see, newest first.
    ///
    /// # Errors
    /// [`ExchangeError`]
    pub async fn prescriptions(
        &mut self,
        patient: PatientId,
    ) -> Result<Vec<Prescription>, ExchangeError> {
        let (actor, now) = (self.actor, self.now);
        let found = prescribing::list_in(self.conn(), (&actor, now), Some(patient), None).await;
        let (found, act) = found?;
        self.acts.push(act);
        whole(found, prescriptions::LIST_MAX)
    }

    /// One prescription.
    ///
    /// # Errors
    /// [`ExchangeError::NotFound`] and [`ExchangeError::Store`]
    pub async fn prescription(
        &mut self,
        id: PrescriptionId,
    ) -> Result<Prescription, ExchangeError> {
        let (actor, now) = (self.actor, self.now);
        let (found, act) = prescribing::read_in(self.conn(), (&actor, now), id).await?;
        self.acts.push(act);
        Ok(found)
    }

    /// A patient's own appointments, or a doctor's own with a patient, in order of time. Nobody
    /// else has any.
    ///
    /// # Errors
    /// [`ExchangeError`]
    pub async fn appointments(
        &mut self,
        patient: PatientId,
    ) -> Result<Vec<AppointmentRecord>, ExchangeError> {
        let (actor, now) = (self.actor, self.now);
        let is_own = actor.role == Role::Patient && actor.patient == Some(patient);
        if !is_own && actor.role != Role::Doctor {
            return Err(ExchangeError::NotFound);
        }
        let always = (Micros(i64::MIN), Micros(i64::MAX));
        let found = appointments::list(self.conn(), Party::Patient(patient), always).await?;
        let mut found = whole(found, APPOINTMENTS_MAX)?;
        found.retain(|it| is_own || booking::is_doctor_of(&actor, it));
        let act = actor.did("fhir.appointments", now);
        self.acts.push(act.under("own_appointment"));
        Ok(found)
    }

    /// One appointment, for its patient, its doctor, and nurses who may see the patient.
    ///
    /// # Errors
    /// [`ExchangeError::NotFound`] and [`ExchangeError::Store`]
    pub async fn appointment(
        &mut self,
        id: AppointmentId,
    ) -> Result<AppointmentRecord, ExchangeError> {
        let (actor, now) = (self.actor, self.now);
        let (found, right) = booking::reached(self.conn(), &actor, id, now).await?;
        let act = right.entry(&actor, "fhir.appointment", now);
        self.acts.push(act.about("appointment", id.as_uuid()));
        Ok(found)
    }

    /// Everybody of the facility who can be booked, by name.
    ///
    /// # Errors
    /// The store failed.
    pub async fn doctors(&mut self) -> Result<Vec<Doctor>, ExchangeError> {
        let tenant = self.actor.tenant;
        let found = appointments::doctors(self.conn(), tenant).await?;
        self.acts.push(self.actor.did("fhir.doctors", self.now));
        Ok(found)
    }

    /// A doctor's orders for a patient; what a department has to do and what it did last.
    ///
    /// # Errors
    /// [`ExchangeError`]
    pub async fn orders(&mut self, patient: Option<PatientId>) -> Result<Vec<Full>, ExchangeError> {
        let (actor, now) = (self.actor, self.now);
        let who = (&actor, now);
        let (mut found, act) = results::list_orders_in(self.conn(), who, patient, true).await?;
        self.acts.push(act);
        found = whole(found, orders::LIST_MAX)?;
        if actor.role != Role::Doctor {
            let done = results::list_orders_in(self.conn(), who, patient, false).await?;
            found.extend(done.0);
        }
        Ok(found)
    }

    /// One order.
    ///
    /// # Errors
    /// [`ExchangeError::NotFound`] and [`ExchangeError::Store`]
    pub async fn order(&mut self, id: OrderId) -> Result<Full, ExchangeError> {
        let (actor, now) = (self.actor, self.now);
        let (found, act) = results::one_in(self.conn(), (&actor, now), id, "order.read").await?;
        self.acts.push(act);
        Ok(found)
    }

    /// The results of a patient that the actor may see; patients see what is released.
    ///
    /// # Errors
    /// [`ExchangeError`]
    pub async fn results(&mut self, patient: PatientId) -> Result<Vec<Full>, ExchangeError> {
        let (actor, now) = (self.actor, self.now);
        let which = (Some(patient), None);
        let found = results::list_results_in(self.conn(), (&actor, now), which, false).await;
        let (found, act) = found?;
        self.acts.push(act);
        whole(found, orders::LIST_MAX)
    }

    /// One result.
    ///
    /// # Errors
    /// [`ExchangeError::NotFound`] and [`ExchangeError::Store`]
    pub async fn result(&mut self, id: OrderId) -> Result<Full, ExchangeError> {
        let (actor, now) = (self.actor, self.now);
        let (found, act) = results::one_in(self.conn(), (&actor, now), id, "result.read").await?;
        if found.report.is_none() {
            return Err(ExchangeError::NotFound);
        }
        self.acts.push(act);
        Ok(found)
    }
}

impl Work<'_> {
    /// The interviews of a patient, newest first.
    ///
    /// # Errors
    /// [`ExchangeError`]
    pub async fn interviews(&mut self, patient: PatientId) -> Result<Vec<Shown>, ExchangeError> {
        let (actor, now) = (self.actor, self.now);
        let (found, act) = triage::list_in(self.conn(), (&actor, now), patient).await?;
        self.acts.push(act);
        whole(found, INTERVIEWS_MAX)
    }

    /// One interview.
    ///
    /// # Errors
    /// [`ExchangeError::NotFound`] and [`ExchangeError::Store`]
    pub async fn interview(&mut self, id: InterviewId) -> Result<Shown, ExchangeError> {
        let (actor, now) = (self.actor, self.now);
        let (found, act) = triage::read_in(self.conn(), (&actor, now), id).await?;
        self.acts.push(act);
        Ok(found)
    }
}
