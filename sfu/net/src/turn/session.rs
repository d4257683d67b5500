//! One client of the relay, without IO.

pub(crate) mod fuzzing;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sfu_core::stun::{
    BINDING, Class, MESSAGE_INTEGRITY, Message, USERNAME, Writer, XOR_MAPPED_ADDRESS,
};

use super::auth::{Auth, REALM};
use super::words::{
    ALLOCATE, BAD_REQUEST, CHANNEL_BIND, CHANNEL_NUMBER, CREATE_PERMISSION, DATA, DATA_METHOD,
    ERROR_CODE, FORBIDDEN, LIFETIME, MISMATCH, NO_SUCH_FAMILY, NO_SUCH_TRANSPORT, NONCE,
    REALM as REALM_ATTRIBUTE, REFRESH, REQUESTED_ADDRESS_FAMILY, REQUESTED_TRANSPORT, Refusal,
    SEND, STALE_NONCE, UNAUTHENTICATED, UNDERSTOOD, UNKNOWN_ATTRIBUTE, UNKNOWN_ATTRIBUTES,
    WRONG_CREDENTIALS, XOR_PEER_ADDRESS, XOR_RELAYED_ADDRESS,
};

/// How long an allocation lives without being refreshed (RFC 8656 section 3.2).
const LIFETIME_S: u32 = 600;
/// UDP in REQUESTED-TRANSPORT.
const UDP: u8 = 17;
/// IPv4 in REQUESTED-ADDRESS-FAMILY.
const IPV4: u8 = 1;
/// Requests that one client may have refused: a client that does it right has two or three.
const REFUSALS_MAX: u32 = 20;

/// The peers that may be reached, with the index of their shard.
type Peers = HashMap<SocketAddr, usize>;

/// What to do after a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Reply(Vec<u8>),
    /// A datagram for one of the peers.
    ToPeer(SocketAddr, Vec<u8>),
    Ignore,
    Close,
}

/// What a client may do once it is known. It holds permissions for our own addresses only, so its
/// size is bounded by them.
#[derive(Debug)]
struct Allocation {
    username: String,
    expires: Instant,
    permitted: BTreeSet<IpAddr>,
    channels: BTreeMap<u16, SocketAddr>,
}

/// One connection of a client.
#[derive(Debug)]
pub(crate) struct Session {
    auth: Arc<Auth>,
    client: SocketAddr,
    relayed: SocketAddr,
    allocation: Option<Allocation>,
    over: bool,
    refusals: u32,
}

/// A request that is asked by whom it says.
struct Asked<'a> {
    request: Message<'a>,
    username: &'a str,
    key: [u8; 16],
    now: Instant,
}

impl Session {
    pub(crate) const fn new(auth: Arc<Auth>, client: SocketAddr, relayed: SocketAddr) -> Self {
        Self {
            auth,
            client,
            relayed,
            allocation: None,
            over: false,
            refusals: 0,
        }
    }

    /// The client's address towards the peers.
    pub(crate) const fn relayed(&self) -> SocketAddr {
        self.relayed
    }

    pub(crate) const fn is_allocated(&self) -> bool {
        self.allocation.is_some()
    }

    /// Whether the client gave its allocation back, or let it end.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.over || self.allocation.as_ref().is_some_and(|it| it.expires <= now)
    }

    /// Hears one message; `unix_s` is the time on the wall.
    pub(crate) fn hear(
        &mut self,
        (now, unix_s): (Instant, u64),
        message: &[u8],
        peers: &Peers,
    ) -> Step {
        if message.first().is_some_and(|first| *first >= 0x40) {
            return self.channel_data(message);
        }
        let Ok(message) = Message::parse(message) else {
            return Step::Close;
        };
        match (message.class(), message.method()) {
            (Class::Request, BINDING) => {
                let answer = Writer::new(BINDING, Class::Success, message.transaction())
                    .with_address(XOR_MAPPED_ADDRESS, self.client);
                Step::Reply(answer.finish())
            }
            (Class::Request, _) => self.request((now, unix_s), message, peers),
            (Class::Indication, SEND) => self.send(&message, peers),
            // Answers to questions that nobody asked.
            (Class::Indication | Class::Success | Class::Error, _) => Step::Ignore,
        }
    }

    /// Puts a datagram of a peer into the form in which the client gets it: on its channel, or as a
    /// Data indication. What the client has not permitted is left out (RFC 8656 section 9).
    pub(crate) fn wrap(&self, peer: SocketAddr, contents: &[u8], out: &mut Vec<u8>) {
        let Some(allocation) = &self.allocation else {
            return;
        };
        let channel = allocation.channels.iter().find(|(_, to)| **to == peer);
        if let Some((number, _)) = channel
            && let Ok(length) = u16::try_from(contents.len())
        {
            out.extend_from_slice(&number.to_be_bytes());
            out.extend_from_slice(&length.to_be_bytes());
            out.extend_from_slice(contents);
            let padding = contents.len().next_multiple_of(4) - contents.len();
            out.extend_from_slice([0; 3].get(..padding).unwrap_or_default());
        } else if allocation.permitted.contains(&peer.ip()) {
            let indication = Writer::new(DATA_METHOD, Class::Indication, [0; 12])
                .with_address(XOR_PEER_ADDRESS, peer)
                .with(DATA, contents);
            out.extend_from_slice(&indication.finish());
        }
    }

    fn channel_data(&self, message: &[u8]) -> Step {
        let [high, low, _, _, contents @ ..] = message else {
            return Step::Ignore;
        };
        let number = u16::from_be_bytes([*high, *low]);
        let channels = self.allocation.as_ref().map(|it| &it.channels);
        match channels.and_then(|channels| channels.get(&number)) {
            Some(peer) => Step::ToPeer(*peer, contents.to_vec()),
            None => Step::Ignore,
        }
    }

    fn send(&self, message: &Message<'_>, peers: &Peers) -> Step {
        let (Some(allocation), Some(peer), Some(contents)) = (
            &self.allocation,
            message.address(XOR_PEER_ADDRESS),
            message.get(DATA),
        ) else {
            return Step::Ignore;
        };
        if allocation.permitted.contains(&peer.ip()) && peers.contains_key(&peer) {
            Step::ToPeer(peer, contents.to_vec())
        } else {
            Step::Ignore
        }
    }

    fn request(
        &mut self,
        (now, unix_s): (Instant, u64),
        request: Message<'_>,
        peers: &Peers,
    ) -> Step {
        let asked = match self.authenticate(now, unix_s, request) {
            Ok(asked) => asked,
            Err(refusal) => return self.refuse(&request, refusal, unix_s, None),
        };
        let unknown = request.attributes().any(|(kind, _)| {
            kind < 0x8000 && kind != MESSAGE_INTEGRITY && !UNDERSTOOD.contains(&kind)
        });
        let done = if unknown {
            Err(UNKNOWN_ATTRIBUTE)
        } else {
            match request.method() {
                ALLOCATE => self.allocate(&asked),
                REFRESH => self.refresh(&asked),
                CREATE_PERMISSION => self.permit(&asked, peers),
                CHANNEL_BIND => self.bind(&asked, peers),
                _ => Err(BAD_REQUEST),
            }
        };
        match done {
            Ok(answer) => Step::Reply(answer.signed(&asked.key).finish()),
            Err(refusal) => self.refuse(&request, refusal, unix_s, Some(&asked.key)),
        }
    }

    /// RFC 8489 section 9.2.4. Credentials that have expired serve an allocation that exists.
    fn authenticate<'a>(
        &self,
        now: Instant,
        unix_s: u64,
        request: Message<'a>,
    ) -> Result<Asked<'a>, Refusal> {
        if !request.is_signed() {
            return Err(UNAUTHENTICATED);
        }
        let (Some(username), Some(realm), Some(nonce)) = (
            request.text(USERNAME),
            request.text(REALM_ATTRIBUTE),
            request.text(NONCE),
        ) else {
            return Err(BAD_REQUEST);
        };
        let allocated = self.allocation.as_ref();
        let is_known = allocated.is_some_and(|it| it.username == username);
        let key = self
            .auth
            .key(username, (!is_known).then_some(unix_s))
            .filter(|_| realm == REALM)
            .ok_or(UNAUTHENTICATED)?;
        if !request.is_signed_with(&key) {
            return Err(UNAUTHENTICATED);
        }
        if !self.auth.is_fresh(nonce, unix_s) {
            return Err(STALE_NONCE);
        }
        if allocated.is_some() && !is_known {
            return Err(WRONG_CREDENTIALS);
        }
        Ok(Asked {
            request,
            username,
            key,
            now,
        })
    }

    /// RFC 8656 section 7.2.
    fn allocate(&mut self, asked: &Asked<'_>) -> Result<Writer, Refusal> {
        if self.allocation.is_some() {
            return Err(MISMATCH);
        }
        match asked.request.get(REQUESTED_TRANSPORT) {
            Some([UDP, ..]) => {}
            Some(_) => return Err(NO_SUCH_TRANSPORT),
            None => return Err(BAD_REQUEST),
        }
        match asked.request.get(REQUESTED_ADDRESS_FAMILY) {
            None | Some([IPV4, ..]) => {}
            Some(_) => return Err(NO_SUCH_FAMILY),
        }
        self.allocation = Some(Allocation {
            username: asked.username.to_owned(),
            expires: lifetime_from(asked.now),
            permitted: BTreeSet::new(),
            channels: BTreeMap::new(),
        });
        Ok(asked
            .success()
            .with_address(XOR_RELAYED_ADDRESS, self.relayed)
            .with_address(XOR_MAPPED_ADDRESS, self.client)
            .with(LIFETIME, &LIFETIME_S.to_be_bytes()))
    }

    /// RFC 8656 section 8.2.
    fn refresh(&mut self, asked: &Asked<'_>) -> Result<Writer, Refusal> {
        let allocation = self.allocation.as_mut().ok_or(MISMATCH)?;
        let ends = asked.request.get(LIFETIME) == Some(&[0; 4]);
        let lifetime = if ends { 0 } else { LIFETIME_S };
        self.over |= ends;
        allocation.expires = lifetime_from(asked.now);
        Ok(asked.success().with(LIFETIME, &lifetime.to_be_bytes()))
    }

    /// RFC 8656 section 10.2. All of the peers, or none.
    fn permit(&mut self, asked: &Asked<'_>, peers: &Peers) -> Result<Writer, Refusal> {
        let allocation = self.allocation.as_mut().ok_or(MISMATCH)?;
        let mut wanted = BTreeSet::new();
        for peer in asked.request.addresses(XOR_PEER_ADDRESS) {
            wanted.insert(peer.ok_or(BAD_REQUEST)?.ip());
        }
        let ours = |ip: &IpAddr| peers.keys().any(|peer| peer.ip() == *ip);
        if wanted.is_empty() {
            return Err(BAD_REQUEST);
        }
        if !wanted.iter().all(ours) {
            return Err(FORBIDDEN);
        }
        allocation.permitted.append(&mut wanted);
        Ok(asked.success())
    }

    /// RFC 8656 section 12.2.
    fn bind(&mut self, asked: &Asked<'_>, peers: &Peers) -> Result<Writer, Refusal> {
        let allocation = self.allocation.as_mut().ok_or(MISMATCH)?;
        let number = match asked.request.get(CHANNEL_NUMBER) {
            Some([high, low, ..]) => u16::from_be_bytes([*high, *low]),
            _ => return Err(BAD_REQUEST),
        };
        let peer = asked.request.address(XOR_PEER_ADDRESS).ok_or(BAD_REQUEST)?;
        if !peers.contains_key(&peer) {
            return Err(FORBIDDEN);
        }
        let bound = allocation.channels.get(&number).copied();
        let elsewhere = allocation
            .channels
            .iter()
            .any(|(other, to)| *to == peer && *other != number);
        if !(0x4000..0x5000).contains(&number) || elsewhere || bound.is_some_and(|to| to != peer) {
            return Err(BAD_REQUEST);
        }
        allocation.channels.insert(number, peer);
        allocation.permitted.insert(peer.ip());
        Ok(asked.success())
    }

    fn refuse(
        &mut self,
        request: &Message<'_>,
        (code, phrase): Refusal,
        unix_s: u64,
        key: Option<&[u8; 16]>,
    ) -> Step {
        self.refusals += 1;
        if self.refusals > REFUSALS_MAX {
            return Step::Close;
        }
        let [class, number] = [code / 100, code % 100].map(|part| u8::try_from(part).unwrap_or(0));
        let mut value = vec![0, 0, class, number];
        value.extend_from_slice(phrase.as_bytes());
        let mut answer = Writer::new(request.method(), Class::Error, request.transaction())
            .with(ERROR_CODE, &value);
        if (code, phrase) == UNKNOWN_ATTRIBUTE {
            let unknown = request
                .attributes()
                .map(|(kind, _)| kind)
                .find(|kind| *kind < 0x8000 && !UNDERSTOOD.contains(kind));
            answer = answer.with(UNKNOWN_ATTRIBUTES, &unknown.unwrap_or(0).to_be_bytes());
        }
        if [UNAUTHENTICATED, STALE_NONCE].contains(&(code, phrase)) {
            answer = answer
                .with(REALM_ATTRIBUTE, REALM.as_bytes())
                .with(NONCE, self.auth.nonce(unix_s).as_bytes());
        }
        Step::Reply(match key {
            Some(key) => answer.signed(key).finish(),
            None => answer.finish(),
        })
    }
}

impl Asked<'_> {
    fn success(&self) -> Writer {
        Writer::new(
            self.request.method(),
            Class::Success,
            self.request.transaction(),
        )
    }
}

fn lifetime_from(now: Instant) -> Instant {
    now + Duration::from_secs(u64::from(LIFETIME_S))
}

#[cfg(test)]
mod tests;
