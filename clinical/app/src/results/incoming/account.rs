//! The account that the reports of a laboratory's machine are by. Nobody signs in with it.

use clinical_model::{Account, Email, Micros, Position, Role, TenantId, UserId};
use clinical_store::identity::{Credential, InsertUserError, PasswordHash};
use clinical_store::{StoreError, Tx, identity};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// Its name beside the reports.
const NAME: &str = "Interface du laboratoire / Laboratory interface";
/// No password has this hash.
const NO_PASSWORD: &str = "$argon2id$none";

/// The account of a facility's laboratory interface, made when the first message comes.
pub(super) async fn of_interface(
    tx: &mut Tx,
    tenant: TenantId,
    now: Micros,
) -> Result<UserId, StoreError> {
    let digest = Sha256::digest(format!("laboratory interface of {tenant}"));
    let mut bytes = [0; 16];
    bytes
        .iter_mut()
        .zip(digest)
        .for_each(|(to, from)| *to = from);
    let id = UserId::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid());
    if identity::account(tx, id).await?.is_some() {
        return Ok(id);
    }
    let corrupt = || StoreError::corrupt("users", "the interface has no account");
    let local = Uuid::from(id).simple();
    let credential = Credential {
        password_hash: PasswordHash(NO_PASSWORD.to_owned()),
        account: Account {
            id,
            tenant,
            email: Email::parse(&format!("{local}@interface.invalid")).or(Err(corrupt()))?,
            name: NAME.to_owned(),
            position: Position::without_profile(Role::LabTechnician).ok_or_else(corrupt)?,
            patient: None,
            factor_grace: now,
            disabled: true,
        },
    };
    match identity::insert_user(tx, &credential, now).await {
        Ok(()) => Ok(id),
        Err(InsertUserError::EmailTaken) => Err(corrupt()),
        Err(InsertUserError::Store(error)) => Err(error),
    }
}
