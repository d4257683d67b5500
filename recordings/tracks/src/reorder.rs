//! Sorting the packets of one stream, with a bound in time and number.

use std::collections::BTreeMap;

use recordings_tap::Packet;

/// Packets that wait for an earlier one. A picture that needs more behind a hole is given up: at
/// 8 Mbit/s this is half a second.
pub(crate) const WAITING_MAX: usize = 512;
/// How long a missing packet is waited for: a resend over a long path comes within this. Drops what
/// is missing, so that the end of a recording never waits.
pub(crate) const WAIT_US: u64 = 400_000;
/// How long the first packets are held, because the very first may have been overtaken.
const START_US: u64 = 50_000;
/// A number this far from the expected one is a new beginning, not a hole.
const JUMP: i64 = 3_000;

/// What comes out, in order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Sorted {
    /// The next packet.
    Packet(Packet),
    /// Packets that did not come.
    Lost,
}

/// Sorts by sequence number (RFC 3550 section 5.1).
#[derive(Debug, Default)]
pub(crate) struct Reorder {
    /// The number that is due, extended by its rounds; close to it before anything has come out.
    due: Option<i64>,
    /// When the first packet came, until something has come out.
    started_us: Option<u64>,
    waiting: BTreeMap<i64, Packet>,
}

impl Reorder {
    /// Takes a packet; appends what is in order now.
    pub(crate) fn push(&mut self, packet: Packet, sorted: &mut Vec<Sorted>) {
        if self.due.is_none() {
            self.due = Some(i64::from(packet.seq) + 0x1_0000);
            self.started_us = Some(packet.arrival_us);
        }
        let due = self.due.unwrap_or_default();
        let [low, high, ..] = due.to_le_bytes();
        let ahead = i64::from(
            packet
                .seq
                .wrapping_sub(u16::from_le_bytes([low, high]))
                .cast_signed(),
        );
        if ahead.abs() > JUMP {
            self.flush(sorted);
            sorted.push(Sorted::Lost);
            self.due = Some(i64::from(packet.seq) + 0x1_0001);
            sorted.push(Sorted::Packet(packet));
            return;
        }
        let number = due + ahead;
        // Too late, or twice.
        if number < due && self.started_us.is_none() {
            return;
        }
        let arrival_us = packet.arrival_us;
        self.waiting.entry(number).or_insert(packet);
        self.expire(arrival_us, sorted);
    }

    /// Gives up what has been missing for too long.
    pub(crate) fn expire(&mut self, now_us: u64, sorted: &mut Vec<Sorted>) {
        match self.started_us {
            Some(started) if started + START_US > now_us => return,
            Some(_) => self.start(),
            None => {}
        }
        self.drain(sorted);
        while let Some((number, packet)) = self.waiting.first_key_value() {
            let is_late = packet.arrival_us + WAIT_US <= now_us;
            if !is_late && self.waiting.len() <= WAITING_MAX {
                break;
            }
            self.due = Some(*number);
            sorted.push(Sorted::Lost);
            self.drain(sorted);
        }
    }

    /// The earliest packet that waits is the first one.
    fn start(&mut self) {
        self.started_us = None;
        if let Some((first, _)) = self.waiting.first_key_value() {
            self.due = Some(*first);
        }
    }

    /// Gives out everything that waits.
    pub(crate) fn flush(&mut self, sorted: &mut Vec<Sorted>) {
        if self.started_us.is_some() {
            self.start();
        }
        while let Some((number, _)) = self.waiting.first_key_value() {
            if self.due != Some(*number) {
                self.due = Some(*number);
                sorted.push(Sorted::Lost);
            }
            self.drain(sorted);
        }
    }

    fn drain(&mut self, sorted: &mut Vec<Sorted>) {
        while let Some(due) = self.due
            && let Some(packet) = self.waiting.remove(&due)
        {
            sorted.push(Sorted::Packet(packet));
            self.due = Some(due + 1);
        }
    }
}
