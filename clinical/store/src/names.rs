//! Names of the people who wrote something, for who may see what they wrote.

use std::collections::HashMap;

use clinical_model::{TenantId, UserId};

use crate::statement::fetch_optional;
use crate::tx::Conn;
use crate::{StoreError, identity};

/// The names of accounts of a facility. Who is not there is not in the answer.
///
/// # Errors
/// The store failed.
pub async fn of(
    conn: &mut Conn,
    tenant: TenantId,
    people: impl Iterator<Item = UserId>,
) -> Result<HashMap<UserId, String>, StoreError> {
    let mut names = HashMap::new();
    for person in people {
        if names.contains_key(&person) {
            continue;
        }
        let row = fetch_optional!(
            conn,
            (Vec<u8>,),
            "SELECT name_sealed FROM users WHERE id = $1 AND tenant = $2",
            person.as_uuid(),
            tenant.as_uuid()
        )?;
        if let Some((sealed,)) = row {
            let name = identity::open_name(conn, tenant, person, &sealed).await?;
            names.insert(person, name);
        }
    }
    Ok(names)
}
