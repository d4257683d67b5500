//! People on the independent WebRTC stack.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use loadtest_core::Media;
use loadtest_independent::{Described, Person, Slots};

use super::order::{Offered, Plan};
use super::{ClientId, EngineError, Live, Tally};

/// Somebody; negotiating takes a while, and others are not held up by it.
type Held = Arc<tokio::sync::Mutex<Person>>;

/// Everybody on that stack.
#[derive(Debug)]
pub(crate) struct Foreign {
    address: IpAddr,
    media: Media,
    live: Arc<Live>,
    measured: Arc<AtomicBool>,
    next: AtomicU32,
    people: Mutex<HashMap<u32, (Held, bool)>>,
    /// What those who left have sent.
    sent: Mutex<HashMap<u32, u64>>,
}

impl Foreign {
    pub(super) fn new(own: Option<IpAddr>, media: Media, live: Arc<Live>) -> Self {
        Self {
            address: own.unwrap_or(Ipv4Addr::LOCALHOST.into()),
            media,
            live,
            measured: Arc::new(AtomicBool::new(false)),
            next: AtomicU32::new(0),
            people: Mutex::new(HashMap::new()),
            sent: Mutex::new(HashMap::new()),
        }
    }

    pub(super) async fn offer(&self, plan: Plan) -> Result<Offered, EngineError> {
        let slots = Slots {
            audio: plan.slots.audio,
            video: plan.slots.video,
        };
        let measured = Arc::clone(&self.measured);
        let mut person = Person::new(self.address, slots, measured).await?;
        if let (Some(source), Some(audio)) = (plan.microphone, self.media.audio) {
            person.add_microphone(source, audio).await?;
        }
        if let (Some(source), Some(video), false) =
            (plan.camera, self.media.video, plan.camera_later)
        {
            person.add_camera(source, video).await?;
        }
        let described = person.offer().await?;
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        let held = Arc::new(tokio::sync::Mutex::new(person));
        self.people().insert(index, (held, false));
        Ok(offered(index, described))
    }

    pub(super) async fn offer_camera(
        &self,
        index: u32,
        source: u32,
    ) -> Result<Offered, EngineError> {
        let held = self.held(index)?;
        let mut person = held.lock().await;
        let video = self.media.video;
        let video = video.ok_or(EngineError::Description("nothing to offer".to_owned()))?;
        person.add_camera(source, video).await?;
        Ok(offered(index, person.offer().await?))
    }

    pub(super) async fn connect(&self, index: u32, sdp: String) -> Result<(), EngineError> {
        let held = self.held(index)?;
        held.lock().await.answer(sdp).await?;
        let mut people = self.people();
        let (_, connected) = people.get_mut(&index).ok_or(EngineError::Lost)?;
        if !core::mem::replace(connected, true) {
            self.live.connected.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    pub(super) async fn close(&self, index: u32) -> Result<(), EngineError> {
        let removed = self.people().remove(&index);
        let Some((held, connected)) = removed else {
            return Ok(());
        };
        if connected {
            self.live.connected.fetch_sub(1, Ordering::Relaxed);
        }
        let person = held.lock().await;
        let sent = person.account().await.sent;
        self.sent
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(sent);
        Ok(person.close().await?)
    }

    pub(super) fn measure(&self, on: bool) {
        self.measured.store(on, Ordering::Relaxed);
    }

    pub(super) async fn tally(&self, all: &mut Tally) {
        {
            let left = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
            all.sent.extend(left.iter());
        }
        let people: Vec<(u32, Held)> = {
            let people = self.people();
            let people = people.iter();
            people
                .map(|(index, (held, _))| (*index, Arc::clone(held)))
                .collect()
        };
        for (index, held) in people {
            let account = held.lock().await.account().await;
            all.sent.extend(account.sent);
            all.received
                .insert(ClientId::Foreign(index), account.received);
        }
    }

    fn held(&self, index: u32) -> Result<Held, EngineError> {
        let people = self.people();
        let (held, _) = people.get(&index).ok_or(EngineError::Lost)?;
        Ok(Arc::clone(held))
    }

    fn people(&self) -> std::sync::MutexGuard<'_, HashMap<u32, (Held, bool)>> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn offered(index: u32, described: Described) -> Offered {
    Offered {
        client: ClientId::Foreign(index),
        sdp: described.sdp,
        microphone: described.microphone,
        camera: described.camera,
    }
}
