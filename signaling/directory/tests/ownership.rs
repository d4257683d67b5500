//! Several nodes and one register, in every order: at most one owner, and nobody is sent in circles.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use signaling_directory::{
    About, Ask, Asked, Bearings, Candidate, Epoch, Kept, LEASE_US, LOAD_SLACK, Lease, Ledger,
    Member, NodeName, REGION_SLACK, Reach, Step, place,
};
use signaling_protocol::RoomId;
use uuid::Uuid;

const JOIN: Asked = Asked {
    by_peer: false,
    may_open: true,
};
const CARRIED: Asked = Asked {
    by_peer: true,
    may_open: true,
};
const RETURN: Asked = Asked {
    by_peer: false,
    may_open: false,
};

fn name(text: &str) -> NodeName {
    text.parse().unwrap()
}

fn room(number: u128) -> RoomId {
    RoomId::from_uuid(Uuid::from_u128(number))
}

fn member(text: &str, load: u32) -> Member {
    Member {
        name: name(text),
        address: format!("{text}:1"),
        load,
        is_draining: false,
        key_id: String::new(),
        about: About::default(),
    }
}

fn candidate(name: &NodeName, load: u32, is_near: bool) -> Candidate<'_> {
    Candidate {
        name,
        load,
        is_near,
    }
}

/// A node of a region.
fn member_in(text: &str, load: u32, region: &str) -> Member {
    let mut member = member(text, load);
    member.about.region = Some(region.parse().unwrap());
    member
}

/// Node `a` of the east, who hears `b` of the east and `c` of the west.
fn node_of_the_east(load: [u32; 2]) -> Bearings {
    let mut a = Bearings::new(name("a"));
    a.settle(Some("east".parse().unwrap()));
    let [b, c] = load;
    let members = vec![
        member_in("a", 0, "east"),
        member_in("b", b, "east"),
        member_in("c", c, "west"),
    ];
    a.met(members, 0);
    hear(&mut a, "b", BTreeMap::new());
    hear(&mut a, "c", BTreeMap::new());
    a
}

/// Node `a`, who hears `b` and `c`.
fn node_a() -> Bearings {
    let mut a = Bearings::new(name("a"));
    a.met(vec![member("a", 0), member("b", 0), member("c", 0)], 0);
    hear(&mut a, "b", BTreeMap::new());
    hear(&mut a, "c", BTreeMap::new());
    a
}

/// A peer says which rooms it has, and has none of this node's.
fn hear(node: &mut Bearings, peer: &str, rooms: BTreeMap<RoomId, Epoch>) {
    assert_eq!(node.heard(&name(peer), rooms, 0), Kept::default());
}

#[test]
fn who_hears_of_a_later_owner_has_lost_the_room() {
    let lost = |rooms: Vec<RoomId>| Kept { lost: rooms };
    let mut b = Bearings::new(name("b"));
    b.met(vec![member("a", 0), member("b", 0), member("c", 0)], 0);
    b.took(room(1), Epoch(2), 0);
    b.took(room(2), Epoch(2), 0);
    // A list of before it was taken, and one of the same age while the register decides.
    let older = BTreeMap::from([(room(1), Epoch(1)), (room(2), Epoch(2))]);
    assert_eq!(b.heard(&name("c"), older, 0), lost(vec![]));
    assert_eq!(
        b.heard(&name("a"), BTreeMap::from([(room(1), Epoch(3))]), 0),
        lost(vec![room(1)])
    );
    assert!(!b.owns(room(1)) && b.owns(room(2)));
    // Without the register one of two has to give way, and only one.
    assert!(b.missed(0));
    let same = BTreeMap::from([(room(2), Epoch(2))]);
    assert_eq!(b.heard(&name("a"), same.clone(), 0), lost(vec![]));
    assert_eq!(b.heard(&name("c"), same, 0), lost(vec![room(2)]));
}

#[test]
fn names_are_short_and_plain() {
    assert!("node-1".parse::<NodeName>().is_ok());
    for bad in ["", "A", "a b", "a/b", &"a".repeat(33)] {
        assert!(bad.parse::<NodeName>().is_err(), "{bad}");
    }
}

#[test]
fn a_lease_is_somebodys_until_its_time_is_over_and_the_next_epoch_is_higher() {
    let mut ledger = Ledger::default();
    let first = ledger.claim(room(1), &name("a"), Ask::default(), 0);
    assert_eq!((first.owner, first.epoch), (name("a"), Epoch(1)));
    let refused = ledger.claim(room(1), &name("b"), Ask::default(), LEASE_US - 1);
    assert_eq!(refused.owner, name("a"));
    let taken = ledger.claim(room(1), &name("b"), Ask::default(), LEASE_US);
    assert_eq!((taken.owner, taken.epoch), (name("b"), Epoch(2)));
    ledger.release(room(1), &name("b"));
    let again = ledger.claim(room(1), &name("a"), Ask::default(), LEASE_US + 2);
    assert_eq!((again.owner, again.epoch), (name("a"), Epoch(3)));
}

#[test]
fn a_dead_owner_is_deposed_at_once_and_only_under_the_epoch_that_was_seen() {
    let mut ledger = Ledger::default();
    ledger.claim(room(1), &name("a"), Ask::default(), 0);
    let depose = |epoch| Ask {
        deposes: Some(Epoch(epoch)),
        ..Ask::default()
    };
    assert_eq!(
        ledger.claim(room(1), &name("b"), depose(7), 1).owner,
        name("a")
    );
    let taken = ledger.claim(room(1), &name("b"), depose(1), 1);
    assert_eq!((taken.owner, taken.epoch), (name("b"), Epoch(2)));
    let late = ledger.claim(room(1), &name("c"), depose(1), 1);
    assert_eq!(late.owner, name("b"), "two saw it dead, one has it");
}

#[test]
fn an_empty_register_is_told_again_and_the_higher_epoch_keeps_the_room() {
    let mut ledger = Ledger::default();
    let has = |epoch| Ask {
        has: Epoch(epoch),
        ..Ask::default()
    };
    assert_eq!(ledger.claim(room(1), &name("a"), has(5), 0).epoch, Epoch(5));
    let later = ledger.claim(room(1), &name("b"), has(6), 0);
    assert_eq!((later.owner, later.epoch), (name("b"), Epoch(6)));
    assert_eq!(
        ledger.claim(room(1), &name("a"), has(5), 0).owner,
        name("b")
    );
    assert_eq!(
        ledger.claim(room(1), &name("a"), has(6), 0).owner,
        name("b"),
        "the first stays"
    );
}

#[test]
fn whoever_lost_a_room_is_told_to_close_it() {
    let mut a = node_a();
    a.took(room(1), Epoch(1), 0);
    a.took(room(2), Epoch(1), 0);
    let mut ledger = Ledger::default();
    let depose = Ask {
        has: Epoch(2),
        ..Ask::default()
    };
    ledger.claim(room(2), &name("b"), depose, 0);
    let mut kept = Kept::default();
    for (room, epoch) in a.owned() {
        let ask = Ask {
            has: epoch,
            ..Ask::default()
        };
        let lease = ledger.claim(room, &name("a"), ask, 0);
        a.renewed(room, Some(&lease), &mut kept);
    }
    assert_eq!(kept.lost, [room(2)]);
    assert_eq!(a.owned(), [(room(1), Epoch(1))]);
}

#[test]
fn a_room_that_nobody_answers_for_is_kept_by_one_of_two_as_without_the_register() {
    let mut a = node_a();
    a.took(room(1), Epoch(1), 0);
    let rooms = BTreeMap::from([(room(1), Epoch(1))]);
    let mut kept = a.heard(&name("b"), rooms.clone(), 0);
    assert_eq!(kept.lost, [], "the register says whose it is");
    a.renewed(room(1), None, &mut kept);
    assert!(a.owns(room(1)) && a.has_register());
    assert_eq!(a.heard(&name("b"), rooms, 0).lost, [room(1)]);
}

#[test]
fn the_way_follows_the_lease_and_a_room_that_a_peer_lists_is_not_opened_twice() {
    let mut ledger = Ledger::default();
    let lease = ledger.claim(room(1), &name("b"), Ask::default(), 0);
    let mut a = node_a();
    assert_eq!(
        a.locate(room(1), (Some(&lease), None), JOIN),
        Step::At(name("b"))
    );
    assert_eq!(
        a.locate(room(1), (Some(&lease), None), RETURN),
        Step::At(name("b"))
    );
    // The register lost its memory; the peer's own word is enough.
    hear(&mut a, "b", BTreeMap::from([(room(1), Epoch(1))]));
    assert_eq!(a.locate(room(1), (None, None), JOIN), Step::At(name("b")));
    // It gave the room back a moment ago, and its list is older.
    ledger.release(room(1), &name("b"));
    let released = ledger.look(room(1), 0).unwrap();
    assert_ne!(
        a.locate(room(1), (Some(&released), None), RETURN),
        Step::At(name("b"))
    );
    // It has let the lease run out, and still says that it has the room.
    let over = ledger.claim(room(3), &name("b"), Ask::default(), -LEASE_US);
    hear(&mut a, "b", BTreeMap::from([(room(3), Epoch(1))]));
    let over = Lease {
        is_live: false,
        ..over
    };
    assert_eq!(
        a.locate(room(3), (Some(&over), None), JOIN),
        Step::At(name("b"))
    );
    assert_eq!(a.locate(room(2), (None, None), RETURN), Step::Nowhere);
}

#[test]
fn an_owner_that_refuses_is_deposed_and_one_that_hangs_keeps_its_lease() {
    let mut ledger = Ledger::default();
    let lease = ledger.claim(room(1), &name("b"), Ask::default(), 0);
    let mut a = node_a();
    a.unreached(&name("b"), Reach::Silent);
    assert_eq!(
        a.locate(room(1), (Some(&lease), None), JOIN),
        Step::At(name("b"))
    );
    a.unreached(&name("b"), Reach::Refused);
    let Step::Claim(ask) = a.locate(room(1), (Some(&lease), None), JOIN) else {
        panic!("not claimed");
    };
    assert_eq!(ask.deposes, Some(Epoch(1)));
    assert_eq!(
        a.locate(room(1), (Some(&lease), None), RETURN),
        Step::Nowhere
    );
    a.drain();
    assert_eq!(
        a.locate(room(1), (Some(&lease), None), JOIN),
        Step::At(name("c")),
        "who takes no rooms sends people to a node that may depose the owner"
    );
    assert_eq!(
        a.locate(room(1), (Some(&lease), None), CARRIED),
        Step::Nowhere
    );
}

#[test]
fn a_node_that_takes_no_rooms_sends_people_on_and_gives_all_up() {
    let mut a = node_a();
    a.took(room(1), Epoch(1), 0);
    assert!(a.has_another(&name("a")), "b and c");
    a.drain();
    assert_eq!(a.give_up_all(), [room(1)]);
    assert!(!a.owns(room(1)));
    a.missed(0);
    let elsewhere = |step| matches!(step, Step::At(it) if it != name("a"));
    assert!(elsewhere(a.locate_alone(room(1), JOIN, None, 0)));
    assert_eq!(a.locate_alone(room(1), CARRIED, None, 0), Step::Nowhere);
    let hosts = a.hosts(room(1));
    assert_eq!(hosts.len(), 2);
    assert!(elsewhere(Step::At(hosts[0].clone())));

    for peer in ["b", "c"] {
        a.declined(&name(peer));
    }
    assert!(!a.has_another(&name("a")));
    assert!(!a.has_another(&name("b")), "this one takes none either");
    a.serve();
    assert!(a.has_another(&name("b")));
}

#[test]
fn without_the_register_known_rooms_are_found_and_those_of_the_dead_taken_over() {
    let mut a = node_a();
    hear(&mut a, "b", BTreeMap::from([(room(1), Epoch(4))]));
    assert!(a.missed(0));
    assert!(!a.missed(1), "it is news once");
    assert_eq!(a.locate_alone(room(1), JOIN, None, 1), Step::At(name("b")));
    a.unreached(&name("b"), Reach::Silent);
    assert_eq!(
        a.locate_alone(room(1), JOIN, None, 1),
        Step::Nowhere,
        "it may come back"
    );
    a.unreached(&name("b"), Reach::Refused);
    let step = a.locate_alone(room(1), CARRIED, None, 1);
    assert_eq!(step, Step::Open(Epoch(5)));
    assert_eq!(a.locate_alone(room(1), RETURN, None, 1), Step::Nowhere);
}

#[test]
fn a_node_that_never_met_the_register_opens_nothing() {
    let mut a = Bearings::new(name("a"));
    a.missed(0);
    assert_eq!(a.locate_alone(room(1), JOIN, None, 0), Step::Nowhere);
}

#[test]
fn a_draining_node_is_given_nothing() {
    let mut a = node_a();
    let mut leaving = member("b", 0);
    leaving.is_draining = true;
    a.met(vec![leaving, member("c", 0)], 0);
    a.drain();
    for number in 0..50 {
        assert_eq!(
            a.locate(room(number), (None, None), JOIN),
            Step::At(name("c"))
        );
    }
}

#[test]
fn a_node_that_declines_is_not_asked_again_until_it_says_so() {
    let mut a = node_a();
    a.drain();
    a.declined(&name("b"));
    for number in 0..50 {
        assert_eq!(
            a.locate(room(number), (None, None), JOIN),
            Step::At(name("c"))
        );
    }
    a.declined(&name("c"));
    assert_eq!(a.locate(room(1), (None, None), JOIN), Step::Nowhere);
    a.met(vec![member("b", 0), member("c", 0)], 0);
    assert_ne!(a.locate(room(1), (None, None), JOIN), Step::Nowhere);
}

#[test]
fn a_closed_room_is_given_up_after_its_grace() {
    let mut a = node_a();
    a.took(room(1), Epoch(1), 0);
    a.took(room(2), Epoch(1), 0);
    let open = |it| it == room(2);
    assert!(a.give_up(open, 10, 9).is_empty());
    assert_eq!(a.give_up(open, 10, 10), [room(1)]);
    assert_eq!(a.owned(), [(room(2), Epoch(1))]);
}

#[test]
fn a_room_is_opened_in_the_region_of_who_opens_it() {
    let a = node_of_the_east([0, 0]);
    let mut seen = BTreeSet::new();
    for number in 0..100 {
        seen.insert(format!("{:?}", a.locate(room(number), (None, None), JOIN)));
        let first = a.hosts(room(number));
        assert_eq!(first.len(), 2, "far nodes stay hosts");
    }
    let here = format!("{:?}", Step::Claim(Ask::default()));
    let beside = format!("{:?}", Step::At(name("b")));
    assert_eq!(seen, BTreeSet::from([here, beside]));
}

#[test]
fn a_region_whose_nodes_drain_or_are_full_sends_rooms_to_another_one() {
    let mut a = node_of_the_east([0, 0]);
    a.drain();
    a.declined(&name("b"));
    for number in 0..20 {
        assert_eq!(
            a.locate(room(number), (None, None), JOIN),
            Step::At(name("c"))
        );
    }
}

#[test]
fn without_the_register_nodes_of_all_regions_choose_alike() {
    let mut east = node_of_the_east([0, 0]);
    let mut west = Bearings::new(name("c"));
    west.settle(Some("west".parse().unwrap()));
    west.met(
        vec![member_in("a", 0, "east"), member_in("b", 0, "east")],
        0,
    );
    hear(&mut west, "a", BTreeMap::new());
    hear(&mut west, "b", BTreeMap::new());
    assert!(east.missed(1) && west.missed(1));
    for number in 0..100 {
        let chosen = |step: Step, me: &str| match step {
            Step::At(name) => name,
            Step::Open(_) => name(me),
            other => panic!("{other:?}"),
        };
        let of_east = chosen(east.locate_alone(room(number), JOIN, None, 1), "a");
        let of_west = chosen(west.locate_alone(room(number), JOIN, None, 1), "c");
        assert_eq!(of_east, of_west);
    }
}

#[test]
fn a_node_is_far_when_both_say_where_they_are() {
    let mut a = node_of_the_east([0, 0]);
    assert!(a.far(&name("c")).is_some());
    assert!(a.far(&name("b")).is_none() && a.far(&name("d")).is_none());
    a.met(vec![member("c", 0)], 0);
    assert!(a.far(&name("c")).is_none(), "it says no region");
    a.met(vec![member_in("c", 0, "west")], 0);
    a.settle(None);
    assert!(a.far(&name("c")).is_none(), "this node says none");
}

proptest! {
    /// A near node gets the room unless all of them are much fuller; then the emptiest do, wherever.
    #[test]
    fn distance_counts_until_load_counts_more(
        loads in prop::collection::vec((0_u32..400, any::<bool>()), 1..6), number: u128,
    ) {
        let names: Vec<_> = (0..loads.len()).map(|it| name(&format!("n{it}"))).collect();
        let all: Vec<_> = names.iter().zip(&loads).map(|(name, (load, is_near))| candidate(name, *load, *is_near)).collect();
        let chosen = place(room(number), &all).unwrap();
        let chosen = all.iter().find(|it| it.name == chosen).unwrap();
        let least = all.iter().map(|it| it.load).min().unwrap();
        let least_near = all.iter().filter(|it| it.is_near).map(|it| it.load).min();
        match least_near {
            Some(near) if near <= least + REGION_SLACK => {
                prop_assert!(chosen.is_near && chosen.load <= near + LOAD_SLACK);
            }
            _ => prop_assert!(chosen.load <= least + LOAD_SLACK),
        }
    }

    #[test]
    fn all_who_know_the_same_choose_the_same_and_spread_rooms(seed: u128) {
        let names = [name("a"), name("b"), name("c")];
        let mut counts = BTreeMap::new();
        for number in 0..300 {
            let room = room(seed.wrapping_add(number));
            let candidates: Vec<_> = names.iter().map(|name| candidate(name, 0, true)).collect();
            let reversed: Vec<_> = candidates.iter().rev().copied().collect();
            let chosen = place(room, &candidates);
            prop_assert_eq!(chosen, place(room, &reversed));
            *counts.entry(chosen).or_insert(0_u32) += 1;
        }
        for name in &names {
            prop_assert!(counts.get(&Some(name)).is_some_and(|it| *it > 50), "{counts:?}");
        }
    }

    /// Claims of three nodes in any order, with time passing: of two leases that were given for a room,
    /// the later one has the higher epoch unless the owner is the same.
    #[test]
    fn epochs_only_grow(steps in prop::collection::vec((0_usize..3, 0_i64..LEASE_US * 2, 0_u8..4), 1..60)) {
        let names = [name("a"), name("b"), name("c")];
        let mut ledger = Ledger::default();
        let mut now_us = 0;
        let mut last: Option<(NodeName, Epoch, i64)> = None;
        for (who, wait_us, kind) in steps {
            now_us += wait_us;
            let by = &names[who];
            let seen = ledger.look(room(1), now_us);
            if kind == 0 {
                ledger.release(room(1), by);
                continue;
            }
            let ask = Ask {
                has: Epoch::default(),
                deposes: (kind == 1).then(|| seen.as_ref().map(|it| it.epoch)).flatten(),
            };
            let lease = ledger.claim(room(1), by, ask, now_us);
            prop_assert!(lease.is_live);
            if let Some((owner, epoch, _)) = &last {
                if lease.owner == *owner {
                    prop_assert!(lease.epoch >= *epoch);
                } else {
                    prop_assert!(lease.epoch > *epoch);
                }
            }
            last = Some((lease.owner, lease.epoch, now_us));
        }
    }
}
