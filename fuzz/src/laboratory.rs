//! What laboratories send: HL7 version 2 over MLLP.

use clinical_hl7::{
    Charset, Decoder, FIELDS_MAX, Field, FrameError, Message, Problem, Reply, Report, SEGMENTS_MAX,
    Segment, acknowledge, escaped, frame,
};

/// Bytes that the decoder of [`stream`] holds.
const HELD_MAX: usize = 512;
/// Segments, and fields of each, that are looked at.
const LOOKED_AT: usize = 24;

type Cut = (Vec<Vec<u8>>, Result<usize, FrameError>);

/// A stream behind a byte that says where the network cuts it.
pub(crate) fn stream(bytes: &[u8]) {
    let Some((size, stream)) = bytes.split_first() else {
        return;
    };
    let whole = cut([stream].into_iter());
    assert_eq!(whole, cut(stream.chunks(usize::from(*size) + 1)));
    assert_eq!(whole, cut(stream.chunks(1)));
    for message in &whole.0 {
        assert_eq!(
            cut([frame(message).as_slice()].into_iter()),
            (vec![message.clone()], Ok(0))
        );
    }
}

fn cut<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Cut {
    let mut decoder = Decoder::with_max(HELD_MAX);
    let mut messages = Vec::new();
    for mut rest in pieces {
        while !rest.is_empty() {
            match decoder.push(rest) {
                Ok((taken, message)) => {
                    assert!(taken > 0 && decoder.held() <= HELD_MAX);
                    assert!(message.is_some() || taken == rest.len());
                    messages.extend(message);
                    rest = rest.get(taken..).unwrap_or_default();
                }
                Err(error) => return (messages, Err(error)),
            }
        }
    }
    (messages, Ok(decoder.held()))
}

/// One message: it is read, and answered so that its sender can read the answer.
pub(crate) fn message(bytes: &[u8]) {
    let message = match Message::parse(bytes) {
        Ok(message) => message,
        Err(error) => {
            let problem = Problem::Unreadable(error);
            answered(&acknowledge(None, Some(&problem), REPLY), "");
            return;
        }
    };
    let segments: Vec<Segment<'_>> = message.segments().collect();
    assert!(!segments.is_empty() && segments.len() <= SEGMENTS_MAX);
    for segment in segments.iter().take(LOOKED_AT) {
        assert_eq!(segment.name().len(), 3);
        assert!(segment.field(FIELDS_MAX + 2).is_empty());
        for number in 1..LOOKED_AT {
            survives(&message, segment.field(number));
        }
    }
    let control_id = segments
        .first()
        .map_or_else(String::new, |header| header.field(10).component(1));
    let problem = match Report::read(&message) {
        Ok(report) => {
            assert!(report.patients.iter().all(|it| !it.orders.is_empty()));
            None
        }
        Err(error) => Some(Problem::Unreadable(error)),
    };
    answered(
        &acknowledge(Some(&message), problem.as_ref(), REPLY),
        &control_id,
    );
}

const REPLY: Reply<'static> = Reply {
    control_id: "1",
    at: "20261127120000+0000",
};

/// The answer is a message whose MSA-2 is the control id of the question.
fn answered(answer: &[u8], control_id: &str) {
    let answer = Message::parse(answer);
    assert!(answer.is_ok_and(|answer| {
        let said: Vec<Segment<'_>> = answer.segments().collect();
        let [msh, msa, ..] = said.as_slice() else {
            return false;
        };
        msa.name() == "MSA"
            && msa.field(2).component(1) == in_one_line(control_id)
            && msh.field(7).component(1) == REPLY.at
            && msh.field(18).text() == answer.charset().as_str()
            && !msh.field(12).component(1).is_empty()
    }));
}

fn in_one_line(text: &str) -> String {
    text.replace('\r', "\n")
}

/// What a field says can be written into another message and says the same there.
fn survives(message: &Message, field: Field<'_>) {
    for number in 1..4 {
        let said = field.component(number);
        if said.is_empty() || said == "\"\"" {
            continue;
        }
        let separators = message.separators();
        let bar = separators.field;
        let written = format!(
            "MSH{bar}{}{}UNICODE UTF-8\rNTE{bar}1{bar}{}\r",
            separators.encoding(),
            bar.to_string().repeat(16),
            escaped(&said, separators),
        );
        let again = Message::parse(&Charset::Utf8.encode(&written));
        assert!(again.is_ok_and(|again| {
            let note = again.segments().nth(1);
            note.is_some_and(|note| note.field(2).component(1) == in_one_line(&said))
        }));
    }
}
