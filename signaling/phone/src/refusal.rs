//! Answers that cost nothing: no transaction, no call.

use std::net::SocketAddr;

use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Request, SipMessage, Transport};
use rsipstack::transport::SipConnection;

use crate::message::values;

/// After how many seconds a call that found no place may be tried again.
const RETRY_AFTER_S: u32 = 5;

/// 503 for a new call when there are too many. Nothing where the message is none.
pub(crate) fn busy(bytes: &[u8], from: SocketAddr, by: Transport) -> Option<Vec<u8>> {
    let message = SipMessage::try_from(bytes).ok()?;
    let message = SipConnection::update_msg_received(message, from, by).ok()?;
    let request = Request::try_from(message).ok()?;
    let mut text = String::from("SIP/2.0 503 Service Unavailable\r\n");
    for name in ["Via", "From", "Call-ID", "CSeq"] {
        for value in values(&request, name) {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    // The tag only has to be there (RFC 3261 section 8.2.6.2): no call follows from it.
    let to = request.to_header().ok()?.value();
    text.push_str(&format!(
        "To: {to};tag=busy\r\nRetry-After: {RETRY_AFTER_S}\r\nContent-Length: 0\r\n\r\n"
    ));
    Some(text.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_finds_no_place_is_told_when_to_come_again() {
        let invite = b"INVITE sip:1@h SIP/2.0\r\nVia: SIP/2.0/UDP h:5;rport;branch=z9hG4bK1\r\nFrom: <sip:2@h>;tag=1\r\n\
            To: <sip:1@h>\r\nCall-ID: 7\r\nCSeq: 3 INVITE\r\nContent-Length: 0\r\n\r\n";
        let from = "192.0.2.1:7000".parse().unwrap();
        let answer = busy(invite, from, Transport::Udp).unwrap();
        let text = String::from_utf8(answer).unwrap();
        assert!(text.starts_with("SIP/2.0 503 "), "{text}");
        assert!(
            text.contains("rport=7000")
                && text.contains("Retry-After: 5")
                && text.contains("CSeq: 3 INVITE")
        );
        assert!(busy(b"x", from, Transport::Udp).is_none());
    }
}
