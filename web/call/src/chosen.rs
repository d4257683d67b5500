//! What becomes of a device that a person chooses from a list.

use signaling_protocol::{Source, Sources};

/// What is done with a device that was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choosing {
    /// It takes the place of the open one at once.
    Open,
    /// It is used when its source is switched on; until then it stays off.
    Remember,
}

impl Choosing {
    /// `on` is what is switched on, `open` what has a device that runs. A list of devices switches nothing
    /// on: a camera runs while it is on and no longer. A microphone that is muted runs on in silence, so
    /// another one takes its place there, in silence as well.
    #[must_use]
    pub const fn of(source: Source, on: Sources, open: Sources) -> Self {
        let runs = match source {
            Source::Camera => on.camera,
            Source::Microphone => on.microphone || open.microphone,
            // A screen is chosen in a question of the browser's own.
            Source::Screen => false,
        };
        if runs { Self::Open } else { Self::Remember }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Sources = Sources {
        microphone: false,
        camera: false,
        screen: false,
    };
    const CAMERA: Sources = Sources {
        camera: true,
        ..NOTHING
    };
    const MICROPHONE: Sources = Sources {
        microphone: true,
        ..NOTHING
    };

    #[test]
    fn a_camera_that_is_off_stays_off_whatever_is_chosen() {
        for open in [NOTHING, CAMERA, MICROPHONE] {
            let chosen = Choosing::of(Source::Camera, MICROPHONE, open);
            assert_eq!(chosen, Choosing::Remember);
        }
        let chosen = Choosing::of(Source::Camera, CAMERA, CAMERA);
        assert_eq!(chosen, Choosing::Open);
    }

    #[test]
    fn a_muted_microphone_is_replaced_and_one_that_never_ran_is_not_opened() {
        let of = |on, open| Choosing::of(Source::Microphone, on, open);
        assert_eq!(of(CAMERA, MICROPHONE), Choosing::Open);
        assert_eq!(of(MICROPHONE, NOTHING), Choosing::Open);
        assert_eq!(of(CAMERA, CAMERA), Choosing::Remember);
    }

    #[test]
    fn a_screen_is_never_opened_by_a_list() {
        let all = Sources {
            screen: true,
            ..CAMERA
        };
        assert_eq!(Choosing::of(Source::Screen, all, all), Choosing::Remember);
    }
}
