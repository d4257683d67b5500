//! Results that a laboratory's machine sends as HL7 version 2.
//!
//! A result is filed to the order that it names when the patient's facts agree, otherwise to the one
//! patient who fits; everything else waits for a person. What was acknowledged is durable, and what
//! was taken already changes nothing.

mod account;
mod filing;
mod matching;
mod queue;
mod read;

use clinical_hl7::{AckCode, Message, Problem, Reply, Report, acknowledge};
use clinical_model::results::{Incoming, SentStatus, Unmatched};
use clinical_model::{AuditActor, AuditEntry, Micros, TenantId, UnmatchedId};
use clinical_store::unmatched::Waiting;
use clinical_store::{StoreError, Tx, tenants, unmatched};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::ResultsError;
use crate::Clinic;
use filing::{By, NotFiled, file, unordered};
use matching::Place;

pub use queue::{
    Candidate, Decided, Fits, OpenOrder, Queued, Whose, discard_unmatched, file_unmatched,
    list_unmatched,
};

/// The laboratory that speaks to one facility.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabInterface {
    /// Which facility.
    pub tenant: TenantId,
    /// How the laboratory names it in MSH-6.
    pub facility: String,
}

impl LabInterface {
    /// The laboratory of a facility, which calls it by a name in MSH-6.
    ///
    /// # Errors
    /// There is no such facility, or the store failed.
    pub async fn of(clinic: &Clinic, facility: Uuid, name: String) -> Result<Self, ResultsError> {
        let tenant = TenantId::from_uuid(facility);
        let found = tenants::find(&mut *clinic.db.read().await?, tenant).await?;
        found.ok_or(ResultsError::NotFound)?;
        Ok(Self {
            tenant,
            facility: name,
        })
    }
}

/// What became of a message.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// The acknowledgement, without a frame.
    pub bytes: Vec<u8>,
    /// Its code.
    pub code: AckCode,
    /// How many results were filed.
    pub filed: usize,
    /// How many wait for a person.
    pub queued: usize,
    /// How many were there already.
    pub repeated: usize,
}

impl core::fmt::Debug for Answer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Answer({})", self.code.as_str())
    }
}

#[derive(Debug, Default)]
struct Count {
    filed: usize,
    queued: usize,
    repeated: usize,
}

/// Takes a message and answers it. It is accepted once everything in it is durable; when the store
/// fails, nothing of it is kept and the sender is asked to repeat it. The error, if there is one, is
/// for the log.
pub async fn receive(
    clinic: &Clinic,
    lab: &LabInterface,
    bytes: &[u8],
) -> (Answer, Option<ResultsError>) {
    let now = clinic.clock.now();
    let message = Message::parse(bytes);
    let report = match &message {
        Ok(message) => Report::read(message),
        Err(error) => Err(error.clone()),
    };
    let (count, problem, error) = match report {
        Err(error) => (Count::default(), Some(Problem::Unreadable(error)), None),
        Ok(report) => match take(clinic, lab, (report, bytes), now).await {
            Ok(count) => (count, None, None),
            Err(error) => (Count::default(), Some(Problem::Internal), Some(error)),
        },
    };
    let name = clinic.entropy.uuid(now).simple().to_string();
    // Older versions have room for 20 characters.
    let name: String = name.chars().rev().take(20).collect();
    let reply = Reply {
        control_id: &name,
        at: &stamp(now),
    };
    let answer = Answer {
        bytes: acknowledge(message.as_ref().ok(), problem.as_ref(), reply),
        code: problem.as_ref().map_or(AckCode::Accept, Problem::ack),
        filed: count.filed,
        queued: count.queued,
        repeated: count.repeated,
    };
    (answer, error)
}

fn stamp(now: Micros) -> String {
    let at = jiff::Timestamp::from_microsecond(now.0).unwrap_or_default();
    at.strftime("%Y%m%d%H%M%S+0000").to_string()
}

/// The name of a whole message. The content is in it: a sender whose counter began again must not
/// lose a result.
fn message_name(report: &Report, bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let header = &report.header;
    format!(
        "message|{}|{}|{digest}",
        header.sending_facility, header.control_id
    )
}

/// The names of the values of a result: laboratory number, test, status and value.
fn value_names(it: &Incoming) -> impl Iterator<Item = Option<String>> + '_ {
    it.lines.iter().map(|line| {
        (!line.filler.is_empty()).then(|| {
            format!(
                "value|{}|{}|{}|{}|{}|{:?}|{}|{}",
                it.sender,
                line.filler,
                line.system,
                line.code,
                line.sub_id,
                line.status,
                line.value,
                line.unit
            )
        })
    })
}

async fn take(
    clinic: &Clinic,
    lab: &LabInterface,
    (report, bytes): (Report, &[u8]),
    now: Micros,
) -> Result<Count, ResultsError> {
    let mut tx = clinic.db.begin().await?;
    let facility = tenants::find(&mut tx, lab.tenant).await?;
    let facility = facility.ok_or(ResultsError::NotFound)?;
    let mut count = Count::default();
    let name = message_name(&report, bytes);
    let all = read::incoming(report, &facility);
    if unmatched::take(&mut tx, lab.tenant, &name, now).await? {
        let author = account::of_interface(&mut tx, lab.tenant, now).await?;
        for it in all {
            one(&mut tx, clinic, (lab, By { author, now }), it, &mut count).await?;
        }
    } else {
        count.repeated = all.len();
    }
    let entry = AuditEntry::done(AuditActor::System, "lab.receive", now).within(lab.tenant);
    tx.commit(entry).await?;
    Ok(count)
}

async fn one(
    tx: &mut Tx,
    clinic: &Clinic,
    (lab, by): (&LabInterface, By),
    it: Incoming,
    count: &mut Count,
) -> Result<(), ResultsError> {
    let mut is_new = it.lines.is_empty();
    for name in value_names(&it) {
        is_new |= match name {
            Some(name) => unmatched::take(tx, lab.tenant, &name, by.now).await?,
            None => true,
        };
    }
    if !is_new {
        // A value that was corrected away and comes back may be late or a new correction.
        if is_back(tx, lab, &it).await? {
            wait(tx, clinic, (lab.tenant, by.now), Unmatched::Conflict, it).await?;
            count.queued += 1;
        } else {
            count.repeated += 1;
        }
        return Ok(());
    }
    let target = match matching::place(tx, lab, &it).await? {
        Ok(Place::Order(order)) => Ok((*order, false)),
        Ok(Place::Patient(patient)) => Ok((unordered(clinic, (lab.tenant, patient), by)?, true)),
        Err(reason) => Err(reason),
    };
    let filed = match target {
        Ok(target) => file(tx, clinic, target, &it, by).await,
        Err(reason) => Err(reason.into()),
    };
    match filed {
        Ok(order) => {
            let entry = AuditEntry::done(AuditActor::System, "lab.file", by.now)
                .within(order.tenant)
                .of_patient(order.patient)
                .about("order", order.id.as_uuid())
                .at_version(order.version);
            tx.also(entry).await?;
            count.filed += 1;
        }
        Err(NotFiled::Unmatched(reason)) => {
            wait(tx, clinic, (lab.tenant, by.now), reason, it).await?;
            count.queued += 1;
        }
        Err(NotFiled::Failed(error)) => return Err(error),
    }
    Ok(())
}

/// Whether a correction that was taken before says something else than the report that stands.
async fn is_back(tx: &mut Tx, lab: &LabInterface, it: &Incoming) -> Result<bool, ResultsError> {
    if it
        .lines
        .iter()
        .all(|line| line.status != SentStatus::Corrected)
    {
        return Ok(false);
    }
    match matching::place(tx, lab, it).await? {
        Ok(Place::Order(order)) => Ok(filing::is_news(tx, &order, it).await?),
        Ok(Place::Patient(_)) | Err(_) => Ok(false),
    }
}

async fn wait(
    tx: &mut Tx,
    clinic: &Clinic,
    (tenant, now): (TenantId, Micros),
    reason: Unmatched,
    incoming: Incoming,
) -> Result<(), StoreError> {
    let waiting = Waiting {
        id: UnmatchedId::from_uuid(clinic.entropy.uuid(now)),
        tenant,
        reason,
        incoming,
        received: now,
        version: 1,
    };
    unmatched::insert(tx, &waiting).await?;
    let entry = AuditEntry::done(AuditActor::System, "lab.queue", now)
        .within(tenant)
        .about("unmatched_result", waiting.id.as_uuid());
    tx.also(entry).await
}
