//! An edge with real sockets: a client, and an owner that is a bare socket.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use sfu_core::stun::{BINDING, Class, USERNAME, Writer};
use sfu_net::{EdgeConfig, EdgeError, EdgeHandle, Permit, start_edge};

/// Nothing here waits for time to pass; this only ends a test that hangs.
const GIVE_UP: Duration = Duration::from_secs(30);

fn config() -> EdgeConfig {
    EdgeConfig {
        bind: Ipv4Addr::LOCALHOST.into(),
        udp_port: 0,
        advertise: vec![Ipv4Addr::LOCALHOST.into()],
        flows_max: 2,
    }
}

fn socket() -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.set_read_timeout(Some(GIVE_UP)).unwrap();
    socket
}

/// An edge, its address, and an owner whose connection `ours` may come by it.
fn house() -> (EdgeHandle, SocketAddr, UdpSocket) {
    let edge = start_edge(&config()).unwrap();
    let address = *edge.addresses().first().unwrap();
    let owner = socket();
    let permit = Permit {
        ufrag: "ours".to_owned(),
        password: "secret".to_owned(),
        owner: owner.local_addr().unwrap(),
    };
    edge.permit(permit).unwrap();
    (edge, address, owner)
}

fn check(password: &str) -> Vec<u8> {
    Writer::new(BINDING, Class::Request, [7; 12])
        .with(USERNAME, b"ours:theirs")
        .signed(password.as_bytes())
        .fingerprinted()
}

fn heard(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut buffer = [0; 2000];
    let (length, from) = socket.recv_from(&mut buffer).unwrap();
    (buffer[..length].to_vec(), from)
}

#[test]
fn datagrams_go_both_ways_by_the_edge_alone() {
    let (_edge, address, owner) = house();
    let client = socket();
    client.send_to(&check("secret"), address).unwrap();
    let (first, flow) = heard(&owner);
    assert_eq!(first, check("secret"));
    assert_ne!(flow, client.local_addr().unwrap());
    // Several at once come back as several, whatever the system makes of them on the way.
    let datagrams: Vec<Vec<u8>> = (0..40)
        .map(|n| vec![0x80 + n % 2; 200 + usize::from(n)])
        .collect();
    for datagram in &datagrams {
        owner.send_to(datagram, flow).unwrap();
    }
    for datagram in &datagrams {
        assert_eq!(heard(&client), (datagram.clone(), address));
    }
    for datagram in &datagrams {
        client.send_to(datagram, address).unwrap();
    }
    for datagram in &datagrams {
        assert_eq!(heard(&owner), (datagram.clone(), flow));
    }
}

#[test]
fn what_is_not_proved_never_reaches_the_owner() {
    let (_edge, address, owner) = house();
    let (stranger, client) = (socket(), socket());
    for datagram in [vec![0x80; 20], check("guessed"), vec![22; 60]] {
        stranger.send_to(&datagram, address).unwrap();
    }
    // All of it was read before this one.
    client.send_to(&check("secret"), address).unwrap();
    let (first, flow) = heard(&owner);
    assert_eq!(first, check("secret"));
    // Nobody but the owner gets anything to the client by the flow.
    stranger.send_to(&[0x80; 20], flow).unwrap();
    owner.send_to(&[0x81; 20], flow).unwrap();
    assert_eq!(heard(&client), (vec![0x81; 20], address));
    client.send_to(&[0x80; 30], address).unwrap();
    assert_eq!(heard(&owner), (vec![0x80; 30], flow));
}

#[test]
fn an_edge_without_an_address_or_with_a_port_that_is_taken_does_not_start() {
    let mut nowhere = config();
    nowhere.advertise.clear();
    assert!(matches!(start_edge(&nowhere), Err(EdgeError::NoAddress)));
    let taken = socket();
    let mut same = config();
    same.udp_port = taken.local_addr().unwrap().port();
    assert!(matches!(start_edge(&same), Err(EdgeError::Bind { .. })));
}
