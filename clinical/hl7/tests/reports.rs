//! Messages of laboratories, and what is left of them after an accident.

use clinical_hl7::{
    AckCode, Decoder, Fault, FrameError, Message, ObservationStatus, Problem, ReadError, Reply,
    Report, Separators, Sex, Value, acknowledge, escaped, frame,
};
use proptest::prelude::*;

const CHEMISTRY: &str = "MSH|^~\\&|LIS|LABO-DAKAR|THUB|CLINIQUE|20261127101530+0000||ORU^R01^ORU_R01|A-1|P|2.5.1||||||UNICODE UTF-8\r\
PID|1||12345^^^CLINIQUE&1.2.250.1&ISO^MR~998^^^CNAM^NI||DIALLO^Aïcha^Fatou||19800203|F|||||^PRN^PH^^221^77^1234567\r\
PV1|1|O\r\
ORC|RE|0192f0c0-0000-7000-8000-000000000001|F-77\r\
OBR|1|0192f0c0-0000-7000-8000-000000000001|F-77|24323-8^Panel^LN|||202611270900\r\
NTE|1||On an empty stomach\r\
OBX|1|NM|2823-3^Potassium^LN||6.8|mmol/L|3.5-5.1|HH|||F|||20261127093000.123+0100\r\
NTE|1||Not haemolysed\r\
OBX|2|SN|K1^CRP^L^1988-5^CRP^LN||<^5|mg/L|||||C\r\
OBX|3|CE|5671-3^Malaria^LN||LA6576-8^Positive^LN|||A|||P\r\
OBX|4|TX|600-7^Culture^LN||E. coli~10\\S\\5 CFU \\T\\ more\\.br\\\\X41\\ \\Zx\\ \\|||||| F\r";

fn read(text: &str) -> Result<Report, ReadError> {
    Report::read(&Message::parse(text.as_bytes())?)
}

#[test]
fn a_report_of_chemistry_is_read_whole() {
    let report = read(&CHEMISTRY.replace("| F\r", "|F\r")).unwrap();
    assert_eq!(report.header.sending_facility, "LABO-DAKAR");
    assert_eq!(report.header.control_id, "A-1");
    let group = report.patients.first().unwrap();
    let who = &group.person;
    assert_eq!(
        (who.family.as_str(), who.given.as_str()),
        ("DIALLO", "Aïcha Fatou")
    );
    assert_eq!(who.sex, Sex::Female);
    assert_eq!(who.phones, ["+221771234567"]);
    let ids: Vec<_> = who.identifiers.iter().collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids.first().unwrap().universal, "1.2.250.1");
    assert_eq!(ids.last().unwrap().namespace, "CNAM");
    let birth = who.birth.unwrap();
    assert_eq!(
        (birth.year, birth.month, birth.day),
        (1980, Some(2), Some(3))
    );
    let order = group.orders.first().unwrap();
    assert_eq!(order.placer, "0192f0c0-0000-7000-8000-000000000001");
    assert_eq!(order.filler, "F-77");
    assert_eq!(order.notes, ["On an empty stomach"]);
    assert_eq!(order.observed.unwrap().time, Some((9, 0, 0)));
    let [potassium, crp, malaria, culture] = order.observations.as_slice() else {
        panic!("four lines");
    };
    assert_eq!(potassium.loinc(), Some("2823-3"));
    assert!(potassium.value == Value::Number("6.8".to_owned()));
    assert_eq!(potassium.flags, ["HH"]);
    assert_eq!(potassium.notes, ["Not haemolysed"]);
    assert_eq!(potassium.observed.unwrap().offset_minutes, Some(60));
    assert_eq!(crp.loinc(), Some("1988-5"));
    assert!(crp.value == Value::Structured("<5".to_owned()));
    assert_eq!(crp.status, ObservationStatus::Corrected);
    assert_eq!(malaria.value.text(), "Positive");
    assert_eq!(malaria.status, ObservationStatus::Preliminary);
    assert_eq!(
        culture.value.text(),
        "E. coli\n10^5 CFU & more\nA \\Zx\\ \\"
    );
}

#[test]
fn an_error_names_the_segment_and_the_field() {
    let field = |segment, occurrence, field, fault| {
        Err(ReadError::Field {
            segment,
            occurrence,
            field,
            fault,
        })
    };
    let cases = [
        ("ORU^R01", "ADT^A01", field("MSH", 1, 9, Fault::Unsupported)),
        ("|A-1|", "||", field("MSH", 1, 10, Fault::Missing)),
        ("|2.5.1|", "|3.0|", field("MSH", 1, 12, Fault::Unsupported)),
        (
            "|P|2.5.1",
            "|T|2.5.1",
            field("MSH", 1, 11, Fault::Unsupported),
        ),
        ("UTF-8\r", "BIG5\r", field("MSH", 1, 18, Fault::Unsupported)),
        ("19800203", "19801303", field("PID", 1, 7, Fault::Form)),
        ("|6.8|", "|6,8|", field("OBX", 1, 5, Fault::Form)),
        ("|SN|", "|ED|", field("OBX", 2, 2, Fault::Unsupported)),
        ("| F\r", "|Q\r", field("OBX", 4, 11, Fault::Form)),
        ("PID|1|", "PV2|1|", Err(ReadError::Segment("PID"))),
        ("OBR|1|", "OBS|1|", Err(ReadError::Segment("OBR"))),
        ("PV1|", "pv1|", Err(ReadError::NotSegment(3))),
    ];
    for (from, to, expected) in cases {
        assert!(CHEMISTRY.contains(from), "{from}");
        let got = read(&CHEMISTRY.replacen(from, to, 1)).map(|_| ());
        assert_eq!(got, expected, "{to}");
    }
}

#[test]
fn a_character_set_is_what_the_header_says() {
    let with = |word: &str, name: &[u8]| {
        let text = format!("MSH|^~\\&|L|F|T|C|2026||ORU^R01|1|P|2.3||||||{word}\rPID|||1||");
        let mut bytes = text.into_bytes();
        bytes.extend_from_slice(name);
        bytes.extend_from_slice(b"^A\rOBR|1||7|x\r");
        Message::parse(&bytes)
            .and_then(|it| Report::read(&it))
            .map(|it| {
                let first = it.patients.into_iter().next().unwrap();
                first.person.family
            })
    };
    assert_eq!(with("8859/1", b"N\xe9").unwrap(), "Né");
    assert_eq!(with("UNICODE UTF-8", "Né".as_bytes()).unwrap(), "Né");
    assert_eq!(with("UNICODE UTF-8", b"N\xe9"), Err(ReadError::Charset));
    assert_eq!(with("", "Né".as_bytes()), Err(ReadError::Charset));
    assert_eq!(with("", b"Ne").unwrap(), "Ne");
}

#[test]
fn what_is_too_large_is_refused() {
    let large = vec![b'A'; (1 << 20) + 1];
    assert_eq!(Message::parse(&large).unwrap_err(), ReadError::TooLarge);
    let many = format!("MSH|^~\\&|\r{}", "NTE|1\r".repeat(2_000));
    let error = Message::parse(many.as_bytes()).unwrap_err();
    assert_eq!(error, ReadError::TooManySegments);
}

#[test]
fn an_answer_goes_back_to_the_sender_with_the_place_of_the_error() {
    let message = Message::parse(CHEMISTRY.as_bytes()).unwrap();
    let it = Reply {
        control_id: "R-1",
        at: "20261127101531+0000",
    };
    let text = |problem: Option<Problem>| {
        String::from_utf8(acknowledge(Some(&message), problem.as_ref(), it)).unwrap()
    };
    assert_eq!(
        text(None),
        "MSH|^~\\&|THUB|CLINIQUE|LIS|LABO-DAKAR|20261127101531+0000||ACK^R01|R-1|P|2.5.1||||||UNICODE UTF-8\rMSA|AA|A-1\r"
    );
    let error = Report::read(&message).unwrap_err();
    let problem = Problem::Unreadable(error);
    assert_eq!(problem.ack(), AckCode::Error);
    let answer = text(Some(problem));
    assert!(answer.contains("\rMSA|AE|A-1\r"));
    assert!(
        answer.ends_with("ERR||OBX^4^11|102^Data type error^HL70357|E\r"),
        "{answer}"
    );
    assert!(text(Some(Problem::Internal)).contains("ERR|||207^"));
    // The answer is itself a message.
    let again = Message::parse(answer.as_bytes()).unwrap();
    assert_eq!(again.segments().nth(1).unwrap().field(2).text(), "A-1");
}

#[test]
fn what_answers_are_written_with_divides_nothing() {
    for header in ["MSH.^~\\&.A", "MSH|^~\\.|A", "MSH|^~-&|A", "MSH|/~\\&|A"] {
        let error = Message::parse(header.as_bytes()).unwrap_err();
        let place = matches!(
            error,
            ReadError::Field {
                segment: "MSH",
                field: 1 | 2,
                fault: Fault::Form,
                ..
            }
        );
        assert!(place, "{header}: {error}");
    }
}

#[test]
fn a_frame_must_begin_and_end_as_one() {
    let mut decoder = Decoder::with_max(4);
    assert_eq!(decoder.push(b"x"), Err(FrameError::Start));
    let mut decoder = Decoder::with_max(4);
    assert_eq!(decoder.push(b"\x0babcde"), Err(FrameError::TooLarge));
    let mut decoder = Decoder::with_max(4);
    assert_eq!(decoder.push(b"\x0babcd\x1cx"), Err(FrameError::End));
}

/// Whatever is read, every way of looking at it is tried.
fn look(bytes: &[u8]) {
    let it = Reply {
        control_id: "1",
        at: "2026",
    };
    match Message::parse(bytes) {
        Ok(message) => {
            for segment in message.segments() {
                for field in 0..30 {
                    let field = segment.field(field);
                    let _ = field.text();
                    for repetition in field.repetitions() {
                        let _ = repetition.subcomponent(2, 2);
                    }
                }
            }
            let problem = Report::read(&message).err().map(Problem::Unreadable);
            let _ = acknowledge(Some(&message), problem.as_ref(), it);
        }
        Err(error) => {
            let _ = acknowledge(None, Some(&Problem::Unreadable(error)), it);
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        look(&bytes);
        let mut headed = b"MSH|^~\\&|".to_vec();
        headed.extend_from_slice(&bytes);
        look(&headed);
        let mut decoder = Decoder::with_max(100);
        let mut rest = bytes.as_slice();
        while let Ok((taken, _)) = decoder.push(rest) {
            rest = rest.get(taken..).unwrap();
            if rest.is_empty() {
                break;
            }
            prop_assert!(taken > 0 && decoder.held() <= 100);
        }
    }

    #[test]
    fn a_damaged_message_is_read_or_refused(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 1..12)
    ) {
        let mut bytes = CHEMISTRY.as_bytes().to_vec();
        for (at, byte, how) in changes {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => { bytes.remove(at); }
                _ => {
                    let tail = bytes.split_off(at);
                    let half = tail.len() / 2;
                    bytes.extend_from_slice(&tail[half..]);
                    bytes.extend_from_slice(&tail[..half]);
                }
            }
        }
        look(&bytes);
    }

    #[test]
    fn frames_come_out_as_they_went_in(
        messages in proptest::collection::vec(
            proptest::collection::vec(any::<u8>().prop_filter("end", |it| *it != 0x1c), 0..60), 0..6),
        size in 1..17_usize,
    ) {
        let stream: Vec<u8> = messages.iter().flat_map(|it| frame(it)).collect();
        let mut decoder = Decoder::default();
        let mut got = Vec::new();
        for piece in stream.chunks(size) {
            let mut rest = piece;
            while !rest.is_empty() {
                let (taken, message) = decoder.push(rest).unwrap();
                rest = &rest[taken..];
                got.extend(message);
            }
        }
        prop_assert_eq!(got, messages);
    }

    #[test]
    fn a_text_survives_its_escapes(text in "[ -~éß]{0,40}") {
        let separators = Separators::default();
        let line = format!(
            "MSH|^~\\&|||||||ORU^R01|1|P|2.5||||||UNICODE UTF-8\rNTE|1||{}\r",
            escaped(&text, separators)
        );
        let message = Message::parse(line.as_bytes()).unwrap();
        let got = message.segments().nth(1).unwrap().field(3).component(1);
        prop_assert!(got == text || text == "\"\"");
    }
}
