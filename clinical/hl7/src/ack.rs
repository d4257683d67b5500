//! Answers to messages.

use crate::{Charset, Fault, Message, ReadError, Separators, escaped};

/// What became of a message (table 0008).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AckCode {
    /// It was taken, and is kept.
    Accept,
    /// It could not be taken: the sender repeats it, or looks at what is wrong.
    Error,
    /// Messages of this kind are never taken.
    Reject,
}

impl AckCode {
    /// The word in MSA-1.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "AA",
            Self::Error => "AE",
            Self::Reject => "AR",
        }
    }
}

/// What ERR says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The message could not be read.
    Unreadable(ReadError),
    /// The program could not keep it.
    Internal,
}

impl Problem {
    /// Table 0357: code and words.
    const fn code(&self) -> (&'static str, &'static str) {
        match self {
            Self::Internal => ("207", "Application internal error"),
            Self::Unreadable(ReadError::Field { field, fault, .. }) => match (field, fault) {
                (_, Fault::Missing) => ("101", "Required field missing"),
                (9, Fault::Unsupported) => ("200", "Unsupported message type"),
                (12, Fault::Unsupported) => ("203", "Unsupported version id"),
                (_, Fault::Unsupported | Fault::Form) => ("102", "Data type error"),
            },
            Self::Unreadable(
                ReadError::TooLarge
                | ReadError::TooManySegments
                | ReadError::NotSegment(_)
                | ReadError::Segment(_),
            ) => ("100", "Segment sequence error"),
            Self::Unreadable(ReadError::Charset) => ("102", "Data type error"),
        }
    }

    /// ERR-2: segment, its number, and the field.
    fn location(&self) -> String {
        match self {
            Self::Unreadable(ReadError::Field {
                segment,
                occurrence,
                field,
                ..
            }) => format!("{segment}^{occurrence}^{field}"),
            Self::Unreadable(ReadError::Segment(segment)) => format!("{segment}^1"),
            Self::Unreadable(
                ReadError::TooLarge
                | ReadError::TooManySegments
                | ReadError::NotSegment(_)
                | ReadError::Charset,
            )
            | Self::Internal => String::new(),
        }
    }

    /// What becomes of a message with this problem.
    #[must_use]
    pub const fn ack(&self) -> AckCode {
        match self {
            Self::Unreadable(error) if error.is_rejection() => AckCode::Reject,
            Self::Unreadable(_) | Self::Internal => AckCode::Error,
        }
    }
}

/// What an answer needs besides the message that it answers.
#[derive(Debug, Clone, Copy)]
pub struct Reply<'a> {
    /// A name for the answer, which is the sender's to keep.
    pub control_id: &'a str,
    /// `YYYYMMDDHHMMSS+ZZZZ`
    pub at: &'a str,
}

/// The bytes of an answer. `message` is what is answered, if so much of it could be read; without
/// it nobody knows which one is meant, and MSA-2 is empty.
#[must_use]
pub fn acknowledge(message: Option<&Message>, problem: Option<&Problem>, it: Reply<'_>) -> Vec<u8> {
    let header = message.and_then(|it| it.segments().next());
    let separators = message.map_or_else(Separators::default, Message::separators);
    let charset = message.map_or(Charset::Ascii, Message::charset);
    let field = |number: usize| {
        let text = header.map_or_else(String::new, |it| it.field(number).component(1));
        escaped(&text, separators)
    };
    let code = problem.map_or(AckCode::Accept, Problem::ack);
    let version = Some(field(12)).filter(|it| !it.is_empty());
    let version = version.unwrap_or_else(|| "2.5.1".to_owned());
    let processing = Some(field(11)).filter(|it| !it.is_empty());
    let processing = processing.unwrap_or_else(|| "P".to_owned());
    let ack = if matches!(version.as_str(), "2.3" | "2.3.1") {
        "ACK".to_owned()
    } else {
        format!("ACK{}R01", separators.component)
    };
    let bar = separators.field;
    let join = |fields: &[&str]| fields.join(bar.encode_utf8(&mut [0; 4]));
    let mut text = join(&[
        "MSH",
        &separators.encoding(),
        &field(5),
        &field(6),
        &field(3),
        &field(4),
        it.at,
        "",
        &ack,
        &escaped(it.control_id, separators),
        &processing,
        &version,
        "",
        "",
        "",
        "",
        "",
        charset.as_str(),
    ]);
    text.push('\r');
    text.push_str(&join(&["MSA", code.as_str(), &field(10)]));
    text.push('\r');
    if let Some(problem) = problem {
        let (code, words) = problem.code();
        let component = separators.component.to_string();
        let place = problem.location().replace('^', &component);
        let code = [code, words, "HL70357"].join(&component);
        text.push_str(&join(&["ERR", "", &place, &code, "E"]));
        text.push('\r');
    }
    charset.encode(&text)
}
