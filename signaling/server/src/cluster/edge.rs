//! Somebody whose room is in another region may send their media by this node.
//!
//! The owner's answer passes here on its way to the client. It has all that an edge needs: where the owner
//! takes media, and the credentials of this one connection. They go to the edge as a permit, and the client
//! is told the edge's address as one more candidate, better than the owner's own: ICE takes it if it works,
//! and the owner's otherwise. The owner knows nothing of it.

use std::net::{IpAddr, SocketAddr};

use serde_json::Value;
use sfu_net::{EdgeHandle, Permit};
use signaling_directory::NodeName;

use super::Nodes;

/// Largest priority of a candidate (RFC 8445 section 5.1.2.1).
const PRIORITY_MAX: u32 = 0x7FFF_FFFF;

/// The edge, for one person whose messages are carried to an owner elsewhere.
#[derive(Debug)]
pub(super) struct EdgeLine {
    edge: EdgeHandle,
    /// Where the owner takes media from other nodes, if not where people send it.
    inner: Option<IpAddr>,
    /// The connection that may come by the edge now.
    held: Option<String>,
}

impl Nodes {
    /// The edge for people of a room of `owner`: if this node has one, and the owner is in another region.
    pub(super) fn edge_towards(&self, owner: &NodeName) -> Option<EdgeLine> {
        let edge = self.edge.as_ref()?;
        let inner = self.bearings().far(owner)?.media;
        Some(EdgeLine {
            edge: edge.clone(),
            inner,
            held: None,
        })
    }
}

impl EdgeLine {
    /// What the client is told instead of an answer of the owner; `None` if it is to be told what the owner
    /// said.
    pub(super) fn amend(&mut self, text: &str) -> Option<String> {
        // Most messages are no answers, and none is read twice for nothing.
        if !text.contains("\"answer\"") {
            return None;
        }
        let mut frame: Value = serde_json::from_str(text).ok()?;
        let message = frame.get_mut("message")?;
        if message.get("type")?.as_str()? != "answer" {
            return None;
        }
        let sdp = message.get_mut("sdp")?;
        let answer = Answer::read(sdp.as_str()?)?;
        self.hold(&answer)?;
        let told = with_candidates(sdp.as_str()?, self.edge.addresses(), answer.priority);
        *sdp = Value::String(told);
        Some(frame.to_string())
    }

    /// A client has one connection at a time; the one before may still be in use for a moment.
    fn hold(&mut self, answer: &Answer<'_>) -> Option<()> {
        if self.held.as_deref() == Some(answer.ufrag) {
            return Some(());
        }
        let permit = Permit {
            ufrag: answer.ufrag.to_owned(),
            password: answer.password.to_owned(),
            owner: SocketAddr::new(self.inner.unwrap_or(answer.media.ip()), answer.media.port()),
        };
        if let Err(error) = self.edge.permit(permit) {
            tracing::warn!(%error, "somebody goes to the owner of their room without the edge");
            return None;
        }
        self.let_go();
        self.held = Some(answer.ufrag.to_owned());
        Some(())
    }

    fn let_go(&mut self) {
        if let Some(held) = self.held.take() {
            // A permit that stays is worth nothing without its owner.
            let _ = self.edge.release(held);
        }
    }
}

impl Drop for EdgeLine {
    fn drop(&mut self) {
        self.let_go();
    }
}

/// What an edge has to know of an answer.
#[derive(Debug, PartialEq, Eq)]
struct Answer<'a> {
    ufrag: &'a str,
    password: &'a str,
    /// The first UDP candidate of the owner.
    media: SocketAddr,
    /// A priority above all of the owner's.
    priority: u32,
}

impl<'a> Answer<'a> {
    /// Reads it from an SDP (RFC 8839) whose media share one transport.
    fn read(sdp: &'a str) -> Option<Self> {
        let value = |name: &str| sdp.lines().find_map(|line| line.strip_prefix(name));
        let candidates = sdp.lines().filter_map(candidate);
        let best = candidates.clone().map(|(priority, _)| priority).max()?;
        Some(Self {
            ufrag: value("a=ice-ufrag:")?.trim(),
            password: value("a=ice-pwd:")?.trim(),
            media: candidates.map(|(_, address)| address).next()?,
            priority: best.saturating_add(1).min(PRIORITY_MAX),
        })
    }
}

/// Priority and address of a UDP host candidate (RFC 8839 section 5.1).
fn candidate(line: &str) -> Option<(u32, SocketAddr)> {
    let mut words = line.strip_prefix("a=candidate:")?.split_ascii_whitespace();
    let (_foundation, _component) = (words.next()?, words.next()?);
    let is_udp = words.next()?.eq_ignore_ascii_case("udp");
    let priority = words.next()?.parse().ok()?;
    let ip: IpAddr = words.next()?.parse().ok()?;
    let port = words.next()?.parse().ok()?;
    let is_host = (words.next()?, words.next()?) == ("typ", "host");
    (is_udp && is_host).then_some((priority, SocketAddr::new(ip, port)))
}

/// The same description with these candidates after the owner's, wherever those stand.
fn with_candidates(sdp: &str, addresses: &[SocketAddr], priority: u32) -> String {
    let own: String = (1..)
        .zip(addresses)
        .map(|(number, address)| {
            let (ip, port) = (address.ip(), address.port());
            format!("a=candidate:edge{number} 1 udp {priority} {ip} {port} typ host\r\n")
        })
        .collect();
    let mut told = String::with_capacity(sdp.len() + 4 * own.len());
    let mut lines = sdp.split_inclusive('\n').peekable();
    let is_candidate = |line: &str| line.starts_with("a=candidate:");
    while let Some(line) = lines.next() {
        told.push_str(line);
        let is_last = is_candidate(line) && lines.peek().is_none_or(|next| !is_candidate(next));
        if is_last {
            if !line.ends_with('\n') {
                told.push_str("\r\n");
            }
            told.push_str(&own);
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use sfu_net::{EdgeConfig, start_edge};

    use super::*;

    const SDP: &str = "v=0\r\ns=-\r\na=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n\
                       a=candidate:1 1 tcp 1671430143 192.0.2.1 443 typ host tcptype passive\r\n\
                       a=candidate:2 1 udp 2130706175 192.0.2.1 3479 typ host\r\n\
                       a=candidate:3 1 udp 2130705919 2001:db8::1 3479 typ host\r\n\
                       a=ice-ufrag:0001abcd\r\na=ice-pwd:secret\r\na=mid:0\r\n\
                       m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=ice-ufrag:0001abcd\r\na=mid:1\r\n";

    fn line() -> EdgeLine {
        let config = EdgeConfig {
            bind: [127, 0, 0, 1].into(),
            udp_port: 0,
            advertise: vec![[203, 0, 113, 7].into()],
            flows_max: 4,
        };
        EdgeLine {
            edge: start_edge(&config).unwrap(),
            inner: Some([10, 0, 0, 1].into()),
            held: None,
        }
    }

    #[test]
    fn an_answer_says_all_that_an_edge_needs() {
        let answer = Answer::read(SDP).unwrap();
        let expected = Answer {
            ufrag: "0001abcd",
            password: "secret",
            media: "192.0.2.1:3479".parse().unwrap(),
            priority: 2_130_706_176,
        };
        assert_eq!(answer, expected);
        for missing in ["udp", "a=ice-ufrag", "a=ice-pwd", "typ host"] {
            assert_eq!(Answer::read(&SDP.replace(missing, "x")), None, "{missing}");
        }
        let highest = SDP.replace("2130706175", "2147483647");
        assert_eq!(Answer::read(&highest).unwrap().priority, PRIORITY_MAX);
    }

    #[test]
    fn the_client_is_told_the_edge_beside_the_owner() {
        let mut line = line();
        let port = line.edge.addresses().first().unwrap().port();
        let frame = serde_json::json!({
            "seq": 7,
            "message": { "type": "answer", "offer_no": 1, "sdp": SDP, "later": [1] },
        });
        let told: Value = serde_json::from_str(&line.amend(&frame.to_string()).unwrap()).unwrap();
        let sdp = told
            .pointer("/message/sdp")
            .and_then(Value::as_str)
            .unwrap();
        let added = format!("a=candidate:edge1 1 udp 2130706176 203.0.113.7 {port} typ host\r\n");
        assert_eq!(sdp.replace(&added, ""), SDP, "nothing else has changed");
        assert_eq!(sdp.matches(&added).count(), 1);
        assert!(sdp.contains(&format!("2001:db8::1 3479 typ host\r\n{added}a=ice-ufrag")));
        assert_eq!(told.pointer("/message/later/0"), Some(&Value::from(1)));
        assert_eq!(told.get("seq"), Some(&Value::from(7)));
        assert_eq!(line.held.as_deref(), Some("0001abcd"));
    }

    #[test]
    fn what_is_no_answer_passes_as_it_is() {
        let mut line = line();
        let chat = r#"{"seq":1,"message":{"type":"chat","text":"\"answer\" v=0"}}"#;
        for text in [chat, "\"answer\"", "{}", r#"{"message":{"type":"answer"}}"#] {
            assert_eq!(line.amend(text), None, "{text}");
        }
        let broken = serde_json::json!({ "message": { "type": "answer", "sdp": "v=0" } });
        assert_eq!(line.amend(&broken.to_string()), None);
        assert_eq!(line.held, None);
    }
}
