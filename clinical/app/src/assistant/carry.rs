//! Carrying out what the dialogue asks for, through the use cases of others.

use clinical_assistant::{
    Doctor, Effect, Facts, Offer, Outcome, Refusal, Talk, Time, Visit, Write, transcript,
};
use clinical_model::booking::{self as model, AppointmentStage, Reason};
use clinical_model::text::{Line, MESSAGE_CHARS_MAX, MessageText};
use clinical_model::{AppointmentId, Micros, UserId};
use clinical_store::booking::AppointmentRecord;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::AssistantError;
use crate::booking::{self, BookCommand, BookError, CancelError, RescheduleError, SlotsError};
use crate::results::ResultsError;
use crate::threads::{self, BeginCommand, ThreadsError};
use crate::triage::{self, TriageError};
use crate::{Actor, Desk, prescribing, results};

/// Doctors whose calendars are looked at for one wish.
const DOCTORS_MAX: usize = 12;
/// Free times of one doctor that are looked at.
const SLOTS_MAX: usize = 600;
/// How far ahead visits are listed, in days.
const AHEAD_DAYS: i64 = 365;
/// Doctors who are asked to renew a prescription.
const ASKED_MAX: usize = 3;
/// A complaint that is handed on, in characters.
const TOLD_CHARS_MAX: usize = 2_000;

/// Everything around an effect.
pub(super) struct Around<'a> {
    pub(super) desk: &'a Desk,
    pub(super) actor: Actor,
    pub(super) zone: TimeZone,
    pub(super) now: Micros,
    pub(super) facts: Facts<'a>,
    pub(super) doctors: &'a [model::Doctor],
}

/// Doctors as the dialogue knows them.
pub(super) fn doctors(all: &[model::Doctor]) -> Vec<Doctor> {
    let known = all.iter().map(|it| Doctor {
        key: it.id.to_string(),
        name: it.name.clone(),
        specialty: it.specialty.clone(),
    });
    known.collect()
}

impl Around<'_> {
    /// Carries an effect out. What is refused is an outcome too; only a store that fails is an error.
    pub(super) async fn carry(
        &self,
        effect: Effect,
        talk: &Talk,
    ) -> Result<Outcome, AssistantError> {
        match effect {
            Effect::FindOffers {
                doctors,
                from,
                days,
            } => self.offers(doctors, from, days).await,
            Effect::ListVisits => self.visits().await,
            Effect::CountResults => {
                let all =
                    results::list_results(self.desk.clinic(), &self.actor, (None, None), false);
                match all.await {
                    Ok(all) => Ok(Outcome::Results(counted(all.len()))),
                    Err(ResultsError::Store(error)) => Err(error.into()),
                    Err(_) => Ok(Outcome::Refused(Refusal::Failed)),
                }
            }
            Effect::CountPrescriptions => {
                let all = prescribing::list(self.desk.clinic(), &self.actor, None, None);
                match all.await {
                    Ok(all) => Ok(Outcome::Prescriptions(counted(all.len()))),
                    Err(prescribing::PrescribingError::Store(error)) => Err(error.into()),
                    Err(_) => Ok(Outcome::Refused(Refusal::Failed)),
                }
            }
            Effect::Do(write) => self.write(write, talk).await,
        }
    }

    fn time(&self, at: Micros) -> Time {
        let local = Timestamp::from_microsecond(at.0)
            .map_or(DateTime::MIN, |stamp| self.zone.to_datetime(stamp));
        Time { us: at.0, local }
    }

    /// The first moment of a day on the reader's clock.
    fn begin(&self, day: Date) -> Micros {
        let zoned = self.zone.to_zoned(day.at(0, 0, 0, 0));
        zoned.map_or(self.now, |it| Micros(it.timestamp().as_microsecond()))
    }

    async fn offers(
        &self,
        keys: Vec<String>,
        from: Date,
        days: u32,
    ) -> Result<Outcome, AssistantError> {
        let from = self.begin(from);
        let mut offers = Vec::new();
        let named = self
            .doctors
            .iter()
            .filter(|it| keys.contains(&it.id.to_string()));
        for doctor in named.take(DOCTORS_MAX) {
            let found = booking::slots(self.desk, &self.actor, doctor.id, from, days).await;
            let found = match found {
                Ok(found) => found,
                Err(SlotsError::Store(error)) => return Err(error.into()),
                Err(SlotsError::Days | SlotsError::NotFound) => continue,
            };
            let starts = found.slots.iter().map(|slot| slot.start).take(SLOTS_MAX);
            for start in starts.chain(found.next) {
                offers.push(Offer {
                    doctor: one(doctor),
                    start: self.time(start),
                });
            }
        }
        Ok(Outcome::Offers(offers))
    }

    fn visit(&self, record: &AppointmentRecord) -> Visit {
        Visit {
            key: record.appointment.id.to_string(),
            doctor: one(&record.doctor),
            start: self.time(record.appointment.slot.start),
        }
    }

    async fn visits(&self) -> Result<Outcome, AssistantError> {
        let until = self.now.plus(AHEAD_DAYS * Micros::DAY);
        let found = booking::appointments(self.desk, &self.actor, (self.now, until)).await;
        match found {
            Ok(found) => {
                let coming = found
                    .iter()
                    .filter(|it| it.appointment.state.stage() == AppointmentStage::Booked);
                Ok(Outcome::Visits(coming.map(|it| self.visit(it)).collect()))
            }
            Err(booking::ListError::Store(error)) => Err(error.into()),
            Err(_) => Ok(Outcome::Refused(Refusal::Failed)),
        }
    }

    async fn write(&self, write: Write, talk: &Talk) -> Result<Outcome, AssistantError> {
        let gone = Ok(Outcome::Refused(Refusal::Gone));
        match write {
            Write::Book(offer) => {
                let Ok(doctor) = offer.doctor.key.parse::<UserId>() else {
                    return gone;
                };
                self.book(doctor, Micros(offer.start.us)).await
            }
            Write::Move(visit, offer) => {
                let Ok(id) = visit.key.parse::<AppointmentId>() else {
                    return gone;
                };
                self.move_to(id, Micros(offer.start.us)).await
            }
            Write::Cancel(visit) => {
                let Ok(id) = visit.key.parse::<AppointmentId>() else {
                    return gone;
                };
                self.cancel(id).await
            }
            Write::Person => self.hand_over(talk).await,
            Write::Refill => self.ask_again(talk).await,
            Write::Symptoms(words) => self.interview(words).await,
        }
    }

    async fn book(&self, doctor: UserId, start: Micros) -> Result<Outcome, AssistantError> {
        let reason = Reason::try_from("").or(Err(AssistantError::Invalid("text")))?;
        let command = BookCommand {
            doctor,
            service: None,
            start,
            reason,
        };
        let refusal = match booking::book(self.desk, &self.actor, command).await {
            Ok(booked) => return Ok(Outcome::Visit(self.visit(&booked.record))),
            Err(BookError::Store(error)) => return Err(error.into()),
            Err(BookError::NoSlot | BookError::SlotTaken) => Refusal::Taken,
            Err(BookError::OwnOverlap) => Refusal::OwnOverlap,
            Err(BookError::NoDoctor | BookError::NoPatient | BookError::NoHold) => Refusal::Gone,
            Err(BookError::Forbidden | BookError::Written(_)) => Refusal::Failed,
        };
        Ok(Outcome::Refused(refusal))
    }

    async fn move_to(&self, id: AppointmentId, start: Micros) -> Result<Outcome, AssistantError> {
        let refusal = match booking::reschedule(self.desk, &self.actor, id, start).await {
            Ok(record) => return Ok(Outcome::Visit(self.visit(&record))),
            Err(RescheduleError::Store(error)) => return Err(error.into()),
            Err(RescheduleError::NotFound) => Refusal::Gone,
            Err(RescheduleError::State(_)) => Refusal::State,
            Err(RescheduleError::NoSlot | RescheduleError::SlotTaken) => Refusal::Taken,
            Err(RescheduleError::PatientTaken) => Refusal::OwnOverlap,
            Err(RescheduleError::Changed) => Refusal::Failed,
        };
        Ok(Outcome::Refused(refusal))
    }

    async fn cancel(&self, id: AppointmentId) -> Result<Outcome, AssistantError> {
        let refusal = match booking::cancel(self.desk, &self.actor, id).await {
            Ok(_) => return Ok(Outcome::Done),
            Err(CancelError::Store(error)) => return Err(error.into()),
            Err(CancelError::NotFound) => Refusal::Gone,
            Err(CancelError::State(_)) => Refusal::State,
            Err(CancelError::Changed) => Refusal::Failed,
        };
        Ok(Outcome::Refused(refusal))
    }

    /// The words of a thread: the subject, and the talk as far as a message holds it.
    fn words(
        &self,
        subject: (&str, &str),
        talk: &Talk,
    ) -> Result<(Line, MessageText), AssistantError> {
        let bad = AssistantError::Invalid("text");
        let subject = match self.facts.language {
            clinical_assistant::Language::French => subject.0,
            clinical_assistant::Language::English => subject.1,
        };
        let text = transcript(talk, &self.facts, MESSAGE_CHARS_MAX);
        match (
            Line::try_from(subject.to_owned()),
            MessageText::try_from(text),
        ) {
            (Ok(subject), Ok(text)) => Ok((subject, text)),
            _ => Err(bad),
        }
    }

    async fn hand_over(&self, talk: &Talk) -> Result<Outcome, AssistantError> {
        let subject = ("Transmis par l'assistant", "Passed on by the assistant");
        let words = self.words(subject, talk)?;
        let begun = threads::to_reception(self.desk.clinic(), &self.actor, words).await;
        told(begun.map(|id| id.to_string()))
    }

    /// Asks the doctors who treat the patient, or reception when there are none.
    async fn ask_again(&self, talk: &Talk) -> Result<Outcome, AssistantError> {
        let subject = ("Renouvellement d'ordonnance", "Renewal of a prescription");
        let (subject, text) = self.words(subject, talk)?;
        let clinic = self.desk.clinic();
        let treating = match threads::correspondents(clinic, &self.actor, None).await {
            Ok(treating) => treating,
            Err(error) => return told(Err(error)),
        };
        let people: Vec<UserId> = treating
            .into_iter()
            .map(|it| it.id)
            .take(ASKED_MAX)
            .collect();
        if people.is_empty() {
            let begun = threads::to_reception(clinic, &self.actor, (subject, text)).await;
            return told(begun.map(|id| id.to_string()));
        }
        let command = BeginCommand {
            patient: None,
            people,
            subject,
            text,
        };
        let begun = threads::begin(clinic, &self.actor, command).await;
        told(begun.map(|it| it.listed.thread.id.to_string()))
    }

    /// Begins a check of symptoms with what was told.
    async fn interview(&self, words: String) -> Result<Outcome, AssistantError> {
        let clinic = self.desk.clinic();
        let command = triage::BeginCommand {
            patient: None,
            language: match self.facts.language {
                clinical_assistant::Language::French => {
                    clinical_model::triage::InterviewLanguage::French
                }
                clinical_assistant::Language::English => {
                    clinical_model::triage::InterviewLanguage::English
                }
            },
            pregnant: None,
        };
        let begun = match triage::begin(clinic, &self.actor, command).await {
            Ok(begun) => begun,
            Err(TriageError::Store(error)) => return Err(error.into()),
            Err(_) => return Ok(Outcome::Refused(Refusal::Failed)),
        };
        let id = begun.interview.id;
        let words: String = words.chars().take(TOLD_CHARS_MAX).collect();
        if !words.trim().is_empty() {
            let told = triage::Act::Complain(words);
            // Without its words the check asks for them.
            if let Err(TriageError::Store(error)) = triage::act(clinic, &self.actor, id, told).await
            {
                return Err(error.into());
            }
        }
        Ok(Outcome::Interview(id.to_string()))
    }
}

fn one(doctor: &model::Doctor) -> Doctor {
    Doctor {
        key: doctor.id.to_string(),
        name: doctor.name.clone(),
        specialty: doctor.specialty.clone(),
    }
}

fn counted(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn told(begun: Result<String, ThreadsError>) -> Result<Outcome, AssistantError> {
    match begun {
        Ok(key) => Ok(Outcome::Thread(key)),
        Err(ThreadsError::Store(error)) => Err(error.into()),
        Err(ThreadsError::WrongState) => Ok(Outcome::Refused(Refusal::Nobody)),
        Err(_) => Ok(Outcome::Refused(Refusal::Failed)),
    }
}
