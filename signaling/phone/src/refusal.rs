//! Answers that cost nothing: no transaction, no call.

use std::net::SocketAddr;
use std::panic::catch_unwind;

use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Request, SipMessage, Transport};
use rsipstack::transaction::key::{TransactionKey, TransactionRole};
use rsipstack::transport::SipConnection;

use crate::message::values;

/// After how many seconds a call that found no place may be tried again.
const RETRY_AFTER_S: u32 = 5;

/// Whether the stack takes this message, which the fence has let through: what it cannot read, it
/// drops without a word. It is read here first, so that a fault of its parser costs one message and
/// not the task that reads all of them.
pub(crate) fn is_readable(bytes: &[u8], from: SocketAddr, by: Transport) -> bool {
    catch_unwind(|| read(bytes, from, by)).unwrap_or_else(|_panicked| {
        tracing::error!("the SIP stack cannot read a message and says so by a panic");
        None
    }) == Some(())
}

fn read(bytes: &[u8], from: SocketAddr, by: Transport) -> Option<()> {
    let message = SipMessage::try_from(bytes).ok()?;
    let message = SipConnection::update_msg_received(message, from, by).ok()?;
    match &message {
        SipMessage::Request(request) => {
            TransactionKey::from_request(request, TransactionRole::Server).ok()?;
            request.to_header().ok()?.tag().ok()?;
        }
        SipMessage::Response(response) => {
            TransactionKey::from_response(response, TransactionRole::Client).ok()?;
        }
    }
    Some(())
}

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
    use signaling_sip::{BucketRate, Fence, FenceConfig, Verdict, refusal_of};

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

    /// Messages of RFC 4475 and RFC 5118, as `signaling-sip` has them, through fence and parser.
    #[test]
    fn the_stack_reads_what_the_fence_lets_through_or_the_sender_is_told() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../sip/tests/torture/");
        let table = std::fs::read_to_string(format!("{folder}verdicts.txt")).unwrap();
        let (from, mut read) = ("192.0.2.1:7000".parse().unwrap(), 0);
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let &[name, fence, shell, _] = &*words else {
                panic!("{line}");
            };
            let bytes = std::fs::read(format!("{folder}{name}.dat")).unwrap();
            let Verdict::Pass(bytes) = judged(&bytes) else {
                assert_ne!(fence, "pass", "{name}");
                continue;
            };
            let told = refusal_of(&bytes).map(|refusal| refusal.why().code().to_string());
            match (is_readable(&bytes, from, Transport::Udp), shell) {
                (true, shell) => assert_ne!(shell, "400", "{name}"),
                (false, "-") => assert_eq!(told, None, "{name}"),
                (false, shell) => assert_eq!(told.as_deref(), Some(shell), "{name}"),
            }
            read += 1;
            // A message that was cut off or has something more anywhere panics nobody.
            for at in (0..bytes.len()).step_by(7) {
                let (begin, end) = bytes.split_at(at);
                for changed in [[begin, b"\r\n\r\n"].concat(), [begin, b";<", end].concat()] {
                    if let Verdict::Pass(passed) = judged(&changed) {
                        assert!(!has_panicked(&passed, from), "{name} at {at}");
                    }
                }
            }
        }
        assert!(read > 30, "{read}");
    }

    fn judged(bytes: &[u8]) -> Verdict {
        let rate = BucketRate {
            per_second: 10,
            burst: 10,
        };
        let mut fence = Fence::new(FenceConfig {
            allowed: vec!["192.0.2.1".parse().unwrap()],
            messages: rate,
            calls: rate,
            open_calls_max: 1,
        });
        fence.judge(0, "192.0.2.1".parse().unwrap(), bytes, 0)
    }

    fn has_panicked(bytes: &[u8], from: SocketAddr) -> bool {
        catch_unwind(|| read(bytes, from, Transport::Udp)).is_err()
    }
}
