//! Packets as a publisher makes them, with everything that a browser would put into them.

use std::time::Instant;

use str0m::format::Codec;
use str0m::media::Rid;
use str0m::rtp::{ExtensionValues, RtpPacket, RtpWrite};

use super::world::{Client, World};
use crate::{Command, SlotView, Source};

/// One packet to be sent.
pub(super) struct Outgoing {
    pub(super) source: Source,
    pub(super) rid: Option<&'static str>,
    pub(super) codec: Codec,
    /// On the payload type of redundant audio.
    pub(super) red: bool,
    pub(super) seq: u64,
    pub(super) timestamp: u32,
    pub(super) marker: bool,
    pub(super) payload: Vec<u8>,
    pub(super) values: ExtensionValues,
}

impl Outgoing {
    pub(super) fn new(source: Source, codec: Codec, seq: u64, payload: Vec<u8>) -> Self {
        let ticks = if source.is_audio() { 960 } else { 3000 };
        Self {
            source,
            rid: None,
            codec,
            red: false,
            seq,
            timestamp: u32::try_from(seq % (1 << 32)).unwrap().wrapping_mul(ticks),
            marker: true,
            payload,
            values: ExtensionValues::default(),
        }
    }
}

impl Client {
    /// Sends a packet; it leaves with the next `run`.
    pub(super) fn send_out(&mut self, now: Instant, out: Outgoing) {
        let mid = self.mid(out.source);
        let params = *self
            .rtc
            .codec_config()
            .find(|params| params.spec().codec == out.codec)
            .unwrap();
        let pt = if out.red {
            params.red().unwrap()
        } else {
            params.pt()
        };
        let mut direct = self.rtc.direct_api();
        let stream = direct
            .stream_tx_by_mid(mid, out.rid.map(Rid::from))
            .unwrap();
        let packet = RtpWrite::new(pt, out.seq.into(), out.timestamp, now, out.payload)
            .marker(out.marker)
            .nackable(!out.source.is_audio())
            .ext_vals(out.values);
        stream.write_rtp(packet);
        self.rtc.handle_input(str0m::Input::Timeout(now)).unwrap();
        self.drain();
    }

    /// What came on the first picture slot.
    pub(super) fn pictures(&self) -> Vec<&RtpPacket> {
        self.received_on(self.slots[1])
    }

    /// What came on the first sound slot.
    pub(super) fn sounds(&self) -> Vec<&RtpPacket> {
        self.received_on(self.slots[0])
    }
}

impl World {
    /// Says how large a client shows its first picture slot.
    pub(super) fn show(&mut self, index: usize, height_px: u16) {
        let client = &self.clients[index];
        let (room, participant) = (client.room, client.me);
        let mid = client.slots[1].to_string();
        self.command(Command::SetView {
            room,
            participant,
            slots: vec![SlotView { mid, height_px }],
            pinned: None,
        });
    }

    /// Lets nothing above a temporal layer through to a client's first picture slot.
    pub(super) fn cap(&mut self, index: usize, temporal: Option<u8>) {
        let client = &self.clients[index];
        let (room, me, mid) = (client.room, client.me, client.slots[1]);
        let room = self.shard.room_mut(room).unwrap();
        let person = room.people.get_mut(&me).unwrap();
        let slot = person.slots.iter_mut().find(|slot| slot.mid == mid);
        let switcher = &mut slot.unwrap().switcher;
        switcher.cap = temporal;
        switcher.aim(switcher.target().map(crate::forward::Aim::whole));
    }
}

/// Asserts that packets are numbered without a gap, from `first` on, and that time goes forward.
pub(super) fn assert_continuous(packets: &[&RtpPacket], first: u64) {
    for (n, packet) in packets.iter().enumerate() {
        assert_eq!(*packet.seq_no, first + n as u64, "packet {n}");
        if n > 0 {
            assert!(packet.time >= packets[n - 1].time, "packet {n}");
        }
    }
}
