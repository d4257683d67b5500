//! What comes from outside is a message or an error, never a panic.

use proptest::prelude::*;
use signaling_protocol::{ClientMessage, FailoverTicket, ServerFrame, ServerMessage};

const ID: &str = "00000000-0000-0000-0000-000000000001";

/// One well-formed message of every kind.
fn messages() -> Vec<String> {
    [
        r#"{"type":"hello","version":1,"auth":{"by":"ticket","ticket":"a.b.c"}}"#,
        r#"{"type":"hello","version":1,"auth":{"by":"ticket","ticket":"a.b.c","connection":"ID"}}"#,
        r#"{"type":"hello","version":1,"auth":{"by":"resume","token":"t","last_seq":7}}"#,
        r#"{"type":"offer","connection":"ID","offer_no":1,"sdp":"v=0\r\n","sources":[{"mid":"0","source":"camera"}]}"#,
        r#"{"type":"media","sources":{"microphone":true,"camera":false,"screen":false}}"#,
        r#"{"type":"view","slots":[{"mid":"3","height_px":720}]}"#,
        r#"{"type":"chat","id":"ID","text":"hello"}"#,
        r#"{"type":"chat_read","seq":3}"#,
        r#"{"type":"admit","participant":"ID"}"#,
        r#"{"type":"refuse","participant":"ID"}"#,
        r#"{"type":"mute","participant":"ID"}"#,
        r#"{"type":"view","slots":[],"pinned":"ID"}"#,
        r#"{"type":"grant","participant":"ID","grants":{"publish":{"microphone":true,"camera":false,"screen":false},"subscribe":true}}"#,
        r#"{"type":"encrypt","on":true}"#,
        r#"{"type":"public_key","key":"BAbc-_09"}"#,
        r#"{"type":"sealed_key","to":"ID","key":"BAbc-_09"}"#,
        r#"{"type":"remove","participant":"ID"}"#,
        r#"{"type":"end"}"#,
        r#"{"type":"quality","quality":"fair"}"#,
        r#"{"type":"inspect","rooms":["ID"]}"#,
        r#"{"type":"moved"}"#,
        r#"{"type":"leave"}"#,
    ]
    .iter()
    .map(|message| message.replace("ID", ID))
    .collect()
}

fn parse(text: &str) -> Result<ClientMessage, serde_json::Error> {
    serde_json::from_str(text)
}

#[test]
fn every_message_is_read_and_written_the_same() {
    for text in messages() {
        let message = parse(&text).unwrap();
        let written = serde_json::to_string(&message).unwrap();
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(&written), value(&text));
    }
}

#[test]
fn a_field_that_nobody_knows_is_refused_everywhere() {
    for text in messages() {
        let more = text.replacen('{', r#"{"extra":1,"#, 1);
        assert!(parse(&more).is_err(), "{more}");
        let nested = text.rsplit_once('{').map(|(head, tail)| {
            let comma = if tail.starts_with('}') { "" } else { "," };
            format!(r#"{head}{{"extra":1{comma}{tail}"#)
        });
        assert!(parse(&nested.unwrap()).is_err(), "{text}");
    }
}

#[test]
fn a_field_that_comes_twice_or_not_at_all_is_refused() {
    for text in [
        r#"{"type":"chat_read","seq":1,"seq":2}"#,
        r#"{"type":"chat_read"}"#,
        r#"{"seq":1}"#,
        r#"{"type":"chat_read","seq":-1}"#,
        r#"{"type":"chat_read","seq":1.5}"#,
        r#"{"type":"chat_read","seq":18446744073709551616}"#,
        r#"{"type":"CHAT_READ","seq":1}"#,
        r#"{"type":"admit","participant":"me"}"#,
        r#"[]"#,
        r#"null"#,
        r#""leave""#,
        "",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn deep_nesting_is_an_error_and_not_a_full_stack() {
    let deep = format!(r#"{{"type":"end","x":{}"#, "[".repeat(100_000));
    assert!(parse(&deep).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn any_bytes_are_a_message_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
        let _ = serde_json::from_slice::<ClientMessage>(&bytes);
        let _ = serde_json::from_slice::<ServerMessage>(&bytes);
    }

    #[test]
    fn a_damaged_message_is_a_message_or_an_error(
        which in 0..20_usize,
        edits in proptest::collection::vec((any::<usize>(), any::<u8>(), 0..3_u8), 1..8),
    ) {
        let mut bytes = messages().swap_remove(which).into_bytes();
        for (at, byte, kind) in edits {
            let at = at % bytes.len();
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ if bytes.len() > 1 => { bytes.remove(at); }
                _ => {}
            }
        }
        if let Ok(message) = serde_json::from_slice::<ClientMessage>(&bytes) {
            let again = serde_json::to_string(&message).unwrap();
            prop_assert_eq!(parse(&again).unwrap(), message);
        }
    }
}

#[test]
fn a_failover_ticket_is_read_as_it_is_written_and_does_not_print_itself() {
    let text = r#"{"seq":2,"message":{"type":"failover","ticket":"a.b.c","nodes":["https://b"]}}"#;
    let frame: ServerFrame = serde_json::from_str(text).unwrap();
    let failover = FailoverTicket {
        ticket: "a.b.c".to_owned(),
        nodes: vec!["https://b".to_owned()],
    };
    assert_eq!(frame.message, ServerMessage::Failover(failover));
    assert_eq!(serde_json::to_string(&frame).unwrap(), text);
    assert!(!format!("{frame:?}").contains("a.b.c"));
}
