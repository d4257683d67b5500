//! SMTP against a small server that speaks as it is told.
#![expect(clippy::unwrap_used, reason = "tests")]

use core::time::Duration;

use clinical_app::ports::{MailGateway, OutgoingMail, SendError};
use clinical_gateways::{MailSetupError, Smtp, SmtpConfig, SmtpLogin, SmtpSecurity};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use uuid::Uuid;

const GREETING: &str = "220 mail.test\r\n";
const EHLO: &str = "250-mail.test\r\n250 AUTH PLAIN\r\n";
const OK: &str = "250 fine\r\n";
const GO_ON: &str = "354 go on\r\n";
/// Closes the connection at this point.
const HANG_UP: &str = "";
/// Never answers.
const SILENCE: &str = "silence";

/// A server that answers each command of one connection in turn, and returns what it heard.
async fn server(answers: &'static [&'static str]) -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let mut stream = BufReader::new(socket);
        let mut heard = String::new();
        for answer in answers {
            match *answer {
                HANG_UP => return heard,
                SILENCE => {
                    // Reads until the client gives up.
                    while stream.read_line(&mut heard).await.unwrap_or(0) > 0 {}
                    return heard;
                }
                text => stream.write_all(text.as_bytes()).await.unwrap(),
            }
            // After this answer comes a letter, up to the line with a single dot.
            let in_data = *answer == GO_ON;
            loop {
                let before = heard.len();
                if stream.read_line(&mut heard).await.unwrap_or(0) == 0 {
                    return heard;
                }
                let line = heard.get(before..).unwrap();
                if !in_data || line == ".\r\n" {
                    break;
                }
            }
        }
        heard
    });
    (port, task)
}

fn gateway(port: u16) -> Smtp {
    Smtp::new(SmtpConfig {
        host: "127.0.0.1".to_owned(),
        port,
        security: SmtpSecurity::Plain,
        login: Some(SmtpLogin {
            user: "clinic".to_owned(),
            password: "secret".to_owned(),
        }),
        from: "Clinique <clinic@clinic.test>".to_owned(),
        timeout: Duration::from_millis(400),
    })
    .unwrap()
}

fn mail() -> OutgoingMail {
    OutgoingMail {
        id: Uuid::from_u128(7),
        to: "awa@example.org".to_owned(),
        subject: "Rendez-vous annulé".to_owned(),
        body: "Bonjour,\n.\nà bientôt".to_owned(),
    }
}

#[tokio::test]
async fn a_mail_is_handed_over_with_its_id_and_a_subject_that_survives() {
    let (port, task) = server(&[
        GREETING,
        EHLO,
        "235 in\r\n",
        OK,
        OK,
        GO_ON,
        OK,
        "221 bye\r\n",
    ])
    .await;
    gateway(port).send(&mail()).await.unwrap();
    let heard = task.await.unwrap();
    for part in [
        "EHLO clinic.test",
        "MAIL FROM:<clinic@clinic.test>",
        "RCPT TO:<awa@example.org>",
        "Message-ID: <00000000-0000-0000-0000-000000000007@clinic.test>",
        "=?utf-8?",
        "QUIT",
    ] {
        assert!(heard.contains(part), "{part} is not in {heard}");
    }
}

#[tokio::test]
async fn what_the_server_refuses_is_certain_and_follows_its_code() {
    for (answers, permanent) in [
        (
            &[GREETING, EHLO, "235 in\r\n", OK, "550 no such user\r\n"][..],
            true,
        ),
        (&[GREETING, EHLO, "235 in\r\n", OK, "451 later\r\n"], false),
        (
            &[GREETING, EHLO, "235 in\r\n", OK, OK, GO_ON, "554 spam\r\n"],
            true,
        ),
        (
            &[GREETING, EHLO, "235 in\r\n", OK, OK, GO_ON, "452 full\r\n"],
            false,
        ),
        (&[GREETING, EHLO, "535 wrong password\r\n"], false),
        (&["421 not now\r\n"], false),
    ] {
        let (port, _task) = server(answers).await;
        let error = gateway(port).send(&mail()).await.unwrap_err();
        let as_expected = match error {
            SendError::Permanent(_) => permanent,
            SendError::Temporary(_) => !permanent,
            SendError::AnswerLost(_) => false,
        };
        assert!(as_expected, "{answers:?}: {error:?}");
    }
}

#[tokio::test]
async fn an_answer_that_is_lost_after_the_letter_is_not_known() {
    for last in [HANG_UP, SILENCE, "rubbish\r\n"] {
        let answers: &'static [&'static str] =
            vec![GREETING, EHLO, "235 in\r\n", OK, OK, GO_ON, last].leak();
        let (port, _task) = server(answers).await;
        let error = gateway(port).send(&mail()).await.unwrap_err();
        assert!(
            matches!(error, SendError::AnswerLost(_)),
            "{last}: {error:?}"
        );
    }
}

#[tokio::test]
async fn what_fails_before_the_letter_is_tried_again() {
    for answers in [
        &[HANG_UP][..],
        &[SILENCE],
        &["rubbish\r\n"],
        &[GREETING, EHLO, "235 in\r\n", OK, OK, HANG_UP],
        &[GREETING, EHLO, "235 in\r\n", OK, OK, SILENCE],
    ] {
        let (port, _task) = server(answers).await;
        let error = gateway(port).send(&mail()).await.unwrap_err();
        assert!(
            matches!(error, SendError::Temporary(_)),
            "{answers:?}: {error:?}"
        );
    }
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = nobody.local_addr().unwrap().port();
    drop(nobody);
    let error = gateway(port).send(&mail()).await.unwrap_err();
    assert!(matches!(error, SendError::Temporary(_)), "{error:?}");
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_without_a_connection() {
    let broken = OutgoingMail {
        to: "awa@example.org>\r\nRCPT TO:<eve@example.org".to_owned(),
        ..mail()
    };
    let error = gateway(1).send(&broken).await.unwrap_err();
    assert!(matches!(error, SendError::Permanent(_)), "{error:?}");
}

#[test]
fn a_server_elsewhere_needs_tls() {
    let config = SmtpConfig {
        host: "mail.example.org".to_owned(),
        port: 25,
        security: SmtpSecurity::Plain,
        login: None,
        from: "clinic@clinic.test".to_owned(),
        timeout: Duration::from_secs(1),
    };
    assert!(matches!(
        Smtp::new(config.clone()),
        Err(MailSetupError::PlainToElsewhere)
    ));
    let with_tls = SmtpConfig {
        security: SmtpSecurity::StartTls,
        ..config.clone()
    };
    assert!(Smtp::new(with_tls).is_ok());
    let nameless = SmtpConfig {
        from: "clinic".to_owned(),
        ..config
    };
    assert!(matches!(Smtp::new(nameless), Err(MailSetupError::From(_))));
}

#[tokio::test]
async fn a_server_without_starttls_gets_nothing() {
    let (port, task) = server(&[GREETING, "250 mail.test\r\n", OK]).await;
    let careful = Smtp::new(SmtpConfig {
        host: "127.0.0.1".to_owned(),
        port,
        security: SmtpSecurity::StartTls,
        login: None,
        from: "clinic@clinic.test".to_owned(),
        timeout: Duration::from_millis(400),
    })
    .unwrap();
    let error = careful.send(&mail()).await.unwrap_err();
    assert!(matches!(error, SendError::Temporary(_)), "{error:?}");
    assert!(!task.await.unwrap().contains("MAIL"));
}
