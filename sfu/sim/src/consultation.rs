//! Calls that are like consultations: few people, for long, who speak in turn; and as much goes wrong in
//! a minute as in other scenarios.

use sfu_core::{Grants, SourceSet};

use crate::media::Profile;
use crate::network::Access;
use crate::rng::Rng;
use crate::scenario::{Action, Scenario, Step, close_first_room, live, plan, steal_addresses};

/// Lengths that a seed may choose, in minutes.
const MINUTES: (u64, u64) = (10, 30);
/// Between two changes of what somebody is granted.
const GRANTS_MS: (u64, u64) = (20_000, 180_000);
/// Grants that were taken away come back after this time.
const WITHOUT_MS: (u64, u64) = (1_000, 30_000);

impl Scenario {
    /// The consultation that `seed` stands for; 0 leaves its length to the seed.
    #[must_use]
    pub fn consultation(seed: u64, length_ms: u64) -> Self {
        let mut rng = Rng::new(seed ^ 0xc0_5017);
        let drawn_ms = rng.between(MINUTES.0, MINUTES.1).saturating_mul(60_000);
        let length_ms = if length_ms > 0 { length_ms } else { drawn_ms };
        let rooms = if rng.below(6) == 0 { 2 } else { 1 };
        let mut people = Vec::new();
        for room in 0..rooms {
            let size = match rng.below(20) {
                0..14 => 2,
                14..18 => 3,
                18 => 4,
                _ => rng.between(5, 6),
            };
            for _ in 0..size {
                let mut one = plan(&mut rng, room);
                one.obeys = rng.below(4) != 0;
                // Where it is, most packets of a quiet call are padding and reports of it.
                one.feedback = rng.below(8) == 0;
                if rng.below(16) == 0 {
                    one.access = Access::Edge;
                }
                people.push(one);
            }
        }
        let mut steps = Vec::new();
        for (one, person) in people.iter().zip(0_u16..) {
            live(&mut rng, person, (one.screen, length_ms), &mut steps);
            change_grants(&mut rng, (person, length_ms), &mut steps);
        }
        restart_after_changes(&mut rng, &mut steps);
        for step in &mut steps {
            if matches!(step.action, Action::Access(_)) && rng.below(12) == 0 {
                step.action = Action::Access(Access::Edge);
            }
        }
        close_first_room(&mut rng, (rooms, length_ms), &mut steps);
        steal_addresses(&mut rng, people.len() as u64, &mut steps);
        steps.sort_by_key(|step| (step.at_ms, step.person));
        Self {
            seed,
            people,
            steps,
            length_ms,
            profile: Profile::CLINIC,
            // Few machines have nothing else to do.
            timer_ms: match rng.below(32) {
                0 => 1,
                1..4 => 20,
                4..12 => 50,
                _ => 100,
            },
        }
    }
}

/// Every second page notices that its network has changed, and restarts ICE a moment later.
fn restart_after_changes(rng: &mut Rng, steps: &mut Vec<Step>) {
    let mut restarts = Vec::new();
    for step in steps.iter() {
        let changes = match step.action {
            Action::Rebind { .. } | Action::Access(_) | Action::Outage { .. } => true,
            Action::Join
            | Action::Leave
            | Action::Vanish
            | Action::Reload
            | Action::Sources(_)
            | Action::Grants(_)
            | Action::View(_)
            | Action::Restart
            | Action::CloseRoom => false,
        };
        if changes && rng.below(2) == 0 {
            restarts.push(Step {
                at_ms: step.at_ms.saturating_add(rng.between(100, 3_000)),
                person: step.person,
                action: Action::Restart,
            });
        }
    }
    steps.append(&mut restarts);
}

/// Takes rights from somebody now and then, and gives them back.
fn change_grants(rng: &mut Rng, (person, length_ms): (u16, u64), steps: &mut Vec<Step>) {
    let mut at_ms = 0_u64;
    loop {
        at_ms = at_ms.saturating_add(rng.between(GRANTS_MS.0, GRANTS_MS.1));
        let until_ms = at_ms.saturating_add(rng.between(WITHOUT_MS.0, WITHOUT_MS.1));
        if until_ms.saturating_add(2_000) >= length_ms {
            return;
        }
        let grants = Grants {
            publish: SourceSet {
                microphone: rng.below(2) == 0,
                camera: rng.below(2) == 0,
                screen: rng.below(2) == 0,
            },
            subscribe: rng.below(4) != 0,
        };
        for (at_ms, grants) in [(at_ms, grants), (until_ms, Grants::ALL)] {
            steps.push(Step {
                at_ms,
                person,
                action: Action::Grants(grants),
            });
        }
        at_ms = until_ms;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_always_the_same_consultation_and_lasts_ten_minutes_to_thirty() {
        for seed in 0..40 {
            let one = Scenario::consultation(seed, 0);
            assert_eq!(one, Scenario::consultation(seed, 0));
            assert!((600_000..=1_800_000).contains(&one.length_ms));
            assert!(one.people.len() >= 2);
            assert!(one.steps.is_sorted_by_key(|step| step.at_ms));
        }
    }

    #[test]
    fn in_a_minute_of_everybody_at_least_three_things_happen() {
        let (mut steps, mut minutes) = (0_usize, 0_u64);
        for seed in 0..40 {
            let one = Scenario::consultation(seed, 0);
            steps += one.steps.len();
            minutes += one.length_ms / 60_000 * one.people.len() as u64;
        }
        assert!(steps as u64 >= 3 * minutes, "{steps} in {minutes}");
    }
}
