//! How long an Opus packet sounds (RFC 6716 section 3.1).

/// The longest packet: 120 ms.
const PACKET_US_MAX: u64 = 120_000;

/// The time that a packet covers, in microseconds. `None`: not a packet of Opus.
#[must_use]
pub fn duration_us(packet: &[u8]) -> Option<u64> {
    let toc = *packet.first()?;
    let config = toc >> 3;
    let frame_us = match (config, config & 3) {
        (0..12, size) => [10_000, 20_000, 40_000, 60_000].get(usize::from(size)),
        (12..16, size) => [10_000, 20_000].get(usize::from(size & 1)),
        (_, size) => [2_500, 5_000, 10_000, 20_000].get(usize::from(size)),
    }?;
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u64::from(packet.get(1)? & 0x3f),
    };
    let us = frame_us * frames;
    (us > 0 && us <= PACKET_US_MAX).then_some(us)
}

/// Whether a packet is in stereo.
#[must_use]
pub fn is_stereo(packet: &[u8]) -> bool {
    packet.first().is_some_and(|toc| toc & 4 != 0)
}
