//! Small calls for tests, and a way to run each exactly as before.

use std::path::Path;
use std::process::Command;

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
        obeys: false,
        feedback: true,
    };
    Scenario {
        seed: 1,
        people: (0_u16..).zip(people).map(plan).collect(),
        steps: all,
        length_ms: seconds * 1000,
        profile: Profile::LIGHT,
        timer_ms: 1,
    }
}

/// Runs the test `name` of this program in a process in which a seed is one run (see `replay`).
/// Answers whether that was done here, or the test is to be run now because this is that process.
pub(crate) fn replays(name: &str) -> bool {
    const INSIDE: &str = "SFU_SIM_REPLAYED";
    if std::env::var_os(INSIDE).is_some() {
        return false;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("replay");
    let output = Command::new(script)
        .args([name, "--exact", "--nocapture"])
        .env("SFU_SIM", std::env::current_exe().unwrap())
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}{complained}");
    assert!(said.contains("1 passed"), "{said}");
    true
}
