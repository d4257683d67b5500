//! Every oracle can fail.
#![expect(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod calls;

use calls::{call, replays};
use sfu_core::{Grants, SourceSet};
use sfu_sim::{Access, Action, Sabotage, Scenario, SimError, compare, use_plain_cryptography};

const FOUR: [Access; 4] = [Access::Fibre; 4];

fn fault(scenario: &Scenario, sabotage: Sabotage) -> String {
    use_plain_cryptography();
    match compare(scenario, sabotage) {
        Err(SimError::Violation(violation)) => violation.fault.name(),
        Err(error) => panic!("{error}"),
        Ok(_) => "nothing".to_owned(),
    }
}

fn quiet() -> Scenario {
    call(2, &FOUR, &[], 25)
}

#[test]
fn an_honest_call_has_no_fault() {
    if replays("an_honest_call_has_no_fault") {
        return;
    }
    assert_eq!(fault(&quiet(), Sabotage::Nothing), "nothing");
}

#[test]
fn a_packet_of_another_room_is_seen() {
    if replays("a_packet_of_another_room_is_seen") {
        return;
    }
    assert_eq!(fault(&quiet(), Sabotage::CrossRooms), "CrossedRooms");
}

#[test]
fn a_packet_that_comes_back_is_seen() {
    if replays("a_packet_that_comes_back_is_seen") {
        return;
    }
    assert_eq!(fault(&quiet(), Sabotage::Echo), "OwnMedia");
}

#[test]
fn a_stream_without_its_key_frame_is_seen() {
    if replays("a_stream_without_its_key_frame_is_seen") {
        return;
    }
    assert_eq!(fault(&quiet(), Sabotage::SkipKeyFrames), "NoKeyFrame");
}

#[test]
fn a_slot_that_was_not_told_is_seen() {
    if replays("a_slot_that_was_not_told_is_seen") {
        return;
    }
    assert_eq!(fault(&quiet(), Sabotage::ForgetSlots), "NotBound");
}

#[test]
fn a_mute_that_is_not_kept_is_seen() {
    if replays("a_mute_that_is_not_kept_is_seen") {
        return;
    }
    // The server forwards rightly; the simulator believes that everything is still off.
    let on = [
        (5_000, 0, Action::Sources(SourceSet::NONE)),
        (8_000, 0, Action::Sources(SourceSet::ALL)),
    ];
    let scenario = call(1, &[Access::Fibre; 2], &on, 25);
    assert_eq!(fault(&scenario, Sabotage::ForgetUnmutes), "WasOff");
}

#[test]
fn a_right_that_is_not_kept_is_seen() {
    if replays("a_right_that_is_not_kept_is_seen") {
        return;
    }
    // The server forwards rightly; the simulator believes that nothing was granted again.
    let granted = [
        (5_000, 0, Action::Grants(Grants::LISTEN)),
        (8_000, 0, Action::Grants(Grants::ALL)),
    ];
    let scenario = call(1, &[Access::Fibre; 2], &granted, 25);
    assert_eq!(fault(&scenario, Sabotage::Nothing), "nothing");
    assert_eq!(fault(&scenario, Sabotage::ForgetGrants), "NotGranted");
}

#[test]
fn a_layer_that_is_never_woken_is_seen() {
    if replays("a_layer_that_is_never_woken_is_seen") {
        return;
    }
    let views = [(3_000, 1, Action::View(0)), (8_000, 1, Action::View(720))];
    let mut scenario = call(1, &[Access::Fibre; 2], &views, 25);
    for person in &mut scenario.people {
        person.obeys = true;
    }
    assert_eq!(fault(&scenario, Sabotage::Nothing), "nothing");
    assert_eq!(fault(&scenario, Sabotage::LetSleep), "Frozen");
}

#[test]
fn a_number_that_is_given_twice_is_seen() {
    if replays("a_number_that_is_given_twice_is_seen") {
        return;
    }
    assert_eq!(fault(&quiet(), Sabotage::RepeatNumbers), "Repeated");
}

#[test]
fn a_timestamp_that_goes_back_is_seen() {
    if replays("a_timestamp_that_goes_back_is_seen") {
        return;
    }
    assert_eq!(fault(&quiet(), Sabotage::TurnTimeBack), "TimeWentBack");
}

#[test]
fn a_frozen_picture_is_seen() {
    if replays("a_frozen_picture_is_seen") {
        return;
    }
    assert_eq!(fault(&quiet(), Sabotage::Freeze), "Frozen");
}

#[test]
fn what_is_left_behind_is_seen() {
    if replays("what_is_left_behind_is_seen") {
        return;
    }
    assert_eq!(fault(&quiet(), Sabotage::LeaveBehind), "Remembered");
}

#[test]
fn a_panic_is_seen() {
    if replays("a_panic_is_seen") {
        return;
    }
    assert_eq!(fault(&quiet(), Sabotage::Panic), "Panicked");
}

#[test]
fn a_difference_between_one_shard_and_four_is_seen() {
    if replays("a_difference_between_one_shard_and_four_is_seen") {
        return;
    }
    assert_eq!(
        fault(&quiet(), Sabotage::ServeDifferently),
        "ServedDifferently"
    );
}
