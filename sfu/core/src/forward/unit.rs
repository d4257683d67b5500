//! A received packet, as far as forwarding cares.

use std::sync::Arc;

use str0m::media::MediaTime;
use str0m::rtp::{RtpPacket, VideoOrientation};

use super::codec::Codec;
use super::keyframe::Inspected;
use crate::descriptor::Raw;

/// One packet with what was found out about it, to be given to many slots, now or a moment later.
/// A copy shares the payload.
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    /// Which of the publication's streams it is from.
    pub(crate) stream: usize,
    pub(crate) codec: Codec,
    /// Extended sequence number.
    pub(crate) seq: u64,
    /// RTP timestamp.
    pub(crate) timestamp: u32,
    pub(crate) marker: bool,
    pub(crate) payload: Arc<[u8]>,
    pub(crate) seen: Inspected,
    pub(crate) carried: Carried,
}

/// The header extensions that go through: what the publisher says about the media. What is about
/// one transport does not.
#[derive(Debug, Clone, Default)]
pub(crate) struct Carried {
    pub(crate) audio_level: Option<i8>,
    pub(crate) voice_activity: Option<bool>,
    pub(crate) video_orientation: Option<VideoOrientation>,
    /// Minimum and maximum playout delay.
    pub(crate) delay: Option<(MediaTime, MediaTime)>,
    pub(crate) descriptor: Option<Raw>,
}

impl Unit {
    /// Takes what is needed of a packet.
    pub(crate) fn new(stream: usize, codec: Codec, packet: &RtpPacket, seen: Inspected) -> Self {
        let values = &packet.header.ext_vals;
        Self {
            stream,
            codec,
            seq: *packet.seq_no,
            timestamp: packet.header.timestamp,
            marker: packet.header.marker,
            payload: Arc::clone(&packet.payload),
            seen,
            carried: Carried {
                audio_level: values.audio_level,
                voice_activity: values.voice_activity,
                video_orientation: values.video_orientation,
                delay: values.play_delay_min.zip(values.play_delay_max),
                // The other codecs say the same in their payloads, and a receiver that has seen
                // descriptors once would miss them where the slot's next source sends none.
                descriptor: (codec == Codec::Av1)
                    .then(|| values.user_values.get::<Raw>().cloned())
                    .flatten(),
            },
        }
    }
}
