//! Messages into a file.

use clinical_app::ports::{MailGateway, OutgoingMail, OutgoingSms, SendError, SmsGateway};
use clinical_gateways::FileGateway;
use uuid::Uuid;

fn sms(number: u128) -> OutgoingSms {
    OutgoingSms {
        id: Uuid::from_u128(number),
        to: "+237600000000".to_owned(),
        text: "deux\nlignes".to_owned(),
    }
}

#[tokio::test]
async fn every_message_is_one_line_that_only_its_owner_can_read() {
    let dir = std::env::temp_dir().join(format!("gateway-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let path = dir.join("messages.jsonl");
    let gateway = FileGateway::new(&path);
    SmsGateway::send(&gateway, &sms(1)).await.unwrap();
    let mail = OutgoingMail {
        id: Uuid::from_u128(2),
        to: "awa@example.org".to_owned(),
        subject: "Bonjour".to_owned(),
        body: "texte".to_owned(),
    };
    MailGateway::send(&gateway, &mail).await.unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["text"], "deux\nlignes");
    assert_eq!(lines[1]["channel"], "email");
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
    let gateway = FileGateway::new(std::path::Path::new("/nowhere/at/all/messages.jsonl"));
    let error = SmsGateway::send(&gateway, &sms(1)).await.unwrap_err();
    assert!(matches!(error, SendError::Temporary(_)), "{error:?}");
}
