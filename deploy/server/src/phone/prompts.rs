//! What is said to callers: a file for each prompt and language.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sfu_bridge::Prompt as Clip;
use signaling_sip::{Language, Prompt};

/// Samples in a second of the files.
const RATE_HZ: u32 = 16_000;
/// The longest prompt, in samples: a minute. What is longer is another file by mistake.
const SAMPLES_MAX: u32 = 60 * RATE_HZ;

/// A file of a prompt that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum PromptError {
    #[error("{path} cannot be read; `scripts/prompts` makes the files, and each may be replaced", path = path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: hound::Error,
    },
    #[error("{path} is not of one channel with 16 bits at 16000 Hz, or longer than a minute", path = path.display())]
    Form { path: PathBuf },
}

/// All prompts. Clones are the same.
#[derive(Clone)]
pub(super) struct Prompts(Arc<BTreeMap<(&'static str, &'static str), Clip>>);

const fn folder(language: Language) -> &'static str {
    match language {
        Language::French => "fr",
        Language::English => "en",
    }
}

impl Prompts {
    /// Reads `fr/NAME.wav` and `en/NAME.wav` of a folder, for every prompt.
    pub(super) fn read(root: &Path) -> Result<Self, PromptError> {
        let mut clips = BTreeMap::new();
        for language in [Language::French, Language::English] {
            for prompt in Prompt::ALL {
                let folder = folder(language);
                let path = root.join(folder).join(format!("{}.wav", prompt.name()));
                clips.insert((folder, prompt.name()), read(path)?);
            }
        }
        Ok(Self(Arc::new(clips)))
    }

    /// The sound of a prompt.
    pub(super) fn clip(&self, prompt: Prompt, language: Language) -> Clip {
        let clip = self.0.get(&(folder(language), prompt.name()));
        clip.cloned().unwrap_or_else(|| Clip::pause(1))
    }
}

fn read(path: PathBuf) -> Result<Clip, PromptError> {
    let failed = |source| PromptError::Read {
        path: path.clone(),
        source,
    };
    let mut file = hound::WavReader::open(&path).map_err(failed)?;
    let spec = file.spec();
    let fits = spec.channels == 1
        && spec.sample_rate == RATE_HZ
        && spec.bits_per_sample == 16
        && spec.sample_format == hound::SampleFormat::Int
        && file.len() <= SAMPLES_MAX;
    if !fits {
        return Err(PromptError::Form { path });
    }
    let samples: Result<Vec<i16>, _> = file.samples().collect();
    Ok(Clip::from_wide(samples.map_err(failed)?))
}
