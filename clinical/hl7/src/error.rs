//! Why a message is not a report.

/// What is wrong with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It must be there.
    #[error("is missing")]
    Missing,
    /// It does not have the form of its type.
    #[error("can not be read")]
    Form,
    /// It has the right form, and this program does not know what it says.
    #[error("is not supported")]
    Unsupported,
}

/// Why bytes are not a report. No text of the message is in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// Larger than a message may be.
    #[error("the message is too large")]
    TooLarge,
    /// More segments than a message may have.
    #[error("the message has too many segments")]
    TooManySegments,
    /// It does not begin with a header, or a line is no segment.
    #[error("segment {0} is not a segment")]
    NotSegment(usize),
    /// Bytes that are not of the character set that the header names.
    #[error("the text is not in the character set of MSH-18")]
    Charset,
    /// A field is wrong.
    #[error("{segment}[{occurrence}]-{field} {fault}")]
    Field {
        /// Three letters.
        segment: &'static str,
        /// Which one of its name, from 1.
        occurrence: usize,
        /// From 1.
        field: usize,
        /// What is wrong with it.
        fault: Fault,
    },
    /// A segment that must be there is not, or stands where it may not.
    #[error("segment {0} is missing or out of place")]
    Segment(&'static str),
}

impl ReadError {
    /// Whether the message is of a kind that is refused whatever it says: the sender need not
    /// repeat it.
    #[must_use]
    pub const fn is_rejection(&self) -> bool {
        matches!(
            self,
            Self::Field {
                fault: Fault::Unsupported,
                ..
            }
        )
    }
}
