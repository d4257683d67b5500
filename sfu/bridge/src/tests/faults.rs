//! A fault in the sound of one line or one speaker costs that one and nobody else.

use sfu_phone::CodecError;

use super::*;
use crate::line::Trip;

/// A codec that panics as soon as something is to be decoded.
#[derive(Debug)]
struct Broken;

impl Speech for Broken {
    fn encode(&mut self, _sound: &[i16], _payload: &mut Vec<u8>) -> Result<(), CodecError> {
        panic!("broken by a test")
    }

    fn decode(&mut self, _payload: &[u8], _sound: &mut Vec<i16>) -> Result<(), CodecError> {
        panic!("broken by a test")
    }
}

fn is_closed(world: &World, id: u64) -> bool {
    let mut told = world.events.iter();
    told.any(|(leg, event)| *leg == LegId(id) && matches!(event, LegEvent::Closed(_)))
}

#[test]
fn a_panic_in_one_line_ends_that_call_and_the_others_hear_each_other() {
    for at in [Trip::Agree, Trip::Datagram, Trip::Hear, Trip::Say] {
        let mut world = scene();
        world.board.break_line(LegId(1), at);
        if at == Trip::Agree {
            let again = LegOrder::Agree(Box::new(agreed(1, Codec::Pcma, false)));
            world.order(1, again);
        }
        world.run(100);
        assert_eq!(world.out.failed, [LegId(1)], "{at:?}");
        assert!(is_closed(&world, 1), "{at:?}");
        assert!(!world.board.is_open(LegId(1)) && world.board.is_open(LegId(2)));
        // The room is told that it has left, as of any other call.
        assert_eq!(world.stage.unseated, [key(1)], "{at:?}");
        // The other telephone hears the browser and no longer the broken one.
        let heard = world.heard(1, TONES);
        assert_eq!(is_there(heard), [false, false, true], "{at:?}");
        // A new call takes its place.
        world.call(3, Codec::Pcmu, TONES[0]);
        world.admit(3);
        world.run(100);
        let heard = world.heard(1, TONES);
        assert_eq!(is_there(heard), [true, false, true], "{at:?}");
    }
}

#[test]
fn a_panic_at_the_end_of_a_call_keeps_no_seat() {
    let mut world = scene();
    world.board.break_line(LegId(1), Trip::Close);
    world.order(1, LegOrder::Close);
    assert_eq!(world.out.failed, [LegId(1)]);
    world.run(5);
    assert!(!world.board.is_open(LegId(1)));
    assert_eq!(world.stage.unseated, [key(1)]);
}

#[test]
fn a_speaker_whose_sound_breaks_the_decoder_is_heard_again_with_a_new_one() {
    let mut world = scene();
    world.run(50);
    assert!(world.board.is_open(LegId(1)));
    world.board.break_speakers(|| Box::new(Broken));
    world.run(100);
    assert!(world.out.unheard > 0);
    assert!(world.out.failed.is_empty());
    let heard = world.heard(1, TONES);
    assert_eq!(is_there(heard), [true, false, true]);
}
