//! The sound of prompts, from a folder of files that `scripts/prompts` makes or a clinic has recorded.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sfu_phone::Rate;
use signaling_sip::{Language, Prompt};
use thiserror::Error;

use crate::wav::{WavError, read_wav};

/// Bytes of one file: a minute at 16 kHz. Nobody listens longer.
const FILE_BYTES_MAX: u64 = 2_000_000;
/// Languages with their names in files.
const LANGUAGES: [(Language, &str); 2] = [(Language::French, "fr"), (Language::English, "en")];
/// Rates with their names in files.
const RATES: [(Rate, &str); 2] = [(Rate::Narrow, "8k"), (Rate::Wide, "16k")];

/// Why the prompts of a folder are not taken.
#[derive(Debug, Error)]
pub enum PromptError {
    /// A file is missing or cannot be read.
    #[error("{path} cannot be read; `scripts/prompts FOLDER` makes all that are missing")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        why: std::io::Error,
    },
    /// A file is very long.
    #[error("{0} is longer than a minute: nobody listens so long")]
    Long(PathBuf),
    /// A file that is something else.
    #[error(
        "{path} must be a WAV file of {hz} Hz, mono, 16 bits; `ffmpeg -i IN -ar {hz} -ac 1 -sample_fmt s16 OUT` makes one"
    )]
    Form {
        /// The file.
        path: PathBuf,
        /// The rate that it must have.
        hz: u32,
        /// Why.
        #[source]
        why: WavError,
    },
}

/// All prompts, in all languages and rates.
#[derive(Clone)]
pub struct Prompts {
    sounds: BTreeMap<(Prompt, Language, Rate), Arc<[i16]>>,
}

impl core::fmt::Debug for Prompts {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Prompts")
            .field("sounds", &self.sounds.len())
            .finish()
    }
}

impl Prompts {
    /// Reads `NAME.LANGUAGE.RATE.wav` for all of them, such as `welcome.fr.8k.wav`.
    ///
    /// # Errors
    /// With the first file that is missing or wrong: a caller must not stand in silence.
    pub fn load(folder: &Path) -> Result<Self, PromptError> {
        let mut sounds = BTreeMap::new();
        for prompt in Prompt::ALL {
            for (language, language_name) in LANGUAGES {
                for (rate, rate_name) in RATES {
                    let name = format!("{}.{language_name}.{rate_name}.wav", prompt.name());
                    let sound = load_one(folder.join(name), rate)?;
                    sounds.insert((prompt, language, rate), sound.into());
                }
            }
        }
        Ok(Self { sounds })
    }

    /// The samples of a prompt.
    #[must_use]
    pub fn sound(&self, prompt: Prompt, language: Language, rate: Rate) -> Arc<[i16]> {
        let sound = self.sounds.get(&(prompt, language, rate));
        sound.cloned().unwrap_or_else(|| Arc::from([]))
    }
}

fn load_one(path: PathBuf, rate: Rate) -> Result<Vec<i16>, PromptError> {
    let mut bytes = Vec::new();
    let read = File::open(&path).and_then(|file| {
        file.take(FILE_BYTES_MAX.saturating_add(1))
            .read_to_end(&mut bytes)
    });
    match read {
        Err(why) => return Err(PromptError::Read { path, why }),
        Ok(length) if length as u64 > FILE_BYTES_MAX => return Err(PromptError::Long(path)),
        Ok(_) => {}
    }
    read_wav(&bytes, rate.hz()).map_err(|why| PromptError::Form {
        path,
        hz: rate.hz(),
        why,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wav(hz: u32) -> Vec<u8> {
        let mut bytes = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
        bytes.extend(hz.to_le_bytes());
        bytes.extend([0, 0, 0, 0, 2, 0, 16, 0]);
        bytes.extend(b"data\x02\0\0\0\x07\0");
        bytes
    }

    #[test]
    fn a_whole_folder_is_taken_and_what_is_missing_or_wrong_is_named() {
        let folder = std::env::temp_dir().join(format!("prompts-{}", rand::random::<u64>()));
        std::fs::create_dir(&folder).unwrap();
        let error = Prompts::load(&folder).unwrap_err().to_string();
        assert!(
            error.contains("welcome.fr.8k.wav") && error.contains("scripts/prompts"),
            "{error}"
        );
        for prompt in Prompt::ALL {
            for (_, language) in LANGUAGES {
                for (rate, name) in RATES {
                    let path = folder.join(format!("{}.{language}.{name}.wav", prompt.name()));
                    std::fs::write(path, wav(rate.hz())).unwrap();
                }
            }
        }
        let prompts = Prompts::load(&folder).unwrap();
        let sound = prompts.sound(Prompt::Goodbye, Language::English, Rate::Wide);
        assert_eq!(*sound, [7]);
        std::fs::write(folder.join("goodbye.en.16k.wav"), wav(8_000)).unwrap();
        let error = Prompts::load(&folder).unwrap_err().to_string();
        assert!(
            error.contains("goodbye.en.16k.wav") && error.contains("16000"),
            "{error}"
        );
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
