//! People who bring a failover ticket's order to any nodes meet at one, without the register.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use signaling_directory::{
    About, Advice, Ask, Asked, Bearings, Epoch, Kept, LEASE_US, Lease, Ledger, Member, NodeName,
    Reach, Step,
};
use signaling_protocol::RoomId;
use uuid::Uuid;

const BACK: Asked = Asked {
    by_peer: false,
    may_open: true,
};

fn name(text: &str) -> NodeName {
    text.parse().unwrap()
}

fn room(number: u128) -> RoomId {
    RoomId::from_uuid(Uuid::from_u128(number))
}

fn member(text: &str, region: &str) -> Member {
    Member {
        name: name(text),
        address: format!("{text}:1"),
        load: 0,
        is_draining: false,
        key_id: String::new(),
        about: About {
            region: Some(region.parse().unwrap()),
            ..About::default()
        },
    }
}

const NODES: [(&str, &str); 5] = [
    ("a", "east"),
    ("b", "east"),
    ("c", "west"),
    ("d", "west"),
    ("e", "west"),
];

/// Knows all others and hears them; the register has gone away since.
fn node(me: &str, region: &str) -> Bearings {
    let mut node = Bearings::new(name(me));
    node.settle(Some(region.parse().unwrap()));
    node.met(NODES.map(|(it, region)| member(it, region)).to_vec(), 0);
    for (peer, _) in NODES.iter().filter(|it| it.0 != me) {
        assert_eq!(node.heard(&name(peer), BTreeMap::new(), 0), Kept::default());
    }
    node
}

fn advice(epoch: u64, nodes: &[&str]) -> Advice {
    Advice {
        epoch: Epoch(epoch),
        nodes: nodes.iter().map(|it| name(it)).collect(),
    }
}

#[test]
fn the_owner_advises_itself_then_its_region_then_the_others() {
    let mut a = node("a", "east");
    assert_eq!(a.advise(room(1)), None, "it has no such room");
    a.took(room(1), Epoch(4), 0);
    let said = a.advise(room(1)).unwrap();
    assert_eq!(said.epoch, Epoch(4));
    assert_eq!(said.nodes[..2], [name("a"), name("b")]);
    assert_eq!(said.nodes.len(), 5);
    a.unreached(&name("b"), Reach::Silent);
    a.declined(&name("c"));
    let said = a.advise(room(1)).unwrap();
    assert_eq!(said.nodes.len(), 3, "who is silent or drains is not named");
    a.drain();
    assert_eq!(a.advise(room(1)).unwrap().nodes.len(), 2, "nor is itself");
}

#[test]
fn nobody_opens_a_room_before_the_ones_ahead_are_known_to_be_gone() {
    let mut c = node("c", "west");
    assert!(c.missed(0));
    let said = advice(4, &["b", "c"]);
    assert_eq!(
        c.locate_alone(room(1), BACK, Some(&said), 1),
        Step::At(name("b"))
    );
    c.unreached(&name("b"), Reach::Silent);
    assert_eq!(
        c.locate_alone(room(1), BACK, Some(&said), LEASE_US - 1),
        Step::Nowhere
    );
    assert_eq!(
        c.locate_alone(room(1), BACK, Some(&said), LEASE_US),
        Step::Open(Epoch(5))
    );
    c.drain();
    let step = c.locate_alone(room(1), BACK, Some(&said), LEASE_US);
    assert!(matches!(step, Step::At(_)), "{step:?}: without advice");
}

#[test]
fn an_owner_of_before_the_ticket_is_not_believed_and_a_later_one_is() {
    let mut c = node("c", "west");
    let has = |epoch| BTreeMap::from([(room(1), Epoch(epoch))]);
    assert_eq!(c.heard(&name("e"), has(3), 0), Kept::default());
    assert!(c.missed(0));
    let said = advice(4, &["c"]);
    assert_eq!(
        c.locate_alone(room(1), BACK, Some(&said), 1),
        Step::Open(Epoch(5))
    );
    assert_eq!(c.heard(&name("d"), has(5), 1), Kept::default());
    assert_eq!(
        c.locate_alone(room(1), BACK, Some(&said), 1),
        Step::At(name("d"))
    );
}

#[test]
fn a_node_that_never_met_the_register_opens_nothing_for_a_ticket_either() {
    let mut a = Bearings::new(name("a"));
    a.missed(0);
    let said = advice(4, &["a"]);
    assert_eq!(a.locate_alone(room(1), BACK, Some(&said), 0), Step::Nowhere);
}

proptest! {
    /// Whoever dies, all who live choose the same node for people with one ticket: the first living of its
    /// order; and if none of it lives, still the same.
    #[test]
    fn all_meet_at_the_first_living_node_of_the_ticket(
        number: u128,
        dead in prop::collection::btree_set(0_usize..5, 0..5),
        order in Just(NODES.map(|it| it.0).to_vec()).prop_shuffle(),
        length in 0_usize..5,
    ) {
        let said = advice(7, &order[..length]);
        let is_dead = |it: &str| dead.iter().any(|dead| NODES[*dead].0 == it);
        let mut chosen = BTreeSet::new();
        for (me, region) in NODES.iter().filter(|it| !is_dead(it.0)) {
            let mut node = node(me, region);
            node.missed(0);
            for (peer, _) in NODES.iter().filter(|it| is_dead(it.0)) {
                node.unreached(&name(peer), Reach::Refused);
            }
            let at = match node.locate_alone(room(number), BACK, Some(&said), 1) {
                Step::At(at) => at,
                Step::Open(epoch) => {
                    prop_assert_eq!(epoch, Epoch(8));
                    name(me)
                }
                other => return Err(TestCaseError::fail(format!("{other:?}"))),
            };
            prop_assert!(!is_dead(at.as_str()));
            chosen.insert(at);
        }
        prop_assert!(chosen.len() <= 1, "{chosen:?}");
        let first = order[..length].iter().find(|it| !is_dead(it));
        if let (Some(first), Some(chosen)) = (first, chosen.first()) {
            prop_assert_eq!(chosen.as_str(), *first);
        }
    }
}

#[test]
fn a_register_that_lost_its_memory_gives_a_room_a_later_epoch_than_the_ticket() {
    let said = advice(4, &["c"]);
    let carried = Asked {
        by_peer: true,
        may_open: true,
    };
    let node = node("c", "west");
    let mut empty = Ledger::default();
    let look = |ledger: &Ledger| ledger.look(room(1), 0);
    let claim = |lease: Option<&Lease>, said| match node.locate(room(1), (lease, said), carried) {
        Step::Claim(ask) => ask,
        other => panic!("{other:?}"),
    };
    let ask = claim(None, Some(&said));
    let lease = empty.claim(room(1), &name("c"), ask, 0);
    assert_eq!(lease.epoch, Epoch(5));
    // Its own of before it was started again.
    let mut own = Ledger::default();
    own.claim(room(1), &name("c"), Ask::default(), 0);
    let ask = claim(look(&own).as_ref(), Some(&said));
    assert_eq!(own.claim(room(1), &name("c"), ask, 0).epoch, Epoch(5));
    assert_eq!(claim(None, None), Ask::default());

    // Another one has had it since, and its lease is over: it may just have been renewed.
    let mut others = Ledger::default();
    others.claim(room(1), &name("d"), Ask::default(), -LEASE_US);
    let ask = claim(look(&others).as_ref(), Some(&said));
    others.claim(room(1), &name("d"), Ask::default(), 0);
    let lease = others.claim(room(1), &name("c"), ask, 0);
    assert_eq!(lease.owner, name("d"), "it is taken from nobody");
}
