//! Secure messages: threads about a patient that only their members read.
//!
//! A patient writes to doctors who treat them; doctors and nurses who treat a patient write to the
//! patient and to colleagues about them. A pharmacist who refuses a prescription writes to its
//! prescriber in the same act. What is written is told by e-mail and SMS without a word of it.

mod act;
mod begin;
mod read;
mod reception;
mod refusal;

use clinical_model::notify::MessageKind;
use clinical_model::rights::{Both, LegalBasis, Processing};
use clinical_model::threads::{Member, Thread, ThreadRefusal};
use clinical_model::{AuditEntry, Micros, ThreadId, UserId};
use clinical_store::threads::{self as store, Listed};
use clinical_store::{Conn, StoreError, Tx};

use crate::notify::{Addressee, Notice, tell};
use crate::{AccessDenied, Actor, Clinic};

pub use act::{add_member, close, leave, mark_read, reopen, send};
pub use begin::{BeginCommand, begin};
pub use clinical_store::threads::{After, Correspondent, Range};
pub(crate) use read::parts_of;
pub use read::{Full, Page, Said, ThreadPart, correspondents, list, messages, read, unread};
pub(crate) use reception::to_reception;
pub(crate) use refusal::talk_about_refusal;

/// The page that a notice leads to.
const PAGE: &str = "/messages";

/// Why nothing was done with a thread.
#[derive(Debug, thiserror::Error)]
pub enum ThreadsError {
    /// There is no such thread or patient, or they may not know of it.
    #[error("no such thread")]
    NotFound,
    /// Not for them.
    #[error("only a doctor, or who treats the patient, may do that")]
    Forbidden,
    /// A value is not acceptable; which one.
    #[error("{0} is not acceptable")]
    Invalid(&'static str),
    /// It is closed, or it is not, or who wants to leave it stays.
    #[error("the thread is in another state")]
    WrongState,
    /// Somebody else closed or reopened it meanwhile.
    #[error("the thread has changed since it was read")]
    Changed,
    /// The store failed.
    #[error("the thread could not be read or written")]
    Store(#[from] StoreError),
}

impl From<AccessDenied> for ThreadsError {
    fn from(error: AccessDenied) -> Self {
        match error {
            AccessDenied::NotFound => Self::NotFound,
            AccessDenied::Store(error) => Self::Store(error),
        }
    }
}

impl From<ThreadRefusal> for ThreadsError {
    fn from(refusal: ThreadRefusal) -> Self {
        match refusal {
            ThreadRefusal::NoDoctor => Self::Forbidden,
            ThreadRefusal::State | ThreadRefusal::Stays => Self::WrongState,
        }
    }
}

/// A thread of which the actor is a member.
async fn own(
    conn: &mut Conn,
    actor: &Actor,
    id: ThreadId,
    now: Micros,
) -> Result<Listed, ThreadsError> {
    let found = store::find(conn, &actor.viewer(now), id).await?;
    found.ok_or(ThreadsError::NotFound)
}

/// The audit entry of an act on a thread.
fn entry(actor: &Actor, action: &'static str, it: &Thread, now: Micros) -> AuditEntry {
    actor
        .did(action, now)
        .of_patient(it.patient)
        .about("thread", it.id.as_uuid())
        .under("thread_member")
}

/// Tells a member once that something waits. The next notice of the same thread comes after they have
/// read further, because how far they have read is part of its key.
async fn tell_member(
    tx: &mut Tx,
    clinic: &Clinic,
    (thread, member): (&Thread, &Member),
    now: Micros,
) -> Result<(), StoreError> {
    let notice = Notice {
        window: i64::from(member.read),
        ..Notice::now(
            (MessageKind::NewMessage, thread.tenant),
            Addressee::Account(member.person),
            thread.id.as_uuid(),
            now,
            PAGE,
        )
    };
    tell(tx, clinic, &notice, now).await.map(|_| ())
}

/// Tells everybody in a thread but who wrote.
async fn tell_others(
    tx: &mut Tx,
    clinic: &Clinic,
    (thread, author): (&Thread, UserId),
    now: Micros,
) -> Result<(), StoreError> {
    for person in store::people(tx, thread.id).await? {
        let member = person.member;
        if member.person != author && member.left.is_none() {
            tell_member(tx, clinic, (thread, &member), now).await?;
        }
    }
    Ok(())
}

/// What the register of processing says of this domain.
pub const PROCESSING: Processing = Processing {
    domain: "threads",
    purpose: Both {
        fr: "Écrire et lire des messages entre patients et soignants, et entre soignants au sujet d’un patient.",
        en: "Write and read messages between patients and those who treat them, and among clinicians about a patient.",
    },
    basis: LegalBasis::Care,
    categories: Both {
        fr: "Patients, soignants : objet, messages, membres, moment de lecture.",
        en: "Patients, clinicians: subject, messages, members, how far each has read.",
    },
    retention: Both {
        fr: "Comme le dossier ; effacé avec la clé du patient.",
        en: "As the record; erased with the patient’s key.",
    },
    recipients: Both {
        fr: "Les seuls membres de la conversation.",
        en: "The members of the conversation alone.",
    },
};
