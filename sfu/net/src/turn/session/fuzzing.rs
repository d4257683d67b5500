//! What must hold of the relay, whatever a client says. For the fuzz targets only.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use sfu_core::stun::{Class, MESSAGE_INTEGRITY, Message, USERNAME, Writer};

use super::super::auth::{Auth, REALM};
use super::super::words::{NONCE, REALM as REALM_ATTRIBUTE};
use super::{DATA, Session, Step};

const NOW_S: u64 = 1_000_000;
/// Answers hold an error or two addresses, a nonce and a signature, and nothing of the question.
const ANSWER_BYTES_MAX: usize = 256;

/// Messages of one client, whole as the door cuts them. Every other request is signed like one of
/// somebody who has credentials.
pub fn relay(messages: &[&[u8]]) {
    let auth = Arc::new(Auth::with_secret([7; 32]));
    let username = format!("{}:somebody", NOW_S + 60);
    let Some(key) = auth.key(&username, Some(NOW_S)) else {
        return;
    };
    let nonce = auth.nonce(NOW_S);
    let [client, relayed, peer] = [(50_000, 7), (1024, 8), (3478, 1)]
        .map(|(port, last)| SocketAddr::from(([192, 0, 2, last], port)));
    let peers = HashMap::from([(peer, 0), (SocketAddr::from(([0_u16; 8], 9)), 1)]);
    let mut session = Session::new(auth, client, relayed);
    let now = Instant::now();
    for bytes in messages {
        let message = Message::parse(bytes).ok();
        let signed = message
            .filter(|it| it.class() == Class::Request && it.transaction().ends_with(&[1]))
            .map(|it| signed(&it, [&username, &nonce], &key));
        let heard = signed.as_deref().unwrap_or(bytes);
        match session.hear((now, NOW_S), heard, &peers) {
            Step::Reply(answer) => {
                assert!(answer.len() <= ANSWER_BYTES_MAX, "a long answer");
                let answer = Message::parse(&answer).ok();
                assert!(answer.is_some_and(|answer| {
                    matches!(answer.class(), Class::Success | Class::Error)
                        && message.is_some_and(|it| it.transaction() == answer.transaction())
                }));
            }
            Step::ToPeer(to, contents) => {
                assert!(peers.contains_key(&to), "a foreign address");
                assert!(session.is_allocated() && contents.len() < heard.len());
            }
            Step::Ignore => {}
            Step::Close => break,
        }
        bounds(&session, &peers);
    }
    for peer in peers.keys() {
        wrapped(&session, *peer);
    }
}

fn signed(message: &Message<'_>, [username, nonce]: [&str; 2], key: &[u8; 16]) -> Vec<u8> {
    let ours = [USERNAME, REALM_ATTRIBUTE, NONCE, MESSAGE_INTEGRITY];
    message
        .attributes()
        .filter(|(kind, _)| !ours.contains(kind))
        .fold(
            Writer::new(message.method(), Class::Request, message.transaction()),
            |writer, (kind, value)| writer.with(kind, value),
        )
        .with(USERNAME, username.as_bytes())
        .with(REALM_ATTRIBUTE, REALM.as_bytes())
        .with(NONCE, nonce.as_bytes())
        .signed(key)
        .finish()
}

fn bounds(session: &Session, peers: &HashMap<SocketAddr, usize>) {
    let Some(allocation) = &session.allocation else {
        return;
    };
    assert!(allocation.permitted.len() <= peers.len() && allocation.channels.len() <= peers.len());
    assert!(
        allocation
            .channels
            .values()
            .all(|to| peers.contains_key(to))
    );
}

/// What a client gets of a peer is what the peer has sent, or nothing.
fn wrapped(session: &Session, peer: SocketAddr) {
    const CONTENTS: &[u8] = b"picture";
    let mut out = Vec::new();
    session.wrap(peer, CONTENTS, &mut out);
    let is_whole = match out.as_slice() {
        [] => true,
        [0x40..=0x4f, _, 0, 7, padded @ ..] => padded == b"picture\0",
        other => Message::parse(other).is_ok_and(|it| it.get(DATA) == Some(CONTENTS)),
    };
    assert!(is_whole, "what a client would get: {out:?}");
}
