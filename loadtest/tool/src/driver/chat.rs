//! Chat in visits: who said how many messages, who heard them, and when.

use std::collections::HashMap;
use std::time::Duration;

use loadtest_core::{Latencies, Work};
use signaling_protocol::{ChatId, ChatText, ClientMessage};
use tokio::sync::{mpsc, oneshot, watch};

/// Notes that may wait. Who writes one waits, so that none is lost.
const NOTES_MAX: usize = 4096;
/// What a message of this tool begins with.
const MARK: &str = "load test ";

/// One note.
#[derive(Debug)]
enum Note {
    Said { room: u32 },
    Heard { took: Duration },
    Tell(oneshot::Sender<(HashMap<u32, u64>, Latencies)>),
}

/// All chat of a run.
#[derive(Debug)]
pub(super) struct Chat {
    on: watch::Sender<bool>,
    mouth: Mouth,
}

/// One person's part in it.
#[derive(Debug, Clone)]
pub(super) struct Mouth {
    pub(super) period: Duration,
    on: watch::Receiver<bool>,
    notes: mpsc::Sender<Note>,
}

impl Chat {
    pub(super) fn new(per_min: u32) -> Option<Self> {
        let period = Duration::from_secs(60).checked_div(per_min)?;
        let (on, listen) = watch::channel(false);
        let (notes, mut written) = mpsc::channel(NOTES_MAX);
        tokio::spawn(async move {
            let mut said: HashMap<u32, u64> = HashMap::new();
            let mut heard = Latencies::new();
            while let Some(note) = written.recv().await {
                match note {
                    Note::Said { room } => *said.entry(room).or_default() += 1,
                    Note::Heard { took } => heard.add(took),
                    // Whoever asked may have gone.
                    Note::Tell(reply) => drop(reply.send((said.clone(), heard.clone()))),
                }
            }
        });
        let mouth = Mouth {
            period,
            on: listen,
            notes,
        };
        Some(Self { on, mouth })
    }

    pub(super) fn mouth(&self) -> Mouth {
        self.mouth.clone()
    }

    pub(super) fn speak(&self, on: bool) {
        self.on.send_replace(on);
    }

    /// What has been said and heard, when so many people are in each room; everybody hears everything,
    /// also what they said themselves.
    pub(super) async fn work(&self, people: &HashMap<u32, u64>, wall_s: f64) -> Option<Work> {
        let (reply, told) = oneshot::channel();
        self.mouth.notes.send(Note::Tell(reply)).await.ok()?;
        let (said, heard) = told.await.ok()?;
        let of = |room: &u32| people.get(room).copied().unwrap_or_default();
        let wanted = said.iter().map(|(room, said)| said * of(room)).sum();
        Some(Work::of("chat messages heard", wanted, (&heard, wall_s)))
    }
}

impl Mouth {
    /// What is to be said, if it is time to say something.
    pub(super) async fn say(&self, room: u32) -> Option<ClientMessage> {
        if !*self.on.borrow() {
            return None;
        }
        let text = ChatText::try_from(format!("{MARK}{}", crate::engine::unix_us())).ok()?;
        // Who counts is there as long as anybody speaks.
        let _ = self.notes.send(Note::Said { room }).await;
        Some(ClientMessage::Chat {
            id: ChatId::from_uuid(uuid::Uuid::new_v4()),
            text,
        })
    }

    /// Counts a message of this tool.
    pub(super) async fn hear(&self, text: &str) {
        let sent = text.strip_prefix(MARK).and_then(|it| it.parse().ok());
        if let Some(sent_us) = sent {
            let took = crate::engine::unix_us().saturating_sub(sent_us);
            let took = Duration::from_micros(took);
            let _ = self.notes.send(Note::Heard { took }).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn everybody_in_a_room_has_to_hear_what_is_said_in_it() {
        let chat = Chat::new(60).unwrap();
        let mouth = chat.mouth();
        assert!(mouth.say(0).await.is_none());
        chat.speak(true);
        assert!(mouth.say(0).await.is_some());
        mouth.hear(&format!("{MARK}1")).await;
        mouth.hear("somebody else's").await;
        let people = HashMap::from([(0, 2), (1, 3)]);
        let work = chat.work(&people, 1.0).await.unwrap();
        assert_eq!((work.wanted, work.done, work.failed()), (2, 1, 1));
    }
}
