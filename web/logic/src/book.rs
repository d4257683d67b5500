//! What was heard of the media of live rooms, as plots need it.

use std::collections::{BTreeMap, VecDeque};

use signaling_protocol::{
    MediaPoint, POINTS_MAX, Participant, ParticipantId, ParticipantMedia, Quality, RoomId,
    RoomMedia, RoomOverview,
};

/// One person's newest numbers and their past, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Without its points.
    pub media: ParticipantMedia,
    /// The past.
    pub points: VecDeque<MediaPoint>,
    /// Number of the point that comes next.
    pub next: u64,
}

/// Everybody's.
#[derive(Debug, Clone, Default)]
pub struct Book(BTreeMap<(RoomId, ParticipantId), Entry>);

impl Book {
    /// Takes in what the server said. A past that does not follow on replaces the one before.
    pub fn hear(&mut self, rooms: Vec<RoomMedia>) {
        for RoomMedia { room, participants } in rooms {
            for mut media in participants {
                let key = (room, media.participant);
                let heard = core::mem::take(&mut media.points);
                let next = media.first_point.saturating_add(heard.len() as u64);
                let known = self.0.remove(&key);
                let mut points = known
                    .filter(|known| known.next == media.first_point)
                    .map(|known| known.points)
                    .unwrap_or_default();
                points.extend(heard);
                let surplus = points.len().saturating_sub(POINTS_MAX);
                points.drain(..surplus);
                let entry = Entry {
                    media,
                    points,
                    next,
                };
                self.0.insert(key, entry);
            }
        }
    }

    /// Forgets whoever is no longer there.
    pub fn keep(&mut self, live: &[RoomOverview]) {
        self.0.retain(|(room, id), _| {
            let room = live.iter().find(|one| one.room == *room);
            room.is_some_and(|room| room.participants.iter().any(|one| one.id == *id))
        });
    }

    /// What was heard of a person in a room.
    #[must_use]
    pub fn entry(&self, room: RoomId, id: ParticipantId) -> Option<&Entry> {
        self.0.get(&(room, id))
    }

    /// Whether somebody in a room is badly connected, as their page or the server finds.
    #[must_use]
    pub fn is_troubled(&self, room: &RoomOverview) -> bool {
        room.participants.iter().any(|person| {
            let poor = |quality| matches!(quality, Quality::Poor | Quality::Lost);
            let entry = self.entry(room.room, person.id).map(|entry| &entry.media);
            !person.connected
                || poor(person.quality)
                || entry.is_some_and(|media| media.audio_only || poor(media.quality))
        })
    }
}

/// The people of a room in the order of their numbers: `p1` came first.
#[must_use]
pub fn numbered(room: &RoomOverview) -> Vec<Participant> {
    let mut people = room.participants.clone();
    people.sort_by_key(|one| (one.since_us, one.id));
    people
}

#[cfg(test)]
pub(crate) mod tests {
    use signaling_protocol::{CallBack, Grants, Role, Sources, Stage, WayIn};

    use super::*;

    fn id<T: serde::de::DeserializeOwned>(n: u8) -> T {
        serde_json::from_str(&format!("\"00000000-0000-0000-0000-0000000000{n:02x}\"")).unwrap()
    }

    pub(crate) fn room() -> RoomOverview {
        let person = |n, role| Participant {
            id: id(n),
            name: format!("Élodie Ngo {n}"),
            role,
            relation: Some("cousine".to_owned()),
            stage: Stage::Admitted,
            connected: true,
            sources: Sources::default(),
            grants: Grants::ALL,
            public_key: None,
            way: WayIn::Page,
            phone: None,
            call_back: CallBack::Off,
            hand: false,
            quality: Quality::Good,
            since_us: 1_800_000_000_000_000 - i64::from(n),
        };
        RoomOverview {
            room: id(0xaa),
            since_us: 1_800_000_000_000_000,
            participants: vec![person(1, Role::Patient), person(2, Role::Clinician)],
        }
    }

    pub(crate) fn heard(first_point: u64, points: u32) -> Vec<RoomMedia> {
        let point = |up_kbps| MediaPoint {
            loss_up_permille: Some(12),
            rtt_ms: Some(80),
            up_kbps,
            ..MediaPoint::default()
        };
        let media = ParticipantMedia {
            participant: id(1),
            connected: true,
            quality: Quality::Good,
            audio_only: false,
            now: point(700),
            freezes: 2,
            gaps: [9, 4, 2, 1, 0, 0],
            layer_switches: 3,
            keyframes_requested: 4,
            first_point,
            points: (0..points).map(point).collect(),
        };
        vec![RoomMedia {
            room: id(0xaa),
            participants: vec![media],
        }]
    }

    #[test]
    fn a_past_goes_on_where_it_ended_and_begins_anew_after_a_gap() {
        let mut book = Book::default();
        let count = |book: &Book| book.entry(id(0xaa), id(1)).unwrap().points.len();
        book.hear(heard(100, 5));
        assert_eq!(count(&book), 5);
        book.hear(heard(105, 1));
        assert_eq!(count(&book), 6);
        book.hear(heard(106, 0));
        assert_eq!(count(&book), 6);
        book.hear(heard(109, 2));
        assert_eq!(count(&book), 2, "three are missing");
        book.hear(heard(111, 500));
        assert_eq!(count(&book), POINTS_MAX);
    }

    #[test]
    fn whoever_has_gone_is_forgotten() {
        let mut book = Book::default();
        book.hear(heard(0, 1));
        book.keep(&[room()]);
        assert!(book.entry(id(0xaa), id(1)).is_some());
        let mut without = room();
        without.participants.remove(0);
        book.keep(&[without]);
        assert!(book.entry(id(0xaa), id(1)).is_none());
    }

    #[test]
    fn trouble_is_what_a_page_or_the_server_says() {
        let mut book = Book::default();
        assert!(!book.is_troubled(&room()));
        let mut poor = room();
        poor.participants[1].quality = Quality::Poor;
        assert!(book.is_troubled(&poor));
        let mut numbers = heard(0, 1);
        numbers[0].participants[0].audio_only = true;
        book.hear(numbers);
        assert!(book.is_troubled(&room()));
    }
}
