//! Answers to requests that cannot be taken, made of their own lines: no call, no transaction, no stack.
//!
//! A trunk that is told what is wrong can be mended; one that hears nothing repeats itself for half a minute.

use core::fmt;
use std::net::SocketAddr;

/// What we answer to.
const ALLOWED: &str = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, PRACK";
/// Lines of `Via` that are given back; real requests have up to a dozen.
const VIAS_MAX: usize = 70;

/// Why a request is refused before anybody reads it further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// 400: it is not in the form of a request.
    Form,
    /// 416: it is for no telephone.
    Scheme,
    /// 501: nobody knows what it asks for.
    Method,
    /// 505: another version of SIP.
    Version,
}

impl Refused {
    /// The code of the answer.
    #[must_use]
    pub const fn code(self) -> u16 {
        match self {
            Self::Form => 400,
            Self::Scheme => 416,
            Self::Method => 501,
            Self::Version => 505,
        }
    }

    const fn phrase(self) -> &'static str {
        match self {
            Self::Form => "Bad Request",
            Self::Scheme => "Unsupported URI Scheme",
            Self::Method => "Not Implemented",
            Self::Version => "Version Not Supported",
        }
    }
}

/// The answer to a request that was not taken, before it is known where it goes.
#[derive(Clone, PartialEq, Eq)]
pub struct Refusal {
    why: Refused,
    /// What an answer takes from its request (RFC 3261 section 8.2.6.2), `Via` first.
    lines: Vec<(&'static str, String)>,
}

impl fmt::Debug for Refusal {
    /// Lines name callers and are never printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Refusal").field(&self.why).finish()
    }
}

impl Refusal {
    /// Nothing where nobody could know the answer as one to this request: `Via` is missing.
    pub(crate) fn new(why: Refused, headers: &[(String, String)]) -> Option<Self> {
        let of = |name: &'static str, short: &str, max: usize| {
            let is_it =
                |found: &str| found.eq_ignore_ascii_case(name) || found.eq_ignore_ascii_case(short);
            let found = headers.iter().filter(|(found, _)| is_it(found)).take(max);
            found
                .map(|(_, value)| (name, value.clone()))
                .collect::<Vec<_>>()
        };
        let mut lines = of("Via", "v", VIAS_MAX);
        if lines.is_empty() {
            return None;
        }
        for (name, short) in [
            ("From", "f"),
            ("To", "t"),
            ("Call-ID", "i"),
            ("CSeq", "cseq"),
        ] {
            lines.extend(of(name, short, 1));
        }
        Some(Self { why, lines })
    }

    /// Why.
    #[must_use]
    pub const fn why(&self) -> Refused {
        self.why
    }

    /// The answer to whoever sent the request from there (RFC 3581: it goes back the way it came).
    #[must_use]
    pub fn answer(&self, from: SocketAddr) -> Vec<u8> {
        let mut text = format!("SIP/2.0 {} {}\r\n", self.why.code(), self.why.phrase());
        let mut is_first = true;
        for (name, value) in &self.lines {
            match *name {
                "Via" if is_first => text.push_str(&format!("Via: {}\r\n", received(value, from))),
                // The tag only has to be there: no call follows from it.
                "To" if !has_tag(value) => text.push_str(&format!("To: {value};tag=refused\r\n")),
                name => text.push_str(&format!("{name}: {value}\r\n")),
            }
            is_first = false;
        }
        if self.why == Refused::Method {
            text.push_str(&format!("Allow: {ALLOWED}\r\n"));
        }
        text.push_str("Content-Length: 0\r\n\r\n");
        text.into_bytes()
    }
}

/// Whether a value of From or To has a tag.
pub(crate) fn has_tag(value: &str) -> bool {
    let plain: String = value.chars().filter(|c| !c.is_whitespace()).collect();
    plain.to_ascii_lowercase().contains(";tag=")
}

/// The first value of a list, and the rest from its comma on. Commas inside of quotes divide nothing.
pub(crate) fn first_of(list: &str) -> (&str, &str) {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in list.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => return list.split_at_checked(at).unwrap_or((list, "")),
            _ => {}
        }
    }
    (list, "")
}

/// `Via` with whence its request came (RFC 3261 section 18.2.1, RFC 3581 section 4).
fn received(via: &str, from: SocketAddr) -> String {
    let (top, rest) = first_of(via);
    let mut params = top.split(';');
    let mut text = params.next().unwrap_or_default().trim_end().to_owned();
    for param in params {
        let name = param.split('=').next().unwrap_or_default().trim();
        let is_ours = name.eq_ignore_ascii_case("received") || name.eq_ignore_ascii_case("rport");
        if !is_ours && !name.is_empty() {
            text.push_str(&format!(";{}", param.trim()));
        }
    }
    format!("{text};received={};rport={}{rest}", from.ip(), from.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(why: Refused, headers: &[(&str, &str)]) -> Option<Refusal> {
        let owned: Vec<(String, String)> = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Refusal::new(why, &owned)
    }

    #[test]
    fn an_answer_has_the_lines_of_its_request_and_says_whence_it_came() {
        let headers = [
            ("v", "SIP/2.0/UDP h;rport;branch=z9hG4bK1, SIP/2.0/UDP g"),
            ("VIA", "SIP/2.0/TCP f"),
            ("f", "<sip:a@h>;tag=1"),
            ("To", "<sip:b@h>"),
            ("i", "7"),
            ("cseq", "8 ODD"),
            ("Subject", "nothing of this"),
        ];
        let answer = refusal(Refused::Method, &headers)
            .unwrap()
            .answer("192.0.2.1:7000".parse().unwrap());
        let text = String::from_utf8(answer).unwrap();
        assert_eq!(
            text,
            "SIP/2.0 501 Not Implemented\r\n\
             Via: SIP/2.0/UDP h;branch=z9hG4bK1;received=192.0.2.1;rport=7000, SIP/2.0/UDP g\r\n\
             Via: SIP/2.0/TCP f\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:b@h>;tag=refused\r\n\
             Call-ID: 7\r\nCSeq: 8 ODD\r\n\
             Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, PRACK\r\n\
             Content-Length: 0\r\n\r\n"
        );
    }

    #[test]
    fn without_a_way_back_there_is_no_answer() {
        assert_eq!(refusal(Refused::Form, &[("From", "a")]), None);
    }
}
