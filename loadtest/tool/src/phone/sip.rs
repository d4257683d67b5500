//! As much of SIP (RFC 3261) as somebody who calls needs: requests of one call, and what is answered to those of
//! the server. One way of writing, by UDP.

use std::fmt::Write as _;
use std::net::SocketAddr;

/// A message of the server.
#[derive(Debug, Clone)]
pub(super) struct Message {
    first: String,
    headers: Vec<(String, String)>,
    pub(super) body: String,
}

impl Message {
    /// `None`: it is no text, or has no first line.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let text = core::str::from_utf8(bytes).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let first = lines.next().filter(|it| !it.is_empty())?.to_owned();
        let headers = lines.filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.trim().to_owned(), value.trim().to_owned()))
        });
        Some(Self {
            first,
            headers: headers.collect(),
            body: body.to_owned(),
        })
    }

    /// The code of an answer.
    pub(super) fn code(&self) -> Option<u16> {
        let mut words = self.first.split(' ');
        (words.next() == Some("SIP/2.0")).then(|| words.next()?.parse().ok())?
    }

    /// What a request wants.
    pub(super) fn method(&self) -> Option<&str> {
        let method = self.first.split(' ').next()?;
        (method != "SIP/2.0").then_some(method)
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(of, _)| of.eq_ignore_ascii_case(name))?;
        Some(value)
    }

    fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let headers = self.headers.iter();
        headers
            .filter(move |(of, _)| of.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// What is in the sharp brackets of a header.
    fn address(&self, name: &str) -> Option<&str> {
        let (_, rest) = self.get(name)?.split_once('<')?;
        rest.split_once('>').map(|(address, _)| address)
    }

    /// Where sound is sent: address and port of the body (RFC 8866).
    pub(super) fn sound(&self) -> Option<SocketAddr> {
        let line = |start: &str| self.body.lines().find_map(|line| line.strip_prefix(start));
        let address = line("c=IN IP4 ")?.trim().parse().ok()?;
        let port = line("m=audio ")?.split(' ').next()?.parse().ok()?;
        Some(SocketAddr::new(address, port))
    }
}

/// One call, as the caller sees it.
#[derive(Debug, Clone)]
pub(super) struct Dialog {
    /// Where the caller speaks SIP, and where they speak.
    sip: SocketAddr,
    sound: SocketAddr,
    from: String,
    to: String,
    /// Whom requests are for: who was called, then who has answered.
    target: String,
    id: String,
    sequence: u32,
}

impl Dialog {
    /// A call of the number `from` to `to` at `server`. `token` is of this call alone.
    pub(super) fn new(
        (sip, sound): (SocketAddr, SocketAddr),
        (from, to): (&str, &str),
        (server, token): (SocketAddr, &str),
    ) -> Self {
        let target = format!("sip:{to}@{server}");
        Self {
            sip,
            sound,
            from: format!("<sip:{from}@{sip}>;tag=f{token}"),
            to: format!("<{target}>"),
            target,
            id: format!("{token}@{}", sip.ip()),
            sequence: 0,
        }
    }

    /// INVITE with what the caller can hear: A-law and keys.
    pub(super) fn invite(&mut self) -> Vec<u8> {
        self.sequence += 1;
        let offer = self.offer();
        self.request("INVITE", &offer)
    }

    /// ACK of an INVITE that was taken (RFC 3261 section 13.2.2.4). It may be said again.
    pub(super) fn ack(&mut self, answer: &Message) -> Vec<u8> {
        if let Some(to) = answer.get("To") {
            to.clone_into(&mut self.to);
        }
        if let Some(contact) = answer.address("Contact") {
            contact.clone_into(&mut self.target);
        }
        self.request("ACK", "")
    }

    /// ACK of an INVITE that was refused, in the same transaction (section 17.1.1.3).
    pub(super) fn ack_refused(&self, answer: &Message) -> Vec<u8> {
        let to = answer.get("To").unwrap_or(&self.to).to_owned();
        let refused = Self { to, ..self.clone() };
        refused.write("ACK", "INVITE", "")
    }

    /// Takes back the INVITE, which somebody works on: in its transaction and with its number (section 9.1).
    pub(super) fn cancel(&self) -> Vec<u8> {
        self.write("CANCEL", "INVITE", "")
    }

    pub(super) fn bye(&mut self) -> Vec<u8> {
        self.sequence += 1;
        self.request("BYE", "")
    }

    /// Says yes to a request of the server; with the caller's description where one came.
    pub(super) fn accept(&self, request: &Message) -> Vec<u8> {
        let mut text = String::from("SIP/2.0 200 OK\r\n");
        for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
            for value in request.all(name) {
                // Writing to a string does not fail.
                let _ = write!(text, "{name}: {value}\r\n");
            }
        }
        let _ = write!(text, "Contact: <{}>\r\n", self.contact());
        let body = if request.body.is_empty() {
            String::new()
        } else {
            self.offer()
        };
        ended(text, &body)
    }

    /// Whether a message is of this call.
    pub(super) fn owns(&self, message: &Message) -> bool {
        message.get("Call-ID") == Some(&self.id)
    }

    fn contact(&self) -> String {
        format!("sip:loadtest@{}", self.sip)
    }

    fn offer(&self) -> String {
        let (ip, port, keys) = (self.sound.ip(), self.sound.port(), loadtest_core::KEYS_PT);
        format!(
            "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 8 {keys}\r\n\
             a=rtpmap:8 PCMA/8000\r\na=rtpmap:{keys} telephone-event/8000\r\na=fmtp:{keys} 0-15\r\na=ptime:20\r\n\
             a=sendrecv\r\n"
        )
    }

    fn request(&self, method: &str, body: &str) -> Vec<u8> {
        self.write(method, method, body)
    }

    /// `transaction` is the method in whose transaction it is.
    fn write(&self, method: &str, transaction: &str, body: &str) -> Vec<u8> {
        let Self {
            sip,
            from,
            to,
            target,
            id,
            sequence,
            ..
        } = self;
        let branch = format!("z9hG4bK{sequence}{transaction}{}", id.replace('@', "-"));
        let text = format!(
            "{method} {target} SIP/2.0\r\nVia: SIP/2.0/UDP {sip};branch={branch};rport\r\nMax-Forwards: 70\r\n\
             From: {from}\r\nTo: {to}\r\nCall-ID: {id}\r\nCSeq: {sequence} {method}\r\nContact: <{}>\r\n",
            self.contact()
        );
        ended(text, body)
    }
}

/// A message with its body, if it has one.
fn ended(mut text: String, body: &str) -> Vec<u8> {
    if !body.is_empty() {
        text.push_str("Content-Type: application/sdp\r\n");
    }
    // Writing to a string does not fail.
    let _ = write!(text, "Content-Length: {}\r\n\r\n{body}", body.len());
    text.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK1\r\nTo: <sip:x@y>;tag=t\r\n\
        Contact: <sip:bridge@127.0.0.1:5060>\r\nCSeq: 1 INVITE\r\n\r\nv=0\r\nc=IN IP4 127.0.0.2\r\n\
        m=audio 4000 RTP/AVP 8 101\r\n";

    fn dialog() -> Dialog {
        let at = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Dialog::new((at(9), at(10)), ("+336", "+331"), (at(5060), "abc"))
    }

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn an_answer_says_where_sound_goes() {
        let answer = Message::read(ANSWER.as_bytes()).unwrap();
        assert_eq!((answer.code(), answer.method()), (Some(200), None));
        assert_eq!(answer.sound(), "127.0.0.2:4000".parse().ok());
        assert!(Message::read(b"\xff\xff").is_none());
        assert!(Message::read(b"").is_none());
    }

    #[test]
    fn an_answered_call_is_acknowledged_to_who_has_answered() {
        let mut dialog = dialog();
        let invite = text(dialog.invite());
        assert!(invite.starts_with("INVITE sip:+331@127.0.0.1:5060 SIP/2.0\r\n"));
        assert!(invite.contains("m=audio 10 RTP/AVP 8 101\r\n"));
        let ack = text(dialog.ack(&Message::read(ANSWER.as_bytes()).unwrap()));
        assert!(ack.starts_with("ACK sip:bridge@127.0.0.1:5060 SIP/2.0\r\n"));
        assert!(ack.contains("To: <sip:x@y>;tag=t\r\n") && ack.contains("CSeq: 1 ACK\r\n"));
        assert!(text(dialog.bye()).contains("CSeq: 2 BYE\r\n"));
    }

    #[test]
    fn a_refusal_is_acknowledged_in_its_own_transaction() {
        let mut dialog = dialog();
        let branch = |text: &str| {
            let (_, rest) = text.split_once("branch=").unwrap();
            rest.split(';').next().unwrap().to_owned()
        };
        let invite = text(dialog.invite());
        let refused = Message::read(ANSWER.replace("200 OK", "486 Busy").as_bytes()).unwrap();
        let ack = text(dialog.ack_refused(&refused));
        assert_eq!(branch(&ack), branch(&invite));
        assert_ne!(branch(&text(dialog.bye())), branch(&invite));
    }

    #[test]
    fn an_invite_is_taken_back_in_its_own_transaction() {
        let mut dialog = dialog();
        let invite = text(dialog.invite());
        let cancel = text(dialog.cancel());
        assert!(cancel.starts_with("CANCEL sip:+331@127.0.0.1:5060 SIP/2.0\r\n"));
        assert!(cancel.contains("CSeq: 1 CANCEL\r\n"), "{cancel}");
        for name in ["Via: ", "From: ", "To: ", "Call-ID: "] {
            let line = |text: &str| {
                text.lines()
                    .find(|it| it.starts_with(name))
                    .map(str::to_owned)
            };
            assert_eq!(line(&cancel), line(&invite), "{name}");
        }
    }

    #[test]
    fn a_request_of_the_server_gets_its_headers_back() {
        let request = "BYE sip:loadtest@127.0.0.1:9 SIP/2.0\r\nVia: a\r\nVia: b\r\nFrom: f\r\nTo: t\r\n\
                       Call-ID: abc@127.0.0.1\r\nCSeq: 7 BYE\r\n\r\n";
        let request = Message::read(request.as_bytes()).unwrap();
        assert_eq!(request.method(), Some("BYE"));
        assert!(dialog().owns(&request));
        let answer = text(dialog().accept(&request));
        assert!(answer.contains("Via: a\r\nVia: b\r\n") && answer.contains("CSeq: 7 BYE\r\n"));
        assert!(answer.ends_with("Content-Length: 0\r\n\r\n"));
    }
}
