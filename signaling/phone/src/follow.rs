//! Follows transactions of the other end in tasks of their own.

use rsipstack::sip::{Method, SipMessage};
use rsipstack::transaction::transaction::{Transaction, TransactionEventSender};
use signaling_sip::SessionTerms;
use tokio::sync::mpsc;

use crate::message::{sequence, value};

/// What comes from the tasks that follow transactions. They wait where the call does not keep up.
const WIRES_MAX: usize = 16;

/// What happened to a transaction.
#[derive(Debug)]
pub(crate) enum Wire {
    /// An INVITE of theirs was acknowledged, perhaps with a description.
    Acknowledged {
        /// Which one.
        sequence: u32,
        /// Content-Type and body.
        body: (Option<String>, Vec<u8>),
    },
    /// The caller has given up.
    Cancelled,
    /// An INVITE of theirs is over.
    Over {
        /// Which one.
        sequence: u32,
    },
    /// A refresh of ours was answered, or not.
    Refreshed(Option<(u16, SessionTerms)>),
}

/// A lane for what happens to transactions.
pub(crate) fn wires() -> (mpsc::Sender<Wire>, mpsc::Receiver<Wire>) {
    mpsc::channel(WIRES_MAX)
}

/// Follows an INVITE of theirs to its end. Answers go to the sender that comes back, because
/// nothing else may touch a transaction while it is followed.
pub(crate) fn follow(
    mut transaction: Transaction,
    wire: mpsc::Sender<Wire>,
) -> TransactionEventSender {
    let sender = transaction.tu_sender.clone();
    let number = sequence(&transaction.original).map_or(0, |(number, _)| number);
    tokio::spawn(async move {
        while let Some(message) = transaction.receive().await {
            let SipMessage::Request(request) = message else {
                continue;
            };
            let told = match request.method {
                Method::Ack => Wire::Acknowledged {
                    sequence: number,
                    body: (value(&request, "Content-Type"), request.body.clone()),
                },
                Method::Cancel => Wire::Cancelled,
                _ => continue,
            };
            // A call that is over wants to hear nothing more; the transaction still ends in order.
            let _ = wire.send(told).await;
        }
        let _ = wire.send(Wire::Over { sequence: number }).await;
    });
    sender
}
