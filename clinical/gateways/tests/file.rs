//! Messages into a file.

use clinical_app::ports::{MailGateway, OutgoingMail, OutgoingSms, SendError, SmsGateway};
use clinical_gateways::{FileGateway, LineError, read_message};
use clinical_vault::MasterKeys;
use uuid::Uuid;

fn sms(number: u128) -> OutgoingSms {
    OutgoingSms {
        id: Uuid::from_u128(number),
        to: "+237600000000".to_owned(),
        text: "deux\nlignes".to_owned(),
    }
}

#[tokio::test]
async fn every_message_is_one_sealed_line_in_a_file_that_only_its_owner_can_read() {
    let dir = std::env::temp_dir().join(format!("gateway-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let path = dir.join("messages.jsonl");
    let file = MasterKeys::generate().unwrap().to_file();
    let keys = MasterKeys::parse(&file).unwrap();
    let gateway = FileGateway::new(&path, MasterKeys::parse(&file).unwrap());
    SmsGateway::send(&gateway, &sms(1)).await.unwrap();
    let mail = OutgoingMail {
        id: Uuid::from_u128(2),
        to: "awa@example.org".to_owned(),
        subject: "Bonjour".to_owned(),
        body: "texte".to_owned(),
    };
    MailGateway::send(&gateway, &mail).await.unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    for clear in ["+237600000000", "awa@example.org", "Bonjour", "lignes"] {
        assert!(!text.contains(clear), "{clear}");
    }
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(&read_message(line, &keys).unwrap()).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["text"], "deux\nlignes");
    assert_eq!(lines[1]["channel"], "email");
    let others = MasterKeys::generate().unwrap();
    let moved = text.replacen(
        &Uuid::from_u128(1).to_string(),
        &Uuid::from_u128(2).to_string(),
        1,
    );
    for (line, keys) in [(&text, &others), (&moved, &keys)] {
        let line = line.lines().next().unwrap();
        assert!(matches!(
            read_message(line, keys),
            Err(LineError::Sealed(_))
        ));
    }
    assert!(matches!(
        read_message("half a li", &keys),
        Err(LineError::Shape)
    ));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
    }
    std::fs::remove_dir_all(&dir).unwrap();
}

#[tokio::test]
async fn a_place_that_can_not_be_written_is_tried_again_later() {
    let gateway = FileGateway::new(
        std::path::Path::new("/nowhere/at/all/messages.jsonl"),
        MasterKeys::generate().unwrap(),
    );
    let error = SmsGateway::send(&gateway, &sms(1)).await.unwrap_err();
    assert!(matches!(error, SendError::Temporary(_)), "{error:?}");
}

#[test]
fn a_message_of_somebody_is_a_line_of_reference_number_and_text() {
    let keys = MasterKeys::generate().unwrap();
    let gateway = FileGateway::new(std::path::Path::new("/nowhere/at/all"), keys);
    let read = gateway
        .read_incoming("m1 +237699123456 j'ai mal\nau dos")
        .unwrap();
    assert_eq!(
        (read.reference.as_str(), read.from.as_str()),
        ("m1", "+237699123456")
    );
    assert_eq!(read.text, "j'ai mal\nau dos");
    assert_eq!(gateway.read_incoming("m1 +237699123456").unwrap().text, "");
    for body in ["", "m1", " "] {
        assert!(gateway.read_incoming(body).is_err(), "{body}");
    }
}
