//! A clinic that knows four PINs, and a room that lets everybody in.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use signaling_phone::{
    Clinic, ClinicDown, Entered, MediaSeat, NotEntered, Pass, PinAnswer, PinTry, RoomNews,
    RoomSeat, Rooms,
};
use signaling_sip::{Consent, Topic};
use tokio::sync::mpsc;

use crate::tell;

/// News that wait; a room of a test has few.
const NEWS_MAX: usize = 16;

pub(crate) struct TestClinic;

#[async_trait]
impl Clinic for TestClinic {
    async fn check_pin(&self, attempt: PinTry<'_>) -> Result<PinAnswer, ClinicDown> {
        let right = |ask_consent| PinAnswer::Right {
            pass: Pass::new("pass".to_owned()),
            ask_consent,
        };
        let (answer, word) = match attempt.pin.expose() {
            "123456" => (right(false), "right"),
            "234567" => (right(true), "right"),
            "345678" => (PinAnswer::TooEarly, "early"),
            "456789" => (PinAnswer::Over, "over"),
            _ => (PinAnswer::Wrong, "wrong"),
        };
        tell(&format!("pin {word} from {}", attempt.masked));
        Ok(answer)
    }

    async fn consent(&self, _pass: &Pass, consent: Consent) -> Result<(), ClinicDown> {
        tell(&format!("consent {consent:?}"));
        Ok(())
    }
}

/// Where orders of the test go: to everybody who is in the room.
#[derive(Default)]
pub(crate) struct Desk {
    people: Mutex<Vec<mpsc::Sender<RoomNews>>>,
}

impl Desk {
    pub(crate) fn order(&self, order: &str) {
        let news = match order {
            "consent" => RoomNews::AskConsent(Topic::Recording),
            "mute" => RoomNews::Muted(true),
            "refuse" => RoomNews::Refused,
            "end" => RoomNews::Ended,
            _ => return tell("no such order"),
        };
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        people.retain(|person| person.try_send(news.clone()).is_ok());
    }
}

pub(crate) struct TestRooms {
    pub(crate) desk: Arc<Desk>,
}

#[async_trait]
impl Rooms for TestRooms {
    async fn enter(&self, _pass: &Pass, masked: &str) -> Result<Entered, NotEntered> {
        tell(&format!("entered {masked}"));
        let (sender, news) = mpsc::channel(NEWS_MAX);
        for first in [
            RoomNews::Waiting,
            RoomNews::DoctorCame,
            RoomNews::Admitted(MediaSeat(Arc::new(()))),
        ] {
            let _ = sender.try_send(first);
        }
        self.desk
            .people
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(sender);
        Ok(Entered {
            seat: Box::new(Seat),
            news,
        })
    }
}

struct Seat;

impl RoomSeat for Seat {
    fn mute(&self, on: bool) {
        tell(&format!("mute {on}"));
    }

    fn hand(&self, up: bool) {
        tell(&format!("hand {up}"));
    }

    fn hold(&self, on: bool) {
        tell(&format!("hold {on}"));
    }

    fn consent(&self, _topic: Topic, given: bool) {
        tell(&format!("room consent {given}"));
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        tell("left");
    }
}
