//! Looks at what may be some seconds old.

use clinical_model::AuditEntry;

use crate::tx::{Conn, Look};
use crate::{Db, StoreError};

/// A look at what may be as old as the replicas may be late: figures about a facility.
///
/// It cannot write, and it leads to no [`Conn`]: what decides who may see or do something, whether a time
/// is free or a link is spent cannot be asked on it. Only the functions of this crate that take it read
/// old state. Its audit entry is written into the database itself, as of every look.
#[derive(Debug)]
#[must_use = "what was looked at may only be shown after the commit"]
pub struct StaleLook {
    look: Look,
    is_by_replica: bool,
}

impl StaleLook {
    pub(crate) const fn by_replica(look: Look) -> Self {
        Self {
            look,
            is_by_replica: true,
        }
    }

    pub(crate) const fn by_primary(look: Look) -> Self {
        Self {
            look,
            is_by_replica: false,
        }
    }

    /// Whether a replica answers.
    #[must_use]
    pub const fn is_by_replica(&self) -> bool {
        self.is_by_replica
    }

    /// Ends the transaction and makes the audit entry durable.
    ///
    /// # Errors
    /// The store failed: nobody may see what was read.
    pub async fn commit(self, entry: AuditEntry) -> Result<(), StoreError> {
        self.look.commit(entry).await
    }

    /// For functions whose answer may be old.
    pub(crate) fn conn(&mut self) -> &mut Conn {
        &mut self.look
    }
}

impl Db {
    /// As [`Db::look`], of a replica where there is one that is not too late.
    ///
    /// # Errors
    /// No connection in time.
    pub async fn look_stale(&self) -> Result<StaleLook, StoreError> {
        match self.look_at_replica().await {
            Some(look) => Ok(StaleLook::by_replica(look)),
            None => Ok(StaleLook::by_primary(self.look().await?)),
        }
    }
}
