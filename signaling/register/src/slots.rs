//! Which server of a Redis Cluster has which key. Pure.
//!
//! Source: Redis Cluster specification, "Key distribution model" and "Hash tags".

use redis::Value;

/// Slots of a cluster.
pub(crate) const SLOTS: u16 = 16_384;

/// Where a server is.
pub(crate) type Place = (String, u16);

/// The slot of a key: that of what stands between the first `{` and the next `}`, if anything does.
pub(crate) fn slot(key: &[u8]) -> u16 {
    let tag = key.iter().position(|it| *it == b'{').and_then(|open| {
        let rest = key.get(open.checked_add(1)?..)?;
        let length = rest.iter().position(|it| *it == b'}')?;
        rest.get(..length).filter(|tag| !tag.is_empty())
    });
    crc16(tag.unwrap_or(key)) % SLOTS
}

/// CRC-16/XMODEM: polynomial 0x1021, from 0, most significant bit first.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            let shifted = crc << 1;
            if crc & 0x8000 == 0 {
                shifted
            } else {
                shifted ^ 0x1021
            }
        })
    })
}

/// Who takes the writes for which slots.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct SlotMap {
    /// Last slot of each range, its first one, and its server; by last slot.
    ranges: Vec<(u16, u16, Place)>,
}

impl SlotMap {
    /// Reads an answer to CLUSTER SLOTS. A server that does not know its own name is where it was asked.
    pub(crate) fn read(answer: &Value, asked: &str) -> Option<Self> {
        let Value::Array(rows) = answer else {
            return None;
        };
        let mut ranges = Vec::with_capacity(rows.len());
        for row in rows {
            let Value::Array(row) = row else { return None };
            let [
                Value::Int(first),
                Value::Int(last),
                Value::Array(master),
                ..,
            ] = row.as_slice()
            else {
                return None;
            };
            let [host, Value::Int(port), ..] = master.as_slice() else {
                return None;
            };
            let host = if let Value::BulkString(name) = host {
                core::str::from_utf8(name).ok()?
            } else {
                ""
            };
            let host = if matches!(host, "" | "?") {
                asked
            } else {
                host
            };
            let place = (host.to_owned(), u16::try_from(*port).ok()?);
            let (first, last) = (u16::try_from(*first).ok()?, u16::try_from(*last).ok()?);
            ranges.push((last, first, place));
        }
        ranges.sort();
        Some(Self { ranges })
    }

    /// Who has this slot; nobody while a cluster lacks servers.
    pub(crate) fn master(&self, slot: u16) -> Option<&Place> {
        let at = self.ranges.partition_point(|(last, ..)| *last < slot);
        let (_, first, place) = self.ranges.get(at)?;
        (*first <= slot).then_some(place)
    }

    /// Everybody who has something, some of them more than once.
    pub(crate) fn masters(&self) -> impl Iterator<Item = &Place> {
        self.ranges.iter().map(|(.., place)| place)
    }
}

/// What stands in MOVED and ASK: `1234 host:port`, with an empty host for that of the server that says so.
pub(crate) fn redirection(place: &str, asked: &str) -> Option<Place> {
    let (host, port) = place.rsplit_once(':')?;
    let host = if host.is_empty() { asked } else { host };
    Some((host.to_owned(), port.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_the_specification() {
        assert_eq!(crc16(b"123456789"), 0x31c3);
        assert_eq!(slot(b"123456789"), 0x31c3);
        assert_eq!(slot(b"foo"), 12_182);
        assert_eq!(slot(b""), 0);
    }

    #[test]
    fn only_a_tag_that_is_there_counts() {
        assert_eq!(slot(b"{room}.a"), slot(b"{room}.b"));
        assert_eq!(slot(b"x{room}{y}"), slot(b"room"));
        assert_eq!(slot(b"foo{}{bar}"), crc16(b"foo{}{bar}") % SLOTS);
        assert_eq!(slot(b"foo{{bar}}"), slot(b"{bar"));
        assert_eq!(slot(b"foo{bar"), crc16(b"foo{bar") % SLOTS);
    }

    fn server(host: Value, port: i64) -> Value {
        Value::Array(vec![host, Value::Int(port), Value::Nil])
    }

    fn row(first: i64, last: i64, master: Value) -> Value {
        let replica = server(Value::BulkString(b"replica".to_vec()), 9);
        Value::Array(vec![Value::Int(first), Value::Int(last), master, replica])
    }

    #[test]
    fn a_map_knows_the_master_of_every_slot_and_its_gaps() {
        let named = server(Value::BulkString(b"h2".to_vec()), 2);
        let answer = Value::Array(vec![
            row(8_000, 16_383, named),
            row(0, 5_000, server(Value::Nil, 1)),
        ]);
        let map = SlotMap::read(&answer, "asked").unwrap();
        let first = ("asked".to_owned(), 1);
        let second = ("h2".to_owned(), 2);
        for (slot, place) in [
            (0, Some(&first)),
            (5_000, Some(&first)),
            (5_001, None),
            (7_999, None),
            (8_000, Some(&second)),
            (16_383, Some(&second)),
        ] {
            assert_eq!(map.master(slot), place, "{slot}");
        }
        assert_eq!(SlotMap::default().master(0), None);
        assert_eq!(SlotMap::read(&Value::Okay, "asked"), None);
        let odd = Value::Array(vec![row(0, 70_000, server(Value::Nil, 1))]);
        assert_eq!(SlotMap::read(&odd, "asked"), None);
    }

    #[test]
    fn redirections_are_read() {
        let at = |host: &str, port| Some((host.to_owned(), port));
        assert_eq!(redirection("10.0.0.1:7001", "h"), at("10.0.0.1", 7001));
        assert_eq!(redirection(":7001", "h"), at("h", 7001));
        assert_eq!(
            redirection("2001:db8::1:7001", "h"),
            at("2001:db8::1", 7001)
        );
        assert_eq!(redirection("10.0.0.1", "h"), None);
    }
}
