//! Elements: an id, a size, and a content (RFC 8794).

/// The ids of RFC 9559 that are used here.
pub(crate) mod id {
    pub(crate) const EBML: u32 = 0x1A45_DFA3;
    pub(crate) const EBML_VERSION: u32 = 0x4286;
    pub(crate) const EBML_READ_VERSION: u32 = 0x42F7;
    pub(crate) const EBML_MAX_ID_LENGTH: u32 = 0x42F2;
    pub(crate) const EBML_MAX_SIZE_LENGTH: u32 = 0x42F3;
    pub(crate) const DOC_TYPE: u32 = 0x4282;
    pub(crate) const DOC_TYPE_VERSION: u32 = 0x4287;
    pub(crate) const DOC_TYPE_READ_VERSION: u32 = 0x4285;
    pub(crate) const SEGMENT: u32 = 0x1853_8067;
    pub(crate) const SEEK_HEAD: u32 = 0x114D_9B74;
    pub(crate) const SEEK: u32 = 0x4DBB;
    pub(crate) const SEEK_ID: u32 = 0x53AB;
    pub(crate) const SEEK_POSITION: u32 = 0x53AC;
    pub(crate) const INFO: u32 = 0x1549_A966;
    pub(crate) const TIMESTAMP_SCALE: u32 = 0x2A_D7B1;
    pub(crate) const DURATION: u32 = 0x4489;
    pub(crate) const MUXING_APP: u32 = 0x4D80;
    pub(crate) const WRITING_APP: u32 = 0x5741;
    pub(crate) const TRACKS: u32 = 0x1654_AE6B;
    pub(crate) const TRACK_ENTRY: u32 = 0xAE;
    pub(crate) const TRACK_NUMBER: u32 = 0xD7;
    pub(crate) const TRACK_UID: u32 = 0x73C5;
    pub(crate) const TRACK_TYPE: u32 = 0x83;
    pub(crate) const FLAG_LACING: u32 = 0x9C;
    pub(crate) const LANGUAGE: u32 = 0x22_B59C;
    pub(crate) const CODEC_ID: u32 = 0x86;
    pub(crate) const CODEC_PRIVATE: u32 = 0x63A2;
    pub(crate) const CODEC_DELAY: u32 = 0x56AA;
    pub(crate) const SEEK_PRE_ROLL: u32 = 0x56BB;
    pub(crate) const VIDEO: u32 = 0xE0;
    pub(crate) const PIXEL_WIDTH: u32 = 0xB0;
    pub(crate) const PIXEL_HEIGHT: u32 = 0xBA;
    pub(crate) const AUDIO: u32 = 0xE1;
    pub(crate) const SAMPLING_FREQUENCY: u32 = 0xB5;
    pub(crate) const CHANNELS: u32 = 0x9F;
    pub(crate) const CUES: u32 = 0x1C53_BB6B;
    pub(crate) const CUE_POINT: u32 = 0xBB;
    pub(crate) const CUE_TIME: u32 = 0xB3;
    pub(crate) const CUE_TRACK_POSITIONS: u32 = 0xB7;
    pub(crate) const CUE_TRACK: u32 = 0xF7;
    pub(crate) const CUE_CLUSTER_POSITION: u32 = 0xF1;
    pub(crate) const CLUSTER: u32 = 0x1F43_B675;
    pub(crate) const TIMESTAMP: u32 = 0xE7;
    pub(crate) const SIMPLE_BLOCK: u32 = 0xA3;
    pub(crate) const BLOCK_GROUP: u32 = 0xA0;
    pub(crate) const BLOCK: u32 = 0xA1;
    pub(crate) const REFERENCE_BLOCK: u32 = 0xFB;
}

/// A size that is not known yet (RFC 8794 section 6.2).
pub(crate) const UNKNOWN_SIZE: [u8; 8] = [0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

/// An id without the zero bytes in front.
pub(crate) fn write_id(id: u32, to: &mut Vec<u8>) {
    let bytes = id.to_be_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    to.extend_from_slice(bytes.get(zeros..).unwrap_or_default());
}

/// A size in eight bytes, whatever it is: then everything else has a known place.
pub(crate) fn write_size_8(size: u64, to: &mut Vec<u8>) {
    let [_, rest @ ..] = size.to_be_bytes();
    to.push(0x01);
    to.extend_from_slice(&rest);
}

/// A size in as few bytes as it needs.
pub(crate) fn write_size(size: usize, to: &mut Vec<u8>) {
    let size = size as u64;
    match size {
        0..0x7f => to.extend(size.to_be_bytes().last().map(|low| 0x80 | low)),
        0x7f..0x3fff => to.extend_from_slice(&tail::<2>(size | 0x4000)),
        0x3fff..0x1f_ffff => to.extend_from_slice(&tail::<3>(size | 0x20_0000)),
        0x1f_ffff..0x0fff_ffff => to.extend_from_slice(&tail::<4>(size | 0x1000_0000)),
        _ => write_size_8(size, to),
    }
}

/// How many bytes [`write_size`] writes.
pub(crate) const fn size_bytes(size: usize) -> usize {
    match size {
        0..0x7f => 1,
        0x7f..0x3fff => 2,
        0x3fff..0x1f_ffff => 3,
        0x1f_ffff..0x0fff_ffff => 4,
        _ => 8,
    }
}

fn tail<const N: usize>(value: u64) -> [u8; N] {
    let bytes = value.to_be_bytes();
    let mut last = [0; N];
    for (to, from) in last.iter_mut().rev().zip(bytes.iter().rev()) {
        *to = *from;
    }
    last
}

pub(crate) fn element(id: u32, content: &[u8], to: &mut Vec<u8>) {
    write_id(id, to);
    write_size(content.len(), to);
    to.extend_from_slice(content);
}

/// A number in as few bytes as it needs.
pub(crate) fn number(id: u32, value: u64, to: &mut Vec<u8>) {
    let bytes = value.to_be_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count().min(7);
    element(id, bytes.get(zeros..).unwrap_or_default(), to);
}

/// A number in eight bytes.
pub(crate) fn number_8(id: u32, value: u64, to: &mut Vec<u8>) {
    element(id, &value.to_be_bytes(), to);
}

pub(crate) fn float(id: u32, value: f64, to: &mut Vec<u8>) {
    element(id, &value.to_be_bytes(), to);
}
