//! The file `model.bin` of CTranslate2: named tensors, one after the other.
//!
//! Version 6: a version, the name and revision of the specification, the number of tensors; for each
//! its name, rank, dimensions, type, bytes and data; then names that mean the same tensor.

use std::collections::BTreeMap;

/// The version of the format that is read.
const VERSION: u32 = 6;
/// What the file must hold.
const SPECIFICATION: &str = "WhisperSpec";
/// Tensors of a file: a large model has some thousand.
const TENSORS_MAX: u32 = 10_000;
/// Dimensions of a tensor.
const RANK_MAX: u8 = 4;

/// Types of numbers. Others are of quantised models, which are not read.
const INT8: u8 = 1;
const INT16: u8 = 2;
const INT32: u8 = 3;
const FLOAT16: u8 = 4;
const FLOAT32: u8 = 0;

/// Why weights are not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeightsError {
    /// The file ends within something.
    #[error("the file of weights ends early")]
    Short,
    /// It is another format, or another version of it.
    #[error("the file is no model of version {VERSION} of {SPECIFICATION}")]
    Foreign,
    /// A tensor is of a size or a type that is not read.
    #[error("the tensor {0} cannot be read")]
    Tensor(String),
    /// A tensor that the model needs is not there, or has another shape.
    #[error("the tensor {0} is missing or has another shape")]
    Missing(String),
}

/// One tensor, its numbers in the order of rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers {
    /// Its dimensions, the outermost first. None for a single number.
    pub shape: Vec<usize>,
    /// Its numbers.
    pub values: Vec<f32>,
}

/// All tensors of a model by name.
#[derive(Debug, Default)]
pub struct Weights(BTreeMap<String, Numbers>);

impl Weights {
    /// Reads a whole file.
    ///
    /// # Errors
    ///
    /// [`WeightsError`] when it is not a Whisper model of 16 or 32 bits in this format.
    pub fn parse(bytes: &[u8]) -> Result<Self, WeightsError> {
        let mut rest = Rest(bytes);
        if rest.u32()? != VERSION || rest.name()? != SPECIFICATION {
            return Err(WeightsError::Foreign);
        }
        let _revision = rest.u32()?;
        let count = rest.u32()?;
        if count > TENSORS_MAX {
            return Err(WeightsError::Foreign);
        }
        let mut tensors = BTreeMap::new();
        for _ in 0..count {
            let name = rest.name()?;
            let numbers = rest.numbers(&name)?;
            tensors.insert(name, numbers);
        }
        Ok(Self(tensors))
    }

    /// Takes a tensor of a shape out; 0 in the shape stands for any size.
    ///
    /// # Errors
    ///
    /// [`WeightsError::Missing`].
    pub fn take(&mut self, name: &str, shape: &[usize]) -> Result<Numbers, WeightsError> {
        let missing = || WeightsError::Missing(name.to_owned());
        let numbers = self.0.remove(name).ok_or_else(missing)?;
        let fits = numbers.shape.len() == shape.len()
            && numbers
                .shape
                .iter()
                .zip(shape)
                .all(|(is, wanted)| *wanted == 0 || is == wanted);
        if fits { Ok(numbers) } else { Err(missing()) }
    }

    /// A single number that counts something.
    ///
    /// # Errors
    ///
    /// [`WeightsError::Missing`].
    pub fn count(&mut self, name: &str) -> Result<usize, WeightsError> {
        let numbers = self.take(name, &[])?;
        match numbers.values.first() {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a small whole number, looked at just now"
            )]
            Some(value) if (1.0..1_000.0).contains(value) => Ok(*value as usize),
            _ => Err(WeightsError::Missing(name.to_owned())),
        }
    }

    /// How many rows a tensor has, which stays there.
    ///
    /// # Errors
    ///
    /// [`WeightsError::Missing`], also when it has none.
    pub fn rows(&self, name: &str) -> Result<usize, WeightsError> {
        let numbers = self.0.get(name);
        let rows = numbers.and_then(|it| it.shape.first()).copied();
        let rows = rows.filter(|rows| *rows > 0);
        rows.ok_or_else(|| WeightsError::Missing(name.to_owned()))
    }

    /// Whether a tensor is there.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn bytes(&mut self, count: usize) -> Result<&'a [u8], WeightsError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(WeightsError::Short)?;
        self.0 = rest;
        Ok(taken)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], WeightsError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(WeightsError::Short)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn u8(&mut self) -> Result<u8, WeightsError> {
        Ok(u8::from_le_bytes(self.take()?))
    }

    fn u32(&mut self) -> Result<u32, WeightsError> {
        Ok(u32::from_le_bytes(self.take()?))
    }

    /// A text with its length before it and a zero at its end.
    fn name(&mut self) -> Result<String, WeightsError> {
        let length = usize::from(u16::from_le_bytes(self.take()?));
        let text = String::from_utf8_lossy(self.bytes(length)?);
        Ok(text.trim_end_matches('\0').to_owned())
    }

    fn numbers(&mut self, name: &str) -> Result<Numbers, WeightsError> {
        let unreadable = || WeightsError::Tensor(name.to_owned());
        let rank = self.u8()?;
        if rank > RANK_MAX {
            return Err(unreadable());
        }
        let mut shape = Vec::new();
        let mut count = 1_usize;
        for _ in 0..rank {
            let size = usize::try_from(self.u32()?).unwrap_or(usize::MAX);
            count = count.checked_mul(size).ok_or_else(unreadable)?;
            shape.push(size);
        }
        let kind = self.u8()?;
        let length = usize::try_from(self.u32()?).unwrap_or(usize::MAX);
        let data = self.bytes(length)?;
        let values: Vec<f32> = match kind {
            FLOAT16 => chunks(data)
                .map(|it| layers::half(u16::from_le_bytes(it)))
                .collect(),
            FLOAT32 => chunks(data).map(f32::from_le_bytes).collect(),
            INT8 => chunks(data)
                .map(|it| f32::from(i8::from_le_bytes(it)))
                .collect(),
            INT16 => chunks(data)
                .map(|it| f32::from(i16::from_le_bytes(it)))
                .collect(),
            // Alignment heads and the like: small numbers, which nobody reads here.
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            INT32 => chunks(data)
                .map(|it| i32::from_le_bytes(it) as f32)
                .collect(),
            _ => return Err(unreadable()),
        };
        if values.len() == count {
            Ok(Numbers { shape, values })
        } else {
            Err(unreadable())
        }
    }
}

fn chunks<const N: usize>(data: &[u8]) -> impl Iterator<Item = [u8; N]> {
    data.as_chunks().0.iter().copied()
}
