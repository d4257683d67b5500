//! A datagram brought into the one form that a SIP stack reads as everybody else does.

use crate::fence::DropReason;

/// Bytes of a message (a UDP datagram holds no more than 65,507); real ones have up to 4,000.
pub(crate) const MESSAGE_BYTES_MAX: usize = 16_384;
/// Lines of a header; real ones have up to fifty.
const LINES_MAX: usize = 128;
/// Bytes of a line.
const LINE_BYTES_MAX: usize = 4_096;
/// Bytes of a method.
const METHOD_BYTES_MAX: usize = 16;

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

/// Reads the frame of a message: first line, header lines, body. Lines are unfolded, bytes that are
/// no UTF-8 are read as Latin-1, and there is exactly one true Content-Length.
pub(crate) fn tidy(datagram: &[u8]) -> Result<Tidied, DropReason> {
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
    if text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\r' | '\n' | '\t'))
    {
        return Err(DropReason::Form);
    }
    let lines = unfolded(&text)?;
    let (first, headers) = lines.split_first().ok_or(DropReason::Form)?;
    let is_invite = first.starts_with("INVITE ");
    let is_response = first.starts_with("SIP/");
    check_first(first, is_response)?;
    let mut tidied = format!("{first}\r\n");
    let (mut length, mut from, mut has_to_tag) = (None, None, false);
    for line in headers {
        let (name, value) = line.split_once(':').ok_or(DropReason::Form)?;
        let (name, value) = (name.trim_end(), value.trim());
        if !is_token(name) {
            return Err(DropReason::Form);
        }
        match name.to_ascii_lowercase().as_str() {
            "content-length" | "l" => {
                one_length(&mut length, value)?;
                continue;
            }
            "from" | "f" => from = from.or_else(|| Some(value.to_owned())),
            "to" | "t" => has_to_tag |= value.to_ascii_lowercase().contains(";tag="),
            _ => {}
        }
        tidied.push_str(&format!("{name}: {value}\r\n"));
    }
    // Without one the body reaches to the end of the datagram (RFC 3261 section 18.3).
    let length = length.unwrap_or(body.len());
    let body = body.get(..length).ok_or(DropReason::Length)?;
    tidied.push_str(&format!("Content-Length: {length}\r\n\r\n"));
    let mut bytes = tidied.into_bytes();
    bytes.extend_from_slice(body);
    let kind = match (is_response, is_invite && !has_to_tag) {
        (true, _) => Kind::Response,
        (false, true) => Kind::NewCall,
        (false, false) => Kind::Request,
    };
    let from = from.ok_or(DropReason::Form)?;
    Ok(Tidied { kind, from, bytes })
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

fn check_first(line: &str, is_response: bool) -> Result<(), DropReason> {
    if is_response {
        let code = line.strip_prefix("SIP/2.0 ").and_then(|rest| rest.get(..3));
        let is_code =
            code.is_some_and(|code| number(code).is_some_and(|c| (100..700).contains(&c)));
        return is_code.then_some(()).ok_or(DropReason::Version);
    }
    let mut words = line.split(' ');
    let (method, uri, version) = (words.next(), words.next(), words.next());
    if version != Some("SIP/2.0") || words.next().is_some() {
        return Err(DropReason::Version);
    }
    let is_method = method.is_some_and(|method| {
        method.len() <= METHOD_BYTES_MAX && method.bytes().all(|byte| byte.is_ascii_uppercase())
    });
    let is_uri = uri.is_some_and(|uri| {
        let scheme = uri
            .split_once(':')
            .map(|(scheme, _)| scheme.to_ascii_lowercase());
        matches!(scheme.as_deref(), Some("sip" | "sips" | "tel"))
    });
    (is_method && is_uri).then_some(()).ok_or(DropReason::Form)
}

fn is_token(text: &str) -> bool {
    let is_one = |byte: u8| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_one)
}

fn number(text: &str) -> Option<usize> {
    let is_plain = !text.is_empty() && text.len() <= 6 && text.bytes().all(|b| b.is_ascii_digit());
    is_plain.then(|| text.parse().ok()).flatten()
}
