//! Small calls, each about one thing that once went wrong.
#![expect(clippy::unwrap_used, reason = "tests")]

mod calls;

use calls::{call, replays};
use sfu_sim::{Access, Action, Sabotage, simulate, use_plain_cryptography};

#[test]
fn people_who_exchange_their_addresses_get_their_own_media() {
    if replays("people_who_exchange_their_addresses_get_their_own_media") {
        return;
    }
    use_plain_cryptography();
    let people = [Access::Fibre; 4];
    let steal = Action::Rebind {
        stolen_from: Some(1),
    };
    let scenario = call(2, &people, &[(20_000, 0, steal)], 45);
    simulate(&scenario, 1, Sabotage::Nothing).unwrap();
}

#[test]
fn a_calm_call_never_stands_still() {
    if replays("a_calm_call_never_stands_still") {
        return;
    }
    use_plain_cryptography();
    let fast = [Access::Satellite, Access::Fibre];
    for people in [fast, [Access::Fibre, Access::Fibre]] {
        let scenario = call(1, &people, &[], 45);
        simulate(&scenario, 1, Sabotage::Nothing).unwrap();
    }
}
