//! What a person has received and sent, kept by one task that everybody writes to.

use std::collections::HashMap;

use loadtest_core::{Counts, Identity, Ledger};
use tokio::sync::{mpsc, oneshot};

/// Notes that may wait. Who writes one waits, so that none is lost: every missing note would be a
/// packet that seems lost.
const NOTES_MAX: usize = 4096;

/// What one person has received and sent.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// Of each source that has been heard or seen.
    pub received: Vec<(u32, Counts)>,
    /// Measured packets of each own source.
    pub sent: HashMap<u32, u64>,
}

/// One note.
#[derive(Debug)]
pub(crate) enum Note {
    Came(Identity),
    Sent { source: u32, packets: u64 },
    Tell(oneshot::Sender<Account>),
}

/// Begins an account; it ends with the last sender.
pub(crate) fn begin() -> mpsc::Sender<Note> {
    let (notes, mut written) = mpsc::channel(NOTES_MAX);
    tokio::spawn(async move {
        let mut ledger = Ledger::default();
        let mut sources = Vec::new();
        let mut sent: HashMap<u32, u64> = HashMap::new();
        while let Some(note) = written.recv().await {
            match note {
                Note::Came(identity) => {
                    if !ledger.knows(identity.source) {
                        sources.push(identity.source);
                    }
                    ledger.arrive(&identity);
                }
                Note::Sent { source, packets } => *sent.entry(source).or_default() += packets,
                Note::Tell(reply) => {
                    let received = sources.iter().map(|it| (*it, ledger.of(*it))).collect();
                    let sent = sent.clone();
                    // Whoever asked may have gone.
                    let _ = reply.send(Account { received, sent });
                }
            }
        }
    });
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_packet_that_came_twice_is_counted_once() {
        let notes = begin();
        let identity = Identity {
            source: 4,
            sequence: 1,
            frame: 1,
            fragment: 0,
            fragments: 1,
            measured: true,
            sent_ns: 1,
        };
        for _ in 0..2 {
            notes.send(Note::Came(identity)).await.unwrap();
        }
        let own = Note::Sent {
            source: 9,
            packets: 3,
        };
        notes.send(own).await.unwrap();
        let (reply, told) = oneshot::channel();
        notes.send(Note::Tell(reply)).await.unwrap();
        let account = told.await.unwrap();
        assert_eq!(account.received.len(), 1);
        assert_eq!((account.received[0].1.delivered, account.sent[&9]), (1, 3));
        assert_eq!(account.received[0].1.duplicates, 1);
    }
}
