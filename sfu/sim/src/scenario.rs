//! Who is there and what happens, out of one seed.

use sfu_core::{Grants, SourceSet};

use crate::media::Profile;
use crate::network::Access;
use crate::rng::Rng;

/// A person of a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are independent of each other"
)]
pub struct Plan {
    /// Index of the room.
    pub room: u16,
    /// The network at the start.
    pub access: Access,
    /// One way between page and server of what signaling says, in milliseconds.
    pub signaling_ms: u64,
    /// Sends its camera in three layers.
    pub simulcast: bool,
    /// Can share a screen.
    pub screen: bool,
    /// Sends nothing while a source is off, as a page that behaves.
    pub polite: bool,
    /// Sends only what the server says that somebody watches or hears, as our own pages do.
    pub obeys: bool,
    /// Reports when packets came (transport-wide feedback), so that the server estimates its bandwidth.
    pub feedback: bool,
}

/// Something that a person does or that happens to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Action {
    Join,
    Leave,
    /// The machine is switched off; nobody is told.
    Vanish,
    /// A reload: a new connection for the same person.
    Reload,
    Sources(SourceSet),
    /// What the signaling side lets the person send and receive.
    Grants(Grants),
    /// Height of every picture on screen; 0 pauses.
    View(u16),
    Access(Access),
    Outage {
        for_ms: u64,
    },
    /// The outer address changes; a stolen one belonged to the named person before.
    Rebind {
        stolen_from: Option<u16>,
    },
    /// The page restarts ICE (RFC 8445 section 2.4), as one does that believes its network to have changed.
    Restart,
    /// The person's room is closed.
    CloseRoom,
}

/// A step of a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// When.
    pub at_ms: u64,
    /// Index of the person.
    pub person: u16,
    /// What.
    pub action: Action,
}

/// A whole call, or several at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scenario {
    /// Decides everything that is random on the way.
    pub seed: u64,
    /// Everybody, in all rooms.
    pub people: Vec<Plan>,
    /// In the order of time.
    pub steps: Vec<Step>,
    /// When everybody goes.
    pub length_ms: u64,
    /// What is sent.
    pub profile: Profile,
    /// Timers of server and pages run at multiples of this many milliseconds only, as on machines that
    /// have much to do; 1 is as they are asked for.
    pub timer_ms: u64,
}

/// Limits to what a seed may make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// How long, in milliseconds.
    pub length_ms: u64,
    /// Most people in one room; 0 leaves it to the seed.
    pub people: u16,
    /// What is sent.
    pub profile: Profile,
}

impl Scenario {
    /// What `seed` stands for.
    #[must_use]
    pub fn generate(seed: u64, shape: Shape) -> Self {
        let mut rng = Rng::new(seed);
        let mut people = Vec::new();
        let rooms = if shape.people > 0 {
            1
        } else {
            rng.pick(&[1, 1, 1, 2, 2, 3, 6]).copied().unwrap_or(1)
        };
        for room in 0..rooms {
            let size = match (shape.people, rng.below(25)) {
                (0, 0) if rooms < 3 => 16,
                (0, _) => rng.between(2, if rooms > 2 { 4 } else { 8 }),
                (fixed, _) => u64::from(fixed),
            };
            for _ in 0..size {
                people.push(plan(&mut rng, room));
            }
        }
        let mut steps = Vec::new();
        for person in 0..u16::try_from(people.len()).unwrap_or(0) {
            let screen = people
                .get(usize::from(person))
                .is_some_and(|plan| plan.screen);
            live(&mut rng, person, (screen, shape.length_ms), &mut steps);
        }
        close_first_room(&mut rng, (rooms, shape.length_ms), &mut steps);
        steal_addresses(&mut rng, people.len() as u64, &mut steps);
        steps.sort_by_key(|step| (step.at_ms, step.person));
        Self {
            seed,
            people,
            steps,
            length_ms: shape.length_ms,
            profile: shape.profile,
            timer_ms: 1,
        }
    }
}

impl Action {
    /// What kind of thing it is, without its numbers.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Join => "join",
            Self::Leave => "leave",
            Self::Vanish => "vanish",
            Self::Reload => "reload",
            Self::Sources(_) => "mute",
            Self::Grants(_) => "grants",
            Self::View(_) => "view",
            Self::Access(_) => "access",
            Self::Outage { .. } => "outage",
            Self::Rebind { .. } => "rebind",
            Self::Restart => "restart",
            Self::CloseRoom => "close",
        }
    }
}

pub(crate) fn plan(rng: &mut Rng, room: u16) -> Plan {
    let access = match rng.below(10) {
        0..4 => Access::Fibre,
        4..6 => Access::Wifi,
        _ => rng.pick(&Access::ALL).copied().unwrap_or(Access::Lte),
    };
    Plan {
        room,
        access,
        signaling_ms: rng.between(5, 250),
        simulcast: rng.below(5) != 0,
        screen: rng.below(4) == 0,
        polite: rng.below(2) == 0,
        obeys: false,
        feedback: true,
    }
}

/// Everybody has come for the first time by then.
const FIRST_JOIN_MS: u64 = 20_000;

/// One person's time in the call.
pub(crate) fn live(
    rng: &mut Rng,
    person: u16,
    (screen, length_ms): (bool, u64),
    steps: &mut Vec<Step>,
) {
    let mut at_ms = rng.between(0, (length_ms / 8).min(FIRST_JOIN_MS));
    let mut add = |at_ms: u64, action| {
        steps.push(Step {
            at_ms,
            person,
            action,
        });
    };
    let mut on = SourceSet {
        screen: false,
        ..SourceSet::ALL
    };
    add(at_ms, Action::Join);
    if rng.below(4) == 0 {
        on.camera = rng.below(2) == 0;
        on.microphone = rng.below(4) != 0;
        add(at_ms, Action::Sources(on));
    }
    // About one thing in 15 seconds, but many people leave their settings alone.
    let calm = rng.below(3) == 0;
    loop {
        at_ms += if calm {
            rng.between(20_000, 90_000)
        } else {
            rng.between(2_000, 28_000)
        };
        if at_ms + 2_000 >= length_ms {
            return;
        }
        match rng.below(100) {
            0..22 => {
                let which = rng.below(if screen { 3 } else { 2 });
                match which {
                    0 => on.microphone = !on.microphone,
                    1 => on.camera = !on.camera,
                    _ => on.screen = !on.screen,
                }
                add(at_ms, Action::Sources(on));
            }
            22..40 => {
                let heights = [0, 90, 180, 360, 360, 720, 720, 1080];
                add(
                    at_ms,
                    Action::View(rng.pick(&heights).copied().unwrap_or(720)),
                );
            }
            40..52 => add(at_ms, Action::Reload),
            52..64 => add(
                at_ms,
                Action::Outage {
                    for_ms: rng.between(200, 25_000),
                },
            ),
            64..74 => add(at_ms, Action::Rebind { stolen_from: None }),
            74..86 => {
                let access = rng.pick(&Access::ALL).copied().unwrap_or(Access::Fibre);
                add(at_ms, Action::Access(access));
            }
            86..93 => {
                add(at_ms, Action::Leave);
                at_ms += rng.between(1_000, 20_000);
                add(at_ms, Action::Join);
            }
            _ => {
                add(at_ms, Action::Vanish);
                at_ms += rng.between(500, 30_000);
                add(at_ms, Action::Join);
            }
        }
    }
}

/// In some scenarios with several rooms the first one is closed half-way.
pub(crate) fn close_first_room(
    rng: &mut Rng,
    (rooms, length_ms): (u16, u64),
    steps: &mut Vec<Step>,
) {
    if rng.below(12) == 0 && rooms > 1 {
        steps.push(Step {
            at_ms: length_ms / 2,
            person: 0,
            action: Action::CloseRoom,
        });
    }
}

/// Some routers give one person the address that another one had a moment ago.
pub(crate) fn steal_addresses(rng: &mut Rng, people: u64, steps: &mut [Step]) {
    for step in steps {
        if let Action::Rebind { stolen_from } = &mut step.action
            && rng.below(3) == 0
        {
            *stolen_from = u16::try_from(rng.below(people)).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_always_the_same_scenario_and_others_differ() {
        let shape = Shape {
            length_ms: 60_000,
            people: 0,
            profile: Profile::LIGHT,
        };
        let one = Scenario::generate(5, shape);
        assert_eq!(one, Scenario::generate(5, shape));
        assert_ne!(one.steps, Scenario::generate(6, shape).steps);
        assert!(one.steps.is_sorted_by_key(|step| step.at_ms));
    }
}
