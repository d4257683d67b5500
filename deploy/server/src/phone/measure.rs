//! What telephones hold, told now and then, so that something that is never let go of is seen.

use std::sync::{Arc, Weak};
use std::time::Duration;

use metrics::{counter, gauge};
use signaling_phone::Phones;

/// How often.
const PAUSE: Duration = Duration::from_secs(5);

/// Measures until the telephones are gone.
pub(super) fn begin(phones: &Arc<Phones>) {
    let phones = Arc::downgrade(phones);
    tokio::spawn(async move {
        let mut tick = tokio::time::interval(PAUSE);
        loop {
            tick.tick().await;
            if measured(&phones).is_none() {
                return;
            }
        }
    });
}

fn measured(phones: &Weak<Phones>) -> Option<()> {
    let counts = phones.upgrade()?.counts();
    let small = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    gauge!("phone_sip_calls").set(small(counts.calls));
    gauge!("phone_sip_transactions").set(small(counts.transactions));
    counter!("phone_sip_messages_total", "verdict" => "passed").absolute(counts.passed);
    counter!("phone_sip_messages_total", "verdict" => "dropped").absolute(counts.dropped);
    Some(())
}
