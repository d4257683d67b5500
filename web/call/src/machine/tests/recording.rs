//! Who is asked to be recorded, and what is told of it.

use signaling_protocol::{CONSENT_WORDING, Caption, Purpose, RecordingEnd};

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
    assert!(!view.is_asked_for_consent(Purpose::Recording) && !view.has_agreed(Purpose::Recording));

    bench.hear(recording(RecordingPhase::Asking, &[1]));
    let view = bench.call.view();
    assert!(view.is_asked_for_consent(Purpose::Recording) && !view.has_agreed(Purpose::Recording));
    assert_eq!(view.awaited(Purpose::Recording), [""; 0]);

    for phase in [RecordingPhase::Asking, RecordingPhase::Paused] {
        bench.hear(recording(phase, &[2]));
        let view = bench.call.view();
        assert!(
            !view.is_asked_for_consent(Purpose::Recording) && view.has_agreed(Purpose::Recording)
        );
        assert_eq!(view.awaited(Purpose::Recording), ["Person 2"]);
    }

    bench.hear(over(RecordingEnd::Declined));
    let view = bench.call.view();
    assert!(!view.is_asked_for_consent(Purpose::Recording) && !view.has_agreed(Purpose::Recording));
}

#[test]
fn an_answer_says_to_which_words_it_is() {
    let mut bench = bench();
    for agree in [true, false] {
        let outputs = bench.feed(Input::Act(Act::Consent(Purpose::Recording, agree)));
        let wording = CONSENT_WORDING;
        assert_eq!(
            sent(&outputs),
            [&ClientMessage::Consent {
                agree,
                wording,
                purpose: Purpose::Recording,
            }]
        );
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
    assert_eq!(
        told(&running),
        [&Notice::Recorded(Purpose::Recording, true)]
    );
    let again = bench.hear(recording(RecordingPhase::Running, &[]));
    assert!(told(&again).is_empty());
    let paused = bench.hear(recording(RecordingPhase::Paused, &[3]));
    assert_eq!(
        told(&paused),
        [&Notice::Recorded(Purpose::Recording, false)]
    );
    let more = bench.hear(recording(RecordingPhase::Paused, &[3, 4]));
    assert!(told(&more).is_empty());
    let on = bench.hear(recording(RecordingPhase::Running, &[]));
    assert_eq!(told(&on), [&Notice::Recorded(Purpose::Recording, true)]);
    for why in [RecordingEnd::NoSpace, RecordingEnd::Stopped] {
        bench.hear(recording(RecordingPhase::Starting, &[]));
        let end = bench.hear(over(why));
        assert_eq!(
            told(&end),
            [&Notice::RecordingEnded(Purpose::Recording, why)]
        );
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
    assert!(bench.call.view().is_asked_for_consent(Purpose::Recording));
}

fn say(bench: &mut Bench, who: u128, words: &str, is_final: bool) {
    let caption = Caption {
        participant: id(who),
        text: (!words.is_empty()).then(|| text(words)),
        is_final,
        language: "fr".to_owned(),
    };
    bench.hear(ServerMessage::Caption { caption });
}

fn read(bench: &Bench) -> Vec<(String, bool)> {
    let said = bench.call.view().said;
    let lines = said.iter();
    lines
        .map(|it| (format!("{}: {}", it.name, it.text.as_str()), it.is_final))
        .collect()
}

#[test]
fn a_text_replaces_what_its_speaker_had_not_ended_and_final_ones_stand_first() {
    let mut bench = bench();
    say(&mut bench, 2, "J'ai", false);
    say(&mut bench, 1, "Oui", false);
    say(&mut bench, 2, "J'ai mal", false);
    let numbers: Vec<_> = bench.call.view().said.iter().map(|it| it.number).collect();
    assert_eq!(numbers, [2, 1], "an utterance keeps its number");
    say(&mut bench, 2, "J'ai mal ici", true);
    let expected = [
        ("Person 2: J'ai mal ici".to_owned(), true),
        ("Person 1: Oui".to_owned(), false),
    ];
    assert_eq!(read(&bench), expected);
    say(&mut bench, 1, "", true);
    assert_eq!(read(&bench), expected[..1], "it was no speech");
    for n in 0..30 {
        say(&mut bench, 2, &n.to_string(), true);
    }
    assert_eq!(read(&bench).len(), 12);
    assert_eq!(read(&bench)[11].0, "Person 2: 29");
}

#[test]
fn after_the_end_of_captions_nothing_of_them_is_shown() {
    let mut bench = bench();
    let state = |phase| ServerMessage::Captions {
        captions: Recording {
            phase,
            ..Recording::NONE
        },
    };
    let on = bench.hear(state(RecordingPhase::Running));
    assert_eq!(told(&on), [&Notice::Recorded(Purpose::Captions, true)]);
    say(&mut bench, 2, "Un", true);
    say(&mut bench, 2, "De", false);
    bench.hear(state(RecordingPhase::Paused));
    assert_eq!(read(&bench).len(), 1, "what was not ended is gone");
    bench.hear(state(RecordingPhase::Off));
    assert!(read(&bench).is_empty());
    let view = bench.call.view();
    assert!(!view.has_agreed(Purpose::Captions));
}
