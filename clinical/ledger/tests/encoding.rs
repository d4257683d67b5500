//! Equal bytes mean equal events, and the bytes are those that are written down.
#![expect(clippy::unwrap_used, reason = "tests")]

use clinical_ledger::{Event, chain};
use proptest::prelude::*;
use uuid::Uuid;

/// The fields of an event with texts of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Owned {
    tenant: Uuid,
    numbers: (i64, i64, Option<i64>),
    texts: (String, String, String),
    maybe_texts: (Option<String>, Option<String>, Option<String>),
    maybe_ids: (Option<Uuid>, Option<Uuid>, Option<Uuid>),
}

impl Owned {
    fn event(&self) -> Event<'_> {
        Event {
            tenant: self.tenant,
            seq: self.numbers.0,
            at_us: self.numbers.1,
            actor_kind: &self.texts.0,
            actor_id: self.maybe_ids.0,
            action: &self.texts.1,
            subject_kind: self.maybe_texts.0.as_deref(),
            subject_id: self.maybe_ids.1,
            patient: self.maybe_ids.2,
            version: self.numbers.2,
            grant: self.maybe_texts.1.as_deref(),
            purpose: self.maybe_texts.2.as_deref(),
            outcome: &self.texts.2,
        }
    }
}

/// Small alphabets, so that generated events are often nearly equal: texts of NUL and 1, which are
/// also the marks of optional fields, and ids of the same two bytes.
fn owned() -> impl Strategy<Value = Owned> {
    let text = "[\u{0}\u{1}a]{0,3}";
    let id = || prop_oneof![Just(Uuid::nil()), Just(Uuid::from_u128(1 << 120))];
    let number = || prop_oneof![Just(0_i64), Just(1), Just(256), Just(-1)];
    let maybe_text = || proptest::option::of(text);
    let maybe_id = || proptest::option::of(id());
    (
        id(),
        (number(), number(), proptest::option::of(number())),
        (text, text, text),
        (maybe_text(), maybe_text(), maybe_text()),
        (maybe_id(), maybe_id(), maybe_id()),
    )
        .prop_map(|(tenant, numbers, texts, maybe_texts, maybe_ids)| Owned {
            tenant,
            numbers,
            texts,
            maybe_texts,
            maybe_ids,
        })
}

/// Reads canonical bytes back with the rules of the documentation, written a second time. A reader
/// that restores every event proves that no two events share their bytes.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (head, tail) = self.0.split_first_chunk::<N>().unwrap();
        self.0 = tail;
        *head
    }

    fn uuid(&mut self) -> Uuid {
        Uuid::from_bytes(self.take())
    }

    fn number(&mut self) -> i64 {
        i64::from_be_bytes(self.take())
    }

    fn text(&mut self) -> String {
        let length = usize::try_from(u64::from_be_bytes(self.take())).unwrap();
        let (head, tail) = self.0.split_at(length);
        self.0 = tail;
        String::from_utf8(head.to_vec()).unwrap()
    }

    fn optional<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        match self.take::<1>() {
            [0] => None,
            [1] => Some(read(self)),
            [other] => unreachable!("mark {other}"),
        }
    }

    fn event(mut self) -> Owned {
        assert_eq!(self.take(), [1]);
        let tenant = self.uuid();
        let (seq, at_us) = (self.number(), self.number());
        let actor_kind = self.text();
        let actor_id = self.optional(Self::uuid);
        let action = self.text();
        let subject_kind = self.optional(Self::text);
        let subject_id = self.optional(Self::uuid);
        let patient = self.optional(Self::uuid);
        let version = self.optional(Self::number);
        let grant = self.optional(Self::text);
        let purpose = self.optional(Self::text);
        let outcome = self.text();
        assert!(self.0.is_empty());
        Owned {
            tenant,
            numbers: (seq, at_us, version),
            texts: (actor_kind, action, outcome),
            maybe_texts: (subject_kind, grant, purpose),
            maybe_ids: (actor_id, subject_id, patient),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn an_event_can_be_read_back_from_its_bytes(event in owned()) {
        prop_assert_eq!(Reader(&event.event().canonical()).event(), event);
    }

    #[test]
    fn different_events_have_different_bytes_and_hashes(a in owned(), b in owned()) {
        let equal = a == b;
        prop_assert_eq!(a.event().canonical() == b.event().canonical(), equal);
        let prev = chain::genesis(Uuid::nil());
        prop_assert_eq!(chain::next(prev, &a.event()) == chain::next(prev, &b.event()), equal);
    }
}

#[test]
fn the_bytes_of_format_1_stay_what_they_are() {
    let event = Event {
        tenant: Uuid::from_u128(0xa1),
        seq: 1,
        at_us: 1_790_000_000_000_000,
        actor_kind: "user",
        actor_id: Some(Uuid::from_u128(0xb2)),
        action: "chart.read",
        subject_kind: Some("patient"),
        subject_id: None,
        patient: Some(Uuid::from_u128(0xc3)),
        version: Some(7),
        grant: Some("care_relation"),
        purpose: None,
        outcome: "done",
    };
    let first = chain::next(chain::genesis(event.tenant), &event);
    assert_eq!(event.canonical().len(), 158);
    // Computed with Python's hashlib.
    assert_eq!(
        first.to_string(),
        "daea4c707ac15fc3c373a99699e7ff9b98726270b5cb36ba42d5f3b02e1b75fe"
    );
}

#[test]
fn each_tenant_has_a_beginning_of_its_own() {
    assert_ne!(
        chain::genesis(Uuid::from_u128(1)),
        chain::genesis(Uuid::from_u128(2))
    );
}

#[test]
fn an_event_does_not_print_what_was_done() {
    let event = Event {
        tenant: Uuid::nil(),
        seq: 3,
        at_us: 0,
        actor_kind: "user",
        actor_id: None,
        action: "chart.read",
        subject_kind: None,
        subject_id: None,
        patient: None,
        version: None,
        grant: None,
        purpose: None,
        outcome: "done",
    };
    assert_eq!(
        format!("{event:?}"),
        "Event(00000000-0000-0000-0000-000000000000 3)"
    );
}
