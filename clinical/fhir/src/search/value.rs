//! Values of search parameters.

use clinical_model::Micros;

use crate::catalog::ResourceKind;
use crate::moment::Moment;
use crate::primitives::is_id;

/// The parts between commas that are not escaped.
pub(crate) fn alternatives(text: &str) -> Vec<String> {
    split(text, ',')
}

/// Splits at a character unless a backslash stands before it. Escapes stay for the next reader.
fn split(text: &str, at: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for c in text.chars() {
        if c == at && !escaped {
            parts.push(String::new());
            continue;
        }
        escaped = c == '\\' && !escaped;
        if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    parts
}

/// Removes the backslash from `\,` `\|` `\$` and `\\`.
fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(c) = letters.next() {
        match c {
            '\\' => plain.extend(letters.next()),
            other => plain.push(other),
        }
    }
    plain
}

/// Writes a value so that [`alternatives`] and the tests read it back as one.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | ',' | '|' | '$') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// The code system of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenSystem {
    /// `code`
    Any,
    /// `|code`
    None,
    /// `system|code`
    Is(String),
}

/// A code, an identifier or a flag.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenTest {
    /// Its system.
    pub system: TokenSystem,
    /// The code; none means any of the system.
    pub code: Option<String>,
}

impl core::fmt::Debug for TokenTest {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("TokenTest(hidden)")
    }
}

impl TokenTest {
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let parts = split(text, '|');
        let (system, code) = match parts.as_slice() {
            [code] => (TokenSystem::Any, code),
            [system, code] if system.is_empty() => (TokenSystem::None, code),
            [system, code] => (TokenSystem::Is(unescape(system)), code),
            _ => return Err("a token is code, system|code, system| or |code"),
        };
        let code = Some(unescape(code)).filter(|code| !code.is_empty());
        if code.is_none() && !matches!(system, TokenSystem::Is(_)) {
            return Err("a token needs a code or a system");
        }
        Ok(Self { system, code })
    }

    /// Whether a coding is meant.
    #[must_use]
    pub fn holds(&self, system: Option<&str>, code: &str) -> bool {
        let same_system = match &self.system {
            TokenSystem::Any => true,
            TokenSystem::None => system.is_none(),
            TokenSystem::Is(wanted) => system == Some(wanted),
        };
        same_system && self.code.as_deref().is_none_or(|wanted| wanted == code)
    }
}

/// Another resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferenceTest {
    /// Its type; none when the text names none and several are possible.
    pub kind: Option<ResourceKind>,
    /// Its id.
    pub id: String,
}

impl ReferenceTest {
    pub(crate) fn parse(
        text: &str,
        of: Option<ResourceKind>,
        targets: &[ResourceKind],
    ) -> Result<Self, &'static str> {
        const SHAPE: &str = "a reference is Type/id, an id, or a URL that ends so";
        let plain = unescape(text);
        let mut parts = plain.rsplit('/');
        let id = parts.next().filter(|id| is_id(id)).ok_or(SHAPE)?.to_owned();
        let named = match parts.next() {
            None => None,
            Some(name) => Some(ResourceKind::named(name).ok_or("no such resource type")?),
        };
        let kind = match (named, of) {
            (Some(named), Some(of)) if named != of => return Err("two types are named"),
            (Some(named), _) => Some(named),
            (None, Some(of)) => Some(of),
            (None, None) => match targets {
                [only] => Some(*only),
                _ => None,
            },
        };
        if kind.is_some_and(|kind| !targets.contains(&kind)) {
            return Err("that type is no target of this parameter");
        }
        Ok(Self { kind, id })
    }
}

/// How a date or number is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefix {
    /// Within the span.
    Eq,
    /// Not within the span.
    Ne,
    /// After the span.
    Gt,
    /// Before the span.
    Lt,
    /// Within or after.
    Ge,
    /// Within or before.
    Le,
    /// Starts after the span.
    Sa,
    /// Ends before the span.
    Eb,
}

impl Prefix {
    const ALL: [(&'static str, Self); 8] = [
        ("eq", Self::Eq),
        ("ne", Self::Ne),
        ("gt", Self::Gt),
        ("lt", Self::Lt),
        ("ge", Self::Ge),
        ("le", Self::Le),
        ("sa", Self::Sa),
        ("eb", Self::Eb),
    ];

    fn split(text: &str) -> Result<(Self, &str), &'static str> {
        for (word, prefix) in Self::ALL {
            if let Some(rest) = text.strip_prefix(word) {
                return Ok((prefix, rest));
            }
        }
        if text.starts_with("ap") {
            return Err("the prefix ap is not supported");
        }
        Ok((Self::Eq, text))
    }

    /// The two letters.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, prefix)| *prefix == self)
            .map_or("eq", |(word, _)| word)
    }
}

/// A date with its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateTest {
    /// How it is compared.
    pub prefix: Prefix,
    /// The first instant of the span that was given.
    pub start: Micros,
    /// The first instant after it.
    pub end: Micros,
}

/// The instants for which a [`DateTest`] holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instants {
    /// From the first, before the second.
    Within(Micros, Micros),
    /// Before the first, or from the second.
    Outside(Micros, Micros),
    /// From this one.
    From(Micros),
    /// Before this one.
    Before(Micros),
}

impl Instants {
    /// Whether it holds for an instant.
    #[must_use]
    pub fn holds(self, at: Micros) -> bool {
        match self {
            Self::Within(start, end) => start <= at && at < end,
            Self::Outside(start, end) => at < start || end <= at,
            Self::From(start) => start <= at,
            Self::Before(end) => at < end,
        }
    }
}

impl DateTest {
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let (prefix, rest) = Prefix::split(text)?;
        // In a query a plus is a space to many decoders; `+01:00` then arrives as ` 01:00`.
        let moment = Moment::parse(&rest.replace(' ', "+"))
            .ok()
            .ok_or("not a date or time like 2026, 2026-11, 2026-11-25 or 2026-11-25T10:30:00Z")?;
        Ok(Self {
            prefix,
            start: moment.start,
            end: moment.end,
        })
    }

    /// The instants that are meant, for an element that is one instant.
    #[must_use]
    pub const fn instants(self) -> Instants {
        match self.prefix {
            Prefix::Eq => Instants::Within(self.start, self.end),
            Prefix::Ne => Instants::Outside(self.start, self.end),
            Prefix::Gt | Prefix::Sa => Instants::From(self.end),
            Prefix::Ge => Instants::From(self.start),
            Prefix::Lt | Prefix::Eb => Instants::Before(self.start),
            Prefix::Le => Instants::Before(self.end),
        }
    }

    /// Whether it holds for an element that is a span, such as a period or a day.
    #[must_use]
    pub fn holds_for_span(self, start: Micros, end: Micros) -> bool {
        let within = self.start <= start && end <= self.end;
        match self.prefix {
            Prefix::Eq => within,
            Prefix::Ne => !within,
            Prefix::Gt => end > self.end,
            Prefix::Lt => start < self.start,
            Prefix::Ge => end > self.end || within,
            Prefix::Le => start < self.start || within,
            Prefix::Sa => start >= self.end,
            Prefix::Eb => end <= self.start,
        }
    }
}

/// A text and how it is compared; always without regard to accents and case, except when exact.
#[derive(Clone, PartialEq, Eq)]
pub enum TextTest {
    /// It begins so.
    Starts(String),
    /// It is exactly so.
    Exact(String),
    /// It holds this.
    Contains(String),
}

impl core::fmt::Debug for TextTest {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("TextTest(hidden)")
    }
}

impl TextTest {
    pub(crate) fn parse(text: &str, form: fn(String) -> Self) -> Result<Self, &'static str> {
        let plain = unescape(text).trim().to_owned();
        if plain.is_empty() {
            return Err("an empty text finds nothing");
        }
        Ok(form(plain))
    }
}

/// A number with a unit.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantityTest {
    /// How it is compared.
    pub prefix: Prefix,
    /// The lower end of what the digits mean: 5.4 is from 5.35.
    pub low: f64,
    /// The upper end: 5.4 is before 5.45.
    pub high: f64,
    /// The code system of the unit, if it was given.
    pub system: Option<String>,
    /// The unit, if it was given.
    pub code: Option<String>,
}

impl QuantityTest {
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        const SHAPE: &str = "a quantity is number, number||unit or number|system|unit";
        let parts = split(text, '|');
        let (number, system, code) = match parts.as_slice() {
            [number] => (number, None, None),
            [number, system, code] => (number, Some(unescape(system)), Some(unescape(code))),
            _ => return Err(SHAPE),
        };
        let (prefix, digits) = Prefix::split(number)?;
        let plain = digits
            .bytes()
            .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
        let value: f64 = digits.parse().ok().filter(|_| plain).ok_or(SHAPE)?;
        let decimals = digits.split_once('.').map_or(0, |(_, after)| after.len());
        let half = 0.5 / 10_f64.powi(i32::try_from(decimals.min(12)).unwrap_or(12));
        Ok(Self {
            prefix,
            low: value - half,
            high: value + half,
            system: system.filter(|text| !text.is_empty()),
            code: code.filter(|text| !text.is_empty()),
        })
    }

    /// Whether it holds for a value in that unit.
    #[must_use]
    pub fn holds(&self, value: f64, unit: Option<&str>) -> bool {
        let same_unit = self
            .code
            .as_deref()
            .is_none_or(|wanted| unit == Some(wanted));
        let within = self.low <= value && value < self.high;
        same_unit
            && match self.prefix {
                Prefix::Eq => within,
                Prefix::Ne => !within,
                Prefix::Gt | Prefix::Sa => value >= self.high,
                Prefix::Lt | Prefix::Eb => value < self.low,
                Prefix::Ge => value >= self.low,
                Prefix::Le => value < self.high,
            }
    }
}
