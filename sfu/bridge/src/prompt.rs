//! Sound that was made before: prompts, music, tones.

use std::sync::Arc;

use sfu_phone::{Rate, halved};

/// A piece of mono sound of 16 bits, at both rates of telephones. A copy shares the samples.
#[derive(Clone, PartialEq, Eq)]
pub struct Prompt {
    narrow: Arc<[i16]>,
    wide: Arc<[i16]>,
}

impl core::fmt::Debug for Prompt {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Prompt")
            .field("samples_16k", &self.wide.len())
            .finish_non_exhaustive()
    }
}

impl Prompt {
    /// The same sound at 8 and at 16 kHz.
    #[must_use]
    pub fn new(narrow: impl Into<Arc<[i16]>>, wide: impl Into<Arc<[i16]>>) -> Self {
        Self {
            narrow: narrow.into(),
            wide: wide.into(),
        }
    }

    /// Sound at 16 kHz; that for 8 kHz is made of it.
    #[must_use]
    pub fn from_wide(wide: impl Into<Arc<[i16]>>) -> Self {
        let wide = wide.into();
        Self {
            narrow: halved(&wide).into(),
            wide,
        }
    }

    /// A pause of so many milliseconds.
    #[must_use]
    pub fn pause(ms: u16) -> Self {
        let ms = usize::from(ms);
        Self::new(
            vec![0; ms * Rate::Narrow.per_ms()],
            vec![0; ms * Rate::Wide.per_ms()],
        )
    }

    /// Its samples at a rate.
    #[must_use]
    pub fn samples(&self, rate: Rate) -> &[i16] {
        match rate {
            Rate::Narrow => &self.narrow,
            Rate::Wide => &self.wide,
        }
    }
}
