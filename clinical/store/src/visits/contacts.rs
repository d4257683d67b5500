//! Whom doctors of a facility call into visits again and again.

use clinical_model::booking::PersonName;
use clinical_model::text::Phone;
use clinical_model::{ContactId, Micros, TenantId};
use uuid::Uuid;

use crate::statement::{execute, execute_one, fetch_all};
use crate::tx::Conn;
use crate::{StoreError, Tx, keys};

/// Somebody with a telephone, such as an interpreter.
#[derive(Clone, PartialEq, Eq)]
pub struct Contact {
    /// The contact.
    pub id: ContactId,
    /// Name, as it is shown in the visit.
    pub name: PersonName,
    /// Number.
    pub number: Phone,
}

impl core::fmt::Debug for Contact {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Contact")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

const fn place(id: Uuid, column: &'static str) -> (&'static str, &'static str, Uuid) {
    ("phone_contacts", column, id)
}

/// The contacts of a facility, in the order in which they were added.
///
/// # Errors
/// The store failed.
pub async fn contacts(conn: &mut Conn, tenant: TenantId) -> Result<Vec<Contact>, StoreError> {
    let rows = fetch_all!(
        conn,
        (Uuid, Vec<u8>, Vec<u8>),
        "SELECT id, name_sealed, number_sealed FROM phone_contacts
         WHERE tenant = $1 ORDER BY created_us, id LIMIT 1000",
        tenant.as_uuid()
    )?;
    let key = keys::tenant_key(conn, tenant).await?;
    let mut contacts = Vec::with_capacity(rows.len());
    for (id, name, number) in rows {
        let name = keys::open(&key, place(id, "name_sealed"), &name)?;
        let number = keys::open(&key, place(id, "number_sealed"), &number)?;
        contacts.push(Contact {
            id: ContactId::from_uuid(id),
            name: PersonName::try_from(name.as_str())
                .map_err(|why| StoreError::corrupt("phone_contacts.name_sealed", why))?,
            number: number
                .parse()
                .map_err(|why| StoreError::corrupt("phone_contacts.number_sealed", why))?,
        });
    }
    Ok(contacts)
}

/// Adds a contact.
///
/// # Errors
/// The store failed.
pub async fn insert_contact(
    tx: &mut Tx,
    tenant: TenantId,
    contact: &Contact,
    now: Micros,
) -> Result<(), StoreError> {
    let key = keys::tenant_key(tx, tenant).await?;
    let id = contact.id.as_uuid();
    execute_one!(
        tx,
        "INSERT INTO phone_contacts (id, tenant, name_sealed, number_sealed, created_us)
         VALUES ($1, $2, $3, $4, $5)",
        id,
        tenant.as_uuid(),
        keys::seal(&key, place(id, "name_sealed"), contact.name.as_str())?,
        keys::seal(&key, place(id, "number_sealed"), contact.number.as_str())?,
        now.0
    )
}

/// Takes a contact away; false if the facility has none such.
///
/// # Errors
/// The store failed.
pub async fn remove_contact(
    tx: &mut Tx,
    tenant: TenantId,
    id: ContactId,
) -> Result<bool, StoreError> {
    let touched = execute!(
        tx,
        "DELETE FROM phone_contacts WHERE tenant = $1 AND id = $2",
        tenant.as_uuid(),
        id.as_uuid()
    )?;
    Ok(touched == 1)
}
