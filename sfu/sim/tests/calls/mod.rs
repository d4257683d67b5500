//! Small calls for tests.

use sfu_sim::{Access, Action, Plan, Profile, Scenario, Step};

/// Two rooms, or one if `rooms` is 1, with these people in turn; everybody joins in the first
/// second, and then `steps` happen.
pub(crate) fn call(
    rooms: u16,
    people: &[Access],
    steps: &[(u64, u16, Action)],
    seconds: u64,
) -> Scenario {
    let mut all: Vec<Step> = (0_u16..)
        .zip(people)
        .map(|(person, _)| Step {
            at_ms: 100 * u64::from(person),
            person,
            action: Action::Join,
        })
        .collect();
    all.extend(steps.iter().map(|(at_ms, person, action)| Step {
        at_ms: *at_ms,
        person: *person,
        action: *action,
    }));
    all.sort_by_key(|step| step.at_ms);
    let plan = |(index, access): (u16, &Access)| Plan {
        room: index % rooms,
        access: *access,
        signaling_ms: 20,
        simulcast: true,
        screen: false,
        polite: false,
    };
    Scenario {
        seed: 1,
        people: (0_u16..).zip(people).map(plan).collect(),
        steps: all,
        length_ms: seconds * 1000,
        profile: Profile::LIGHT,
    }
}
