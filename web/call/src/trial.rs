//! The connection test before a visit: facts into one sentence that a person can act on.

/// A test that has shown nothing by then has failed, in milliseconds.
const MS_MAX: u64 = 12_000;
/// Echo is watched for this long before it is called good, in milliseconds.
const MS_MIN: u64 = 2_500;
/// Echoed speech packets that prove the way; 50 come in a second.
const AUDIO_PACKETS_MIN: u64 = 25;
/// Echoed pictures that prove the way.
const FRAMES_MIN: u64 = 5;

/// How far a test has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Reach {
    /// Nobody has answered.
    #[default]
    Nothing,
    /// The server greeted us.
    Server,
    /// The peer connection is connected.
    Media,
}

/// What is known of a running test.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct TrialFacts {
    /// Time since the test began.
    pub elapsed_ms: u64,
    /// How far it has come.
    pub reach: Reach,
    /// The server ended the test or refused it.
    pub over: bool,
    /// A microphone is sent.
    pub microphone: bool,
    /// A camera is sent.
    pub camera: bool,
    /// Own speech packets that came back.
    pub audio_packets: u64,
    /// Own pictures that came back.
    pub frames: u64,
    /// Round trip in milliseconds.
    pub rtt_ms: Option<f64>,
    /// Lost share, 0 ..= 1.
    pub loss: Option<f64>,
}

/// What a test says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Sound (and picture, if there is a camera) come back.
    Works,
    /// It works, with long delays or losses.
    Weak,
    /// The server cannot be reached.
    NoServer,
    /// The server can be reached, media cannot pass.
    Blocked,
    /// The connection stands, no sound came back.
    NoSound,
    /// Sound came back, pictures did not.
    NoPicture,
}

/// A connection test.
#[derive(Debug, Clone, Copy, Default)]
pub struct Trial;

impl Trial {
    /// The verdict, as soon as there is one.
    #[must_use]
    pub fn judge(facts: &TrialFacts) -> Option<Verdict> {
        let sound = !facts.microphone || facts.audio_packets >= AUDIO_PACKETS_MIN;
        let picture = !facts.camera || facts.frames >= FRAMES_MIN;
        if facts.reach == Reach::Media && sound && picture && facts.elapsed_ms >= MS_MIN {
            let slow = facts.rtt_ms.is_some_and(|rtt| rtt > 400.0);
            let lossy = facts.loss.is_some_and(|loss| loss > 0.06);
            return Some(if slow || lossy {
                Verdict::Weak
            } else {
                Verdict::Works
            });
        }
        if !facts.over && facts.elapsed_ms < MS_MAX {
            return None;
        }
        Some(if facts.reach == Reach::Nothing {
            Verdict::NoServer
        } else if facts.reach == Reach::Server {
            Verdict::Blocked
        } else if !sound {
            Verdict::NoSound
        } else if !picture {
            Verdict::NoPicture
        } else {
            Verdict::Weak
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: TrialFacts = TrialFacts {
        elapsed_ms: 3_000,
        reach: Reach::Media,
        over: false,
        microphone: true,
        camera: true,
        audio_packets: 60,
        frames: 30,
        rtt_ms: Some(30.0),
        loss: Some(0.0),
    };

    #[test]
    fn a_good_echo_works() {
        assert_eq!(Trial::judge(&GOOD), Some(Verdict::Works));
    }

    #[test]
    fn a_test_does_not_answer_before_it_knows() {
        let early = TrialFacts {
            elapsed_ms: 1_000,
            ..GOOD
        };
        assert_eq!(Trial::judge(&early), None);
        let silent = TrialFacts {
            audio_packets: 0,
            ..GOOD
        };
        assert_eq!(Trial::judge(&silent), None);
    }

    #[test]
    fn each_failure_has_its_own_word() {
        let late = |change: fn(&mut TrialFacts)| {
            let mut facts = TrialFacts {
                elapsed_ms: 12_000,
                ..GOOD
            };
            change(&mut facts);
            Trial::judge(&facts)
        };
        assert_eq!(late(|f| f.audio_packets = 0), Some(Verdict::NoSound));
        assert_eq!(late(|f| f.frames = 0), Some(Verdict::NoPicture));
        assert_eq!(late(|f| f.reach = Reach::Server), Some(Verdict::Blocked));
        assert_eq!(late(|f| f.reach = Reach::Nothing), Some(Verdict::NoServer));
        assert_eq!(late(|f| f.loss = Some(0.2)), Some(Verdict::Weak));
    }

    #[test]
    fn a_missing_camera_is_no_failure() {
        let heard_only = TrialFacts {
            camera: false,
            frames: 0,
            ..GOOD
        };
        assert_eq!(Trial::judge(&heard_only), Some(Verdict::Works));
    }
}
