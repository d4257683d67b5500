//! What hears the words of a visit: Whisper, behind the wire of the crate `speech`.
//!
//! This crate is a process of its own, so that the server links none of it and a crash here touches
//! no call. It knows voices by number and nothing else: no visit, no person, no network. It never
//! writes down what it hears but to the pipe that the server reads.
//!
//! From outside to inside: [`Model`] is a folder of weights whose hashes are known; [`Ear`] hears one
//! utterance; [`Whisper`] is the network; [`Weights`], [`Vocabulary`] and [`Mel`] are what it needs.

mod hearing;
mod judge;
mod mel;
mod model;
mod process;
mod queue;
mod tongue;
mod vocabulary;
mod weights;
mod whisper;

pub use hearing::{Ear, Heard, Quiet};
pub use mel::Mel;
pub use model::{LoadError, Model};
pub use process::{ProcessError, run};
pub use vocabulary::{Marks, Vocabulary, VocabularyError};
pub use weights::{Numbers, Weights, WeightsError};
pub use whisper::{SayError, Saying, Whisper};
