//! Hears requests for a key frame (PLI and FIR, RFC 4585 section 6.3.1, RFC 5104 section 4.3.1). The
//! stack keeps feedback to itself, so this listens inside its chain.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use rtc::interceptor::{Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::sansio::Protocol;
use rtc::shared::error::Error;

/// A listener that changes nothing.
pub(crate) struct KeyRequests {
    wanted: Arc<AtomicBool>,
    inbound: VecDeque<TaggedPacket>,
    outbound: VecDeque<TaggedPacket>,
}

impl KeyRequests {
    /// `wanted` becomes true whenever a key frame is asked for.
    pub(crate) const fn new(wanted: Arc<AtomicBool>) -> Self {
        Self {
            wanted,
            inbound: VecDeque::new(),
            outbound: VecDeque::new(),
        }
    }
}

fn asks(packet: &dyn rtc::rtcp::Packet) -> bool {
    let packet = packet.as_any();
    packet.is::<PictureLossIndication>() || packet.is::<FullIntraRequest>()
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for KeyRequests {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, came: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtcp(packets) = &came.message.packet
            && packets.iter().any(|packet| asks(packet.as_ref()))
        {
            self.wanted.store(true, Ordering::Relaxed);
        }
        self.inbound.push_back(came);
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.inbound.pop_front()
    }

    fn handle_write(&mut self, leaves: TaggedPacket) -> Result<(), Error> {
        self.outbound.push_back(leaves);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.outbound.pop_front()
    }
}

impl Interceptor for KeyRequests {
    fn bind_local_stream(&mut self, _: &StreamInfo) {}
    fn unbind_local_stream(&mut self, _: &StreamInfo) {}
    fn bind_remote_stream(&mut self, _: &StreamInfo) {}
    fn unbind_remote_stream(&mut self, _: &StreamInfo) {}
}
