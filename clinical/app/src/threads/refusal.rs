//! A refused prescription is talked about by pharmacist and prescriber, in the act that refuses it.

use clinical_model::prescribing::Prescription;
use clinical_model::text::{LINE_CHARS_MAX, Line, MessageText, Prose};
use clinical_model::threads::{Member, Thread};
use clinical_model::{Micros, Role, ThreadId};
use clinical_store::threads as store;
use clinical_store::{StoreError, Tx};

use super::entry;
use crate::{Actor, Clinic};

/// The names of the medicines, as many as fit into a line.
fn subject(of: &Prescription) -> Line {
    let names: Vec<&str> = of.content.lines.iter().map(|it| it.name.as_str()).collect();
    let names = names.join(", ");
    let fits: String = names.chars().take(LINE_CHARS_MAX).collect();
    Line::try_from(fits).unwrap_or_else(|_| Line::ellipsis())
}

/// Writes the words of a refusal into the thread of the prescription, which begins with the first
/// refusal. The patient is not in it. The prescriber is told of the refusal itself, so not once more.
pub(crate) async fn talk_about_refusal(
    tx: &mut Tx,
    (clinic, actor): (&Clinic, &Actor),
    (refused, words): (&Prescription, &Prose),
    now: Micros,
) -> Result<(), StoreError> {
    let place = (refused.tenant, refused.id);
    let known = store::of_prescription(tx, place).await?;
    let action = if known.is_some() {
        "thread.send"
    } else {
        "thread.begin"
    };
    let thread = match known {
        Some(thread) => reopened(tx, thread).await?,
        None => {
            let thread = Thread {
                id: ThreadId::from_uuid(clinic.entropy.uuid(now)),
                tenant: refused.tenant,
                patient: refused.patient,
                subject: subject(refused),
                prescription: Some(refused.id),
                created: now,
                created_by: actor.user,
                last_seq: 0,
                last: now,
                closed: None,
            };
            store::insert(tx, &thread).await?;
            thread
        }
    };
    let of = (thread.tenant, thread.id);
    for (person, stays) in [(refused.prescriber, true), (actor.user, false)] {
        store::join(tx, of, &Member::new(person, stays, now)).await?;
    }
    let text = MessageText::beginning_of(words);
    store::say(tx, &thread, (actor.user, &text), now).await?;
    tx.also(entry(actor, action, &thread, now)).await
}

/// A second refusal goes on where the first was closed.
async fn reopened(tx: &mut Tx, thread: Thread) -> Result<Thread, StoreError> {
    let Ok(open) = thread.clone().reopen(Role::Doctor) else {
        return Ok(thread);
    };
    store::put_closed(tx, &open).await?;
    Ok(open)
}
