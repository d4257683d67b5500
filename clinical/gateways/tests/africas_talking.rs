//! Africa's Talking against a small server that answers as it is told.
#![expect(clippy::unwrap_used, reason = "tests")]

use core::time::Duration;

use clinical_app::ports::{
    DeliveryReport, IncomingSms, NotAMessage, NotAReport, OutgoingSms, ReportedOutcome, SendError,
    SmsGateway,
};
use clinical_gateways::{AfricasTalking, AfricasTalkingConfig, ApiKey};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// A server that answers one request with these bytes; without, it never answers. It returns what
/// it heard.
async fn server(answer: Option<String>) -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut heard = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let read = socket.read(&mut buffer).await.unwrap_or(0);
            heard.extend_from_slice(&buffer[..read]);
            let text = String::from_utf8_lossy(&heard).into_owned();
            let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
                head.to_lowercase()
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
                    .is_some_and(|length: usize| body.len() >= length)
            });
            if read == 0 || (whole && answer.is_some()) {
                if let Some(answer) = &answer {
                    socket.write_all(answer.as_bytes()).await.unwrap();
                }
                return text;
            }
        }
    });
    (port, task)
}

fn http(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn reply(code: u16) -> String {
    let body = format!(
        r#"{{"SMSMessageData":{{"Message":"Sent to 1/1","Recipients":[
            {{"statusCode":{code},"number":"+237600000000","status":"x","cost":"0","messageId":"ATXid_1"}}]}}}}"#
    );
    http("201 Created", &body)
}

fn gateway(port: u16) -> AfricasTalking {
    AfricasTalking::new(AfricasTalkingConfig {
        user: "sandbox".to_owned(),
        key: ApiKey::new("key-of-the-clinic".to_owned()),
        sender: Some("CLINIC".to_owned()),
        endpoint: Some(
            format!("http://127.0.0.1:{port}/version1/messaging")
                .parse()
                .unwrap(),
        ),
        timeout: Duration::from_millis(400),
    })
    .unwrap()
}

fn sms() -> OutgoingSms {
    OutgoingSms {
        id: Uuid::from_u128(7),
        to: "+237600000000".to_owned(),
        text: "à demain & merci".to_owned(),
    }
}

#[tokio::test]
async fn a_message_is_posted_as_a_form_with_the_key_in_its_header() {
    let (port, task) = server(Some(reply(101))).await;
    let accepted = gateway(port).send(&sms()).await.unwrap();
    assert_eq!(accepted.reference.as_deref(), Some("ATXid_1"));
    let heard = task.await.unwrap();
    for part in [
        "POST /version1/messaging ",
        "key-of-the-clinic",
        "username=sandbox&to=%2B237600000000&message=%C3%A0+demain+%26+merci&bulkSMSMode=1&from=CLINIC",
    ] {
        assert!(heard.contains(part), "{part} is not in {heard}");
    }
}

#[derive(Debug, PartialEq)]
enum Expected {
    Taken,
    Temporary,
    Permanent,
    Lost,
}

async fn ask(answer: Option<String>) -> Expected {
    let (port, _task) = server(answer).await;
    match gateway(port).send(&sms()).await {
        Ok(_) => Expected::Taken,
        Err(SendError::Temporary(_)) => Expected::Temporary,
        Err(SendError::Permanent(_)) => Expected::Permanent,
        Err(SendError::AnswerLost(_)) => Expected::Lost,
    }
}

#[tokio::test]
async fn each_code_of_the_provider_has_its_meaning() {
    for (code, expected) in [
        (100, Expected::Taken),
        (102, Expected::Taken),
        (403, Expected::Permanent),
        (406, Expected::Permanent),
        (405, Expected::Temporary),
        (500, Expected::Temporary),
        (999, Expected::Lost),
    ] {
        assert_eq!(ask(Some(reply(code))).await, expected, "{code}");
    }
}

#[tokio::test]
async fn refusals_of_the_whole_request_are_certain() {
    for (status, expected) in [
        ("400 Bad Request", Expected::Permanent),
        ("401 Unauthorized", Expected::Temporary),
        ("429 Too Many Requests", Expected::Temporary),
    ] {
        assert_eq!(ask(Some(http(status, "{}"))).await, expected, "{status}");
    }
    let nobody = r#"{"SMSMessageData":{"Message":"InvalidSenderId","Recipients":[]}}"#;
    assert_eq!(
        ask(Some(http("201 Created", nobody))).await,
        Expected::Temporary
    );
}

#[tokio::test]
async fn an_answer_that_can_not_be_read_is_not_known() {
    let twice = r#"{"SMSMessageData":{"Recipients":[
        {"statusCode":101,"messageId":"a"},{"statusCode":101,"messageId":"b"}]}}"#;
    for answer in [
        None,
        Some(String::new()),
        Some("rubbish".to_owned()),
        Some(http("201 Created", "rubbish")),
        Some(http("201 Created", twice)),
        Some(http("500 Internal Server Error", "{}")),
        Some(http("302 Found", "")),
        Some(http("201 Created", &" ".repeat(70_000))),
        Some("HTTP/1.1 201 Created\r\ncontent-length: 500\r\n\r\n{".to_owned()),
    ] {
        let shown = format!("{answer:.60?}");
        assert_eq!(ask(answer).await, Expected::Lost, "{shown}");
    }
}

#[tokio::test]
async fn nobody_there_is_certain() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let error = gateway(port).send(&sms()).await.unwrap_err();
    assert!(matches!(error, SendError::Temporary(_)), "{error:?}");
}

#[test]
fn delivery_reports_are_read_and_everything_else_is_refused() {
    let check = |body: &str, expected: Result<ReportedOutcome, NotAReport>| {
        let expected = expected.map(|outcome| DeliveryReport {
            reference: "ATXid_1".to_owned(),
            outcome,
        });
        assert_eq!(gateway(1).read_report(body), expected, "{body}");
    };
    check(
        "id=ATXid_1&status=Success&phoneNumber=%2B237600000000&networkCode=62401",
        Ok(ReportedOutcome::Delivered),
    );
    check("status=Buffered&id=ATXid_1", Ok(ReportedOutcome::Underway));
    check(
        "id=ATXid_1&status=Failed&failureReason=UserIsInactive",
        Ok(ReportedOutcome::Undeliverable),
    );
    for body in [
        "",
        "id=ATXid_1",
        "status=Success",
        "id=ATXid_1&status=Lost",
        "{}",
    ] {
        check(body, Err(NotAReport));
    }
}

#[test]
fn the_key_does_not_print_itself() {
    assert!(!format!("{:?}", gateway(1)).contains("key-of-the-clinic"));
}

#[test]
fn messages_of_people_are_read_and_everything_else_is_refused() {
    let read = |body: &str| gateway(1).read_incoming(body);
    let expected = IncomingSms {
        reference: "bf1a".to_owned(),
        from: "+237600000000".to_owned(),
        text: "J'ai de la fièvre & mal".to_owned(),
    };
    let body = "linkId=x&text=J%27ai+de+la+fi%C3%A8vre+%26+mal&to=5050&id=bf1a\
                &date=2026-11-28+08%3A00%3A00&from=%2B237600000000";
    assert_eq!(read(body), Ok(expected));
    let empty = read("text=&id=1&from=%2B237600000000").unwrap();
    assert_eq!(empty.text, "");
    for body in [
        "",
        "text=a&id=1",
        "text=a&from=%2B2376",
        "id=1&from=%2B2376",
        "{}",
    ] {
        assert_eq!(read(body), Err(NotAMessage), "{body}");
    }
    assert_eq!(format!("{empty:?}"), "IncomingSms(..)");
}
