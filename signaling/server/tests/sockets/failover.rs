//! The node of a visit dies while the register is away, and people come straight to other nodes.

use core::time::Duration;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use signaling_protocol::{
    ClientMessage, ErrorCode, FailoverTicket, Grants, KeyText, Role, ServerMessage,
};
use signaling_server::{ClusterSettings, NodeSecret, NodeWish, Person, SignalingConfig, Site};
use signaling_ticket::{PassKey, Purpose};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::client::Client;
use crate::clinic::MemoryClinic;
use crate::house::{DOCTOR, House, PATIENT, room, visit as visit_pass, who};
use crate::nodes::MemoryRegister;

const NAMES: [&str; 3] = ["a", "b", "c"];
/// Longer than anything takes here.
const PATIENCE: Duration = Duration::from_secs(60);

/// A node that can be killed: its tasks end with its runtime.
struct Machine {
    runtime: Option<Runtime>,
    house: House,
}

impl Machine {
    fn kill(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Three nodes that people reach each by its own address.
struct Village {
    register: Arc<MemoryRegister>,
    clinic: Arc<MemoryClinic>,
    machines: [Machine; 3],
}

impl Village {
    async fn open() -> Self {
        let register = Arc::new(MemoryRegister::new());
        let clinic = Arc::<MemoryClinic>::default();
        for (n, role) in [(DOCTOR, Role::Clinician), (PATIENT, Role::Patient)] {
            clinic.knows(person(n, role));
        }
        let pem = PassKey::generate().unwrap();
        let machines = NAMES.map(|name| machine(name, (&register, &clinic), &pem));
        let village = Self {
            register,
            clinic,
            machines,
        };
        // Each hears each.
        for machine in &village.machines {
            for name in NAMES {
                while machine
                    .house
                    .handle
                    .can_wish(name, NodeWish::Serve)
                    .is_err()
                {
                    tokio::task::yield_now().await;
                }
            }
        }
        village
    }

    fn number(&self, name: &str) -> usize {
        NAMES.iter().position(|it| *it == name).unwrap()
    }

    fn house(&self, name: &str) -> &House {
        &self.machines[self.number(name)].house
    }

    /// The register goes away, and then the node that has the room.
    fn lose(&mut self, owner: &str) {
        self.register.is_away.store(true, Ordering::SeqCst);
        let number = self.number(owner);
        self.machines[number].kill();
    }

    /// Comes back to a node with this token until it says something else than to try again.
    async fn come_back(&self, name: &str, token: &str) -> (Client, ServerMessage) {
        let coming = self.try_on(name, token);
        tokio::time::timeout(PATIENCE, coming).await.unwrap()
    }

    /// Comes to a node with fresh passes until it says something else than to try again.
    async fn enter(&self, name: &str, pass: &Purpose) -> (Client, ServerMessage) {
        let coming = async {
            loop {
                let mut client = self.house(name).knock(pass).await;
                match client.next().await.unwrap() {
                    ServerMessage::Error {
                        code: ErrorCode::Unavailable,
                        ..
                    } => tokio::task::yield_now().await,
                    said => return (client, said),
                }
            }
        };
        tokio::time::timeout(PATIENCE, coming).await.unwrap()
    }

    async fn try_on(&self, name: &str, token: &str) -> (Client, ServerMessage) {
        loop {
            let mut client = Client::resume(self.house(name).address, token, 0).await;
            match client.next().await.unwrap() {
                ServerMessage::Error {
                    code: ErrorCode::Unavailable,
                    ..
                } => tokio::task::yield_now().await,
                said => return (client, said),
            }
        }
    }
}

fn person(n: u128, role: Role) -> Person {
    Person {
        id: who(n),
        name: format!("Person {n}"),
        role,
        relation: None,
        admitted: true,
        connection: None,
    }
}

fn machine(
    name: &str,
    (register, clinic): (&Arc<MemoryRegister>, &Arc<MemoryClinic>),
    pem: &str,
) -> Machine {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let inside = runtime.enter();
    let inner = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    inner.set_nonblocking(true).unwrap();
    let inner = TcpListener::from_std(inner).unwrap();
    let address: SocketAddr = inner.local_addr().unwrap();
    let key = PassKey::from_pem(pem).unwrap();
    let settings = ClusterSettings {
        name: name.parse().unwrap(),
        address: address.to_string(),
        secret: NodeSecret::new(&[7; 32]).unwrap(),
        allows_plain: false,
        key_id: key.id().to_owned(),
        registry: Arc::<MemoryRegister>::clone(register),
        version: "1".to_owned(),
        busy: || None,
        notice: Duration::ZERO,
        site: Site {
            pages: Some(format!("https://{name}.example")),
            ..Site::default()
        },
    };
    let cluster = (Some((settings, inner)), u64::from(name.as_bytes()[0]) << 32);
    let house = House::among(SignalingConfig::default(), Arc::clone(clinic), key, cluster);
    drop(inside);
    Machine {
        runtime: Some(runtime),
        house,
    }
}

/// What a page shows.
fn shown(client: &Client) -> String {
    let FailoverTicket { ticket, .. } = client.failover.clone().unwrap();
    format!("{}.{ticket}", client.token)
}

/// Names of the nodes that a page was told of, in their order.
fn told(client: &Client) -> Vec<String> {
    let nodes = client.failover.clone().unwrap().nodes;
    let name = |url: &String| {
        let host = url.strip_prefix("https://").unwrap();
        host.strip_suffix(".example").unwrap().to_owned()
    };
    nodes.iter().map(name).collect()
}

/// A doctor and an admitted patient, by two nodes, with their tickets.
async fn visit(village: &Village) -> (Client, Client) {
    let mut doctor = village.house("a").enter(DOCTOR, Role::Clinician).await;
    let mut patient = village.house("b").enter(PATIENT, Role::Patient).await;
    doctor.admit(PATIENT).await;
    patient.admitted().await;
    doctor.sees_admitted(PATIENT).await;
    (doctor, patient)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_meet_at_the_tickets_next_node_by_whichever_they_come() {
    let mut village = Village::open().await;
    let (doctor, patient) = visit(&village).await;
    let order = told(&doctor);
    assert_eq!(order, told(&patient), "all are told the same");
    assert_eq!(order.len(), 3);
    assert_eq!(
        village.house(&order[0]).handle.here(),
        (1, 2),
        "the owner first"
    );

    village.lose(&order[0]);
    // Each comes to another node, the doctor to the one that is not asked first.
    let (mut doctor, said) = village.come_back(&order[2], &shown(&doctor)).await;
    assert!(matches!(said, ServerMessage::Welcome { .. }), "{said:?}");
    let (_patient, said) = village.come_back(&order[1], &shown(&patient)).await;
    let ServerMessage::Welcome { snapshot, .. } = said else {
        panic!("{said:?}");
    };
    assert_eq!(snapshot.others.len(), 1);
    doctor.sees_admitted(PATIENT).await;
    assert_eq!(village.house(&order[1]).handle.here(), (1, 2));
    assert_eq!(village.house(&order[2]).handle.here(), (0, 0));

    village.register.is_away.store(false, Ordering::SeqCst);
    // The register is told by the heir, and believes the later epoch.
    let is_told = async {
        while village.register.owner(room()).map(|it| it.epoch.0) != Some(2) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, is_told).await.unwrap();
    let lease = village.register.owner(room()).unwrap();
    assert_eq!(lease.owner.as_str(), order[1]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_opens_nothing_without_its_secret_or_against_the_clinics_word() {
    let mut village = Village::open().await;
    let (doctor, patient) = visit(&village).await;
    let order = told(&doctor);
    village.lose(&order[0]);
    let mixed = format!(
        "{}.{}",
        doctor.token,
        patient.failover.clone().unwrap().ticket
    );
    let broken = format!("{}x", shown(&doctor));
    for token in [&doctor.token, &mixed, &broken] {
        let (_, said) = village.come_back(&order[1], token).await;
        let code = ErrorCode::Unauthorized;
        assert!(
            matches!(&said, ServerMessage::Error { code: it, .. } if *it == code),
            "{said:?}"
        );
    }
    // The patient has been taken back meanwhile.
    village.clinic.forgets(who(PATIENT));
    let (_, said) = village.come_back(&order[1], &shown(&patient)).await;
    assert!(
        matches!(
            said,
            ServerMessage::Error {
                code: ErrorCode::Unauthorized,
                ..
            }
        ),
        "{said:?}"
    );
    assert_eq!(village.house(&order[1]).handle.here().1, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_node_lives_a_ticket_changes_nothing() {
    let village = Village::open().await;
    let (_doctor, patient) = visit(&village).await;
    // The clinic is not asked: it would say that there is no such person.
    village.clinic.forgets(who(PATIENT));
    let (_, said) = village.come_back("c", &shown(&patient)).await;
    let ServerMessage::Welcome { snapshot, .. } = said else {
        panic!("{said:?}");
    };
    assert_eq!(snapshot.others.len(), 1);
}

/// The doctor takes the patient's picture away and has people encrypt; what she has left them.
async fn curb_and_encrypt(doctor: &mut Client, patient: &mut Client) -> Grants {
    for client in [&mut *doctor, &mut *patient] {
        let key = KeyText::try_from("a".to_owned()).unwrap();
        client.say(&ClientMessage::PublicKey { key }).await;
    }
    let has_key = |message: &ServerMessage| match message {
        ServerMessage::Participant { participant } => participant.public_key.clone(),
        _ => None,
    };
    doctor.until(has_key).await;
    let mut grants = Grants::ALL;
    grants.publish.camera = false;
    let participant = who(PATIENT);
    for message in [
        ClientMessage::Grant {
            participant,
            grants,
        },
        ClientMessage::Encrypt { on: true },
    ] {
        doctor.say(&message).await;
    }
    let encrypts = |message: &ServerMessage| {
        (*message == ServerMessage::Encryption { on: true }).then_some(())
    };
    doctor.until(encrypts).await;
    grants
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn encryption_and_restrictions_outlive_the_node() {
    let mut village = Village::open().await;
    let (mut doctor, mut patient) = visit(&village).await;
    let grants = curb_and_encrypt(&mut doctor, &mut patient).await;
    // Tickets go out before the answer to what is said later.
    doctor.chat(9, "after it").await;
    while patient.hears_chat().await.1 != "after it" {}
    let order = told(&patient);
    village.lose(&order[0]);
    let (_patient, said) = village.come_back(&order[1], &shown(&patient)).await;
    let ServerMessage::Welcome { snapshot, .. } = said else {
        panic!("{said:?}");
    };
    assert!(snapshot.encrypted);
    assert_eq!(snapshot.me.grants, grants);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_first_with_a_fresh_pass_finds_the_room_as_it_was() {
    let mut village = Village::open().await;
    let (mut doctor, mut patient) = visit(&village).await;
    let grants = curb_and_encrypt(&mut doctor, &mut patient).await;
    let order = told(&patient);
    village.lose(&order[0]);
    // Nobody has a ticket any more, and no node knows anything of the room.
    village.register.ledger.lock().unwrap().forget();
    village.register.is_away.store(false, Ordering::SeqCst);
    let pass = visit_pass(PATIENT, Role::Patient, true);
    let (_patient, said) = village.enter(&order[1], &pass).await;
    let ServerMessage::Welcome { snapshot, .. } = said else {
        panic!("{said:?}");
    };
    assert!(snapshot.encrypted);
    assert_eq!(snapshot.me.grants, grants);
    assert_eq!(snapshot.others.len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_register_that_comes_back_empty_costs_nobody_their_way() {
    let mut village = Village::open().await;
    let (_doctor, patient) = visit(&village).await;
    let order = told(&patient);
    village.lose(&order[0]);
    village.register.ledger.lock().unwrap().forget();
    village.register.is_away.store(false, Ordering::SeqCst);
    for _ in 0..2 {
        let (_unread, said) = village.come_back(&order[1], &shown(&patient)).await;
        assert!(matches!(said, ServerMessage::Welcome { .. }), "{said:?}");
        // The clinic is asked once: after it they are known there.
        village.clinic.forgets(who(PATIENT));
    }
}
