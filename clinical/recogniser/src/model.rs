//! A folder with a model, whose hashes are known before anything of it is used.

use std::path::{Path, PathBuf};
use std::{fs, io};

use sha2::{Digest, Sha256};

use crate::hearing::{Ear, Quiet};
use crate::vocabulary::{Vocabulary, VocabularyError};
use crate::weights::{Weights, WeightsError};
use crate::whisper::Whisper;

/// Files of a folder.
const MODEL: &str = "model.bin";
const VOCABULARY: &str = "vocabulary.txt";
const CONFIG: &str = "config.json";

/// A model that was measured (`docs/captions.md`), with the SHA-256 of its files.
struct Known {
    name: &'static str,
    files: [(&'static str, &'static str); 3],
}

const KNOWN: &[Known] = &[Known {
    name: "whisper-base",
    files: [
        (
            MODEL,
            "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
        ),
        (
            VOCABULARY,
            "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
        ),
        (
            CONFIG,
            "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
        ),
    ],
}];

/// Why a model is not loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file cannot be read.
    #[error("{} cannot be read: fetch the weights with `make captions-weights`, or give their folder", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The file is not the one that was measured, nor the one whose hash was given.
    #[error("{} has the SHA-256 {found}, which is no known model's: fetch it again, or give this hash with --sha256 if these weights are your own", path.display())]
    Unknown {
        /// Which.
        path: PathBuf,
        /// Its hash, in hexadecimal.
        found: String,
    },
    /// The vocabulary is no text.
    #[error("{VOCABULARY} is no text in UTF-8")]
    Text(#[from] std::string::FromUtf8Error),
    /// The vocabulary lacks something.
    #[error(transparent)]
    Vocabulary(#[from] VocabularyError),
    /// The configuration is no JSON.
    #[error("{CONFIG} is no JSON")]
    Config(#[from] serde_json::Error),
    /// The weights are no model.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The model has tokens without words, or words without tokens.
    #[error("the model has {tokens} tokens and the vocabulary {words}")]
    Mismatch {
        /// Of the model.
        tokens: usize,
        /// Of the vocabulary.
        words: usize,
    },
}

/// A model that can be used.
#[derive(Debug)]
pub struct Model {
    /// What it is called; with the beginning of its hash where it is not a known one.
    pub name: String,
    /// What hears.
    pub ear: Ear,
}

impl Model {
    /// Loads the model of a folder. `own` is the SHA-256 of a `model.bin` that is trusted although it
    /// is not known here; its vocabulary and configuration are then taken as they are.
    ///
    /// # Errors
    ///
    /// [`LoadError`], which says what to do.
    pub fn load(folder: &Path, own: Option<&str>) -> Result<Self, LoadError> {
        let (bytes, hash) = hashed(folder, MODEL)?;
        let (vocabulary, vocabulary_hash) = hashed(folder, VOCABULARY)?;
        let (config, config_hash) = hashed(folder, CONFIG)?;
        let name = if own.is_some_and(|own| own.eq_ignore_ascii_case(&hash)) {
            format!("whisper ({})", hash.get(..8).unwrap_or_default())
        } else {
            let found = [&hash, &vocabulary_hash, &config_hash];
            known(folder, found)?.to_owned()
        };
        let weights = Weights::parse(&bytes)?;
        drop(bytes);
        let whisper = Whisper::new(weights)?;
        let vocabulary = Vocabulary::parse(&String::from_utf8(vocabulary)?)?;
        let quiet = Quiet::parse(&String::from_utf8(config)?)?;
        if whisper.vocabulary() != vocabulary.len() {
            return Err(LoadError::Mismatch {
                tokens: whisper.vocabulary(),
                words: vocabulary.len(),
            });
        }
        Ok(Self {
            name,
            ear: Ear::new(whisper, vocabulary, quiet),
        })
    }
}

fn hashed(folder: &Path, file: &str) -> Result<(Vec<u8>, String), LoadError> {
    let path = folder.join(file);
    let bytes = fs::read(&path).map_err(|source| LoadError::Read { path, source })?;
    let hash = Sha256::digest(&bytes);
    let hash = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((bytes, hash))
}

/// The name of the model that has these hashes, in the order of [`Known::files`].
fn known(folder: &Path, found: [&String; 3]) -> Result<&'static str, LoadError> {
    let unknown = |file: &str, found: &String| LoadError::Unknown {
        path: folder.join(file),
        found: found.clone(),
    };
    let [model, ..] = found;
    let model = KNOWN
        .iter()
        .find(|known| known.files[0].1 == model)
        .ok_or_else(|| unknown(MODEL, model))?;
    for ((file, wanted), found) in model.files.iter().zip(found) {
        if wanted != found {
            return Err(unknown(file, found));
        }
    }
    Ok(model.name)
}
