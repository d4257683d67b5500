//! Calls that clinicians place into their visits, and the line as the clinic sees it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant, UNIX_EPOCH};

use clinical_app::TenantId;
use clinical_app::notify::Language as Spoken;
use clinical_app::visits::{
    AlreadyCalled, CallLine, CallMoney, CallOrder, CallStage, Desk, PlacedCall, TrunkHealth,
    TrunkState, called_has_come, note_call_end,
};
use clinical_model::visits::masked_number;
use clinical_model::{CallId, RoomUuid};
use signaling_phone::{
    CallProgress, CapReached, Dialled, Dialler, Pass, Reason, RingOrder, RingRefusal, Srtp,
    Transport, Trunk,
};
use signaling_sip::{Language, Outcome, PhoneNumber};
use tokio::sync::Notify;

/// How long it rings: longer than most machines wait.
const RING_MAX: Duration = Duration::from_secs(45);
/// Calls of one room that are kept in mind; the oldest that is over goes.
const CALLS_MAX: usize = 20;
/// How long calls that are over are kept in mind: as long as somebody may look at them.
const KEPT: Duration = Duration::from_mins(30);

/// The calls of all rooms. Clones are the same.
#[derive(Clone)]
pub(crate) struct Rings(Arc<Inner>);

struct Inner {
    desk: Desk,
    dialler: OnceLock<Dialler>,
    // Held for one question, never over an await.
    rooms: Mutex<BTreeMap<RoomUuid, Vec<Ring>>>,
}

struct Ring {
    call: PlacedCall,
    stop: Arc<Notify>,
    over: Option<Instant>,
}

impl Rings {
    pub(crate) fn new(desk: Desk) -> Self {
        Self(Arc::new(Inner {
            desk,
            dialler: OnceLock::new(),
            rooms: Mutex::default(),
        }))
    }

    /// What calls; the clinic has a line from now on.
    pub(crate) fn meet(&self, dialler: Dialler) {
        // A second one would be a mistake of the wiring, and changes nothing.
        let _ = self.0.dialler.set(dialler);
        self.0.desk.connect(Arc::new(self.clone()));
    }

    /// Hangs up whatever rings for a visit that was ended.
    pub(crate) fn stop_all(&self, room: RoomUuid) {
        let rooms = self.rooms();
        for ring in rooms.get(&room).into_iter().flatten() {
            if !matches!(ring.call.stage, CallStage::Joined) {
                ring.stop.notify_one();
            }
        }
    }

    fn rooms(&self) -> MutexGuard<'_, BTreeMap<RoomUuid, Vec<Ring>>> {
        self.0.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_at(&self, room: RoomUuid, id: CallId, stage: CallStage) {
        if let Some(ring) = self
            .rooms()
            .get_mut(&room)
            .and_then(|rings| rings.iter_mut().find(|ring| ring.call.id == id))
        {
            ring.call.stage = stage;
            ring.over = stage.is_over().then(Instant::now);
        }
    }

    /// Follows a call to its end.
    async fn follow(self, dialler: Dialler, order: CallOrder, stop: Arc<Notify>) {
        let (room, id) = (order.room, order.id);
        let stage = match self.dial(&dialler, &order).await {
            Ok(dialled) => self.watch(dialled, &order, &stop).await,
            Err(stage) => stage,
        };
        self.is_at(room, id, stage);
        if let Err(error) = note_call_end(&self.0.desk, room, stage).await {
            tracing::warn!(%error, "the end of a call is not in the audit");
        }
    }

    async fn dial(&self, dialler: &Dialler, order: &CallOrder) -> Result<Dialled, CallStage> {
        let number = PhoneNumber::parse(&order.number, None);
        let placed = dialler.ring(RingOrder {
            number: number.or(Err(CallStage::Unreachable))?,
            trunk: None,
            facility: order.facility.to_string(),
            reason: Reason::Doctor,
            pass: Pass::new(order.ticket.clone()),
            language: spoken(order.language),
            ask_consent: false,
            ring_for: RING_MAX,
        });
        placed.await.map_err(refused)
    }

    async fn watch(&self, mut dialled: Dialled, order: &CallOrder, stop: &Notify) -> CallStage {
        let (mut has_come, mut is_stopped, mut is_machine) = (false, false, false);
        loop {
            let news = tokio::select! {
                biased;
                () = stop.notified() => {
                    is_stopped = true;
                    dialled.hang_up();
                    continue;
                }
                news = dialled.progress.recv() => news,
            };
            let stage = match news {
                Some(CallProgress::Trying | CallProgress::Early) => continue,
                Some(CallProgress::Ringing) => CallStage::Ringing,
                Some(CallProgress::Answered) => CallStage::Answered,
                Some(CallProgress::Confirmed) => {
                    let people = (order.participant, order.by);
                    let let_in = called_has_come(&self.0.desk, order.room, people).await;
                    if let Err(error) = let_in {
                        tracing::warn!(%error, "a called person is not let in");
                        dialled.hang_up();
                        continue;
                    }
                    has_come = true;
                    CallStage::Joined
                }
                Some(CallProgress::VoicemailSuspected) => {
                    is_machine = true;
                    continue;
                }
                Some(CallProgress::Ended { .. }) if has_come => return CallStage::Finished,
                Some(CallProgress::Ended { .. }) if is_stopped => return CallStage::Stopped,
                Some(CallProgress::Ended { .. }) if is_machine => return CallStage::Voicemail,
                Some(CallProgress::Ended { outcome, .. }) => return ended(outcome),
                None => return CallStage::Failed,
            };
            self.is_at(order.room, order.id, stage);
        }
    }
}

const fn spoken(language: Spoken) -> Language {
    match language {
        Spoken::French => Language::French,
        Spoken::English => Language::English,
    }
}

fn refused(why: RingRefusal) -> CallStage {
    match why {
        RingRefusal::NoTrunk => CallStage::NoLine,
        RingRefusal::Country(_) => CallStage::CountryBarred,
        RingRefusal::Cap(CapReached::Calls) | RingRefusal::Full => CallStage::LinesTaken,
        RingRefusal::Cap(CapReached::Minutes) => CallStage::MinutesUsed,
        RingRefusal::Cap(CapReached::Budget) => CallStage::BudgetUsed,
        RingRefusal::Unknown => CallStage::Failed,
    }
}

/// Of a call that nobody came into the visit by.
const fn ended(outcome: Outcome) -> CallStage {
    match outcome {
        // Answered, and hung up before 1 was pressed.
        Outcome::Finished | Outcome::Declined => CallStage::Declined,
        Outcome::Busy => CallStage::Busy,
        Outcome::NoAnswer => CallStage::NoAnswer,
        Outcome::Unreachable => CallStage::Unreachable,
        Outcome::GivenUp => CallStage::Stopped,
        Outcome::Failed => CallStage::Failed,
    }
}

impl CallLine for Rings {
    fn place(&self, order: CallOrder) -> Result<PlacedCall, AlreadyCalled> {
        let call = PlacedCall {
            id: order.id,
            participant: order.participant,
            name: order.name.clone(),
            masked: masked_number(&order.number),
            stage: CallStage::Calling,
        };
        let stop = Arc::new(Notify::new());
        {
            let mut rooms = self.rooms();
            let now = Instant::now();
            rooms.retain(|_, rings| {
                let is_old =
                    |ring: &Ring| ring.over.is_some_and(|at| now.duration_since(at) > KEPT);
                rings.retain(|ring| !is_old(ring));
                !rings.is_empty()
            });
            let rings = rooms.entry(order.room).or_default();
            let is_same = |ring: &Ring| {
                ring.call.participant == order.participant && !ring.call.stage.is_over()
            };
            if rings.iter().any(is_same) {
                return Err(AlreadyCalled);
            }
            if rings.len() >= CALLS_MAX
                && let Some(oldest) = rings.iter().position(|ring| ring.over.is_some())
            {
                rings.remove(oldest);
            }
            rings.push(Ring {
                call: call.clone(),
                stop: Arc::clone(&stop),
                over: None,
            });
        }
        match self.0.dialler.get() {
            Some(dialler) => {
                tokio::spawn(self.clone().follow(dialler.clone(), order, stop));
            }
            None => self.is_at(order.room, order.id, CallStage::NoLine),
        }
        Ok(call)
    }

    fn calls(&self, room: RoomUuid) -> Vec<PlacedCall> {
        let rooms = self.rooms();
        let rings = rooms.get(&room).into_iter().flatten();
        rings.map(|ring| ring.call.clone()).collect()
    }

    fn stop(&self, room: RoomUuid, call: CallId) -> bool {
        let rooms = self.rooms();
        let mut rings = rooms.get(&room).into_iter().flatten();
        let ring = rings.find(|ring| ring.call.id == call && ring.over.is_none());
        ring.is_some_and(|ring| {
            ring.stop.notify_one();
            true
        })
    }

    fn calls_out(&self, facility: TenantId) -> bool {
        let facility = facility.to_string();
        self.all()
            .iter()
            .any(|trunk| trunk.outbound.is_some() && trunk.serves(&facility))
    }

    fn trunks(&self, facility: TenantId) -> Vec<TrunkState> {
        let facility = facility.to_string();
        let Some(dialler) = self.0.dialler.get() else {
            return Vec::new();
        };
        let of = self.all().iter().filter(|trunk| trunk.serves(&facility));
        of.map(|trunk| state(trunk, &facility, &dialler.health(&trunk.name)))
            .collect()
    }

    fn money(&self, facility: TenantId) -> Option<CallMoney> {
        let spend = self.0.dialler.get()?.trunks().spend.as_ref()?;
        Some(CallMoney {
            currency: spend.currency.clone(),
            month_micros: spend.month_micros(&facility.to_string()),
        })
    }

    fn forgive(&self) {
        if let Some(dialler) = self.0.dialler.get() {
            dialler.forgive();
        }
    }
}

impl Rings {
    fn all(&self) -> &[Trunk] {
        self.0
            .dialler
            .get()
            .map_or(&[], |dialler| &dialler.trunks().trunks)
    }
}

fn state(trunk: &Trunk, facility: &str, way: &signaling_phone::TrunkState) -> TrunkState {
    let numbers = trunk.numbers.iter();
    let theirs = numbers.filter(|number| number.facility.eq_ignore_ascii_case(facility));
    let outbound = trunk.outbound.as_ref();
    TrunkState {
        name: trunk.name.clone(),
        calls_in: !trunk.numbers.is_empty(),
        calls_out: outbound.is_some(),
        transport: match trunk.transport {
            Transport::Udp => "udp",
            Transport::Tcp => "tcp",
            Transport::Tls => "tls",
        },
        srtp: match trunk.srtp {
            Srtp::Disabled => "disabled",
            Srtp::Allowed => "allowed",
            Srtp::Required => "required",
        },
        codecs: trunk.codec_names(),
        numbers: theirs.map(|number| number.number.expose()).collect(),
        caller: outbound.map(|it| it.caller.expose()),
        countries: outbound.map_or_else(Vec::new, |it| it.countries.clone()),
        minutes_per_day_max: outbound.map(|it| it.minutes_per_day_max),
        health: way.asked.map(|at| TrunkHealth {
            answers: matches!(way.health, signaling_phone::TrunkHealth::Reachable { .. }),
            at_us: at.duration_since(UNIX_EPOCH).map_or(0, |since| {
                i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
            }),
        }),
    }
}
