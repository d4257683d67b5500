//! The door: `POST …/chat/completions` on this machine, as the server asks a language model.
//!
//! One request at a time, and no more of it than a known length; nothing is kept between two.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use crate::{Proposer, WeightsError};

/// Bytes of a request's head, and of its body: the server sends the names of all findings.
const HEAD_BYTES_MAX: u64 = 16 * 1024;
const BODY_BYTES_MAX: usize = 512 * 1024;
/// Who does not finish a request or does not take an answer in this time is left.
const PATIENCE: Duration = Duration::from_secs(2);
/// The end of the path of the interface.
const PATH: &str = "/chat/completions";
/// The one task that is understood.
const TASK: &str = "findings";

/// Why the door is closed.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// Nobody can come in.
    #[error("nobody can come in any more")]
    Accept(#[from] io::Error),
    /// The model does not fit together.
    #[error("the model cannot read")]
    Model(#[from] WeightsError),
}

/// What is answered to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Of HTTP.
    pub status: u16,
    /// JSON.
    pub body: String,
}

#[derive(Deserialize)]
struct Request {
    messages: Vec<Message>,
    response_format: Format,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    content: String,
}

#[derive(Deserialize)]
struct Format {
    json_schema: Schema,
}

#[derive(Deserialize)]
struct Schema {
    name: String,
}

/// Answers requests until nobody can come in any more.
///
/// # Errors
///
/// [`DoorError`]
pub fn serve(door: &TcpListener, proposer: &Proposer) -> Result<(), DoorError> {
    loop {
        let (stream, _) = door.accept()?;
        let Some(request) = received(&stream) else {
            continue;
        };
        let answer = match request {
            Ok(body) => answer(proposer, &body)?,
            Err(status) => refusal(status, "not the chat interface"),
        };
        // Who has gone does not need it.
        let _gone = sent(&stream, &answer);
    }
}

/// The answer to the body of one request.
///
/// # Errors
///
/// [`WeightsError`] when the model does not fit together.
pub fn answer(proposer: &Proposer, body: &[u8]) -> Result<Answer, WeightsError> {
    let Ok(request) = serde_json::from_slice::<Request>(body) else {
        return Ok(refusal(400, "no request of the chat interface"));
    };
    if request.response_format.json_schema.name != TASK {
        return Ok(refusal(400, "only findings can be proposed"));
    }
    let told = request.messages.iter().rfind(|it| it.role == "user");
    let told = told.map_or("", |it| it.content.as_str());
    let proposals = proposer.propose(told)?;
    let findings: Vec<_> = proposals
        .iter()
        .map(|it| json!({"id": it.finding, "quote": it.quote}))
        .collect();
    // It never says how urgent something is.
    let content = json!({"findings": findings, "urgent": false}).to_string();
    let message = json!({"role": "assistant", "content": content});
    let choices = json!([{"index": 0, "message": message, "finish_reason": "stop"}]);
    Ok(Answer {
        status: 200,
        body: json!({"object": "chat.completion", "choices": choices}).to_string(),
    })
}

fn refusal(status: u16, why: &str) -> Answer {
    Answer {
        status,
        body: json!({"error": {"message": why}}).to_string(),
    }
}

/// The body of a request, or the status of a refusal; nothing when it does not come to its end.
fn received(stream: &TcpStream) -> Option<Result<Vec<u8>, u16>> {
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    let mut reader = BufReader::new(stream).take(HEAD_BYTES_MAX);
    let mut length = None;
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok();
        }
    }
    let mut words = first.split_ascii_whitespace();
    if words.next() != Some("POST") || !words.next().is_some_and(|path| path.ends_with(PATH)) {
        return Some(Err(404));
    }
    let length: usize = length.unwrap_or(usize::MAX);
    if length > BODY_BYTES_MAX {
        return Some(Err(413));
    }
    let mut body = vec![0; length];
    reader.into_inner().read_exact(&mut body).ok()?;
    Some(Ok(body))
}

fn sent(mut stream: &TcpStream, answer: &Answer) -> io::Result<()> {
    let (status, body) = (answer.status, &answer.body);
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status} \r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )?;
    stream.flush()
}
