//! What server and recogniser of captions say to each other.

use speech::{HEADER_BYTES, Order, Report, Segmenter, body_bytes};

/// A frame: what is read is written as the same bytes, and its sound can be cut whatever its times.
pub(crate) fn wire(bytes: &[u8]) {
    let Some((header, rest)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
        return;
    };
    let Ok(announced) = body_bytes(*header) else {
        return;
    };
    let body = rest.get(..announced).unwrap_or(rest);
    let whole = |frame: Vec<u8>| frame.get(HEADER_BYTES..) == Some(body);
    if let Ok(order) = Order::decode(body) {
        assert!(order.encode().is_ok_and(whole));
        assert!(Report::decode(body).is_err());
        if let Order::Sound(sound) = order {
            let mut segmenter = Segmenter::default();
            for at_ms in [sound.at_ms, 0, sound.at_ms / 2] {
                segmenter.hear(at_ms, &sound.pcm);
                segmenter.so_far();
            }
            segmenter.flush();
        }
    } else if let Ok(report) = Report::decode(body) {
        assert!(report.encode().is_ok_and(whole));
    }
}
