//! Rooms, as callers meet them.

use std::sync::Arc;

use async_trait::async_trait;
use sfu_bridge::Seat;
use signaling_phone::{Entered, MediaSeat, NotEntered, Pass, RoomNews, RoomSeat, Rooms};
use signaling_protocol::Purpose;
use signaling_server::{
    PhoneDoor, PhoneEnd, PhoneEntered, PhoneHandle, PhoneNews, PhoneNewsQueue, PhoneRefusal,
};
use signaling_sip::Topic;
use tokio::sync::mpsc;

/// News that may wait for the task of one call. It waits for nothing but the line, so a full queue is a
/// call that hangs; then the room lets it go.
const NEWS_MAX: usize = 64;

/// The door of rooms, at the end of the telephone line.
pub(super) struct RoomDoor {
    door: PhoneDoor,
}

impl RoomDoor {
    pub(super) const fn new(door: PhoneDoor) -> Self {
        Self { door }
    }
}

#[async_trait]
impl Rooms for RoomDoor {
    async fn enter(&self, pass: &Pass, masked: &str) -> Result<Entered, NotEntered> {
        let entered = self
            .door
            .enter(pass.expose(), masked.to_owned(), None)
            .await;
        let PhoneEntered { seat, news } = entered.map_err(|refusal| match refusal {
            PhoneRefusal::Encrypted | PhoneRefusal::Full => NotEntered::NoTelephones,
            PhoneRefusal::BadPass | PhoneRefusal::Ended | PhoneRefusal::Unavailable => {
                NotEntered::Closed
            }
        })?;
        let (teller, told) = mpsc::channel(NEWS_MAX);
        tokio::spawn(tell(news, teller));
        Ok(Entered {
            seat: Box::new(Held(seat)),
            news: told,
        })
    }
}

/// A seat; dropping it is a call that broke off.
struct Held(PhoneHandle);

/// A room that has no place for one more act hears of it with the next one.
impl RoomSeat for Held {
    fn mute(&self, on: bool) {
        let _ = self.0.mute(on);
    }

    fn hand(&self, up: bool) {
        let _ = self.0.hand(up);
    }

    fn hold(&self, on: bool) {
        let _ = self.0.hold(on);
    }

    fn consent(&self, topic: Topic, given: bool) {
        let purpose = match topic {
            Topic::Recording => Purpose::Recording,
            Topic::Captions => Purpose::Captions,
        };
        let _ = self.0.consent(purpose, given);
    }
}

/// Carries what the room says to the task of the call, in its words, until either is gone.
async fn tell(mut news: PhoneNewsQueue, teller: mpsc::Sender<RoomNews>) {
    let mut host_was_there = false;
    let mut was_muted = false;
    while let Some(news) = news.recv().await {
        let said = match news {
            PhoneNews::Waiting { host_present } => {
                let came = host_present && !host_was_there;
                host_was_there = host_present;
                if came {
                    [Some(RoomNews::Waiting), Some(RoomNews::DoctorCame)]
                } else {
                    [Some(RoomNews::Waiting), None]
                }
            }
            PhoneNews::Admitted(seat) => {
                let seat = Seat {
                    room: seat.room,
                    participant: seat.participant,
                    connection: seat.connection,
                    on: seat.on,
                    rank: seat.rank,
                    grants: seat.grants,
                };
                [Some(RoomNews::Admitted(MediaSeat(Arc::new(seat)))), None]
            }
            PhoneNews::Sound(sound) => {
                let heard_again = was_muted && sound.speaks;
                was_muted &= !sound.speaks;
                [heard_again.then_some(RoomNews::Muted(false)), None]
            }
            PhoneNews::Muted => {
                was_muted = true;
                [Some(RoomNews::Muted(true)), None]
            }
            PhoneNews::HandLowered => [Some(RoomNews::HandLowered), None],
            PhoneNews::ConsentAsked { purpose, .. } => {
                [Some(RoomNews::AskConsent(topic_of(purpose))), None]
            }
            PhoneNews::Recording(purpose, on) => {
                [Some(RoomNews::Recording(topic_of(purpose), on)), None]
            }
            PhoneNews::Over(end) => [Some(over(end)), None],
        };
        for said in said.into_iter().flatten() {
            if teller.send(said).await.is_err() {
                return;
            }
        }
    }
}

const fn topic_of(purpose: Purpose) -> Topic {
    match purpose {
        Purpose::Recording => Topic::Recording,
        Purpose::Captions => Topic::Captions,
    }
}

const fn over(end: PhoneEnd) -> RoomNews {
    match end {
        PhoneEnd::Refused | PhoneEnd::Removed | PhoneEnd::Encrypted | PhoneEnd::Full => {
            RoomNews::Refused
        }
        PhoneEnd::Left | PhoneEnd::Ended | PhoneEnd::Replaced | PhoneEnd::Unavailable => {
            RoomNews::Ended
        }
    }
}
