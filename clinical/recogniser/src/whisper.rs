//! Whisper, forward only: an encoder of sound and a decoder that says one token after the other.
//!
//! The model of Radford et al. 2022 ("Robust Speech Recognition via Large-Scale Weak Supervision").
//! The decoder keeps keys and values of what it has said, so a token costs one row.

use layers::{Convolution, Linear, Norm, Rows, attend, columns, gelu, product, some_of};
use ndarray::{Array1, Array2, Axis, concatenate};

use crate::weights::{Weights, WeightsError};

/// What norms of Whisper add to a variance.
const EPSILON: f32 = 1e-5;

/// Why nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SayError {
    /// More was said than [`Whisper::tokens_max`].
    #[error("the text is longer than the model can say")]
    TooLong,
    /// There is no such token.
    #[error("the model has no token {0}")]
    NoToken(u32),
}

/// A model.
#[derive(Debug)]
pub struct Whisper {
    first: Convolution,
    second: Convolution,
    positions: Rows,
    encoder: Vec<EncoderLayer>,
    encoded: Norm,
    tokens: Rows,
    places: Rows,
    decoder: Vec<DecoderLayer>,
    decoded: Norm,
    bands: usize,
}

#[derive(Debug)]
struct EncoderLayer {
    attention: SelfAttention,
    feed: Feed,
}

#[derive(Debug)]
struct DecoderLayer {
    attention: SelfAttention,
    cross: CrossAttention,
    feed: Feed,
}

/// What the decoder knows of one utterance.
#[derive(Debug)]
pub struct Saying {
    layers: Vec<Memory>,
    place: usize,
}

#[derive(Debug)]
struct Memory {
    sound: Pairs,
    said: Pairs,
}

/// Keys and values.
#[derive(Debug)]
struct Pairs {
    keys: Rows,
    values: Rows,
}

impl Whisper {
    /// Builds the model from its weights.
    ///
    /// # Errors
    ///
    /// [`WeightsError`] when weights are missing or have other shapes.
    pub fn new(weights: Weights) -> Result<Self, WeightsError> {
        let mut parts = Parts::new(weights)?;
        let first = parts.convolution("encoder/conv1", 1)?;
        let mut encoder = Vec::new();
        while let Some(name) = parts.layer("encoder", encoder.len()) {
            encoder.push(EncoderLayer {
                attention: parts.self_attention(&name)?,
                feed: parts.feed(&name)?,
            });
        }
        let mut decoder = Vec::new();
        while let Some(name) = parts.layer("decoder", decoder.len()) {
            decoder.push(DecoderLayer {
                attention: parts.self_attention(&name)?,
                cross: parts.cross_attention(&name)?,
                feed: parts.feed(&name)?,
            });
        }
        Ok(Self {
            bands: first.linear.weight.ncols() / 3,
            first,
            second: parts.convolution("encoder/conv2", 2)?,
            positions: parts.matrix("encoder/position_encodings/encodings", 0, parts.width)?,
            encoder,
            encoded: parts.norm("encoder/layer_norm")?,
            tokens: parts.matrix("decoder/embeddings/weight", 0, parts.width)?,
            places: parts.matrix("decoder/position_encodings/encodings", 0, parts.width)?,
            decoder,
            decoded: parts.norm("decoder/layer_norm")?,
        })
    }

    /// Rows of the spectrogram.
    #[must_use]
    pub const fn bands(&self) -> usize {
        self.bands
    }

    /// Tokens that can be said.
    #[must_use]
    pub fn vocabulary(&self) -> usize {
        self.tokens.nrows()
    }

    /// Columns of the longest spectrogram: 30 s.
    #[must_use]
    pub fn columns_max(&self) -> usize {
        self.positions.nrows() * 2
    }

    /// Tokens of the longest text, its beginning included.
    #[must_use]
    pub fn tokens_max(&self) -> usize {
        self.places.nrows()
    }

    /// Hears a spectrogram, which is [`Whisper::bands`] rows of numbers. What is behind
    /// [`Whisper::columns_max`] is not heard.
    #[must_use]
    pub fn hear(&self, picture: &[f32]) -> Saying {
        let columns = picture.len() / self.bands;
        let heard = columns.min(self.columns_max());
        // Moments are rows from here on.
        let moments = Array2::from_shape_fn((heard, self.bands), |(moment, band)| {
            picture.get(band * columns + moment).copied().unwrap_or(0.0)
        });
        let sound = gelu(self.first.forward(moments.view()));
        let mut sound = gelu(self.second.forward(sound.view()));
        sound += &some_of(&self.positions, 0..sound.nrows());
        for layer in &self.encoder {
            sound += &layer.attention.everywhere(&sound);
            sound += &layer.feed.forward(&sound);
        }
        let sound = self.encoded.forward(&sound);
        let memory = |layer: &DecoderLayer| Memory {
            sound: layer.cross.remember(&sound),
            said: Pairs {
                keys: Rows::zeros((0, sound.ncols())),
                values: Rows::zeros((0, sound.ncols())),
            },
        };
        Saying {
            layers: self.decoder.iter().map(memory).collect(),
            place: 0,
        }
    }

    /// Says tokens, and answers how likely each token is next (as logits).
    ///
    /// # Errors
    ///
    /// [`SayError`]; then nothing was said.
    pub fn say(&self, saying: &mut Saying, tokens: &[u32]) -> Result<Vec<f32>, SayError> {
        let end = saying.place + tokens.len();
        if end > self.tokens_max() {
            return Err(SayError::TooLong);
        }
        let mut state = some_of(&self.places, saying.place..end).to_owned();
        for (mut row, token) in state.rows_mut().into_iter().zip(tokens) {
            let place = usize::try_from(*token).unwrap_or(usize::MAX);
            if place >= self.tokens.nrows() {
                return Err(SayError::NoToken(*token));
            }
            row += &self.tokens.row(place);
        }
        saying.place = end;
        for (layer, memory) in self.decoder.iter().zip(&mut saying.layers) {
            state += &layer.attention.backward(&state, &mut memory.said);
            state += &layer.cross.forward(&state, &memory.sound);
            state += &layer.feed.forward(&state);
        }
        let last = some_of(&state, tokens.len().saturating_sub(1)..tokens.len());
        let last = self.decoded.forward(&last.to_owned());
        Ok(product(&last, &self.tokens).into_iter().collect())
    }
}

/// Two layers over each row for itself.
#[derive(Debug)]
struct Feed {
    norm: Norm,
    wide: Linear,
    narrow: Linear,
}

impl Feed {
    fn forward(&self, state: &Rows) -> Rows {
        let wide = gelu(self.wide.forward(&self.norm.forward(state)));
        self.narrow.forward(&wide)
    }
}

#[derive(Debug)]
struct SelfAttention {
    norm: Norm,
    /// Queries, keys and values side by side.
    split: Linear,
    join: Linear,
    heads: usize,
}

impl SelfAttention {
    /// Every row looks at every row.
    fn everywhere(&self, state: &Rows) -> Rows {
        let [queries, keys, values] = self.split(state);
        let seen = attend(&queries, &keys, &values, self.heads, false);
        self.join.forward(&seen)
    }

    /// Every row looks at those before it and at itself; what was before is remembered.
    fn backward(&self, state: &Rows, before: &mut Pairs) -> Rows {
        let [queries, keys, values] = self.split(state);
        let longer = |old: &Rows, new: &Rows| {
            // Both have the width of the model.
            concatenate(Axis(0), &[old.view(), new.view()]).unwrap_or_default()
        };
        before.keys = longer(&before.keys, &keys);
        before.values = longer(&before.values, &values);
        let seen = attend(&queries, &before.keys, &before.values, self.heads, true);
        self.join.forward(&seen)
    }

    fn split(&self, state: &Rows) -> [Rows; 3] {
        let all = self.split.forward(&self.norm.forward(state));
        let width = all.ncols() / 3;
        let part = |at: usize| columns(&all, at * width..(at + 1) * width).to_owned();
        [part(0), part(1), part(2)]
    }
}

#[derive(Debug)]
struct CrossAttention {
    norm: Norm,
    queries: Linear,
    /// Keys and values side by side.
    sound: Linear,
    join: Linear,
    heads: usize,
}

impl CrossAttention {
    fn remember(&self, sound: &Rows) -> Pairs {
        let both = self.sound.forward(sound);
        let width = both.ncols() / 2;
        Pairs {
            keys: columns(&both, 0..width).to_owned(),
            values: columns(&both, width..2 * width).to_owned(),
        }
    }

    fn forward(&self, state: &Rows, sound: &Pairs) -> Rows {
        let queries = self.queries.forward(&self.norm.forward(state));
        let seen = attend(&queries, &sound.keys, &sound.values, self.heads, false);
        self.join.forward(&seen)
    }
}

/// Weights on their way into a model, each of a shape that is asked for.
struct Parts {
    weights: Weights,
    width: usize,
    encoder_heads: usize,
    decoder_heads: usize,
}

impl Parts {
    fn new(mut weights: Weights) -> Result<Self, WeightsError> {
        let width = weights.rows("encoder/conv1/weight")?;
        let mut heads = |name: &str| {
            let count = weights.count(name)?;
            if width.is_multiple_of(count) {
                Ok(count)
            } else {
                Err(WeightsError::Missing(name.to_owned()))
            }
        };
        Ok(Self {
            encoder_heads: heads("encoder/num_heads")?,
            decoder_heads: heads("decoder/num_heads")?,
            weights,
            width,
        })
    }

    /// The name of a layer, if there is one.
    fn layer(&self, side: &str, number: usize) -> Option<String> {
        let name = format!("{side}/layer_{number}");
        self.weights
            .has(&format!("{name}/ffn/linear_0/weight"))
            .then_some(name)
    }

    fn heads(&self, layer: &str) -> usize {
        if layer.starts_with("encoder") {
            self.encoder_heads
        } else {
            self.decoder_heads
        }
    }

    /// A matrix; 0 stands for any number of rows or columns.
    fn matrix(&mut self, name: &str, rows: usize, columns: usize) -> Result<Rows, WeightsError> {
        let numbers = self.weights.take(name, &[rows, columns])?;
        let shape: [usize; 2] =
            std::array::from_fn(|at| numbers.shape.get(at).copied().unwrap_or(0));
        Array2::from_shape_vec(shape, numbers.values)
            .map_err(|_shape| WeightsError::Missing(name.to_owned()))
    }

    fn vector(&mut self, name: &str, length: usize) -> Result<Array1<f32>, WeightsError> {
        Ok(self.weights.take(name, &[length])?.values.into())
    }

    fn linear(&mut self, name: &str, rows: usize, columns: usize) -> Result<Linear, WeightsError> {
        let weight = self.matrix(&format!("{name}/weight"), rows, columns)?;
        Ok(Linear {
            bias: self.vector(&format!("{name}/bias"), weight.nrows())?,
            weight,
        })
    }

    fn convolution(&mut self, name: &str, stride: usize) -> Result<Convolution, WeightsError> {
        let weight = format!("{name}/weight");
        let numbers = self.weights.take(&weight, &[self.width, 0, 3])?;
        let flat = Array2::from_shape_vec(
            (self.width, numbers.values.len() / self.width),
            numbers.values,
        );
        Ok(Convolution {
            linear: Linear {
                weight: flat.map_err(|_shape| WeightsError::Missing(weight))?,
                bias: self.vector(&format!("{name}/bias"), self.width)?,
            },
            stride,
        })
    }

    fn norm(&mut self, name: &str) -> Result<Norm, WeightsError> {
        Ok(Norm {
            gain: self.vector(&format!("{name}/gamma"), self.width)?,
            bias: self.vector(&format!("{name}/beta"), self.width)?,
            epsilon: EPSILON,
        })
    }

    fn feed(&mut self, layer: &str) -> Result<Feed, WeightsError> {
        let wide = self.linear(&format!("{layer}/ffn/linear_0"), 0, self.width)?;
        Ok(Feed {
            norm: self.norm(&format!("{layer}/ffn/layer_norm"))?,
            narrow: self.linear(
                &format!("{layer}/ffn/linear_1"),
                self.width,
                wide.weight.nrows(),
            )?,
            wide,
        })
    }

    fn self_attention(&mut self, layer: &str) -> Result<SelfAttention, WeightsError> {
        let name = format!("{layer}/self_attention");
        Ok(SelfAttention {
            norm: self.norm(&format!("{name}/layer_norm"))?,
            split: self.linear(&format!("{name}/linear_0"), 3 * self.width, self.width)?,
            join: self.linear(&format!("{name}/linear_1"), self.width, self.width)?,
            heads: self.heads(layer),
        })
    }

    fn cross_attention(&mut self, layer: &str) -> Result<CrossAttention, WeightsError> {
        let name = format!("{layer}/attention");
        Ok(CrossAttention {
            norm: self.norm(&format!("{name}/layer_norm"))?,
            queries: self.linear(&format!("{name}/linear_0"), self.width, self.width)?,
            sound: self.linear(&format!("{name}/linear_1"), 2 * self.width, self.width)?,
            join: self.linear(&format!("{name}/linear_2"), self.width, self.width)?,
            heads: self.heads(layer),
        })
    }
}
