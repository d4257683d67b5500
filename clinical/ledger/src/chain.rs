//! How one hash follows another.
//!
//! ```text
//! h_0 = SHA-256("telehealth audit genesis\n" || format || tenant)
//! h_n = SHA-256("telehealth audit event\n" || h_(n-1) || canonical bytes of event n)
//! ```

use uuid::Uuid;

use crate::bytes::Bytes;
use crate::{EVENT_FORMAT, Event, Hash};

const GENESIS_TAG: &[u8] = b"telehealth audit genesis\n";
const EVENT_TAG: &[u8] = b"telehealth audit event\n";

/// The hash before the first event. It differs between tenants, so that no chain fits another.
#[must_use]
pub fn genesis(tenant: Uuid) -> Hash {
    let mut bytes = Bytes::default();
    bytes.tag(GENESIS_TAG);
    bytes.byte(EVENT_FORMAT);
    bytes.uuid(tenant);
    Hash::of(bytes.as_slice())
}

/// The hash of `event` behind the hash of the event before it.
#[must_use]
pub fn next(prev: Hash, event: &Event<'_>) -> Hash {
    next_in(&mut Bytes::default(), prev, event)
}

/// [`next`] in a buffer that is used again.
pub(crate) fn next_in(buffer: &mut Bytes, prev: Hash, event: &Event<'_>) -> Hash {
    buffer.clear();
    buffer.tag(EVENT_TAG);
    buffer.hash(prev);
    event.write(buffer);
    Hash::of(buffer.as_slice())
}
