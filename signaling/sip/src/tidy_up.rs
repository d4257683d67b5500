//! A datagram brought into the one form that a SIP stack reads as everybody else does.

use crate::fence::DropReason;
use crate::refusal::{Refusal, Refused, has_tag};
use crate::request_form::{check_first, check_headers, is_token};

/// Bytes of a message (a UDP datagram holds no more than 65,507); real ones have up to 4,000.
pub(crate) const MESSAGE_BYTES_MAX: usize = 16_384;
/// Lines of a header; real ones have up to fifty.
const LINES_MAX: usize = 128;
/// Bytes of a line.
const LINE_BYTES_MAX: usize = 4_096;

/// What stands in the first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A request that begins a call: INVITE without a tag in To.
    NewCall,
    /// Any other request.
    Request,
    /// An answer.
    Response,
}

/// A message in order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Tidied {
    pub(crate) kind: Kind,
    /// The value of From, to tell callers apart.
    pub(crate) from: String,
    pub(crate) bytes: Vec<u8>,
}

/// Why a message does not go on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing is said.
    Drop(DropReason),
    /// It is a request, and whoever sent it is told what is wrong with it.
    Refuse(Refusal),
}

impl From<DropReason> for Fault {
    fn from(reason: DropReason) -> Self {
        Self::Drop(reason)
    }
}

/// A message cut into its parts.
struct Frame<'a> {
    first: String,
    headers: Vec<(String, String)>,
    /// A line is no header, or there is a byte that no text has.
    is_odd: bool,
    body: &'a [u8],
}

/// Brings a message in order: lines are unfolded, bytes that are no UTF-8 are read as Latin-1, there
/// is exactly one true Content-Length, and what may stand between words does not.
pub(crate) fn tidy(datagram: &[u8]) -> Result<Tidied, Fault> {
    let frame = Frame::read(datagram)?;
    if frame.first.starts_with("SIP/") {
        check_status(&frame.first)?;
        let length = frame.length()?;
        if frame.is_odd {
            return Err(DropReason::Form.into());
        }
        return frame.written(Kind::Response, length);
    }
    if !frame.is_request() {
        return Err(DropReason::Version.into());
    }
    let method = check_first(&frame.first).map_err(|why| frame.fault(why, reason_of(why)))?;
    let length = frame
        .length()
        .map_err(|reason| frame.fault(Refused::Form, reason))?;
    if frame.is_odd {
        return Err(frame.fault(Refused::Form, DropReason::Form));
    }
    check_headers(method, &frame.headers).map_err(|why| frame.fault(why, DropReason::Form))?;
    let is_new = method == "INVITE" && !frame.value("to", "t").is_some_and(has_tag);
    let kind = if is_new { Kind::NewCall } else { Kind::Request };
    frame.written(kind, length)
}

/// The answer to a request that is in order, and that the SIP stack cannot read all the same.
pub(crate) fn refusal_of(message: &[u8]) -> Option<Refusal> {
    let frame = Frame::read(message).ok()?;
    match frame.fault(Refused::Form, DropReason::Form) {
        Fault::Refuse(refusal) if frame.is_request() => Some(refusal),
        Fault::Refuse(_) | Fault::Drop(_) => None,
    }
}

const fn reason_of(why: Refused) -> DropReason {
    match why {
        Refused::Version => DropReason::Version,
        Refused::Form | Refused::Scheme | Refused::Method => DropReason::Form,
    }
}

impl<'a> Frame<'a> {
    fn read(datagram: &'a [u8]) -> Result<Self, DropReason> {
        if datagram.len() > MESSAGE_BYTES_MAX {
            return Err(DropReason::Size);
        }
        // Empty lines before a message are allowed (RFC 3261 section 7.5), and alone keep a way open.
        let begin = datagram
            .iter()
            .position(|byte| !matches!(byte, b'\r' | b'\n' | 0))
            .ok_or(DropReason::KeepAlive)?;
        let message = datagram.get(begin..).unwrap_or_default();
        let (head, body) = split(message).ok_or(DropReason::Form)?;
        let text = text_of(head);
        let mut is_odd = text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\r' | '\n' | '\t'));
        let mut lines = unfolded(&text)?.into_iter();
        let first = lines.next().ok_or(DropReason::Form)?;
        let mut headers = Vec::new();
        for line in lines {
            match line.split_once(':') {
                Some((name, value)) if is_token(name.trim_end()) => {
                    let name = name.trim_end();
                    let value = match name.to_ascii_lowercase().as_str() {
                        "via" | "v" => without_gaps(value.trim(), "/;=,"),
                        "from" | "f" | "to" | "t" | "contact" | "m" => {
                            without_gaps(value.trim(), ";=")
                        }
                        _ => value.trim().to_owned(),
                    };
                    headers.push((name.to_owned(), value));
                }
                _ => is_odd = true,
            }
        }
        Ok(Self {
            first,
            headers,
            is_odd,
            body,
        })
    }

    /// Whether the first line ends as that of a request, whatever stands before it.
    fn is_request(&self) -> bool {
        let last = self.first.split_ascii_whitespace().next_back();
        last.is_some_and(|word| word.starts_with("SIP/"))
    }

    fn value(&self, name: &str, short: &str) -> Option<&str> {
        let is_it =
            |found: &str| found.eq_ignore_ascii_case(name) || found.eq_ignore_ascii_case(short);
        let mut headers = self.headers.iter();
        let found = headers.find(|(found, _)| is_it(found));
        found.map(|(_, value)| value.as_str())
    }

    /// What becomes of a request with this fault. ACK has no answer, and neither has who cannot be
    /// answered.
    fn fault(&self, why: Refused, reason: DropReason) -> Fault {
        if self.first.starts_with("ACK ") {
            return Fault::Drop(reason);
        }
        Refusal::new(why, &self.headers).map_or(Fault::Drop(reason), Fault::Refuse)
    }

    /// Bytes of the body. Without a Content-Length it reaches to the end of the datagram (RFC 3261
    /// section 18.3).
    fn length(&self) -> Result<usize, DropReason> {
        let mut length = None;
        for (name, value) in &self.headers {
            if is_length(name) {
                one_length(&mut length, value)?;
            }
        }
        let length = length.unwrap_or(self.body.len());
        (length <= self.body.len())
            .then_some(length)
            .ok_or(DropReason::Length)
    }

    fn written(&self, kind: Kind, length: usize) -> Result<Tidied, Fault> {
        let from = self.value("from", "f").ok_or(DropReason::Form)?;
        let mut tidied = format!("{}\r\n", self.first);
        for (name, value) in self.headers.iter().filter(|(name, _)| !is_length(name)) {
            tidied.push_str(&format!("{name}: {value}\r\n"));
        }
        tidied.push_str(&format!("Content-Length: {length}\r\n\r\n"));
        let from = from.to_owned();
        let mut bytes = tidied.into_bytes();
        bytes.extend_from_slice(self.body.get(..length).ok_or(DropReason::Length)?);
        Ok(Tidied { kind, from, bytes })
    }
}

fn is_length(name: &str) -> bool {
    name.eq_ignore_ascii_case("content-length") || name.eq_ignore_ascii_case("l")
}

/// A value without the spaces that may stand around separators (RFC 3261 section 25.1: SLASH, SEMI,
/// EQUAL, COMMA) outside of quotes and addresses, because not everybody reads it with them.
fn without_gaps(value: &str, separators: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let (mut quoted, mut escaped, mut inside, mut gap) = (false, false, false, false);
    for c in value.chars() {
        let is_plain = !quoted && !inside;
        if is_plain && matches!(c, ' ' | '\t') {
            gap = true;
            continue;
        }
        let is_separator = is_plain && separators.contains(c);
        let after = text.chars().next_back();
        let is_after = after.is_none_or(|before| separators.contains(before));
        if gap && !is_separator && !is_after {
            text.push(' ');
        }
        gap = false;
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' if !inside => quoted = !quoted,
            '<' if !quoted => inside = true,
            '>' if !quoted => inside = false,
            _ => {}
        }
        text.push(c);
    }
    text
}

/// Takes a length that stands in a header; two that differ are none.
fn one_length(length: &mut Option<usize>, value: &str) -> Result<(), DropReason> {
    let said = number(value).ok_or(DropReason::Length)?;
    if length.replace(said).is_some_and(|before| before != said) {
        return Err(DropReason::Length);
    }
    Ok(())
}

/// The length of the body that a header says, read as [`tidy`] reads it, so that both see the same
/// end of a message.
pub(crate) fn length_of(head: &[u8]) -> Result<Option<usize>, DropReason> {
    let mut length = None;
    for line in unfolded(&text_of(head))? {
        if let Some((name, value)) = line.split_once(':')
            && matches!(
                name.trim_end().to_ascii_lowercase().as_str(),
                "content-length" | "l"
            )
        {
            one_length(&mut length, value.trim())?;
        }
    }
    Ok(length)
}

/// Header and body. Lines end with CR LF; bare LF is taken as well.
fn split(message: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut line_is_empty = false;
    for (index, byte) in message.iter().enumerate() {
        match byte {
            b'\n' if line_is_empty => {
                let head = message.get(..index)?;
                return Some((head, message.get(index.saturating_add(1)..)?));
            }
            b'\n' => line_is_empty = true,
            b'\r' => {}
            _ => line_is_empty = false,
        }
    }
    None
}

fn text_of(bytes: &[u8]) -> String {
    match core::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
    }
}

/// Lines with those that go on in the next one (RFC 3261 section 7.3.1) joined.
fn unfolded(text: &str) -> Result<Vec<String>, DropReason> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.split('\n') {
        let line = line.trim_end_matches('\r');
        if line.is_empty() {
            continue;
        }
        if line.contains('\r') {
            return Err(DropReason::Form);
        }
        match (line.starts_with([' ', '\t']), lines.last_mut()) {
            (true, Some(before)) => {
                before.push(' ');
                before.push_str(line.trim());
            }
            (true, None) => return Err(DropReason::Form),
            (false, _) => lines.push(line.to_owned()),
        }
        let is_long = lines.last().is_some_and(|line| line.len() > LINE_BYTES_MAX);
        if is_long || lines.len() > LINES_MAX {
            return Err(DropReason::Size);
        }
    }
    Ok(lines)
}

/// The first line of an answer.
fn check_status(line: &str) -> Result<(), DropReason> {
    let code = line.strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3));
    let is_code = code.is_some_and(|code| number(code).is_some_and(|c| (100..700).contains(&c)));
    let ends = line
        .get(11..)
        .is_none_or(|rest| rest.is_empty() || rest.starts_with(' '));
    (is_code && ends).then_some(()).ok_or(DropReason::Version)
}

fn number(text: &str) -> Option<usize> {
    let is_plain = !text.is_empty() && text.len() <= 6 && text.bytes().all(|b| b.is_ascii_digit());
    is_plain.then(|| text.parse().ok()).flatten()
}
