//! What must hold of every descriptor and payload, whoever sent it. For the fuzz targets only.

use std::sync::Arc;

use str0m::rtp::{ExtensionSerializer as _, ExtensionValues};

use crate::descriptor::{ONE_BYTE_FORM_MAX, Raw, Reader, Serializer};
use crate::forward::{
    Codec, Frame, Ids, Inspected, Needs, Patch, SPATIAL_MAX, TEMPORAL_MAX, inspect, parse_vp9,
    patched, primary, with_types,
};

/// Dependency descriptors of one stream, each behind a byte with its length.
pub fn descriptor(bytes: &[u8]) {
    let (mut reader, mut sober) = (Reader::default(), Reader::default());
    let mut rest = bytes;
    while let Some((packet, more)) = next_part(rest) {
        rest = more;
        let Some(raw) = Raw::new(packet) else {
            continue;
        };
        assert_eq!(raw.bytes(), packet);
        carried(&raw);
        let Some(seen) = reader.read(&raw) else {
            continue;
        };
        // The second reader hears only what was understood.
        let same = sober.read(&raw);
        assert_eq!(same, Some(seen), "what was refused left something behind");
        frame(&seen.frame);
        assert!(!seen.starts_decoding || seen.frame.needs == Needs::Nothing);
        let told = reader.read(&raw.numbered(!seen.number));
        assert!(told.is_some_and(|told| told.number == !seen.number
            && told.starts_decoding == seen.starts_decoding
            && told.frame.ends == seen.frame.ends));
    }
}

/// A part whose length is its first byte, and what follows it.
fn next_part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first()?;
    Some(rest.split_at(usize::from(*length).min(rest.len())))
}

/// The engine writes a descriptor as it came.
fn carried(raw: &Raw) {
    let mut values = ExtensionValues::default();
    assert!(Serializer.parse_value(raw.bytes(), &mut values));
    let mut buf = [0; 256];
    let written = Serializer.write_to(&mut buf, &values);
    assert_eq!(buf.get(..written), Some(raw.bytes()));
    let is_long = raw.bytes().len() > ONE_BYTE_FORM_MAX;
    assert_eq!(Serializer.requires_two_byte_form(&values), is_long);
}

fn frame(frame: &Frame) {
    assert!(usize::from(frame.spatial) < SPATIAL_MAX);
    assert!(usize::from(frame.temporal) < TEMPORAL_MAX);
    if let Needs::Named(links) = frame.needs {
        assert!(links.number < 1 << links.bits);
    }
}

fn ids(ids: Ids) {
    if let Some(picture) = ids.picture {
        assert!(picture.bits == 7 || picture.bits == 15);
        assert!(picture.id < 1 << picture.bits);
    }
}

/// A VP9 payload: other numbers in it change nothing else.
pub fn vp9(payload: &[u8]) {
    let Some(seen) = parse_vp9(payload) else {
        return;
    };
    frame(&seen.frame);
    ids(seen.ids);
    assert!(!seen.starts_decoding || seen.frame.needs == Needs::Nothing);
    let mut other = seen.ids;
    if let Some(picture) = &mut other.picture {
        picture.id = !picture.id & ((1 << picture.bits) - 1);
    }
    other.tl0 = other.tl0.map(|number| !number);
    let Some(copy) = patched(payload, seen.places, other) else {
        assert_eq!(other, seen.ids, "other numbers were not written");
        return;
    };
    assert_eq!(copy.len(), payload.len());
    let told = parse_vp9(&copy);
    assert!(told.is_some_and(|told| told.ids == other
        && told.places == seen.places
        && told.starts_decoding == seen.starts_decoding
        && told.heights_px == seen.heights_px
        && (told.frame.spatial, told.frame.temporal, told.frame.ends)
            == (seen.frame.spatial, seen.frame.temporal, seen.frame.ends)));
    assert_eq!(
        patched(&copy, seen.places, seen.ids).as_deref(),
        Some(payload)
    );
}

/// A payload of any codec behind a byte that names the codec, perhaps with a descriptor.
pub fn payload(bytes: &[u8]) {
    const CODECS: [Codec; 5] = [Codec::Opus, Codec::Vp8, Codec::Vp9, Codec::Av1, Codec::H264];
    let Some((first, rest)) = bytes.split_first() else {
        return;
    };
    let Some(codec) = CODECS.get(usize::from(first & 7)).copied() else {
        return;
    };
    let (described, payload) = match next_part(rest) {
        Some((packet, payload)) if first & 0x80 != 0 => {
            let raw = Raw::new(packet);
            let read = raw.and_then(|raw| Reader::default().read(&raw));
            (read, payload)
        }
        _ => (None, rest),
    };
    let seen = inspect(codec, payload, described.as_ref());
    if let Some(of) = &seen.frame {
        frame(of);
    }
    ids(seen.ids);
    match codec {
        Codec::Opus | Codec::Red => assert!(seen.starts_decoding),
        Codec::Vp8 => vp8(&seen),
        Codec::Vp9 => assert!(!seen.starts_decoding || parse_vp9(payload).is_some()),
        Codec::Av1 => assert_eq!(seen.frame.is_some(), described.is_some()),
        Codec::H264 => h264(payload, &seen),
    }
}

fn vp8(seen: &Inspected) {
    let height = seen.heights_px.first().copied().flatten();
    assert!(height.is_none_or(|height| seen.starts_decoding && height < 1 << 14));
    let needs = seen.frame.map(|frame| frame.needs);
    assert!(!seen.starts_decoding || needs == Some(Needs::Nothing));
    assert!(seen.ids.picture.is_none() || matches!(seen.patch, Patch::Vp8(_)));
}

/// A unit alone and the same unit behind a delimiter in an aggregate (RFC 6184 section 5.7.1) begin
/// the same.
fn h264(payload: &[u8], seen: &Inspected) {
    const STAP_A: u8 = 24;
    let is_single = payload
        .first()
        .is_some_and(|first| (1..STAP_A).contains(&(first & 0x1f)));
    let Ok(length) = u16::try_from(payload.len()) else {
        return;
    };
    if !is_single {
        return;
    }
    let mut both = vec![STAP_A, 0, 2, 0x09, 0x10];
    both.extend_from_slice(&length.to_be_bytes());
    both.extend_from_slice(payload);
    let again = inspect(Codec::H264, &both, None);
    assert_eq!(again.starts_decoding, seen.starts_decoding);
}

/// Redundant audio behind a byte with a payload type.
pub fn red(bytes: &[u8]) {
    let Some((first, payload)) = bytes.split_first() else {
        return;
    };
    let pt = (first & 0x7f).into();
    let sound = primary(payload);
    assert!(sound.is_none_or(|sound| payload.ends_with(sound)));
    let payload: Arc<[u8]> = payload.into();
    let Some(renamed) = with_types(&payload, pt) else {
        return;
    };
    assert_eq!(renamed.len(), payload.len());
    assert_eq!(primary(&renamed), sound, "other sound under another name");
    let again = with_types(&renamed, pt);
    assert!(
        again.is_some_and(|again| Arc::ptr_eq(&again, &renamed)),
        "a block kept its old name"
    );
}
