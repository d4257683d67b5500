//! The encoder of BERT (Devlin et al. 2018), forward only, and the mean of what it says of each piece.

use layers::{Linear, Norm, Rows, attend, gelu};
use ndarray::{Array1, Array2, Axis};

use crate::file::{File, WeightsError};

/// The network.
#[derive(Debug)]
pub(crate) struct Network {
    file: File,
    places: Rows,
    /// What is added to every piece: all texts are of the first kind.
    kind: Array1<f32>,
    begun: Norm,
    layers: Vec<Layer>,
}

#[derive(Debug)]
struct Layer {
    queries: Linear,
    keys: Linear,
    values: Linear,
    join: Linear,
    attended: Norm,
    wide: Linear,
    narrow: Linear,
    fed: Norm,
}

impl Network {
    pub(crate) fn new(file: File) -> Result<Self, WeightsError> {
        let shape = file.shape;
        let (width, wide) = (shape.width, shape.wide);
        let places = file.vector("emb.pos", shape.places * width)?;
        let places = Array2::from_shape_vec((shape.places, width), places.to_vec())
            .map_err(|_shape| WeightsError::Tensor("emb.pos".to_owned()))?;
        let layer = |number: usize| -> Result<Layer, WeightsError> {
            let square = |name: &str| file.linear(&format!("l{number}.{name}"), width, width);
            Ok(Layer {
                queries: square("q")?,
                keys: square("k")?,
                values: square("v")?,
                join: square("ao")?,
                attended: file.norm(&format!("l{number}.aln"))?,
                wide: file.linear(&format!("l{number}.fi"), wide, width)?,
                narrow: file.linear(&format!("l{number}.fo"), width, wide)?,
                fed: file.norm(&format!("l{number}.oln"))?,
            })
        };
        Ok(Self {
            places,
            kind: file.vector("emb.type", width)?,
            begun: file.norm("emb.ln")?,
            layers: (0..shape.layers).map(layer).collect::<Result<_, _>>()?,
            file,
        })
    }

    /// Pieces of the longest text.
    pub(crate) fn pieces_max(&self) -> usize {
        self.file.shape.places
    }

    /// Where the meaning of a text points: numbers whose squares add up to 1.
    pub(crate) fn direction(&self, pieces: &[u32]) -> Result<Vec<f32>, WeightsError> {
        let mut state = Rows::zeros((pieces.len(), self.file.shape.width));
        let places = self.places.rows().into_iter();
        for ((mut row, piece), place) in state.rows_mut().into_iter().zip(pieces).zip(places) {
            let piece = usize::try_from(*piece).unwrap_or(usize::MAX);
            row.assign(&Array1::from(self.file.row("emb.word", piece)?));
            row += &place;
            row += &self.kind;
        }
        let mut state = self.begun.forward(&state);
        for layer in &self.layers {
            let seen = attend(
                &layer.queries.forward(&state),
                &layer.keys.forward(&state),
                &layer.values.forward(&state),
                self.file.shape.heads,
                false,
            );
            state = layer.attended.forward(&(state + layer.join.forward(&seen)));
            let fed = gelu(layer.wide.forward(&state));
            state = layer.fed.forward(&(state + layer.narrow.forward(&fed)));
        }
        let mean = state.mean_axis(Axis(0)).unwrap_or_default();
        let length = mean.dot(&mean).sqrt().max(f32::MIN_POSITIVE);
        Ok((mean / length).to_vec())
    }
}
