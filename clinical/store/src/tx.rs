//! Transactions. Nothing is read or written outside one, and a change needs an audit entry.

use core::ops::{Deref, DerefMut};
use std::sync::Arc;

use clinical_model::AuditEntry;
use clinical_vault::Vault;
use sqlx::{PgConnection, Sqlite, SqliteConnection, Transaction};

use crate::remote::PgTx;
use crate::scribe::Scribe;
use crate::statement::traced;
use crate::{StoreError, audit, idempotency, patience};

/// An open transaction on either engine, as statements see it. Functions that only read take
/// `&mut Conn`, so they work in a [`Tx`] and in a [`ReadTx`]; functions that write take `&mut Tx`.
#[derive(Debug)]
pub struct Conn {
    inner: Inner,
    vault: Arc<Vault>,
}

#[derive(Debug)]
enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(PgTx),
}

/// The connection to run one statement on.
#[derive(Debug)]
pub(crate) enum Engine<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut PgConnection),
}

impl Conn {
    pub(crate) const fn sqlite(
        transaction: Transaction<'static, Sqlite>,
        vault: Arc<Vault>,
    ) -> Self {
        Self {
            inner: Inner::Sqlite(transaction),
            vault,
        }
    }

    pub(crate) const fn postgres(transaction: PgTx, vault: Arc<Vault>) -> Self {
        Self {
            inner: Inner::Postgres(transaction),
            vault,
        }
    }

    /// The keys that seal and open values.
    pub(crate) fn vault(&self) -> &Vault {
        &self.vault
    }

    pub(crate) fn engine(&mut self) -> Engine<'_> {
        match &mut self.inner {
            Inner::Sqlite(transaction) => Engine::Sqlite(&mut *transaction),
            Inner::Postgres(transaction) => Engine::Postgres(&mut *transaction),
        }
    }
}

/// A transaction that may write. It is rolled back unless [`commit`](Tx::commit) is called.
#[derive(Debug)]
#[must_use = "a transaction that is not committed is rolled back"]
pub struct Tx(Conn);

impl Tx {
    pub(crate) const fn new(conn: Conn) -> Self {
        Self(conn)
    }

    /// Writes an audit entry besides the one of the commit, for an act that is more than one.
    ///
    /// # Errors
    /// The store failed.
    pub async fn also(&mut self, entry: AuditEntry) -> Result<(), StoreError> {
        audit::append(self, &[entry]).await
    }

    /// Writes the audit entry and makes everything durable, or nothing.
    ///
    /// # Errors
    /// The store failed; whether the change is durable is then only unknown if the connection broke
    /// during the commit itself.
    pub async fn commit(mut self, entry: AuditEntry) -> Result<(), StoreError> {
        if let Some(once) = entry.once() {
            idempotency::claim(&mut self, once, &entry).await?;
        }
        audit::append(&mut self, &[entry]).await?;
        self.commit_unaudited().await
    }

    /// Makes durable what is no act of anybody on anything.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) async fn commit_unaudited(self) -> Result<(), StoreError> {
        match self.0.inner {
            Inner::Sqlite(transaction) => traced("store::commit", transaction.commit()).await?,
            Inner::Postgres(transaction) => {
                traced("store::commit", patience::wait(transaction.commit())).await?;
            }
        }
        Ok(())
    }
}

impl Deref for Tx {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.0
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.0
    }
}

/// A transaction that reads one consistent state. It ends when it is dropped.
#[derive(Debug)]
pub struct ReadTx(Conn);

impl ReadTx {
    pub(crate) const fn new(conn: Conn) -> Self {
        Self(conn)
    }
}

impl Deref for ReadTx {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.0
    }
}

impl DerefMut for ReadTx {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.0
    }
}

/// A look: a transaction that reads one consistent state, and whose answer is nobody's before the
/// audit entry of [`commit`](Look::commit) is durable.
#[derive(Debug)]
#[must_use = "what was looked at may only be shown after the commit"]
pub struct Look {
    conn: Conn,
    scribe: Scribe,
    entries: Vec<AuditEntry>,
}

impl Look {
    pub(crate) const fn new(conn: Conn, scribe: Scribe) -> Self {
        Self {
            conn,
            scribe,
            entries: Vec::new(),
        }
    }

    /// Adds an audit entry besides the one of the commit, for a look at more than one thing.
    pub fn also(&mut self, entry: AuditEntry) {
        self.entries.push(entry);
    }

    /// Ends the transaction and makes the audit entries durable.
    ///
    /// # Errors
    /// The store failed: nobody may see what was read.
    pub async fn commit(self, entry: AuditEntry) -> Result<(), StoreError> {
        let Self {
            conn,
            scribe,
            mut entries,
        } = self;
        // Whoever waits for the writer holds no connection that others could read with.
        drop(conn);
        entries.push(entry);
        traced("store::look_commit", scribe.write(entries)).await
    }
}

impl Deref for Look {
    type Target = Conn;

    fn deref(&self) -> &Conn {
        &self.conn
    }
}

impl DerefMut for Look {
    fn deref_mut(&mut self) -> &mut Conn {
        &mut self.conn
    }
}
