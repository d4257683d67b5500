//! Several nodes, with a register in memory that can be away.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use signaling_directory::{Answer, Ask, Lease, Ledger, Member, NodeName, Registry, RegistryError};
use signaling_protocol::{Bye, ClientMessage, ErrorCode, Grants, Role, RoomId, ServerMessage};
use signaling_server::{
    ClusterSettings, NodeSecret, NodeState, NodeWish, SignalingConfig, Site, WishError,
};
use signaling_ticket::{Observed, PassKey, Purpose};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

use crate::client::Client;
use crate::clinic::MemoryClinic;
use crate::house::{DOCTOR, House, PATIENT, observe, room, visit, who};

pub(crate) struct MemoryRegister {
    pub(crate) ledger: Mutex<Ledger>,
    members: Mutex<BTreeMap<NodeName, Member>>,
    pub(crate) is_away: AtomicBool,
    /// Nobody answers for these rooms.
    gap: Mutex<BTreeSet<RoomId>>,
    since: Instant,
}

impl MemoryRegister {
    pub(crate) fn new() -> Self {
        Self {
            ledger: Mutex::default(),
            members: Mutex::default(),
            is_away: AtomicBool::new(false),
            gap: Mutex::default(),
            since: Instant::now(),
        }
    }

    fn now_us(&self) -> i64 {
        i64::try_from(self.since.elapsed().as_micros()).unwrap()
    }

    pub(crate) fn owner(&self, room: RoomId) -> Option<Lease> {
        self.ledger.lock().unwrap().look(room, self.now_us())
    }

    fn answer<T: Send + 'static>(&self, act: impl FnOnce() -> T) -> Answer<'_, T> {
        let answer = if self.is_away.load(Ordering::SeqCst) {
            Err(RegistryError::new("away"))
        } else {
            Ok(act())
        };
        Box::pin(core::future::ready(answer))
    }
}

impl Registry for MemoryRegister {
    fn look(&self, room: RoomId) -> Answer<'_, Option<Lease>> {
        if self.gap.lock().unwrap().contains(&room) {
            return Box::pin(core::future::ready(Err(RegistryError::new("a gap"))));
        }
        self.answer(|| self.owner(room))
    }

    fn claim<'a>(
        &'a self,
        by: &'a NodeName,
        rooms: &'a [(RoomId, Ask)],
    ) -> Answer<'a, Vec<Option<Lease>>> {
        let gap = self.gap.lock().unwrap();
        if rooms.iter().all(|(room, _)| gap.contains(room)) {
            return Box::pin(core::future::ready(Err(RegistryError::new("a gap"))));
        }
        self.answer(|| {
            let (mut ledger, now_us) = (self.ledger.lock().unwrap(), self.now_us());
            let claims = rooms.iter().map(|(room, ask)| {
                (!gap.contains(room)).then(|| ledger.claim(*room, by, *ask, now_us))
            });
            claims.collect()
        })
    }

    fn release<'a>(&'a self, by: &'a NodeName, rooms: &'a [RoomId]) -> Answer<'a, ()> {
        self.answer(|| {
            let mut ledger = self.ledger.lock().unwrap();
            for room in rooms {
                ledger.release(*room, by);
            }
        })
    }

    fn beat<'a>(&'a self, me: &'a Member) -> Answer<'a, Vec<Member>> {
        self.answer(|| {
            let mut members = self.members.lock().unwrap();
            members.insert(me.name.clone(), me.clone());
            members.values().cloned().collect()
        })
    }

    fn leave<'a>(&'a self, me: &'a NodeName) -> Answer<'a, ()> {
        self.answer(|| {
            self.members.lock().unwrap().remove(me);
        })
    }
}

/// Two nodes of one clinic.
pub(crate) struct Street {
    register: Arc<MemoryRegister>,
    pub(crate) houses: [House; 2],
    inner: [SocketAddr; 2],
}

impl Street {
    async fn open() -> Self {
        Self::open_with(Duration::ZERO, false).await
    }

    /// A third node, which nobody reaches, takes the room by a later epoch.
    async fn is_robbed(&self) {
        let ask = Ask {
            has: signaling_directory::Epoch(9),
            ..Ask::default()
        };
        let thief: NodeName = "c".parse().unwrap();
        let claimed = self.register.claim(&thief, &[(room(), ask)]).await;
        assert!(claimed.unwrap()[0].is_some());
    }

    /// Two nodes that go on for so long when they are to be emptied, and may speak in clear.
    async fn open_with(notice: Duration, is_old: bool) -> Self {
        Self::open_at(notice, is_old, [Site::default(), Site::default()]).await
    }

    /// The same with each node somewhere.
    pub(crate) async fn open_at(notice: Duration, is_old: bool, sites: [Site; 2]) -> Self {
        let register = Arc::new(MemoryRegister::new());
        let clinic = Arc::<MemoryClinic>::default();
        let pem = PassKey::generate().unwrap();
        let mut houses = Vec::new();
        let mut inner = Vec::new();
        for ((name, first_pass), site) in [("a", 1), ("b", 1_000_000)].into_iter().zip(sites) {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
            let address = listener.local_addr().unwrap();
            let key = PassKey::from_pem(&pem).unwrap();
            let settings = ClusterSettings {
                name: name.parse().unwrap(),
                address: address.to_string(),
                secret: NodeSecret::new(&[7; 32]).unwrap(),
                allows_plain: is_old,
                key_id: key.id().to_owned(),
                registry: Arc::<MemoryRegister>::clone(&register),
                version: "1".to_owned(),
                busy: || Some(7),
                notice,
                site,
            };
            let cluster = (Some((settings, listener)), first_pass);
            let config = SignalingConfig::default();
            houses.push(House::among(config, Arc::clone(&clinic), key, cluster));
            inner.push(address);
        }
        let street = Self {
            register,
            houses: houses.try_into().ok().unwrap(),
            inner: inner.try_into().unwrap(),
        };
        for house in &street.houses {
            while !house.handle.takes_rooms() {
                tokio::task::yield_now().await;
            }
        }
        street
    }

    /// The house that has the room, and the other one.
    pub(crate) fn owner_first(&self) -> (&House, &House) {
        let [a, b] = &self.houses;
        let lease = self.register.owner(room()).expect("somebody has the room");
        if lease.owner.as_str() == "a" {
            (a, b)
        } else {
            (b, a)
        }
    }

    /// The name of a house.
    pub(crate) fn name(&self, house: &House) -> &'static str {
        let [a, _] = &self.houses;
        if core::ptr::eq(a, house) { "a" } else { "b" }
    }

    /// Waits until each node hears the other.
    pub(crate) async fn lines(&self) {
        for (house, name) in self.houses.iter().zip(["b", "a"]) {
            while house.handle.can_wish(name, NodeWish::Serve).is_err() {
                tokio::task::yield_now().await;
            }
        }
    }

    /// A doctor at one node and an admitted patient at the other.
    pub(crate) async fn visit(&self) -> (Client, Client) {
        let [a, b] = &self.houses;
        let mut doctor = a.enter(DOCTOR, Role::Clinician).await;
        let mut patient = b.enter(PATIENT, Role::Patient).await;
        doctor.admit(PATIENT).await;
        patient.admitted().await;
        doctor.sees_admitted(PATIENT).await;
        (doctor, patient)
    }
}

/// Reads lists until the room is in one, or is not.
async fn sees(watcher: &mut Client, present: bool) {
    watcher
        .until(|message| match message {
            ServerMessage::Overview { rooms } => {
                (rooms.iter().any(|it| it.room == room()) == present).then_some(())
            }
            _ => None,
        })
        .await;
}

#[tokio::test]
async fn people_at_two_nodes_meet_in_one_room_and_every_node_lists_it() {
    let street = Street::open().await;
    let (mut doctor, mut patient) = street.visit().await;
    doctor.chat(1, "Bonjour").await;
    assert_eq!(patient.hears_chat().await.1, "Bonjour");
    patient.chat(2, "Bonjour docteur").await;
    while doctor.hears_chat().await.1 != "Bonjour docteur" {}
    assert_eq!(
        street.register.owner(room()).unwrap().epoch.0,
        1,
        "one owner"
    );
    for house in &street.houses {
        let mut admin = house.knock(&observe(Observed::All)).await;
        sees(&mut admin, true).await;
    }
}

#[tokio::test]
async fn who_comes_back_by_another_node_keeps_their_seat() {
    let street = Street::open().await;
    let (_doctor, mut patient) = street.visit().await;
    for house in &street.houses {
        let mut again = Client::resume(house.address, &patient.token, patient.last_seq()).await;
        assert_eq!(again.welcome().await.others.len(), 1);
        patient = again;
    }
}

#[tokio::test]
async fn a_ticket_opens_once_on_all_nodes() {
    let street = Street::open().await;
    let [a, b] = &street.houses;
    let pass = a.pass(&observe(Observed::All));
    let mut first = Client::connect(a.address).await;
    first.hello(&pass).await;
    sees(&mut first, false).await;
    let mut second = Client::connect(b.address).await;
    second.hello(&pass).await;
    assert_eq!(second.error().await, ErrorCode::Unauthorized);
}

#[tokio::test]
async fn a_visit_is_closed_and_a_person_taken_out_from_any_node() {
    let street = Street::open().await;
    let (mut doctor, mut patient) = street.visit().await;
    let (_, other) = street.owner_first();
    // The line to the owner is open once its list has come.
    let mut admin = other.knock(&observe(Observed::All)).await;
    sees(&mut admin, true).await;
    other
        .handle
        .drop_participant(room(), who(PATIENT), Bye::Removed)
        .await;
    assert_eq!(patient.bye().await, Bye::Removed);
    other.handle.close_room(room(), Bye::Ended).await;
    assert_eq!(doctor.bye().await, Bye::Ended);
}

#[tokio::test]
async fn a_node_that_leaves_hands_its_room_over_and_takes_none() {
    let street = Street::open().await;
    let (mut doctor, mut patient) = street.visit().await;
    doctor.chat(1, "Bonjour").await;
    patient.hears_chat().await;
    let (owner, other) = street.owner_first();
    owner.handle.drain().await;
    assert!(!owner.handle.takes_rooms());
    let leaving = owner.handle.clone();
    let leaves = tokio::spawn(async move { leaving.shutdown().await });
    assert_eq!(doctor.bye().await, Bye::Restarting);
    assert_eq!(patient.bye().await, Bye::Restarting);
    let mut old = Client::resume(other.address, &patient.token, 0).await;
    assert_eq!(
        old.error().await,
        ErrorCode::Unauthorized,
        "a token of a room that is no more"
    );
    let mut patient = other.knock(&visit(PATIENT, Role::Patient, true)).await;
    let snapshot = patient.welcome().await;
    assert_eq!(snapshot.chat.len(), 1, "what was stored is there");
    assert_eq!(street.register.owner(room()).unwrap().epoch.0, 2);
    drop((doctor, old));
    leaves.await.unwrap();
}

#[tokio::test]
async fn without_the_register_people_find_each_other() {
    let street = Street::open().await;
    let (mut doctor, patient) = street.visit().await;
    let [a, b] = &street.houses;
    for house in &street.houses {
        let mut admin = house.knock(&observe(Observed::All)).await;
        sees(&mut admin, true).await;
    }
    street.register.is_away.store(true, Ordering::SeqCst);
    street.register.ledger.lock().unwrap().forget();
    drop(patient);
    let mut patient = b.knock(&visit(PATIENT, Role::Patient, true)).await;
    assert_eq!(patient.welcome().await.others.len(), 1);
    patient.chat(5, "noch da").await;
    while doctor.hears_chat().await.1 != "noch da" {}
    street.register.is_away.store(false, Ordering::SeqCst);
    while street.register.owner(room()).is_none() {
        tokio::task::yield_now().await;
    }
    assert_eq!(a.handle.takes_rooms(), b.handle.takes_rooms());
}

#[tokio::test]
async fn who_is_no_node_gets_nothing_at_the_door_of_nodes() {
    let street = Street::open_with(Duration::ZERO, true).await;
    for address in street.inner {
        for path in ["/cluster/v1/line", "/cluster/v1/signal"] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let request = format!(
                "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                 sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                 authorization: Telehealth-Node a 1 00\r\n\r\n"
            );
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut head = [0; 12];
            stream.read_exact(&mut head).await.unwrap();
            assert_eq!(&head, b"HTTP/1.1 401", "{path}");
        }
    }
    for house in &street.houses {
        let seen = house.seen.load(Ordering::SeqCst);
        assert_eq!(seen, 0, "what is in front would begin a trace for them");
    }
}

#[tokio::test]
async fn the_door_of_nodes_says_nothing_in_clear() {
    let street = Street::open().await;
    for address in street.inner {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = "GET /cluster/v1/line HTTP/1.1\r\nhost: x\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    }
}

#[tokio::test]
async fn a_room_that_another_node_took_is_closed_here() {
    let street = Street::open().await;
    let (mut doctor, _patient) = street.visit().await;
    street.is_robbed().await;
    assert_eq!(doctor.bye().await, Bye::Restarting);
    let mut again = street.houses[0]
        .knock(&visit(DOCTOR, Role::Clinician, true))
        .await;
    assert_eq!(
        again.error().await,
        ErrorCode::Unavailable,
        "nobody reaches node c"
    );
}

#[tokio::test]
async fn a_gap_of_the_register_hides_no_room_beside_it() {
    let street = Street::open().await;
    let (mut doctor, _patient) = street.visit().await;
    let (owner, neighbour) = street.owner_first();
    // The same node has another room, for which nobody answers from now on.
    let mut number = 2_000;
    let (gap, mut there) = loop {
        let gap = RoomId::from_uuid(Uuid::from_u128(number));
        let mut there = owner.knock(&beside(gap, number)).await;
        there.welcome().await;
        let lease = street.register.owner(gap).unwrap();
        if lease.owner.as_str() == street.name(owner) {
            break (gap, there);
        }
        number += 1;
    };
    street.register.gap.lock().unwrap().insert(gap);
    street.is_robbed().await;
    assert_eq!(doctor.bye().await, Bye::Restarting);

    // It is found as without the register, and any other room by the register.
    street.lines().await;
    let mut second = neighbour.knock(&beside(gap, 9)).await;
    assert_eq!(second.welcome().await.others.len(), 1);
    second.chat(1, "noch da").await;
    assert_eq!(there.hears_chat().await.1, "noch da");
    let purpose = visit(DOCTOR, Role::Clinician, true);
    for house in [neighbour, owner] {
        let mut again = house.knock(&purpose).await;
        assert_eq!(again.error().await, ErrorCode::Unavailable);
    }
}

fn beside(room: RoomId, person: u128) -> Purpose {
    Purpose::Visit {
        room,
        participant: who(person),
        name: format!("Person {person}"),
        role: Role::Clinician,
        relation: None,
        admitted: true,
    }
}

/// Asks for a fresh session beside the one that is there, as a page does that is asked to move.
async fn asked(person: &mut Client) {
    person
        .until(|it| (*it == ServerMessage::Move).then_some(()))
        .await;
}

#[tokio::test]
async fn a_node_is_emptied_when_everybody_is_elsewhere_and_serves_again() {
    let street = Street::open().await;
    let (mut doctor, mut patient) = street.visit().await;
    let mut silent = Grants::ALL;
    silent.publish.microphone = false;
    let grant = ClientMessage::Grant {
        participant: who(PATIENT),
        grants: silent,
    };
    doctor.say(&grant).await;
    let granted = ServerMessage::Granted { grants: silent };
    patient.until(|it| (*it == granted).then_some(())).await;
    street.lines().await;
    let (owner, other) = street.owner_first();
    let name = street.name(owner);
    assert_eq!(other.handle.wish(name, NodeWish::Drain), Ok(()));
    asked(&mut doctor).await;
    asked(&mut patient).await;
    assert!(!owner.handle.takes_rooms());

    // One of them comes by the node that is emptied; a load balancer may not know yet.
    let mut there = [
        other.knock(&visit(DOCTOR, Role::Clinician, true)).await,
        owner.knock(&visit(PATIENT, Role::Patient, true)).await,
    ];
    let mut grants = Grants::ALL;
    for person in &mut there {
        grants = person.welcome().await.me.grants;
    }
    let lease = street.register.owner(room()).unwrap();
    assert_eq!(
        (lease.owner.as_str(), lease.epoch.0),
        (street.name(other), 2)
    );
    doctor.chat(1, "hier noch").await;
    assert_eq!(
        patient.hears_chat().await.1,
        "hier noch",
        "both talk on meanwhile"
    );
    let [new_doctor, new_patient] = &mut there;
    if grants == Grants::ALL {
        new_patient.until(|it| (*it == granted).then_some(())).await;
    } else {
        assert_eq!(grants, silent);
    }
    doctor.say(&ClientMessage::Moved).await;
    patient.say(&ClientMessage::Moved).await;
    assert_eq!(doctor.bye().await, Bye::Restarting);
    assert_eq!(patient.bye().await, Bye::Restarting);
    new_doctor.chat(2, "dort").await;
    while new_patient.hears_chat().await.1 != "dort" {}

    let state = |house: &House, name: &str| {
        let nodes = house.handle.nodes();
        nodes.iter().find(|it| it.name == name).unwrap().state
    };
    while state(other, name) != NodeState::Draining {
        tokio::task::yield_now().await;
    }
    assert_eq!(other.handle.wish(name, NodeWish::Serve), Ok(()));
    while !owner.handle.takes_rooms() {
        tokio::task::yield_now().await;
    }
    let here = other
        .handle
        .nodes()
        .into_iter()
        .find(|it| it.is_here)
        .unwrap();
    assert_eq!((here.rooms, here.people, here.busy), (1, 2, Some(7)));
}

#[tokio::test]
async fn a_drain_can_be_cancelled_before_rooms_move() {
    let street = Street::open_with(Duration::from_secs(600), false).await;
    let (mut doctor, mut patient) = street.visit().await;
    street.lines().await;
    let (owner, other) = street.owner_first();
    let name = street.name(owner);
    assert_eq!(owner.handle.wish(name, NodeWish::Drain), Ok(()));
    while owner.handle.takes_rooms() {
        tokio::task::yield_now().await;
    }
    assert_eq!(other.handle.wish(name, NodeWish::Serve), Ok(()));
    while !owner.handle.takes_rooms() {
        tokio::task::yield_now().await;
    }
    doctor.chat(1, "noch da").await;
    while patient.hears_chat().await.1 != "noch da" {}
    assert_eq!(street.register.owner(room()).unwrap().epoch.0, 1);
}

#[tokio::test]
async fn the_last_node_is_not_emptied_and_who_is_unknown_is_not_asked() {
    let street = Street::open().await;
    street.lines().await;
    let [a, b] = &street.houses;
    assert_eq!(a.handle.wish("c", NodeWish::Drain), Err(WishError::Unknown));
    assert_eq!(
        a.handle.wish("A b", NodeWish::Drain),
        Err(WishError::Unknown)
    );
    assert_eq!(a.handle.wish("b", NodeWish::Drain), Ok(()));
    while a.handle.can_wish("a", NodeWish::Drain).is_ok() {
        tokio::task::yield_now().await;
    }
    for house in [a, b] {
        assert_eq!(
            house.handle.wish("a", NodeWish::Drain),
            Err(WishError::LastOne)
        );
    }
}

#[tokio::test]
async fn the_end_of_a_visit_that_moves_ends_it_on_both_nodes() {
    let street = Street::open().await;
    let (mut doctor, mut patient) = street.visit().await;
    street.lines().await;
    let (owner, other) = street.owner_first();
    let name = street.name(owner);
    assert_eq!(other.handle.wish(name, NodeWish::Drain), Ok(()));
    asked(&mut doctor).await;
    let mut there = other.knock(&visit(PATIENT, Role::Patient, true)).await;
    there.welcome().await;
    doctor.say(&ClientMessage::End).await;
    assert_eq!(patient.bye().await, Bye::Ended);
    assert_eq!(there.bye().await, Bye::Ended);
}
