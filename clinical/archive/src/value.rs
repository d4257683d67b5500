//! One value of one column.

use core::fmt;

use uuid::Uuid;

/// A value as a backup keeps it.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// None.
    Null,
    /// A whole number.
    Integer(i64),
    /// A floating-point number.
    Real(f64),
    /// A truth value.
    Boolean(bool),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A UUID.
    Uuid(Uuid),
}

/// What a store holds is not for a log.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "Null",
            Self::Integer(_) => "Integer(..)",
            Self::Real(_) => "Real(..)",
            Self::Boolean(_) => "Boolean(..)",
            Self::Text(_) => "Text(..)",
            Self::Bytes(_) => "Bytes(..)",
            Self::Uuid(_) => "Uuid(..)",
        })
    }
}

/// Bytes that are no row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a row can not be read")]
pub(crate) struct RowError;

/// Writes a row: per value a mark and its bytes, with the length where that differs.
pub(crate) fn write_row(values: &[Value], to: &mut Vec<u8>) {
    for value in values {
        match value {
            Value::Null => to.push(0),
            Value::Integer(value) => {
                to.push(1);
                to.extend_from_slice(&value.to_be_bytes());
            }
            Value::Real(value) => {
                to.push(2);
                to.extend_from_slice(&value.to_bits().to_be_bytes());
            }
            Value::Boolean(value) => to.extend_from_slice(&[3, u8::from(*value)]),
            Value::Text(value) => {
                to.push(4);
                write_bytes(value.as_bytes(), to);
            }
            Value::Bytes(value) => {
                to.push(5);
                write_bytes(value, to);
            }
            Value::Uuid(value) => {
                to.push(6);
                to.extend_from_slice(value.as_bytes());
            }
        }
    }
}

fn write_bytes(bytes: &[u8], to: &mut Vec<u8>) {
    to.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
    to.extend_from_slice(bytes);
}

/// Reads a row of `columns` values that fills all of `bytes`.
pub(crate) fn read_row(mut bytes: &[u8], columns: usize) -> Result<Vec<Value>, RowError> {
    let from = &mut bytes;
    let mut values = Vec::with_capacity(columns);
    for _ in 0..columns {
        values.push(read_value(from)?);
    }
    if from.is_empty() {
        Ok(values)
    } else {
        Err(RowError)
    }
}

fn read_value(from: &mut &[u8]) -> Result<Value, RowError> {
    Ok(match take::<1>(from)? {
        [0] => Value::Null,
        [1] => Value::Integer(i64::from_be_bytes(take(from)?)),
        [2] => Value::Real(f64::from_bits(u64::from_be_bytes(take(from)?))),
        [3] => match take::<1>(from)? {
            [0] => Value::Boolean(false),
            [1] => Value::Boolean(true),
            _ => return Err(RowError),
        },
        [4] => Value::Text(String::from_utf8(read_bytes(from)?).or(Err(RowError))?),
        [5] => Value::Bytes(read_bytes(from)?),
        [6] => Value::Uuid(Uuid::from_bytes(take(from)?)),
        _ => return Err(RowError),
    })
}

fn take<const N: usize>(from: &mut &[u8]) -> Result<[u8; N], RowError> {
    let (head, rest) = from.split_first_chunk::<N>().ok_or(RowError)?;
    *from = rest;
    Ok(*head)
}

fn read_bytes(from: &mut &[u8]) -> Result<Vec<u8>, RowError> {
    let length = u64::from_be_bytes(take(from)?);
    let length = usize::try_from(length).or(Err(RowError))?;
    let (head, rest) = from.split_at_checked(length).ok_or(RowError)?;
    *from = rest;
    Ok(head.to_vec())
}
