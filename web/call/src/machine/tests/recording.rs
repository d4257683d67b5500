//! Who is asked to be recorded, and what is told of it.

use signaling_protocol::{CONSENT_WORDING, RecordingEnd};

use super::*;

const fn id(number: u128) -> ParticipantId {
    ParticipantId::from_uuid(Uuid::from_u128(number))
}

fn recording(phase: RecordingPhase, waiting_for: &[u128]) -> ServerMessage {
    let recording = Recording {
        phase,
        asked_by: Some(id(2)),
        since_us: None,
        waiting_for: waiting_for.iter().copied().map(id).collect(),
        ended: None,
    };
    ServerMessage::Recording { recording }
}

fn over(why: RecordingEnd) -> ServerMessage {
    let recording = Recording {
        ended: Some(why),
        ..Recording::NONE
    };
    ServerMessage::Recording { recording }
}

fn told(outputs: &[Output]) -> Vec<&Notice> {
    let notices = outputs.iter().filter_map(|output| match output {
        Output::Notice(notice) => Some(notice),
        _ => None,
    });
    notices.collect()
}

fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.begin(Stage::Admitted);
    bench
}

#[test]
fn whoever_has_not_agreed_is_asked_and_the_others_hear_for_whom_one_waits() {
    let mut bench = bench();
    let view = bench.call.view();
    assert!(!view.is_asked_for_consent() && !view.has_agreed());

    bench.hear(recording(RecordingPhase::Asking, &[1]));
    let view = bench.call.view();
    assert!(view.is_asked_for_consent() && !view.has_agreed());
    assert_eq!(view.awaited(), [""; 0]);

    for phase in [RecordingPhase::Asking, RecordingPhase::Paused] {
        bench.hear(recording(phase, &[2]));
        let view = bench.call.view();
        assert!(!view.is_asked_for_consent() && view.has_agreed());
        assert_eq!(view.awaited(), ["Person 2"]);
    }

    bench.hear(over(RecordingEnd::Declined));
    let view = bench.call.view();
    assert!(!view.is_asked_for_consent() && !view.has_agreed());
}

#[test]
fn an_answer_says_to_which_words_it_is() {
    let mut bench = bench();
    for agree in [true, false] {
        let outputs = bench.feed(Input::Act(Act::Consent(agree)));
        let wording = CONSENT_WORDING;
        assert_eq!(sent(&outputs), [&ClientMessage::Consent { agree, wording }]);
    }
    for on in [true, false] {
        let outputs = bench.feed(Input::Act(Act::Record(on)));
        assert_eq!(sent(&outputs), [&ClientMessage::Record { on }]);
    }
}

#[test]
fn what_is_recorded_and_why_it_ends_is_told_once() {
    let mut bench = bench();
    let asking = bench.hear(recording(RecordingPhase::Asking, &[1]));
    assert!(told(&asking).is_empty(), "the question says it");
    let running = bench.hear(recording(RecordingPhase::Running, &[]));
    assert_eq!(told(&running), [&Notice::Recorded(true)]);
    let again = bench.hear(recording(RecordingPhase::Running, &[]));
    assert!(told(&again).is_empty());
    let paused = bench.hear(recording(RecordingPhase::Paused, &[3]));
    assert_eq!(told(&paused), [&Notice::Recorded(false)]);
    let more = bench.hear(recording(RecordingPhase::Paused, &[3, 4]));
    assert!(told(&more).is_empty());
    let on = bench.hear(recording(RecordingPhase::Running, &[]));
    assert_eq!(told(&on), [&Notice::Recorded(true)]);
    for why in [RecordingEnd::NoSpace, RecordingEnd::Stopped] {
        bench.hear(recording(RecordingPhase::Starting, &[]));
        let end = bench.hear(over(why));
        assert_eq!(told(&end), [&Notice::RecordingEnded(why)]);
        assert!(told(&bench.hear(over(why))).is_empty());
    }
}

#[test]
fn who_comes_back_is_asked_by_the_snapshot() {
    let mut bench = bench();
    bench.connect_media();
    bench.reconnect();
    let mut now = snapshot(Stage::Admitted, None);
    now.recording = Recording {
        phase: RecordingPhase::Paused,
        waiting_for: vec![id(1)],
        ..Recording::NONE
    };
    bench.hear(ServerMessage::Welcome {
        resume_token: "secret".to_owned(),
        snapshot: now,
    });
    assert!(bench.call.view().is_asked_for_consent());
}
