//! Which H.264 an m-line offers (RFC 6184 section 8.1).

/// The H.264 of one m-line, as far as it is forwarded: `packetization-mode=1`, without B frames.
#[derive(Debug, Default)]
pub(crate) struct H264 {
    /// Payload types that are H.264 of any kind. As short as the m-line's list of formats.
    payloads: Vec<String>,
    constrained: bool,
    plain: bool,
}

/// The profiles that are forwarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Profile {
    /// What every browser can do.
    ConstrainedBaseline,
    /// What some hardware and FFmpeg say of the same stream: plain baseline allows slice groups,
    /// which no encoder of theirs uses.
    Baseline,
}

impl H264 {
    /// Takes the payload type of an `a=rtpmap` with H.264.
    pub(crate) fn add(&mut self, payload: &str) {
        self.payloads.push(payload.to_owned());
    }

    /// Takes an `a=fmtp`, which may be that of another codec.
    pub(crate) fn read(&mut self, fmtp: &str) {
        let Some((payload, parameters)) = fmtp.split_once(' ') else {
            return;
        };
        if self.payloads.iter().any(|known| known == payload) {
            match profile(parameters) {
                Some(Profile::ConstrainedBaseline) => self.constrained = true,
                Some(Profile::Baseline) => self.plain = true,
                None => {}
            }
        }
    }

    pub(crate) fn is_forwarded(&self) -> bool {
        self.constrained || self.plain
    }

    /// Whether the only H.264 that is forwarded is named plain baseline.
    pub(crate) fn is_plain_only(&self) -> bool {
        self.plain && !self.constrained
    }
}

fn profile(parameters: &str) -> Option<Profile> {
    let value = |name: &str| {
        let mut pairs = parameters
            .split(';')
            .filter_map(|pair| pair.trim().split_once('='));
        pairs
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    };
    if value("packetization-mode") != Some("1") {
        return None;
    }
    let Some(text) = value("profile-level-id") else {
        // RFC 6184 says that nothing means baseline.
        return Some(Profile::Baseline);
    };
    let id = u32::from_str_radix(text, 16).ok()?;
    let [0, profile, constraints, _level] = id.to_be_bytes() else {
        return None;
    };
    let (set0, set1) = (constraints & 0x80 != 0, constraints & 0x40 != 0);
    if constraints & 0x0f != 0 {
        return None;
    }
    match profile {
        0x42 if set1 => Some(Profile::ConstrainedBaseline),
        0x42 => Some(Profile::Baseline),
        0x4d if set0 => Some(Profile::ConstrainedBaseline),
        0x58 if set0 && set1 => Some(Profile::ConstrainedBaseline),
        0x58 if set0 => Some(Profile::Baseline),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_told_apart_by_their_constraints() {
        let read = |id: &str| profile(&format!("packetization-mode=1;profile-level-id={id}"));
        for constrained in ["42e01f", "42c028", "42401f", "4d801f", "58c01f", "42E01F"] {
            assert_eq!(read(constrained), Some(Profile::ConstrainedBaseline));
        }
        for plain in ["42001f", "42801f", "58801f"] {
            assert_eq!(read(plain), Some(Profile::Baseline));
        }
        for other in ["4d001f", "64001f", "640c1f", "f4001f", "422001f", "", "x"] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn only_packets_with_fragments_and_no_interleaving_are_forwarded() {
        assert_eq!(profile("profile-level-id=42e01f"), None);
        assert_eq!(
            profile("packetization-mode=0;profile-level-id=42e01f"),
            None
        );
        assert_eq!(profile("packetization-mode=1"), Some(Profile::Baseline));
    }

    #[test]
    fn parameters_of_other_codecs_are_not_read() {
        let mut h264 = H264::default();
        h264.add("102");
        h264.read("96 packetization-mode=1;profile-level-id=42e01f");
        assert!(!h264.is_forwarded());
        h264.read("102 packetization-mode=1; profile-level-id=42001f");
        assert!(h264.is_plain_only());
    }
}
