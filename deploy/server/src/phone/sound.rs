//! The sound of telephones, as calls ask for it.

use std::net::SocketAddr;
use std::sync::Mutex;

use async_trait::async_trait;
use sfu_bridge::{
    Agreed, BridgeHandle, Digit, Flow, Keys, LatchMode, LegEvent, LegId, LegOrder, Playing, Prompt,
    Rate, ReportPath, Seat,
};
use signaling_phone::{MediaSeat, NoSound, OpenLeg, PlayId, Prompts, Sound, SoundEvent, SoundLeg};
use signaling_sip::{Agreement, Language};
use tokio::sync::mpsc;

/// Events that may wait for the task of one call.
const EVENTS_MAX: usize = 64;

/// The bridge, at the end of the telephone line.
pub(super) struct BridgeSound {
    bridge: BridgeHandle,
    prompts: Prompts,
}

impl BridgeSound {
    pub(super) const fn new(bridge: BridgeHandle, prompts: Prompts) -> Self {
        Self { bridge, prompts }
    }
}

#[async_trait]
impl Sound for BridgeSound {
    async fn open(&self, _near: SocketAddr) -> Result<OpenLeg, NoSound> {
        let opened = self.bridge.open().map_err(|why| NoSound(why.into()))?;
        let (teller, events) = mpsc::channel(EVENTS_MAX);
        tokio::spawn(tell(opened.events, teller));
        Ok(OpenLeg {
            leg: Box::new(Leg {
                bridge: self.bridge.clone(),
                leg: opened.leg,
                prompts: self.prompts.clone(),
                flow: Mutex::new(Flow::BOTH),
            }),
            local: opened.local,
            events,
        })
    }
}

/// Carries what happens to the sound to the task of the call, until either is gone.
async fn tell(mut happens: mpsc::Receiver<LegEvent>, teller: mpsc::Sender<SoundEvent>) {
    while let Some(event) = happens.recv().await {
        let event = match event {
            LegEvent::Pressed(digit) => SoundEvent::Pressed(digit),
            LegEvent::Heard => SoundEvent::Heard,
            LegEvent::Played(ticket) => SoundEvent::Played(PlayId(ticket)),
            LegEvent::Silent => SoundEvent::Silent,
            LegEvent::Gone | LegEvent::NotAgreed(_) | LegEvent::Closed(_) => SoundEvent::Gone,
            // The room tells the call by its own way.
            LegEvent::Joined | LegEvent::Left(_) => continue,
        };
        if teller.send(event).await.is_err() {
            return;
        }
    }
}

struct Leg {
    bridge: BridgeHandle,
    leg: LegId,
    prompts: Prompts,
    /// As it was agreed on last; a hold takes it away for a while.
    flow: Mutex<Flow>,
}

impl Leg {
    fn order(&self, order: LegOrder) {
        if let Err(error) = self.bridge.order(self.leg, order) {
            tracing::warn!(%error, "a telephone's sound did not hear an order");
        }
    }
}

impl Drop for Leg {
    fn drop(&mut self) {
        // A bridge that has stopped has closed it already.
        let _ = self.bridge.order(self.leg, LegOrder::Close);
    }
}

fn flow_of(flow: signaling_sip::Flow) -> Flow {
    Flow {
        from_phone: flow.receives(),
        to_phone: flow.sends(),
    }
}

impl SoundLeg for Leg {
    fn agree(&self, agreement: &Agreement) {
        let flow = flow_of(agreement.flow);
        if let Ok(mut known) = self.flow.lock() {
            *known = flow;
        }
        let keys = agreement
            .keys
            .clone()
            .map(|(ours, theirs)| Keys { ours, theirs });
        self.order(LegOrder::Agree(Box::new(Agreed {
            codec: agreement.codec,
            payload_types: agreement.payload_types,
            remote: agreement.remote,
            latch: LatchMode::Auto,
            reports: ReportPath::Beside,
            keys,
            flow,
        })));
    }

    fn play(&self, id: PlayId, prompts: &[signaling_sip::Prompt], language: Language) {
        let clips = prompts.iter().map(|prompt| {
            let at = |rate| self.prompts.sound(*prompt, language, rate);
            Prompt::new(at(Rate::Narrow), at(Rate::Wide))
        });
        self.order(LegOrder::Play(Playing {
            ticket: id.0,
            clips: clips.collect(),
            endless: false,
        }));
    }

    fn hush(&self) {
        self.order(LegOrder::Stop);
    }

    fn join(&self, seat: &MediaSeat) {
        match seat.0.downcast_ref::<Seat>() {
            Some(seat) => self.order(LegOrder::Join(Box::new(seat.clone()))),
            None => tracing::error!("a room gave a seat of another kind"),
        }
    }

    fn leave(&self) {
        self.order(LegOrder::Leave);
    }

    fn mute(&self, on: bool) {
        self.order(LegOrder::Mute(on));
    }

    fn hold(&self, on: bool) {
        let agreed = self.flow.lock().map_or(Flow::BOTH, |known| *known);
        self.order(LegOrder::Flow(if on { Flow::NONE } else { agreed }));
    }

    fn press(&self, digit: Digit) {
        self.order(LegOrder::Press(digit));
    }
}
