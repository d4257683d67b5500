//! A client talks to the relay over bytes.

use std::time::UNIX_EPOCH;

use proptest::prelude::*;

use super::*;

const NOW_S: u64 = 1_000_000;

fn peer() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 3478))
}

fn foreign() -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 1], 22))
}

fn number(value: &[u8]) -> u16 {
    u16::from(value[2]) * 100 + u16::from(value[3])
}

/// A client with its session.
struct Client {
    session: Session,
    auth: Arc<Auth>,
    username: String,
    key: [u8; 16],
    nonce: String,
    now: Instant,
    unix_s: u64,
}

impl Client {
    fn new() -> Self {
        let auth = Arc::new(Auth::new().unwrap());
        let now = UNIX_EPOCH + Duration::from_secs(NOW_S);
        let (username, _) = auth.credentials(now).unwrap();
        let client = SocketAddr::from(([198, 51, 100, 7], 50_000));
        let relayed = SocketAddr::from(([192, 0, 0, 8], 1024));
        Self {
            session: Session::new(Arc::clone(&auth), client, relayed),
            key: auth.key(&username, None).unwrap(),
            nonce: auth.nonce(NOW_S),
            auth,
            username,
            now: Instant::now(),
            unix_s: NOW_S,
        }
    }

    fn hear(&mut self, bytes: &[u8]) -> Step {
        let peers = HashMap::from([(peer(), 0)]);
        self.session.hear((self.now, self.unix_s), bytes, &peers)
    }

    fn signed(&self, method: u16, fill: impl FnOnce(Writer) -> Writer) -> Vec<u8> {
        fill(Writer::new(method, Class::Request, [9; 12]))
            .with(USERNAME, self.username.as_bytes())
            .with(REALM_ATTRIBUTE, REALM.as_bytes())
            .with(NONCE, self.nonce.as_bytes())
            .signed(&self.key)
            .finish()
    }

    /// Asks, and answers with the error code: 0 for success.
    fn ask(&mut self, method: u16, fill: impl FnOnce(Writer) -> Writer) -> u16 {
        let request = self.signed(method, fill);
        self.code(&request)
    }

    fn code(&mut self, request: &[u8]) -> u16 {
        let Step::Reply(answer) = self.hear(request) else {
            panic!("no answer");
        };
        let answer = Message::parse(&answer).unwrap();
        assert_eq!(answer.transaction(), [9; 12]);
        match answer.class() {
            Class::Success => {
                assert!(answer.is_signed_with(&self.key));
                0
            }
            _ => number(answer.get(ERROR_CODE).unwrap()),
        }
    }

    fn allocate(&mut self) -> u16 {
        self.ask(ALLOCATE, |it| it.with(REQUESTED_TRANSPORT, &[UDP, 0, 0, 0]))
    }

    fn permit(&mut self, peer: SocketAddr) -> u16 {
        self.ask(CREATE_PERMISSION, |it| {
            it.with_address(XOR_PEER_ADDRESS, peer)
        })
    }

    fn bind(&mut self, number: u16, peer: SocketAddr) -> u16 {
        let [high, low] = number.to_be_bytes();
        self.ask(CHANNEL_BIND, |it| {
            it.with(CHANNEL_NUMBER, &[high, low, 0, 0])
                .with_address(XOR_PEER_ADDRESS, peer)
        })
    }

    fn send(&mut self, peer: SocketAddr) -> Step {
        let indication = Writer::new(SEND, Class::Indication, [8; 12])
            .with_address(XOR_PEER_ADDRESS, peer)
            .with(DATA, b"hello");
        self.hear(&indication.finish())
    }
}

#[test]
fn a_client_allocates_and_reaches_a_shard_and_nobody_else() {
    let mut client = Client::new();
    assert_eq!(client.permit(peer()), 437, "nothing without an allocation");
    assert_eq!(client.allocate(), 0);
    assert_eq!(client.allocate(), 437);
    assert_eq!(client.send(peer()), Step::Ignore, "not permitted yet");
    assert_eq!(client.permit(peer()), 0);
    assert_eq!(client.send(peer()), Step::ToPeer(peer(), b"hello".to_vec()));
    assert_eq!(client.permit(foreign()), 403);
    assert_eq!(client.send(foreign()), Step::Ignore);
    assert_eq!(client.bind(0x4001, foreign()), 403);
    // Our address, but a port that is no shard's.
    let other_port = SocketAddr::new(peer().ip(), 22);
    assert_eq!(client.send(other_port), Step::Ignore);
    assert_eq!(client.bind(0x4001, other_port), 403);
}

#[test]
fn channels_carry_data_both_ways() {
    let mut client = Client::new();
    client.allocate();
    let data = [0x40, 1, 0, 3, 7, 8, 9];
    assert_eq!(client.hear(&data), Step::Ignore);
    assert_eq!(client.bind(0x3FFF, peer()), 400);
    assert_eq!(client.bind(0x4001, peer()), 0);
    assert_eq!(client.bind(0x4001, peer()), 0, "again, to refresh it");
    assert_eq!(client.bind(0x4002, peer()), 400, "a peer has one channel");
    assert_eq!(client.hear(&data), Step::ToPeer(peer(), vec![7, 8, 9]));
    let mut out = Vec::new();
    client.session.wrap(peer(), &[1, 2, 3, 4, 5], &mut out);
    assert_eq!(out, [0x40, 1, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0]);
}

#[test]
fn data_of_a_peer_without_a_channel_names_its_sender() {
    let mut client = Client::new();
    client.allocate();
    let mut out = Vec::new();
    client.session.wrap(peer(), b"x", &mut out);
    assert!(out.is_empty(), "not permitted");
    client.permit(peer());
    client.session.wrap(peer(), b"x", &mut out);
    let message = Message::parse(&out).unwrap();
    assert_eq!(
        (message.method(), message.class()),
        (DATA_METHOD, Class::Indication)
    );
    assert_eq!(message.address(XOR_PEER_ADDRESS), Some(peer()));
    assert_eq!(message.get(DATA), Some(&b"x"[..]));
}

#[test]
fn whoever_is_not_known_is_told_how_to_ask_and_nothing_else() {
    let mut client = Client::new();
    let bare = Writer::new(ALLOCATE, Class::Request, [9; 12])
        .with(REQUESTED_TRANSPORT, &[UDP, 0, 0, 0])
        .finish();
    let Step::Reply(answer) = client.hear(&bare) else {
        panic!("no answer");
    };
    let answer = Message::parse(&answer).unwrap();
    assert_eq!(number(answer.get(ERROR_CODE).unwrap()), 401);
    assert_eq!(answer.text(REALM_ATTRIBUTE), Some(REALM));
    let nonce = answer.text(NONCE).unwrap();
    assert!(client.auth.is_fresh(nonce, NOW_S));
    client.key[0] ^= 1;
    assert_eq!(client.allocate(), 401, "a wrong password");
    assert!(!client.session.is_allocated());
}

#[test]
fn expired_credentials_serve_only_what_exists() {
    let mut client = Client::new();
    client.unix_s += 7 * 3600;
    client.nonce = client.auth.nonce(client.unix_s);
    assert_eq!(client.allocate(), 401);
    client.unix_s = NOW_S;
    assert_eq!(client.allocate(), 0);
    client.unix_s += 7 * 3600;
    assert_eq!(client.ask(REFRESH, |it| it), 0);
}

#[test]
fn an_old_nonce_is_replaced() {
    let mut client = Client::new();
    client.unix_s += 3600;
    assert_eq!(client.allocate(), 438);
    client.nonce = client.auth.nonce(client.unix_s);
    assert_eq!(client.allocate(), 0);
}

#[test]
fn somebody_else_cannot_take_over_an_allocation() {
    let mut client = Client::new();
    client.allocate();
    let now = UNIX_EPOCH + Duration::from_secs(NOW_S);
    let (other, _) = client.auth.credentials(now).unwrap();
    client.key = client.auth.key(&other, None).unwrap();
    client.username = other;
    assert_eq!(client.permit(peer()), 441);
}

#[test]
fn an_allocation_ends_by_word_or_by_time() {
    let mut client = Client::new();
    client.allocate();
    let later = client.now + Duration::from_secs(u64::from(LIFETIME_S));
    assert!(!client.session.is_over(client.now) && client.session.is_over(later));
    assert_eq!(client.ask(REFRESH, |it| it.with(LIFETIME, &[0; 4])), 0);
    assert!(client.session.is_over(client.now));
}

#[test]
fn what_this_relay_cannot_do_is_refused_by_name() {
    let mut client = Client::new();
    let tcp = |it: Writer| it.with(REQUESTED_TRANSPORT, &[6, 0, 0, 0]);
    assert_eq!(client.ask(ALLOCATE, tcp), 442);
    assert_eq!(client.ask(ALLOCATE, |it| it), 400);
    let ipv6 = |it: Writer| {
        it.with(REQUESTED_TRANSPORT, &[UDP, 0, 0, 0])
            .with(REQUESTED_ADDRESS_FAMILY, &[2, 0, 0, 0])
    };
    assert_eq!(client.ask(ALLOCATE, ipv6), 440);
    assert_eq!(client.ask(ALLOCATE, |it| it.with(0x0018, &[0])), 420);
}

#[test]
fn whoever_is_refused_again_and_again_is_hung_up_on() {
    let mut client = Client::new();
    client.key[0] ^= 1;
    let request = client.signed(ALLOCATE, |it| it);
    let answered = (0..100)
        .take_while(|_| client.hear(&request) != Step::Close)
        .count();
    assert_eq!(answered, REFUSALS_MAX as usize);
}

#[test]
fn a_binding_request_is_answered_with_the_address_of_its_sender() {
    let mut client = Client::new();
    let request = Writer::new(BINDING, Class::Request, [9; 12]).finish();
    let Step::Reply(answer) = client.hear(&request) else {
        panic!("no answer");
    };
    let answer = Message::parse(&answer).unwrap();
    assert_eq!(
        answer.address(XOR_MAPPED_ADDRESS),
        Some(client.session.client)
    );
}

proptest! {
    #[test]
    fn nothing_that_is_sent_reaches_a_foreign_address(
        messages in proptest::collection::vec(
            (any::<bool>(), 0_u16..12, proptest::collection::vec(
                (0_u16..0x30, proptest::collection::vec(any::<u8>(), 0..24)), 0..5)), 1..20),
    ) {
        let mut client = Client::new();
        client.allocate();
        client.permit(peer());
        for (indication, method, attributes) in messages {
            let class = if indication { Class::Indication } else { Class::Request };
            let mut writer = Writer::new(method, class, [1; 12]);
            for (kind, value) in &attributes {
                writer = writer.with(*kind, value);
            }
            let bytes = if indication {
                writer.with_address(XOR_PEER_ADDRESS, foreign()).with(DATA, b"x").finish()
            } else {
                writer
                    .with(USERNAME, client.username.as_bytes())
                    .with(REALM_ATTRIBUTE, REALM.as_bytes())
                    .with(NONCE, client.nonce.as_bytes())
                    .signed(&client.key)
                    .finish()
            };
            if let Step::ToPeer(to, _) = client.hear(&bytes) {
                prop_assert_eq!(to, peer());
            }
            let allocation = client.session.allocation.as_ref().unwrap();
            prop_assert!(allocation.permitted.len() <= 1 && allocation.channels.len() <= 1);
        }
    }

    #[test]
    fn any_bytes_are_heard_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut client = Client::new();
        client.allocate();
        let heard = client.hear(&bytes);
        prop_assert!(!matches!(heard, Step::ToPeer(..)));
    }
}
