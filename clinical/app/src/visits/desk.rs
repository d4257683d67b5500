//! What the use cases of booking and visits work with.

use std::sync::{Arc, OnceLock};

use clinical_model::visits::JoinLinkToken;
use clinical_model::{AuditEntry, Micros};
use clinical_store::{Db, StoreError, Tx};
use signaling_ticket::{MintError, PassKey, Purpose};
use tokio::task::JoinError;
use uuid::Uuid;

use super::line::CallLine;
use super::live::{LiveEffect, LiveVisits};
use super::phone::PhoneNumbers;
use crate::nodes::Nodes;
use crate::records::Index;
use crate::{Clinic, Limited, Limiter, Origin, Rate};

/// Life of a pass in seconds: a browser uses it at once.
pub(super) const PASS_LIFE_S: u32 = 60;

/// Links that lead nowhere, by address: a person may paste a few broken ones, and a whole hospital
/// may be behind one address. Guessing 256 bits is hopeless anyway; this bounds the work it makes.
const DOOR: Rate = Rate {
    burst: 100,
    interval_us: Micros::SECOND,
};

/// Path of signaling's WebSocket on this server.
pub const SIGNAL_PATH: &str = "/signal/v1";

/// The front desk: the clinic, the key that signs passes, the way to the live visits. Clones are the
/// same desk.
#[derive(Clone)]
pub struct Desk {
    clinic: Clinic,
    passes: Arc<PassKey>,
    live: LiveVisits,
    door: Arc<Limiter<Origin>>,
    index: Arc<Index>,
    phones: PhoneNumbers,
    line: Arc<OnceLock<Arc<dyn CallLine>>>,
    nodes: Arc<OnceLock<Arc<dyn Nodes>>>,
}

impl core::fmt::Debug for Desk {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Desk(..)")
    }
}

impl Desk {
    /// Opens the desk.
    #[must_use]
    pub fn new(clinic: Clinic, passes: Arc<PassKey>, live: LiveVisits) -> Self {
        Self {
            clinic,
            passes,
            live,
            door: Arc::new(Limiter::new(DOOR)),
            index: Arc::new(Index::default()),
            phones: PhoneNumbers::default(),
            line: Arc::default(),
            nodes: Arc::default(),
        }
    }

    /// Visits can be called at these numbers.
    #[must_use]
    pub fn with_phones(mut self, phones: PhoneNumbers) -> Self {
        self.phones = phones;
        self
    }

    /// People can be called by this line; all clones of the desk have it. A second one changes nothing.
    pub fn connect(&self, line: Arc<dyn CallLine>) {
        let _ = self.line.set(line);
    }

    /// The line, if there is one.
    pub(crate) fn line(&self) -> Option<&dyn CallLine> {
        self.line.get().map(|line| &**line)
    }

    /// The machines of the installation are asked by this; all clones of the desk have it. A second one
    /// changes nothing.
    pub fn oversee(&self, nodes: Arc<dyn Nodes>) {
        let _ = self.nodes.set(nodes);
    }

    /// The machines, if anybody knows them.
    pub(crate) fn nodes(&self) -> Option<&dyn Nodes> {
        self.nodes.get().map(|nodes| &**nodes)
    }

    /// Who is called at which number.
    pub(crate) const fn phones(&self) -> &PhoneNumbers {
        &self.phones
    }

    /// The store, the time and chance behind the desk.
    #[must_use]
    pub const fn clinic(&self) -> &Clinic {
        &self.clinic
    }

    /// Who is registered, in memory.
    pub(crate) fn index(&self) -> &Index {
        &self.index
    }

    pub(crate) const fn db(&self) -> &Db {
        &self.clinic.db
    }

    pub(crate) fn now(&self) -> Micros {
        self.clinic.clock.now()
    }

    /// Commits, then tells the live visits. Once begun, both happen whatever becomes of the request:
    /// a page that hangs up in between must not leave somebody in a visit who was sent out of it.
    ///
    /// # Errors
    /// The store failed; nobody was told.
    pub(crate) async fn commit_and_tell(
        &self,
        tx: Tx,
        entry: AuditEntry,
        effect: LiveEffect,
    ) -> Result<(), StoreError> {
        let live = self.live.clone();
        let task = tokio::spawn(async move {
            tx.commit(entry).await?;
            live.send(effect).await;
            Ok(())
        });
        match task.await.map_err(JoinError::try_into_panic) {
            Ok(done) => done,
            Err(Ok(panic)) => std::panic::resume_unwind(panic),
            // Only a runtime that stops ends the task early, and it drops this future too.
            Err(Err(_)) => core::future::pending().await,
        }
    }

    /// Counts a link that is about to be looked for.
    pub(crate) fn knock(&self, from: Origin, now: Micros) -> Result<(), Limited> {
        self.door.take(&from, now)
    }

    /// The link was a real one, so it does not count.
    pub(crate) fn opened(&self, from: Origin) {
        self.door.give_back(&from);
    }

    /// A new id; ids of one process grow with time.
    pub(crate) fn id(&self, now: Micros) -> Uuid {
        self.clinic.entropy.uuid(now)
    }

    /// A name that tells nothing, not even when it was given.
    pub(crate) fn opaque_id(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.clinic.entropy.bytes()).into_uuid()
    }

    pub(crate) fn link_token(&self) -> JoinLinkToken {
        JoinLinkToken::from_random(self.clinic.entropy.bytes())
    }

    pub(crate) fn mint(&self, purpose: &Purpose, now: Micros) -> Result<String, MintError> {
        self.mint_for(purpose, now, PASS_LIFE_S)
    }

    /// As [`Desk::mint`], for another time than a browser needs.
    pub(crate) fn mint_for(
        &self,
        purpose: &Purpose,
        now: Micros,
        life_s: u32,
    ) -> Result<String, MintError> {
        self.passes.mint(self.opaque_id(), purpose, now.0, life_s)
    }
}
