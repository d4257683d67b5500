//! Days and moments as texts of ISO 8601, where a talk is kept.

/// A moment without a zone.
pub(crate) mod moment {
    use jiff::civil::DateTime;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(it: &DateTime, to: S) -> Result<S::Ok, S::Error> {
        it.to_string().serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<DateTime, D::Error> {
        String::deserialize(from)?
            .parse()
            .map_err(de::Error::custom)
    }
}

/// A first and a last day, or none.
pub(crate) mod days {
    use jiff::civil::Date;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de};

    type Days = Option<(Date, Date)>;

    pub(crate) fn serialize<S: Serializer>(it: &Days, to: S) -> Result<S::Ok, S::Error> {
        it.map(|(first, last)| (first.to_string(), last.to_string()))
            .serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Days, D::Error> {
        let texts = Option::<(String, String)>::deserialize(from)?;
        let Some((first, last)) = texts else {
            return Ok(None);
        };
        let first = first.parse().map_err(de::Error::custom)?;
        let last = last.parse().map_err(de::Error::custom)?;
        Ok(Some((first, last)))
    }
}
