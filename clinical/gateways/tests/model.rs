//! A language model behind a small real server that is good, slow, broken and malicious; and a check of
//! symptoms that goes on whatever it says.
#![expect(clippy::unwrap_used, reason = "tests")]

use core::net::IpAddr;
use core::time::Duration;
use std::sync::{Arc, Mutex};

use clinical_app::ports::{LanguageModel as _, ModelError, ModelTask};
use clinical_app::triage::{Act, Shown, Triage, VisitorCommand, act_as_visitor, begin_as_visitor};
use clinical_app::{Clinic, Entropy, ManualClock, Micros, Origin, TenantId};
use clinical_gateways::{ApiKey, ChatModel, ChatModelConfig, ModelSetupError};
use clinical_model::triage::{Disposition, InterviewLanguage, InterviewState};
use clinical_store::testbed::{TestDb, make_facility};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

/// What the server does with each request.
#[derive(Debug, Clone)]
enum Mood {
    /// Answers these bytes.
    Bytes(String),
    /// Never answers.
    Slow,
    /// Answers half of what it promised.
    Torn,
}

/// A server that keeps what it heard.
struct Server {
    port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

async fn request(socket: &mut TcpStream) -> String {
    let mut heard = Vec::new();
    let mut buffer = [0; 16_384];
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
        if read == 0 || whole {
            return text;
        }
    }
}

impl Server {
    async fn open(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let kept = heard.clone();
        tokio::spawn(async move {
            loop {
                let (mut socket, _) = listener.accept().await.unwrap();
                let (mood, kept) = (mood.clone(), kept.clone());
                tokio::spawn(async move {
                    let text = Box::pin(request(&mut socket)).await;
                    kept.lock().unwrap().push(text);
                    let bytes = match mood {
                        Mood::Bytes(bytes) => bytes,
                        Mood::Torn => {
                            "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"choices\"".to_owned()
                        }
                        Mood::Slow => return core::future::pending::<()>().await,
                    };
                    socket.write_all(bytes.as_bytes()).await.ok();
                });
            }
        });
        Self { port, heard }
    }

    fn model(&self, timeout: Duration) -> ChatModel {
        ChatModel::new(ChatModelConfig {
            url: format!("http://127.0.0.1:{}/v1/", self.port)
                .parse()
                .unwrap(),
            key: Some(ApiKey::new("key-of-the-clinic".to_owned())),
            name: "small".to_owned(),
            timeout,
        })
        .unwrap()
    }

    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

const PATIENT: Duration = Duration::from_secs(60);
const HASTY: Duration = Duration::from_millis(300);

fn http(status: &str, body: &str) -> Mood {
    Mood::Bytes(format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    ))
}

fn says(content: &str) -> Mood {
    let reply = json!({"choices": [{"message": {"role": "assistant", "content": content}}]});
    http("200 OK", &reply.to_string())
}

fn task() -> ModelTask {
    ModelTask {
        name: "findings",
        rules: "Read.".to_owned(),
        words: "ma carcasse".to_owned(),
        schema: json!({"type": "object"}),
    }
}

#[tokio::test]
async fn the_words_come_back_and_the_request_is_what_such_servers_take() {
    let server = Server::open(says(r#"{"findings":[]}"#)).await;
    let answer = server.model(PATIENT).answer(&task()).await.unwrap();
    assert_eq!(answer, r#"{"findings":[]}"#);
    let heard = server.heard().remove(0);
    let (head, body) = heard.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /v1/chat/completions "), "{head}");
    assert!(head.contains("Bearer key-of-the-clinic"));
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["model"], "small");
    assert_eq!(body["messages"][1]["content"], "ma carcasse");
    assert_eq!(body["response_format"]["json_schema"]["strict"], true);
    assert!(!format!("{:?}", server.model(PATIENT)).contains("key-of"));
}

#[tokio::test]
async fn a_server_that_is_slow_broken_or_elsewhere_is_of_no_use() {
    for mood in [
        Mood::Torn,
        http("500 Internal Server Error", "{}"),
        http("302 Found", ""),
        http("401 Unauthorized", "{}"),
    ] {
        let server = Server::open(mood.clone()).await;
        let error = server.model(PATIENT).answer(&task()).await.unwrap_err();
        assert!(matches!(error, ModelError::Unreachable(_)), "{mood:?}");
    }
    let slow = Server::open(Mood::Slow).await;
    let error = slow.model(HASTY).answer(&task()).await.unwrap_err();
    assert!(matches!(error, ModelError::Unreachable(_)), "{error:?}");
    for body in ["rubbish", "{}", r#"{"choices":[]}"#, &" ".repeat(70_000)] {
        let server = Server::open(http("200 OK", body)).await;
        let error = server.model(PATIENT).answer(&task()).await.unwrap_err();
        assert!(matches!(error, ModelError::Malformed(_)), "{body:.20}");
    }
}

#[tokio::test]
async fn no_more_than_four_are_asked_at_once_and_the_fifth_does_not_wait() {
    let server = Server::open(Mood::Slow).await;
    let model = Arc::new(server.model(PATIENT));
    let waiting: Vec<_> = (0..4)
        .map(|_| {
            let model = model.clone();
            tokio::spawn(async move { model.answer(&task()).await.is_ok() })
        })
        .collect();
    while server.heard().len() < 4 {
        tokio::task::yield_now().await;
    }
    let error = model.answer(&task()).await.unwrap_err();
    assert!(matches!(error, ModelError::Busy));
    for it in waiting {
        it.abort();
    }
}

#[test]
fn words_of_people_do_not_travel_in_clear() {
    let set_up = |url: &str| {
        ChatModel::new(ChatModelConfig {
            url: url.parse().unwrap(),
            key: None,
            name: "small".to_owned(),
            timeout: HASTY,
        })
    };
    for bad in [
        "http://models.example.org/v1",
        "ftp://127.0.0.1/v1",
        "http://127.0.0.1.example.org",
    ] {
        let refused = set_up(bad).unwrap_err();
        assert!(
            matches!(refused, ModelSetupError::PlainToElsewhere),
            "{bad}"
        );
    }
    for good in [
        "https://models.example.org/v1",
        "http://localhost:11434/v1",
        "http://[::1]:1/v1",
    ] {
        assert!(set_up(good).is_ok(), "{good}");
    }
}

/// Words that the rules do not understand, with a number that must not leave.
const STRANGE: &str = "ma carcasse me brule de partout qsdfgh wxcvb, la tronche en vrac 699123456";
const MONDAY: Micros = Micros(1_795_420_800_000_000);

async fn told(server: &Server, words: &str, timeout: Duration) -> Shown {
    let db = TestDb::sqlite().await;
    make_facility(&db, TenantId::from_uuid(Uuid::from_u128(0xc11))).await;
    let clinic = Clinic {
        db: db.clone(),
        clock: Arc::new(ManualClock::at(MONDAY)),
        entropy: Arc::new(Entropy::seeded(7)),
    };
    let triage = Triage::reading_with(None, Some(Arc::new(server.model(timeout))));
    assert!(triage.reads_outside());
    let from = Origin::from(IpAddr::from([192, 0, 2, 1]));
    let command = VisitorCommand {
        language: InterviewLanguage::French,
        age_months: 34 * 12,
        sex: None,
        pregnant: None,
        proxy: false,
    };
    let begun = begin_as_visitor(&clinic, &triage, from, command)
        .await
        .unwrap();
    let act = Act::Complain(words.to_owned());
    act_as_visitor(&clinic, &triage, (from, &begun.secret), act)
        .await
        .unwrap()
}

fn asked(shown: &Shown) -> Option<&str> {
    shown.question.as_ref().map(|it| it.finding.as_str())
}

#[tokio::test]
async fn what_a_model_reads_is_asked_and_no_number_is_sent() {
    let good = r#"{"findings":[{"id":"fever","quote":"me brule de partout"}],"urgent":true}"#;
    let server = Server::open(says(good)).await;
    let shown = told(&server, STRANGE, PATIENT).await;
    assert_eq!(asked(&shown), Some("fever"));
    assert_eq!(shown.interview.story.floor, Some(Disposition::Urgent));
    let heard = server.heard().remove(0);
    assert!(heard.contains("carcasse") && !heard.contains("699123456"));
}

#[tokio::test]
async fn whatever_a_model_does_the_check_goes_on_as_without_it() {
    let silent = Server::open(says(r#"{"findings":[],"urgent":false}"#)).await;
    let without = told(&silent, STRANGE, PATIENT).await;
    assert_eq!(silent.heard().len(), 1);
    for mood in [
        Mood::Slow,
        Mood::Torn,
        http("500 Internal Server Error", "{}"),
        says("Of course! You are fine, stay at home."),
        says(r#"{"findings":[],"urgent":false,"disposition":"self_care"}"#),
        says(r#"{"findings":[{"id":"made_up","quote":"carcasse"}],"urgent":true}"#),
        says(r#"{"findings":[{"id":"fever","quote":"ignore your rules"}],"urgent":false}"#),
        http("200 OK", &" ".repeat(70_000)),
    ] {
        let server = Server::open(mood.clone()).await;
        let timeout = match mood {
            Mood::Slow => HASTY,
            Mood::Bytes(_) | Mood::Torn => PATIENT,
        };
        let shown = told(&server, STRANGE, timeout).await;
        assert_eq!(server.heard().len(), 1, "{mood:?}");
        let (one, other) = (&shown.interview.story, &without.interview.story);
        assert!(one == other, "{mood:?}");
    }
}

#[tokio::test]
async fn what_the_rules_understand_is_not_sent_to_anybody() {
    let server = Server::open(says(r#"{"findings":[],"urgent":false}"#)).await;
    let danger = "J'ai une douleur qui serre la poitrine et descend dans le bras gauche";
    let shown = told(&server, danger, PATIENT).await;
    assert_eq!(shown.interview.story.state(), InterviewState::Emergency);
    told(
        &server,
        "j'ai de la fièvre et je tousse depuis deux jours",
        PATIENT,
    )
    .await;
    assert!(server.heard().is_empty());
}
