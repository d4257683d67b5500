//! The grid of a message: segments, fields, repetitions, components.

use crate::{Charset, Fault, ReadError};

/// Largest message in bytes.
pub const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// Most segments of a message.
pub const SEGMENTS_MAX: usize = 2_000;
/// Most fields of a segment; the longest of version 2.5.1 has less than 60.
pub const FIELDS_MAX: usize = 256;

/// The characters that divide a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Separators {
    /// Between fields.
    pub field: char,
    /// Between components.
    pub component: char,
    /// Between repetitions.
    pub repetition: char,
    /// Around escape sequences.
    pub escape: char,
    /// Between subcomponents.
    pub subcomponent: char,
}

impl Default for Separators {
    /// What everybody uses.
    fn default() -> Self {
        Self {
            field: '|',
            component: '^',
            repetition: '~',
            escape: '\\',
            subcomponent: '&',
        }
    }
}

impl Separators {
    /// MSH-2.
    #[must_use]
    pub fn encoding(self) -> String {
        [
            self.component,
            self.repetition,
            self.escape,
            self.subcomponent,
        ]
        .iter()
        .collect()
    }
}

/// Stand in versions, times, names of character sets and `.br`, which an answer cannot do without.
const NEVER_DIVIDE: &[u8] = b".+-/";

/// The separators that a header names.
fn separators(header: &[u8]) -> Result<Separators, ReadError> {
    let wrong = |field| ReadError::Field {
        segment: "MSH",
        occurrence: 1,
        field,
        fault: Fault::Form,
    };
    let rest = header
        .strip_prefix(b"MSH")
        .ok_or(ReadError::NotSegment(1))?;
    let (field, rest) = rest.split_first().ok_or_else(|| wrong(1))?;
    let end = rest.iter().position(|byte| byte == field);
    let encoding = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
    // A fifth one, for text that was cut, exists since version 2.7.
    let &[component, repetition, escape, subcomponent, ref more @ ..] = encoding else {
        return Err(wrong(2));
    };
    let all = [*field, component, repetition, escape, subcomponent];
    let divides = |it: &u8| it.is_ascii_punctuation() && !NEVER_DIVIDE.contains(it);
    if !divides(field) {
        return Err(wrong(1));
    }
    let is_twice = |(at, it): (usize, &u8)| all.iter().skip(at + 1).any(|other| other == it);
    if more.len() > 1 || !all.iter().all(divides) || all.iter().enumerate().any(is_twice) {
        return Err(wrong(2));
    }
    Ok(Separators {
        field: char::from(*field),
        component: char::from(component),
        repetition: char::from(repetition),
        escape: char::from(escape),
        subcomponent: char::from(subcomponent),
    })
}

/// A message as text, with what divides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    text: String,
    separators: Separators,
    charset: Charset,
}

impl core::fmt::Debug for Message {
    /// What a message says is health data.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Message(..)")
    }
}

impl Message {
    /// Reads bytes: finds the separators and the character set in the header, and checks that every
    /// line is a segment.
    ///
    /// # Errors
    /// [`ReadError`]
    pub fn parse(bytes: &[u8]) -> Result<Self, ReadError> {
        if bytes.len() > MESSAGE_BYTES_MAX {
            return Err(ReadError::TooLarge);
        }
        let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
        let header = bytes.split(is_end).next().unwrap_or_default();
        let separators = separators(header)?;
        let field = u8::try_from(separators.field).unwrap_or(b'|');
        let word = header.split(|byte| *byte == field).nth(17);
        let word = word.unwrap_or_default();
        let first = |byte: &u8| char::from(*byte) == separators.repetition;
        let word = word.split(first).next().unwrap_or_default();
        let charset = core::str::from_utf8(word).ok().and_then(Charset::from_word);
        let charset = charset.ok_or(ReadError::Field {
            segment: "MSH",
            occurrence: 1,
            field: 18,
            fault: Fault::Unsupported,
        })?;
        let text = charset.decode(bytes).ok_or(ReadError::Charset)?;
        let message = Self {
            text,
            separators,
            charset,
        };
        message.check()?;
        Ok(message)
    }

    fn check(&self) -> Result<(), ReadError> {
        let is_name = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        for (at, line) in self.lines().enumerate() {
            if at >= SEGMENTS_MAX {
                return Err(ReadError::TooManySegments);
            }
            let mut parts = line.split(self.separators.field);
            let name = parts.next().unwrap_or_default();
            if name.len() != 3 || !name.bytes().all(is_name) || parts.count() > FIELDS_MAX {
                return Err(ReadError::NotSegment(at + 1));
            }
        }
        Ok(())
    }

    fn lines(&self) -> impl Iterator<Item = &str> {
        self.text
            .split(['\r', '\n'])
            .filter(|line| !line.is_empty())
    }

    /// The segments in their order.
    pub fn segments(&self) -> impl Iterator<Item = Segment<'_>> {
        self.lines().map(|line| Segment {
            line,
            message: self,
        })
    }

    /// What divides it.
    #[must_use]
    pub const fn separators(&self) -> Separators {
        self.separators
    }

    /// Its character set.
    #[must_use]
    pub const fn charset(&self) -> Charset {
        self.charset
    }
}

/// One line of a message.
#[derive(Clone, Copy)]
pub struct Segment<'a> {
    line: &'a str,
    message: &'a Message,
}

impl core::fmt::Debug for Segment<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Segment({})", self.name())
    }
}

impl<'a> Segment<'a> {
    /// Its three letters.
    #[must_use]
    pub fn name(self) -> &'a str {
        self.line
            .split(self.message.separators.field)
            .next()
            .unwrap_or_default()
    }

    /// A field, counted from 1 as in the standard; empty where there is none.
    #[must_use]
    pub fn field(self, number: usize) -> Field<'a> {
        // The first separator of a header is its first field.
        let at = if self.name() == "MSH" {
            number.saturating_sub(1)
        } else {
            number
        };
        let mut parts = self.line.split(self.message.separators.field);
        Field {
            raw: parts.nth(at).unwrap_or_default(),
            message: self.message,
        }
    }
}

/// One field, or one repetition of it.
#[derive(Clone, Copy)]
pub struct Field<'a> {
    raw: &'a str,
    message: &'a Message,
}

impl core::fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Field(..)")
    }
}

impl<'a> Field<'a> {
    /// Nothing, or the two quotes that mean nothing.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.raw.is_empty() || self.raw == "\"\""
    }

    /// Its repetitions.
    pub fn repetitions(self) -> impl Iterator<Item = Self> + 'a {
        let message = self.message;
        let parts = self.raw.split(message.separators.repetition);
        parts.map(move |raw| Self { raw, message })
    }

    fn first(self) -> &'a str {
        self.raw
            .split(self.message.separators.repetition)
            .next()
            .unwrap_or_default()
    }

    /// A component of the first repetition, from 1, without escape sequences.
    #[must_use]
    pub fn component(self, number: usize) -> String {
        self.subcomponent(number, 1)
    }

    /// A subcomponent of the first repetition, both from 1, without escape sequences.
    #[must_use]
    pub fn subcomponent(self, component: usize, number: usize) -> String {
        let separators = self.message.separators;
        let component = self
            .first()
            .split(separators.component)
            .nth(component.saturating_sub(1))
            .unwrap_or_default();
        let raw = component
            .split(separators.subcomponent)
            .nth(number.saturating_sub(1))
            .unwrap_or_default();
        let text = unescaped(raw, separators, self.message.charset);
        if text == "\"\"" { String::new() } else { text }
    }

    /// All of it as one text: repetitions are lines. For types that are nothing but text.
    #[must_use]
    pub fn text(self) -> String {
        if self.is_empty() {
            return String::new();
        }
        let separators = self.message.separators;
        let lines: Vec<String> = self
            .raw
            .split(separators.repetition)
            .map(|raw| unescaped(raw, separators, self.message.charset))
            .collect();
        lines.join("\n")
    }
}

/// The text without its escape sequences. What is no sequence stays as it is: nothing is lost.
fn unescaped(raw: &str, separators: Separators, charset: Charset) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((before, after)) = rest.split_once(separators.escape) {
        text.push_str(before);
        let Some((sequence, next)) = after.split_once(separators.escape) else {
            text.push(separators.escape);
            rest = after;
            continue;
        };
        rest = next;
        match sequence {
            "F" => text.push(separators.field),
            "S" => text.push(separators.component),
            "T" => text.push(separators.subcomponent),
            "R" => text.push(separators.repetition),
            "E" => text.push(separators.escape),
            ".br" => text.push('\n'),
            // Emphasis begins and ends.
            "H" | "N" => {}
            other => match hexadecimal(other, charset) {
                Some(decoded) => text.push_str(&decoded),
                None => {
                    text.push(separators.escape);
                    text.push_str(other);
                    text.push(separators.escape);
                }
            },
        }
    }
    text.push_str(rest);
    text
}

fn hexadecimal(sequence: &str, charset: Charset) -> Option<String> {
    let digits = sequence.strip_prefix('X')?.as_bytes();
    if digits.is_empty() || digits.len() % 2 != 0 {
        return None;
    }
    let bytes = digits.chunks_exact(2).map(|pair| {
        let pair = core::str::from_utf8(pair).ok()?;
        u8::from_str_radix(pair, 16).ok()
    });
    charset.decode(&bytes.collect::<Option<Vec<u8>>>()?)
}

/// A text as it may stand in a component.
#[must_use]
pub fn escaped(text: &str, separators: Separators) -> String {
    let mut out = String::with_capacity(text.len());
    for it in text.chars() {
        let letter = match it {
            '\r' | '\n' => Some(".br"),
            it if it == separators.field => Some("F"),
            it if it == separators.component => Some("S"),
            it if it == separators.subcomponent => Some("T"),
            it if it == separators.repetition => Some("R"),
            it if it == separators.escape => Some("E"),
            _ => None,
        };
        match letter {
            Some(letter) => {
                out.push(separators.escape);
                out.push_str(letter);
                out.push(separators.escape);
            }
            None => out.push(it),
        }
    }
    out
}
