//! What packets of these tests carry.

/// One packet of a VP8 key frame with a 15-bit picture id.
pub(super) fn vp8_key(picture: u16, height_px: u16) -> Vec<u8> {
    let [high, low] = (picture | 0x8000).to_be_bytes();
    let [height_low, height_high] = height_px.to_le_bytes();
    vec![
        0x90,
        0x80,
        high,
        low,
        0x10,
        0x02,
        0x00,
        0x9d,
        0x01,
        0x2a,
        0x80,
        0x02,
        height_low,
        height_high,
        1,
        2,
        3,
    ]
}

/// One packet of a VP8 delta frame.
pub(super) fn vp8_delta(picture: u16) -> Vec<u8> {
    let [high, low] = (picture | 0x8000).to_be_bytes();
    vec![0x90, 0x80, high, low, 0x11, 0x02, 0x00, 9, 9, 9]
}

/// Opus, as far as anybody here looks.
pub(super) const SPEECH: &[u8] = &[0x78, 1, 2, 3, 4, 5, 6, 7];
