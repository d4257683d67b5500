//! Where telephones, their sound, the clinic and rooms meet. Only this folder knows all four.

mod admission;
mod call_backs;
mod measure;
mod rings;
mod rooms;
mod sound;

use std::sync::{Arc, Weak};

use anyhow::Context as _;
use clinical_app::TenantId;
use clinical_app::visits::{Desk, PhoneNumbers};
use sfu_bridge::{Bridge, BridgeConfig};
use sfu_net::SfuHandle;
use signaling_phone::{PhoneSettings, Phones, Ports, Prompts, TrunkHealth, Trunks};
use signaling_server::{PhoneDoor, SignalingHandle};

use self::admission::ClinicDoor;
pub(crate) use self::call_backs::CallBacks;
use self::rooms::RoomDoor;
use self::sound::BridgeSound;

/// What is known of all telephone companies together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineLook {
    /// All of them answer.
    Answers,
    /// Some of them do.
    AnswersInPart,
    /// None does.
    Silent,
}

/// Looks at the telephones without keeping them.
pub(crate) struct LineWatch(Weak<Phones>);

impl LineWatch {
    /// How the line is; none when it has stopped, or nobody was asked yet.
    pub(crate) fn look(&self) -> Option<LineLook> {
        let health = self.0.upgrade()?.health();
        let mut asked = 0_usize;
        let mut answer = 0_usize;
        for trunk in health {
            match trunk.health {
                TrunkHealth::Unknown => {}
                TrunkHealth::Reachable { .. } => {
                    asked += 1;
                    answer += 1;
                }
                TrunkHealth::Unwell { .. } | TrunkHealth::Silent => asked += 1,
            }
        }
        match (asked, answer) {
            (0, _) => None,
            (_, 0) => Some(LineLook::Silent),
            (asked, answer) if asked == answer => Some(LineLook::Answers),
            (_, _) => Some(LineLook::AnswersInPart),
        }
    }
}

/// What runs of the telephones.
pub(crate) struct Telephones {
    phones: Arc<Phones>,
    bridge: Bridge,
}

/// Which numbers the facilities are called at.
pub(crate) fn numbers(settings: Option<&PhoneSettings>) -> anyhow::Result<PhoneNumbers> {
    let mut numbers = Vec::new();
    for number in settings
        .into_iter()
        .flat_map(|it| &it.trunks)
        .flat_map(|it| &it.numbers)
    {
        let facility: TenantId = number.facility.parse().with_context(|| {
            format!(
                "phone.trunks: {} is no id of a facility; `telehealth facility list` says which there are",
                number.facility
            )
        })?;
        numbers.push((number.number.clone(), facility));
    }
    Ok(PhoneNumbers::new(numbers))
}

/// Whether telephones can be configured so; everything but the sockets is tried.
pub(crate) fn check(settings: Option<&PhoneSettings>) -> anyhow::Result<()> {
    numbers(settings)?;
    if let Some(settings) = settings {
        let trunks = Trunks::check(settings.clone()).context("phone")?;
        budgets(&trunks)?;
        Prompts::load(&settings.sound.prompts).context("phone.sound.prompts")?;
    }
    Ok(())
}

/// Whether budgets are of facilities.
fn budgets(trunks: &Trunks) -> anyhow::Result<()> {
    for facility in trunks.spend.iter().flat_map(|it| it.facilities()) {
        let _: TenantId = facility.parse().with_context(|| {
            format!(
                "phone.spend.budgets: {facility} is no id of a facility; `telehealth facility list` says which there are"
            )
        })?;
    }
    Ok(())
}

impl Telephones {
    /// Takes calls from now on, if there is a line. `line` is what callers meet, and who is told of calls
    /// that were placed.
    pub(crate) async fn open(
        settings: Option<PhoneSettings>,
        line: (Desk, PhoneDoor, SignalingHandle),
        sfu: &SfuHandle,
        call_backs: &CallBacks,
    ) -> anyhow::Result<Option<Self>> {
        let Some(settings) = settings else {
            return Ok(None);
        };
        let (desk, rooms, signaling) = line;
        clinical_app::visits::end_lost_charges(&desk)
            .await
            .context("what calls of the last run cost could not be written down")?;
        let telephones = Self::start(settings, desk, rooms, sfu).await?;
        call_backs.meet(telephones.phones.dialler(), signaling);
        Ok(Some(telephones))
    }

    async fn start(
        settings: PhoneSettings,
        desk: Desk,
        rooms: PhoneDoor,
        sfu: &SfuHandle,
    ) -> anyhow::Result<Self> {
        let sound = settings.sound.clone();
        let trunks = Trunks::check(settings).context("phone")?;
        budgets(&trunks)?;
        let prompts = Prompts::load(&sound.prompts).context("phone.sound.prompts")?;
        let ports = sound.ports.map(|[first, last]| first..=last);
        let config = BridgeConfig {
            bind: sound.bind.unwrap_or_else(|| trunks.bind.ip()),
            advertise: sound.advertise.or(trunks.advertise),
            ports,
            legs_max: trunks.limits.calls_max,
        };
        let bridge = sfu_bridge::start(config, sfu.clone()).context("the sound of telephones")?;
        let ports = Ports {
            sound: Arc::new(BridgeSound::new(bridge.handle(), prompts)),
            clinic: Arc::new(ClinicDoor::new(desk)),
            rooms: Arc::new(RoomDoor::new(rooms)),
        };
        let phones = Phones::start(trunks, ports).await.context("phone")?;
        let phones = Arc::new(phones);
        measure::begin(&phones);
        tracing::info!(address = %phones.local_address(), "telephones may call");
        Ok(Self { phones, bridge })
    }

    /// For whoever wants to know how the line is.
    pub(crate) fn watch(&self) -> LineWatch {
        LineWatch(Arc::downgrade(&self.phones))
    }

    /// Hangs up everywhere.
    pub(crate) fn stop(self) {
        drop(self.phones);
        self.bridge.shutdown();
    }
}
