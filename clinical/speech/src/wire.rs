//! Messages as bytes: a version, a kind, and fields of fixed size but for the last.

use crate::message::{Heard, Language, Order, Report, Sound, Stage, Track};

/// The version of the wire. Both programs are built from one tree, so there is no talk about it: who
/// reads another one ends the stream.
pub const VERSION: u8 = 1;
/// Bytes before a body.
pub const HEADER_BYTES: usize = 4;
/// Samples of one [`Sound`]: one second. More is sent as two.
pub const SAMPLES_MAX: usize = 16_000;
/// Bytes of the text of one [`Heard`]: what nobody says in eight seconds.
pub const TEXT_BYTES_MAX: usize = 2_000;
/// Bytes of the name of a model.
pub const MODEL_BYTES_MAX: usize = 100;
/// Bytes of a body: the largest one is a second of sound.
pub const BODY_BYTES_MAX: usize = 2 + 4 + 8 + 2 * SAMPLES_MAX;

const OPEN: u8 = 1;
const SOUND: u8 = 2;
const CLOSE: u8 = 3;
const READY: u8 = 64;
const HEARD: u8 = 65;
const BEHIND: u8 = 66;
const CLOSED: u8 = 67;

/// Why a message is not written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A piece of sound is longer than [`SAMPLES_MAX`].
    #[error("{0} samples are more than one message holds")]
    TooManySamples(usize),
    /// A text is longer than [`TEXT_BYTES_MAX`], or a model's name than [`MODEL_BYTES_MAX`].
    #[error("a text of {0} bytes is longer than a message holds")]
    TextTooLong(usize),
}

/// Why a frame is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The header announces more than [`BODY_BYTES_MAX`].
    #[error("a frame of {0} bytes is larger than any message")]
    TooLarge(u32),
    /// Another version of the wire.
    #[error("version {0} of the wire is not spoken here")]
    Version(u8),
    /// A kind that does not exist, or that the other side reads.
    #[error("there is no message of kind {0}")]
    Kind(u8),
    /// The body ends before its message.
    #[error("the body ends early")]
    Short,
    /// The body goes on after its message.
    #[error("{0} bytes follow the message")]
    Trailing(usize),
    /// A field has a value that means nothing, or is longer than it may be.
    #[error("the field {0} means nothing")]
    Field(&'static str),
}

/// How many bytes of body follow a header.
///
/// # Errors
///
/// [`DecodeError::TooLarge`]: nothing that large is ever sent, so nobody waits for it.
pub fn body_bytes(header: [u8; HEADER_BYTES]) -> Result<usize, DecodeError> {
    let announced = u32::from_le_bytes(header);
    match usize::try_from(announced) {
        Ok(bytes) if bytes <= BODY_BYTES_MAX => Ok(bytes),
        Ok(_) | Err(_) => Err(DecodeError::TooLarge(announced)),
    }
}

impl Order {
    /// The whole frame, header and body.
    ///
    /// # Errors
    ///
    /// [`EncodeError`] when the sound is longer than a message.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let body = match self {
            Self::Open { track, language } => Body::new(OPEN)
                .u32(track.0)
                .u8(language.map_or(0, language_number)),
            Self::Sound(sound) => {
                if sound.pcm.len() > SAMPLES_MAX {
                    return Err(EncodeError::TooManySamples(sound.pcm.len()));
                }
                Body::new(SOUND)
                    .u32(sound.track.0)
                    .u64(sound.at_ms)
                    .samples(&sound.pcm)
            }
            Self::Close { track } => Body::new(CLOSE).u32(track.0),
        };
        Ok(body.frame())
    }

    /// The order of a body.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] when it is none.
    pub fn decode(body: &[u8]) -> Result<Self, DecodeError> {
        let (kind, mut rest) = Rest::open(body)?;
        let order = match kind {
            OPEN => Self::Open {
                track: Track(rest.u32()?),
                language: match rest.u8()? {
                    0 => None,
                    number => Some(language(number)?),
                },
            },
            SOUND => Self::Sound(Sound {
                track: Track(rest.u32()?),
                at_ms: rest.u64()?,
                pcm: rest.samples()?,
            }),
            CLOSE => Self::Close {
                track: Track(rest.u32()?),
            },
            other => return Err(DecodeError::Kind(other)),
        };
        rest.end()?;
        Ok(order)
    }
}

impl Report {
    /// The whole frame, header and body.
    ///
    /// # Errors
    ///
    /// [`EncodeError`] when a text is longer than a message holds.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let body = match self {
            Self::Ready { model, languages } => {
                let spoken = languages
                    .iter()
                    .fold(0, |bits, language| bits | language_number(*language));
                Body::new(READY).u8(spoken).text(model, MODEL_BYTES_MAX)?
            }
            Self::Heard(heard) => Body::new(HEARD)
                .u32(heard.track.0)
                .u64(heard.from_ms)
                .u64(heard.to_ms)
                .u8(language_number(heard.language))
                .u8(match heard.stage {
                    Stage::Partial => 0,
                    Stage::Final => 1,
                })
                .text(&heard.text, TEXT_BYTES_MAX)?,
            Self::Behind { track, dropped_ms } => Body::new(BEHIND).u32(track.0).u64(*dropped_ms),
            Self::Closed { track } => Body::new(CLOSED).u32(track.0),
        };
        Ok(body.frame())
    }

    /// The report of a body.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] when it is none.
    pub fn decode(body: &[u8]) -> Result<Self, DecodeError> {
        let (kind, mut rest) = Rest::open(body)?;
        let report = match kind {
            READY => Self::Ready {
                languages: languages(rest.u8()?)?,
                model: rest.text("model", MODEL_BYTES_MAX)?,
            },
            HEARD => Self::Heard(Heard {
                track: Track(rest.u32()?),
                from_ms: rest.u64()?,
                to_ms: rest.u64()?,
                language: language(rest.u8()?)?,
                stage: match rest.u8()? {
                    0 => Stage::Partial,
                    1 => Stage::Final,
                    _ => return Err(DecodeError::Field("stage")),
                },
                text: rest.text("text", TEXT_BYTES_MAX)?,
            }),
            BEHIND => Self::Behind {
                track: Track(rest.u32()?),
                dropped_ms: rest.u64()?,
            },
            CLOSED => Self::Closed {
                track: Track(rest.u32()?),
            },
            other => return Err(DecodeError::Kind(other)),
        };
        rest.end()?;
        Ok(report)
    }
}

/// A number of each, so that a set of them is a byte.
const fn language_number(language: Language) -> u8 {
    match language {
        Language::French => 1,
        Language::English => 2,
    }
}

fn language(number: u8) -> Result<Language, DecodeError> {
    Language::ALL
        .into_iter()
        .find(|known| language_number(*known) == number)
        .ok_or(DecodeError::Field("language"))
}

fn languages(bits: u8) -> Result<Vec<Language>, DecodeError> {
    if bits > 3 {
        return Err(DecodeError::Field("languages"));
    }
    let spoken = |known: &Language| bits & language_number(*known) != 0;
    Ok(Language::ALL.into_iter().filter(spoken).collect())
}

/// A body that is written.
struct Body(Vec<u8>);

impl Body {
    fn new(kind: u8) -> Self {
        // Room for the header, which is known last.
        Self(vec![0, 0, 0, 0, VERSION, kind])
    }

    fn u8(mut self, value: u8) -> Self {
        self.0.push(value);
        self
    }

    fn u32(mut self, value: u32) -> Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    fn u64(mut self, value: u64) -> Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    fn samples(mut self, pcm: &[i16]) -> Self {
        self.0.extend(pcm.iter().flat_map(|it| it.to_le_bytes()));
        self
    }

    fn text(mut self, text: &str, bytes_max: usize) -> Result<Self, EncodeError> {
        if text.len() > bytes_max {
            return Err(EncodeError::TextTooLong(text.len()));
        }
        self.0.extend_from_slice(text.as_bytes());
        Ok(self)
    }

    fn frame(mut self) -> Vec<u8> {
        let bytes = self.0.len().saturating_sub(HEADER_BYTES);
        // Every field is bounded above, so the length is far below the largest number.
        let announced = u32::try_from(bytes).unwrap_or(u32::MAX);
        for (place, byte) in self.0.iter_mut().zip(announced.to_le_bytes()) {
            *place = byte;
        }
        self.0
    }
}

/// A body that is read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn open(body: &'a [u8]) -> Result<(u8, Self), DecodeError> {
        let mut rest = Self(body);
        match rest.u8()? {
            VERSION => Ok((rest.u8()?, rest)),
            other => Err(DecodeError::Version(other)),
        }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(DecodeError::Short)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn u8(&mut self) -> Result<u8, DecodeError> {
        Ok(u8::from_le_bytes(self.take()?))
    }

    fn u32(&mut self) -> Result<u32, DecodeError> {
        Ok(u32::from_le_bytes(self.take()?))
    }

    fn u64(&mut self) -> Result<u64, DecodeError> {
        Ok(u64::from_le_bytes(self.take()?))
    }

    /// Everything that is left, as samples.
    fn samples(&mut self) -> Result<Vec<i16>, DecodeError> {
        let (pairs, odd) = self.0.as_chunks();
        if !odd.is_empty() || pairs.len() > SAMPLES_MAX {
            return Err(DecodeError::Field("pcm"));
        }
        self.0 = &[];
        Ok(pairs.iter().map(|pair| i16::from_le_bytes(*pair)).collect())
    }

    /// Everything that is left, as text.
    fn text(&mut self, field: &'static str, bytes_max: usize) -> Result<String, DecodeError> {
        let bytes = std::mem::take(&mut self.0);
        match std::str::from_utf8(bytes) {
            Ok(text) if bytes.len() <= bytes_max => Ok(text.to_owned()),
            Ok(_) | Err(_) => Err(DecodeError::Field(field)),
        }
    }

    fn end(&self) -> Result<(), DecodeError> {
        match self.0.len() {
            0 => Ok(()),
            bytes => Err(DecodeError::Trailing(bytes)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn body(frame: &[u8]) -> &[u8] {
        let (header, body) = frame.split_first_chunk().unwrap();
        assert_eq!(body_bytes(*header), Ok(body.len()));
        body
    }

    fn languages() -> impl Strategy<Value = Language> {
        prop_oneof![Just(Language::French), Just(Language::English)]
    }

    fn orders() -> impl Strategy<Value = Order> {
        let track = any::<u32>().prop_map(Track);
        prop_oneof![
            (track.clone(), proptest::option::of(languages()))
                .prop_map(|(track, language)| Order::Open { track, language }),
            (
                track.clone(),
                any::<u64>(),
                prop::collection::vec(any::<i16>(), 0..400)
            )
                .prop_map(|(track, at_ms, pcm)| Order::Sound(Sound {
                    track,
                    at_ms,
                    pcm
                })),
            track.prop_map(|track| Order::Close { track }),
        ]
    }

    fn reports() -> impl Strategy<Value = Report> {
        let track = any::<u32>().prop_map(Track);
        let stage = prop_oneof![Just(Stage::Partial), Just(Stage::Final)];
        prop_oneof![
            (
                ".{0,20}",
                prop::sample::subsequence(Language::ALL.to_vec(), 0..=2)
            )
                .prop_map(|(model, languages)| Report::Ready { model, languages }),
            (
                track.clone(),
                any::<u64>(),
                any::<u64>(),
                languages(),
                ".{0,40}",
                stage
            )
                .prop_map(|(track, from_ms, to_ms, language, text, stage)| {
                    Report::Heard(Heard {
                        track,
                        from_ms,
                        to_ms,
                        language,
                        text,
                        stage,
                    })
                }),
            (track.clone(), any::<u64>())
                .prop_map(|(track, dropped_ms)| Report::Behind { track, dropped_ms }),
            track.prop_map(|track| Report::Closed { track }),
        ]
    }

    proptest! {
        #[test]
        fn an_order_is_read_as_it_was_written(order in orders()) {
            prop_assert_eq!(Order::decode(body(&order.encode().unwrap())), Ok(order));
        }

        #[test]
        fn a_report_is_read_as_it_was_written(report in reports()) {
            prop_assert_eq!(Report::decode(body(&report.encode().unwrap())), Ok(report));
        }

        #[test]
        fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = (Order::decode(&bytes), Report::decode(&bytes));
        }

        #[test]
        fn a_body_that_is_cut_is_not_a_shorter_message_by_chance(report in reports()) {
            let frame = report.encode().unwrap();
            let body = body(&frame);
            // Texts are last and have no length of their own: the frame has it.
            let fixed = match report {
                Report::Ready { .. } => 3,
                Report::Heard(_) => 24,
                Report::Behind { .. } => 14,
                Report::Closed { .. } => 6,
            };
            for end in 0..fixed {
                prop_assert_eq!(Report::decode(&body[..end]), Err(DecodeError::Short));
            }
        }
    }

    #[test]
    fn a_full_second_of_sound_is_the_largest_frame_and_more_is_refused() {
        let second = |samples| {
            Order::Sound(Sound {
                track: Track(1),
                at_ms: 0,
                pcm: vec![-1; samples],
            })
        };
        let frame = second(SAMPLES_MAX).encode().unwrap();
        assert_eq!(body(&frame).len(), BODY_BYTES_MAX);
        assert_eq!(
            second(SAMPLES_MAX + 1).encode(),
            Err(EncodeError::TooManySamples(SAMPLES_MAX + 1))
        );
        assert_eq!(
            body_bytes(u32::try_from(BODY_BYTES_MAX + 1).unwrap().to_le_bytes()),
            Err(DecodeError::TooLarge(32_015))
        );
    }

    #[test]
    fn another_version_kind_or_value_is_named() {
        let close = Order::Close { track: Track(7) };
        let frame = close.encode().unwrap();
        let changed = |place: usize, value: u8| {
            let mut bytes = body(&frame).to_vec();
            bytes[place] = value;
            Order::decode(&bytes)
        };
        assert_eq!(changed(0, 9), Err(DecodeError::Version(9)));
        assert_eq!(changed(1, READY), Err(DecodeError::Kind(READY)));
        let longer = [body(&frame), &[0]].concat();
        assert_eq!(Order::decode(&longer), Err(DecodeError::Trailing(1)));
        assert_eq!(
            Order::decode(&[VERSION, OPEN, 0, 0, 0, 0, 3]),
            Err(DecodeError::Field("language"))
        );
        assert_eq!(
            Report::decode(&[VERSION, READY, 1, 0xff]),
            Err(DecodeError::Field("model"))
        );
    }

    #[test]
    fn what_was_said_is_not_printed() {
        let heard = Report::Heard(Heard {
            track: Track(1),
            from_ms: 0,
            to_ms: 900,
            language: Language::French,
            text: "fièvre".to_owned(),
            stage: Stage::Final,
        });
        assert!(!format!("{heard:?}").contains("fièvre"));
        let sound = Order::Sound(Sound {
            track: Track(1),
            at_ms: 0,
            pcm: vec![1234],
        });
        assert!(!format!("{sound:?}").contains("1234"));
    }
}
