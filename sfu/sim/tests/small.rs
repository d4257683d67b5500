//! Small calls, each about one thing that once went wrong.

mod calls;

use calls::call;
use sfu_sim::{Access, Action, Sabotage, simulate, use_plain_cryptography};

#[test]
fn a_new_outer_address_interrupts_media_for_seconds_only() {
    use_plain_cryptography();
    let rebind = Action::Rebind { stolen_from: None };
    for access in [Access::Satellite, Access::Fibre] {
        let scenario = call(1, &[access, Access::Fibre], &[(20_000, 0, rebind)], 45);
        simulate(&scenario, 1, Sabotage::Nothing).unwrap();
    }
}

#[test]
fn people_who_exchange_their_addresses_get_their_own_media() {
    use_plain_cryptography();
    let people = [Access::Fibre; 4];
    let steal = Action::Rebind {
        stolen_from: Some(1),
    };
    let scenario = call(2, &people, &[(20_000, 0, steal)], 45);
    simulate(&scenario, 1, Sabotage::Nothing).unwrap();
}
