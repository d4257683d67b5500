//! The telephone of a facility, for its administrators: trunks, what calls cost, who is locked out, and
//! whom doctors may call.

use clinical_model::booking::PersonName;
use clinical_model::visits::PinTrier;
use clinical_model::{ContactId, Micros};
use clinical_store::visits::{self, Contact, TrunkUse};
use clinical_store::{StoreError, tenants};

use super::calls::NumberText;
use super::charges::calendar;
use super::line::{CallMoney, TrunkState};
use crate::records::read_phone;
use crate::{Actor, Desk};

/// Most contacts of a facility: a list to choose from, not a directory.
pub const CONTACTS_MAX: usize = 50;

/// Somebody who may not try a PIN for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownLock {
    /// Names it, in hexadecimal; a keyed hash that tells nothing of the number.
    pub id: String,
    /// Whose tries are counted together.
    pub trier: PinTrier,
    /// When it ends.
    pub until: Micros,
}

/// What administrators see of the telephone.
#[derive(Debug, Clone)]
pub struct Telephone {
    /// The trunks of the facility.
    pub trunks: Vec<TrunkState>,
    /// Year and month such as 202611, UTC.
    pub month: i64,
    /// What was used in this month.
    pub uses: Vec<TrunkUse>,
    /// What may be spent; none where calls have no price.
    pub money: Option<CallMoney>,
    /// Who is locked out.
    pub locks: Vec<ShownLock>,
    /// Whom doctors may call.
    pub contacts: Vec<Contact>,
}

/// Why something of the telephone was not changed.
#[derive(Debug, thiserror::Error)]
pub enum TelephoneError {
    /// There is none such.
    #[error("no such thing")]
    NotFound,
    /// The facility has [`CONTACTS_MAX`] contacts.
    #[error("a facility has at most {CONTACTS_MAX} contacts")]
    Full,
    /// What was typed is no number.
    #[error("not a telephone number")]
    Number,
    /// The store failed.
    #[error("the telephone's settings could not be read or written")]
    Store(#[from] StoreError),
}

/// The telephone of the administrator's facility.
///
/// # Errors
/// The store failed.
pub async fn telephone(desk: &Desk, actor: &Actor) -> Result<Telephone, TelephoneError> {
    let now = desk.now();
    let tenant = actor.tenant;
    let (_, month) = calendar(now);
    let mut tx = desk.db().begin().await?;
    let locks = visits::phone_locks(&mut tx, tenant, now).await?;
    let telephone = Telephone {
        trunks: desk.line().map_or_else(Vec::new, |it| it.trunks(tenant)),
        month,
        uses: visits::month_use(&mut tx, tenant, month).await?,
        money: desk.line().and_then(|it| it.money(tenant)),
        locks: locks.into_iter().map(shown).collect(),
        contacts: visits::contacts(&mut tx, tenant).await?,
    };
    // Whole numbers are shown.
    tx.commit(actor.did("phone.read", now)).await?;
    Ok(telephone)
}

fn shown(lock: visits::PhoneLock) -> ShownLock {
    ShownLock {
        id: lock.who.iter().map(|byte| format!("{byte:02x}")).collect(),
        trier: lock.trier,
        until: lock.until,
    }
}

fn hash_of(id: &str) -> Option<Vec<u8>> {
    if !id.len().is_multiple_of(2) || !id.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    id.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

/// Lets somebody try PINs again.
///
/// # Errors
/// [`TelephoneError::NotFound`] and [`TelephoneError::Store`]
pub async fn forgive(desk: &Desk, actor: &Actor, id: &str) -> Result<(), TelephoneError> {
    let now = desk.now();
    let who = hash_of(id).ok_or(TelephoneError::NotFound)?;
    let mut tx = desk.db().begin().await?;
    if !visits::forgive_phone_tries(&mut tx, actor.tenant, &who).await? {
        return Err(TelephoneError::NotFound);
    }
    tx.commit(actor.did("phone.unlock", now)).await?;
    if let Some(line) = desk.line() {
        line.forgive();
    }
    Ok(())
}

/// Adds somebody whom doctors may call.
///
/// # Errors
/// [`TelephoneError`]
pub async fn add_contact(
    desk: &Desk,
    actor: &Actor,
    (name, number): (PersonName, NumberText),
) -> Result<Contact, TelephoneError> {
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    let facility = tenants::find(&mut tx, actor.tenant).await?;
    let country = facility.map(|it| it.country).unwrap_or_default();
    let number = read_phone(&country, number.expose()).ok_or(TelephoneError::Number)?;
    if visits::contacts(&mut tx, actor.tenant).await?.len() >= CONTACTS_MAX {
        return Err(TelephoneError::Full);
    }
    let contact = Contact {
        id: ContactId::from_uuid(desk.id(now)),
        name,
        number,
    };
    visits::insert_contact(&mut tx, actor.tenant, &contact, now).await?;
    let entry = actor.did("phone.add_contact", now);
    tx.commit(entry.about("phone_contact", contact.id.as_uuid()))
        .await?;
    Ok(contact)
}

/// Takes somebody off the list.
///
/// # Errors
/// [`TelephoneError::NotFound`] and [`TelephoneError::Store`]
pub async fn remove_contact(
    desk: &Desk,
    actor: &Actor,
    id: ContactId,
) -> Result<(), TelephoneError> {
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    if !visits::remove_contact(&mut tx, actor.tenant, id).await? {
        return Err(TelephoneError::NotFound);
    }
    let entry = actor.did("phone.remove_contact", now);
    tx.commit(entry.about("phone_contact", id.as_uuid()))
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_named_by_its_hash_and_nothing_else() {
        assert_eq!(hash_of("00ff"), Some(vec![0, 255]));
        for wrong in ["0", "zz", "é0"] {
            assert_eq!(hash_of(wrong), None, "{wrong}");
        }
    }
}
