//! Envelope encryption at rest: keys, sealed values, blind indexes. No SQL.
//!
//! A master key ([`MasterKeys`], a file that is not in the database) wraps one data key per tenant,
//! and a tenant's key wraps one per patient. Values are sealed with AES-256-GCM (NIST SP 800-38D)
//! and bound to the [`Place`] they are stored in, so that a value cannot be moved to another row.
//! Who destroys a wrapped key has erased what was sealed with it, in every backup too.
//!
//! This crate exists to forbid imports: it knows keys and bytes, and neither SQL nor HTTP.

mod data_key;
mod master;
mod sealed;

pub use data_key::{BLIND_INDEX_BYTES, BlindIndex, DataKey};
pub use master::{KeyFileError, MasterKeys, UnwrapError, Wrapped};
pub use sealed::{OpenError, Place, SEALED_OVERHEAD_BYTES, SealError};

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

/// Tenants whose keys are remembered. A larger installation unwraps a key again when it needs it,
/// which takes microseconds; the oldest memory does not matter, so all are dropped at once.
const TENANTS_MAX: usize = 10_000;

/// The master keys of this process and the tenants' keys that it has unwrapped. Patients' keys are
/// never remembered, so that an erasure holds at once on every machine.
pub struct Vault {
    masters: MasterKeys,
    tenants: Mutex<HashMap<Uuid, Arc<DataKey>>>,
}

impl core::fmt::Debug for Vault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Vault(..)")
    }
}

impl Vault {
    /// A vault that opens what these master keys wrapped.
    #[must_use]
    pub fn new(masters: MasterKeys) -> Self {
        Self {
            masters,
            tenants: Mutex::new(HashMap::new()),
        }
    }

    /// The master keys.
    #[must_use]
    pub const fn masters(&self) -> &MasterKeys {
        &self.masters
    }

    /// The key of a tenant, if this process has unwrapped it before.
    pub fn remembered(&self, tenant: Uuid) -> Option<Arc<DataKey>> {
        let tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        tenants.get(&tenant).cloned()
    }

    /// Unwraps the key of a tenant and remembers it.
    ///
    /// # Errors
    /// It was wrapped by another master key, for another tenant, or it was altered.
    pub fn open_tenant(
        &self,
        tenant: Uuid,
        wrapped: &Wrapped,
    ) -> Result<Arc<DataKey>, UnwrapError> {
        let key = Arc::new(self.masters.unwrap(Place::key("tenant", tenant), wrapped)?);
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if tenants.len() >= TENANTS_MAX {
            tenants.clear();
        }
        tenants.insert(tenant, Arc::clone(&key));
        Ok(key)
    }

    /// Makes the key of a new tenant: what is stored of it, and the key.
    ///
    /// # Errors
    /// There are no random numbers.
    pub fn new_tenant(&self, tenant: Uuid) -> Result<(Wrapped, DataKey), SealError> {
        let key = DataKey::generate()?;
        let wrapped = self.masters.wrap(Place::key("tenant", tenant), &key)?;
        Ok((wrapped, key))
    }

    /// Wraps a tenant's key again with the current master key, after a new one was put first.
    ///
    /// # Errors
    /// The old wrapping cannot be opened, or there are no random numbers.
    pub fn rewrap_tenant(&self, tenant: Uuid, wrapped: &Wrapped) -> Result<Wrapped, UnwrapError> {
        let place = Place::key("tenant", tenant);
        let key = self.masters.unwrap(place, wrapped)?;
        self.masters.wrap(place, &key).map_err(UnwrapError::Seal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u128) -> Uuid {
        Uuid::from_u128(n)
    }

    #[test]
    fn a_tenant_key_opens_for_its_tenant_only() {
        let vault = Vault::new(MasterKeys::generate().unwrap());
        let (wrapped, key) = vault.new_tenant(id(1)).unwrap();
        let opened = vault.open_tenant(id(1), &wrapped).unwrap();
        let place = Place::value("patients", "name_sealed", id(9));
        let sealed = key.seal(place, b"Awa").unwrap();
        assert_eq!(opened.open(place, &sealed).unwrap(), b"Awa");
        assert!(vault.open_tenant(id(2), &wrapped).is_err());
        assert!(vault.remembered(id(1)).is_some());
        assert!(vault.remembered(id(2)).is_none());
    }

    #[test]
    fn after_a_rotation_old_wrappings_open_and_new_ones_need_the_new_key() {
        let old = MasterKeys::generate().unwrap();
        let old_file = old.to_file();
        let (wrapped, _) = Vault::new(old).new_tenant(id(1)).unwrap();
        let rotated = MasterKeys::parse(&old_file).unwrap().rotate().unwrap();
        let vault = Vault::new(rotated);
        assert!(vault.open_tenant(id(1), &wrapped).is_ok());
        let again = vault.rewrap_tenant(id(1), &wrapped).unwrap();
        assert!(vault.open_tenant(id(1), &again).is_ok());
        let only_old = Vault::new(MasterKeys::parse(&old_file).unwrap());
        assert!(matches!(
            only_old.open_tenant(id(1), &again),
            Err(UnwrapError::UnknownMaster)
        ));
    }
}
