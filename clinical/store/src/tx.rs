//! Transactions. Nothing is read or written outside one, and a change needs an audit entry.

use core::ops::{Deref, DerefMut};

use clinical_model::AuditEntry;
use sqlx::{PgConnection, Postgres, Sqlite, SqliteConnection, Transaction};

use crate::{StoreError, audit};

/// An open transaction on either engine, as statements see it. Functions that only read take
/// `&mut Conn`, so they work in a [`Tx`] and in a [`ReadTx`]; functions that write take `&mut Tx`.
#[derive(Debug)]
pub struct Conn(Inner);

#[derive(Debug)]
enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// The connection to run one statement on.
#[derive(Debug)]
pub(crate) enum Engine<'a> {
    Sqlite(&'a mut SqliteConnection),
    Postgres(&'a mut PgConnection),
}

impl Conn {
    pub(crate) const fn sqlite(transaction: Transaction<'static, Sqlite>) -> Self {
        Self(Inner::Sqlite(transaction))
    }

    pub(crate) const fn postgres(transaction: Transaction<'static, Postgres>) -> Self {
        Self(Inner::Postgres(transaction))
    }

    pub(crate) fn engine(&mut self) -> Engine<'_> {
        match &mut self.0 {
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

    /// Writes the audit entry and makes everything durable, or nothing.
    ///
    /// # Errors
    /// The store failed; whether the change is durable is then only unknown if the connection broke
    /// during the commit itself.
    pub async fn commit(mut self, entry: AuditEntry) -> Result<(), StoreError> {
        audit::insert(&mut self, &entry).await?;
        match self.0.0 {
            Inner::Sqlite(transaction) => transaction.commit().await?,
            Inner::Postgres(transaction) => transaction.commit().await?,
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
