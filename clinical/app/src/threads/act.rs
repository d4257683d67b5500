//! What members do in a thread.

use clinical_model::text::MessageText;
use clinical_model::threads::{MEMBERS_MAX, Member, Message, Thread, ThreadRefusal};
use clinical_model::{Micros, Role, ThreadId, UserId};
use clinical_store::Tx;
use clinical_store::threads as store;

use super::begin::colleague;
use super::read::{Full, Said, whole};
use super::{ThreadsError, entry, own, tell_member, tell_others};
use crate::{Actor, Clinic};

/// Writes a message.
///
/// # Errors
/// [`ThreadsError`]
pub async fn send(
    clinic: &Clinic,
    actor: &Actor,
    id: ThreadId,
    text: MessageText,
) -> Result<Said, ThreadsError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let thread = own(&mut tx, actor, id, now).await?.thread;
    thread.takes_messages()?;
    let seq = store::say(&mut tx, &thread, (actor.user, &text), now).await?;
    let seq = seq.ok_or(ThreadsError::WrongState)?;
    tell_others(&mut tx, clinic, (&thread, actor.user), now).await?;
    let people = store::people(&mut tx, id).await?;
    let message = Message {
        seq,
        author: actor.user,
        at: now,
        text,
    };
    let said = Said::by_one_of(&people, message);
    tx.commit(entry(actor, "thread.send", &thread, now)).await?;
    Ok(said)
}

/// The actor has read up to a message. A mark never goes back.
///
/// # Errors
/// [`ThreadsError`]
pub async fn mark_read(
    clinic: &Clinic,
    actor: &Actor,
    id: ThreadId,
    seq: u32,
) -> Result<(), ThreadsError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let thread = own(&mut tx, actor, id, now).await?.thread;
    if seq > thread.last_seq {
        return Err(ThreadsError::Invalid("seq"));
    }
    store::mark_read(&mut tx, id, actor.user, seq).await?;
    tx.commit(entry(actor, "thread.mark_read", &thread, now))
        .await?;
    Ok(())
}

/// A doctor lets a colleague read and write in a thread, from its first message on.
///
/// # Errors
/// [`ThreadsError`]
pub async fn add_member(
    clinic: &Clinic,
    actor: &Actor,
    id: ThreadId,
    person: UserId,
) -> Result<Full, ThreadsError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let thread = own(&mut tx, actor, id, now).await?.thread;
    if actor.role != Role::Doctor {
        return Err(ThreadsError::Forbidden);
    }
    if colleague(&mut tx, actor, person).await?.is_none() {
        return Err(ThreadsError::Invalid("person"));
    }
    let people = store::people(&mut tx, id).await?;
    let mut here = people.iter().filter(|it| it.member.left.is_none());
    if here.any(|it| it.member.person == person) || people.len() >= MEMBERS_MAX {
        return Err(ThreadsError::Invalid("person"));
    }
    let known = people.iter().find(|it| it.member.person == person);
    let member = known.map_or_else(|| Member::new(person, false, now), |it| it.member);
    let joined = Member {
        joined: now,
        ..member
    };
    store::join(&mut tx, (thread.tenant, id), &joined).await?;
    tell_member(&mut tx, clinic, (&thread, &joined), now).await?;
    let begun = own(&mut tx, actor, id, now).await?;
    let full = whole(&mut tx, begun).await?;
    tx.commit(entry(actor, "thread.add_member", &thread, now))
        .await?;
    Ok(full)
}

/// The actor reads a thread no more. The patient and the first doctor stay.
///
/// # Errors
/// [`ThreadsError`]
pub async fn leave(clinic: &Clinic, actor: &Actor, id: ThreadId) -> Result<(), ThreadsError> {
    let now = clinic.clock.now();
    let mut tx = clinic.db.begin().await?;
    let thread = own(&mut tx, actor, id, now).await?.thread;
    let people = store::people(&mut tx, id).await?;
    let me = people.iter().find(|it| it.member.person == actor.user);
    me.ok_or(ThreadsError::NotFound)?.member.leave(now)?;
    store::leave(&mut tx, id, actor.user, now).await?;
    tx.commit(entry(actor, "thread.leave", &thread, now))
        .await?;
    Ok(())
}

async fn turn(
    clinic: &Clinic,
    actor: &Actor,
    id: ThreadId,
    (action, change): (
        &'static str,
        impl FnOnce(Thread, Micros) -> Result<Thread, ThreadRefusal>,
    ),
) -> Result<Full, ThreadsError> {
    let now = clinic.clock.now();
    let mut tx: Tx = clinic.db.begin().await?;
    let thread = own(&mut tx, actor, id, now).await?.thread;
    let next = change(thread, now)?;
    if !store::put_closed(&mut tx, &next).await? {
        return Err(ThreadsError::Changed);
    }
    let turned = own(&mut tx, actor, id, now).await?;
    let full = whole(&mut tx, turned).await?;
    tx.commit(entry(actor, action, &next, now)).await?;
    Ok(full)
}

/// A doctor ends the conversation: nothing more is written in it.
///
/// # Errors
/// [`ThreadsError`]
pub async fn close(clinic: &Clinic, actor: &Actor, id: ThreadId) -> Result<Full, ThreadsError> {
    let by = (actor.role, actor.user);
    let close = |thread: Thread, now| thread.close(by, now);
    turn(clinic, actor, id, ("thread.close", close)).await
}

/// A doctor lets a closed conversation go on.
///
/// # Errors
/// [`ThreadsError`]
pub async fn reopen(clinic: &Clinic, actor: &Actor, id: ThreadId) -> Result<Full, ThreadsError> {
    let role = actor.role;
    let reopen = |thread: Thread, _| thread.reopen(role);
    turn(clinic, actor, id, ("thread.reopen", reopen)).await
}
