//! Nothing passes without a permit and a signature, and nothing stays without an answer.

use proptest::prelude::*;
use sfu_core::stun::Writer;

use super::super::bucket::BURST_BYTES;
use super::*;

const MEDIA: &[u8] = &[0x80, 111, 0, 1];

fn address(last: u8, port: u16) -> SocketAddr {
    SocketAddr::from(([198, 51, 100, last], port))
}

fn way(port: u16) -> (SocketAddr, SocketAddr) {
    (address(1, 3577), address(2, port))
}

fn owner(number: u16) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 1], number))
}

fn permit(number: u16) -> Permit {
    Permit {
        ufrag: format!("ufrag{number}"),
        password: format!("password{number}"),
        owner: owner(number),
    }
}

fn check(ufrag: &str, password: &str) -> Vec<u8> {
    Writer::new(BINDING, Class::Request, [7; 12])
        .with(USERNAME, format!("{ufrag}:theirs").as_bytes())
        .signed(password.as_bytes())
        .fingerprinted()
}

fn check_of(number: u16) -> Vec<u8> {
    let permit = permit(number);
    check(&permit.ufrag, &permit.password)
}

/// A table with connection 1, and the flow of its client at port 1.
fn with_flow(now: Instant) -> (Table, FlowKey) {
    let mut table = Table::new(8);
    table.permit(permit(1)).unwrap();
    let opened = table.inward(now, way(1), &check_of(1));
    let Inward::Open(key, to) = opened else {
        panic!("{opened:?}");
    };
    assert_eq!(to, owner(1));
    (table, key)
}

#[test]
fn a_signed_check_opens_a_flow_and_what_follows_is_forwarded() {
    let now = Instant::now();
    let (mut table, key) = with_flow(now);
    for datagram in [MEDIA, &[22, 254, 253], &check_of(1)] {
        assert_eq!(table.inward(now, way(1), datagram), Inward::Forward(key));
    }
    assert_eq!(table.outward(now, key, 100), Ok(way(1)));
}

#[test]
fn nothing_passes_without_a_permit_or_its_signature() {
    let now = Instant::now();
    let (mut table, key) = with_flow(now);
    let dropped = |table: &mut Table, datagram: &[u8]| {
        let inward = table.inward(now, way(2), datagram);
        let Inward::Drop(why) = inward else {
            panic!("{inward:?}");
        };
        why
    };
    assert_eq!(dropped(&mut table, MEDIA), Dropped::Unknown);
    assert_eq!(dropped(&mut table, &check_of(2)), Dropped::Unknown);
    assert_eq!(
        dropped(&mut table, &check("ufrag1", "guessed")),
        Dropped::Refused
    );
    let unsigned = Writer::new(BINDING, Class::Request, [7; 12]).with(USERNAME, b"ufrag1:x");
    assert_eq!(dropped(&mut table, &unsigned.finish()), Dropped::Refused);
    assert_eq!(dropped(&mut table, &[]), Dropped::Garbage);
    assert_eq!(dropped(&mut table, b"GET / HTTP/1.1"), Dropped::Garbage);
    // A wrong check from a known address costs its flow nothing.
    let wrong = check("ufrag2", "password1");
    assert_eq!(
        table.inward(now, way(1), &wrong),
        Inward::Drop(Dropped::Unknown)
    );
    assert_eq!(table.inward(now, way(1), MEDIA), Inward::Forward(key));
}

#[test]
fn an_address_that_proves_another_connection_goes_to_its_owner() {
    let now = Instant::now();
    let (mut table, old) = with_flow(now);
    table.permit(permit(2)).unwrap();
    let opened = table.inward(now, way(1), &check_of(2));
    assert!(matches!(opened, Inward::Open(new, to) if new != old && to == owner(2)));
    assert_eq!(table.outward(now, old, 1), Err(Dropped::Unknown));
    assert_eq!(table.take_ended(), [old]);
    assert_eq!(table.len(), 1);
}

#[test]
fn a_client_that_tries_two_addresses_of_ours_is_answered_from_each() {
    let now = Instant::now();
    let (mut table, first) = with_flow(now);
    let other = (address(9, 3577), way(1).1);
    let opened = table.inward(now, other, &check_of(1));
    let Inward::Open(second, _) = opened else {
        panic!("{opened:?}");
    };
    for (key, way) in [(first, way(1)), (second, other)] {
        assert_eq!(table.inward(now, way, MEDIA), Inward::Forward(key));
        assert_eq!(table.outward(now, key, 10), Ok(way));
    }
    table.end(second);
    assert_eq!(table.inward(now, way(1), MEDIA), Inward::Forward(first));
    assert_eq!(
        table.inward(now, other, MEDIA),
        Inward::Drop(Dropped::Unknown)
    );
}

#[test]
fn a_flow_ends_with_the_answers_of_its_owner_and_not_before() {
    let start = Instant::now();
    let (mut table, key) = with_flow(start);
    table.release(start, "ufrag1");
    let mut now = start;
    for _ in 0..10 {
        now += SILENCE_MAX / 2;
        assert_eq!(table.outward(now, key, 10), Ok(way(1)));
        table.tick(now);
    }
    assert_eq!(table.inward(now, way(1), MEDIA), Inward::Forward(key));
    table.tick(now + SILENCE_MAX);
    assert_eq!(table.take_ended(), [key]);
    let later = table.inward(now + SILENCE_MAX, way(1), &check_of(1));
    assert_eq!(
        later,
        Inward::Drop(Dropped::Unknown),
        "its permit is over too"
    );
}

#[test]
fn a_connection_that_goes_on_without_a_holder_may_change_its_address() {
    let start = Instant::now();
    let (mut table, key) = with_flow(start);
    table.release(start, "ufrag1");
    let later = start + 2 * LINGER;
    assert_eq!(table.outward(later, key, 10), Ok(way(1)));
    table.tick(later);
    let moved = table.inward(later, way(2), &check_of(1));
    assert!(matches!(moved, Inward::Open(..)));
}

#[test]
fn a_permit_lasts_as_long_as_somebody_holds_it_and_a_minute_more() {
    let now = Instant::now();
    let mut table = Table::new(8);
    table.permit(permit(1)).unwrap();
    table.permit(permit(1)).unwrap();
    table.release(now, "ufrag1");
    table.tick(now + 2 * LINGER);
    assert!(matches!(
        table.inward(now, way(1), &check_of(1)),
        Inward::Open(..)
    ));
    table.release(now, "ufrag1");
    table.tick(now + LINGER / 2);
    assert!(matches!(
        table.inward(now, way(2), &check_of(1)),
        Inward::Open(..)
    ));
    table.tick(now + LINGER);
    let late = table.inward(now, way(3), &check_of(1));
    assert_eq!(late, Inward::Drop(Dropped::Unknown));
}

#[test]
fn one_connection_has_few_addresses_and_the_newest_counts() {
    let now = Instant::now();
    let (mut table, first) = with_flow(now);
    for port in 2..=5 {
        let later = now + Duration::from_secs(u64::from(port));
        assert!(matches!(
            table.inward(later, way(port), &check_of(1)),
            Inward::Open(..)
        ));
    }
    assert_eq!(table.take_ended(), [first]);
    assert_eq!(table.len(), FLOWS_PER_PERMIT_MAX);
}

#[test]
fn a_full_table_refuses_and_has_room_again() {
    let now = Instant::now();
    let mut table = Table::new(1);
    table.permit(permit(1)).unwrap();
    table.permit(permit(2)).unwrap();
    assert!(matches!(
        table.inward(now, way(1), &check_of(1)),
        Inward::Open(..)
    ));
    let refused = table.inward(now, way(2), &check_of(2));
    assert_eq!(refused, Inward::Drop(Dropped::Full));
    table.tick(now + SILENCE_MAX);
    let closing = table.inward(now, way(2), &check_of(2));
    assert_eq!(
        closing,
        Inward::Drop(Dropped::Full),
        "its socket is still open"
    );
    assert_eq!(table.take_ended(), [FlowKey(0)]);
    assert!(matches!(
        table.inward(now, way(2), &check_of(2)),
        Inward::Open(..)
    ));
    for number in 3..=u16::try_from(PERMITS_MAX).unwrap() {
        table.permit(permit(number)).unwrap();
    }
    assert_eq!(table.permit(permit(9_999)), Err(Dropped::Full));
}

#[test]
fn a_flow_carries_no_more_than_its_rate() {
    let now = Instant::now();
    let (mut table, key) = with_flow(now);
    let datagram = [0x80; 1000];
    let passed = (0..2000)
        .filter(|_| table.inward(now, way(1), &datagram) == Inward::Forward(key))
        .count();
    assert_eq!(u64::try_from(passed * 1000).unwrap(), BURST_BYTES);
    assert_eq!(
        table.inward(now, way(1), MEDIA),
        Inward::Drop(Dropped::OverRate)
    );
    assert_eq!(
        table.outward(now, key, 1000),
        Ok(way(1)),
        "the other way has its own"
    );
}

#[test]
fn a_permit_does_not_print_itself() {
    assert!(!format!("{:?}", permit(1)).contains('1'));
}

proptest! {
    /// Whatever comes in whatever order: what is forwarded belongs to a flow whose address proved the
    /// connection, every client has one flow, and there are never too many.
    #[test]
    fn whatever_comes_only_proved_addresses_are_forwarded(
        steps in prop::collection::vec((0_u8..6, 1_u16..5, 1_u16..8, 0_u64..40), 1..200),
    ) {
        let mut now = Instant::now();
        let mut table = Table::new(6);
        let mut proved: HashMap<SocketAddr, SocketAddr> = HashMap::new();
        let mut sockets: HashMap<usize, SocketAddr> = HashMap::new();
        for (kind, number, port, wait) in steps {
            match kind {
                0 => { let _ = table.permit(permit(number)); }
                1 => table.release(now, &permit(number).ufrag),
                2 => {
                    now += Duration::from_secs(wait);
                    table.tick(now);
                }
                3 => {
                    let _ = table.outward(now, FlowKey(usize::from(port)), 100);
                }
                _ => {
                    let stun = check_of(number);
                    let datagram = if kind == 4 { stun.as_slice() } else { MEDIA };
                    match table.inward(now, way(port), datagram) {
                        Inward::Open(key, to) => {
                            prop_assert_eq!((kind, to), (4, owner(number)));
                            proved.insert(way(port).1, to);
                            prop_assert!(sockets.insert(key.0, to).is_none(), "a socket in use");
                        }
                        Inward::Forward(key) => {
                            prop_assert_eq!(sockets.get(&key.0), proved.get(&way(port).1));
                            prop_assert!(proved.contains_key(&way(port).1));
                        }
                        Inward::Drop(_) => {}
                    }
                }
            }
            if wait % 2 == 0 {
                for key in table.take_ended() {
                    sockets.remove(&key.0);
                }
            }
            prop_assert!(table.len() <= 6 && table.slots.len() <= 6);
        }
    }
}
