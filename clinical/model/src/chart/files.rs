//! What a file is, seen by its bytes and not by its name.

use serde::{Deserialize, Serialize};

/// Longest file that is taken, in bytes. Larger ones are refused: a scan of twenty pages is below it, and
/// every file is held in memory once while it is sealed.
pub const FILE_BYTES_MAX: usize = 10 * 1024 * 1024;

/// A kind of file that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileType {
    /// A document.
    Pdf,
    /// A picture without loss.
    Png,
    /// A photograph.
    Jpeg,
    /// Words in UTF-8.
    Text,
}

/// What kind of document a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentClass {
    /// Results of a laboratory.
    Laboratory,
    /// Report of an image.
    Imaging,
    /// Letter from one clinician to another.
    Referral,
    /// Summary of a stay in hospital.
    Discharge,
    /// A prescription on paper.
    Prescription,
    /// A vaccination card.
    Vaccination,
    /// Something else.
    Other,
}

impl DocumentClass {
    /// Every class.
    pub const ALL: [Self; 7] = [
        Self::Laboratory,
        Self::Imaging,
        Self::Referral,
        Self::Discharge,
        Self::Prescription,
        Self::Vaccination,
        Self::Other,
    ];

    /// LOINC code and the words for it.
    #[must_use]
    pub const fn loinc(self) -> (&'static str, &'static str) {
        match self {
            Self::Laboratory => ("11502-2", "Laboratory report"),
            Self::Imaging => ("18748-4", "Diagnostic imaging study"),
            Self::Referral => ("57133-1", "Referral note"),
            Self::Discharge => ("18842-5", "Discharge summary"),
            Self::Prescription => ("57833-6", "Prescription for medication"),
            Self::Vaccination => ("11369-6", "History of immunization"),
            Self::Other => ("51851-4", "Administrative note"),
        }
    }

    /// The class of a LOINC code.
    #[must_use]
    pub fn of_loinc(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.loinc().0 == code)
    }
}

/// Why a file is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FileRefusal {
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// It is longer than [`FILE_BYTES_MAX`].
    #[error("the file is too long")]
    TooLong,
    /// It is none of the kinds that are taken.
    #[error("the file is of no kind that is taken")]
    Unknown,
    /// It is another kind than it was said to be.
    #[error("the file is not what it was said to be")]
    NotAsSaid,
    /// It runs programs or opens other things when it is looked at.
    #[error("the file runs something when it is opened")]
    Active,
}

impl FileType {
    /// IANA media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Text => "text/plain",
        }
    }

    /// How such a file's name ends.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Text => "txt",
        }
    }

    /// The kind of a media type as it was stored.
    #[must_use]
    pub fn of_media_type(media_type: &str) -> Option<Self> {
        [Self::Pdf, Self::Png, Self::Jpeg, Self::Text]
            .into_iter()
            .find(|kind| kind.media_type() == media_type)
    }

    /// What the bytes are. `said` is the media type that came with them, if any; parameters after `;` are
    /// not looked at.
    ///
    /// # Errors
    /// [`FileRefusal`]
    pub fn sniff(bytes: &[u8], said: Option<&str>) -> Result<Self, FileRefusal> {
        if bytes.is_empty() {
            return Err(FileRefusal::Empty);
        }
        if bytes.len() > FILE_BYTES_MAX {
            return Err(FileRefusal::TooLong);
        }
        let kind = if bytes.starts_with(b"%PDF-1.") || bytes.starts_with(b"%PDF-2.") {
            Self::Pdf
        } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") && bytes.get(12..16) == Some(b"IHDR") {
            Self::Png
        } else if bytes.starts_with(b"\xff\xd8\xff") {
            Self::Jpeg
        } else if is_text(bytes) {
            Self::Text
        } else {
            return Err(FileRefusal::Unknown);
        };
        let said = said.and_then(|said| said.split(';').next()).map(str::trim);
        match said {
            Some(said)
                if !said.is_empty()
                    && !said.eq_ignore_ascii_case("application/octet-stream")
                    && !said.eq_ignore_ascii_case(kind.media_type()) =>
            {
                return Err(FileRefusal::NotAsSaid);
            }
            Some(_) | None => {}
        }
        if kind == Self::Pdf && is_active_pdf(bytes) {
            return Err(FileRefusal::Active);
        }
        Ok(kind)
    }
}

fn is_text(bytes: &[u8]) -> bool {
    core::str::from_utf8(bytes).is_ok_and(|text| {
        !text.trim_start().starts_with('<')
            && text
                .chars()
                .all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'))
    })
}

/// Scripts, programs and files inside. What is compressed is not looked into; the reader's own sandbox and
/// the headers of the download are for that.
fn is_active_pdf(bytes: &[u8]) -> bool {
    const NAMES: [&[u8]; 4] = [b"/JavaScript", b"/Launch", b"/EmbeddedFile", b"/RichMedia"];
    NAMES
        .iter()
        .any(|name| bytes.windows(name.len()).any(|window| window == *name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01";

    #[test]
    fn files_are_known_by_their_bytes() {
        assert_eq!(
            FileType::sniff(b"%PDF-1.7\n1 0 obj", None),
            Ok(FileType::Pdf)
        );
        assert_eq!(FileType::sniff(PNG, Some("image/png")), Ok(FileType::Png));
        assert_eq!(
            FileType::sniff(b"\xff\xd8\xff\xe0..", None),
            Ok(FileType::Jpeg)
        );
        assert_eq!(
            FileType::sniff(
                "Température 38\n".as_bytes(),
                Some("text/plain; charset=utf-8")
            ),
            Ok(FileType::Text)
        );
    }

    #[test]
    fn what_is_something_else_is_refused() {
        for (bytes, said, refusal) in [
            (b"".as_slice(), None, FileRefusal::Empty),
            (b"MZ\x90\0\x03", None, FileRefusal::Unknown),
            (b"<html><script>", Some("text/plain"), FileRefusal::Unknown),
            (b"  <svg xmlns", None, FileRefusal::Unknown),
            (PNG, Some("application/pdf"), FileRefusal::NotAsSaid),
            (b"%PDF-1.4 /JavaScript (x)", None, FileRefusal::Active),
        ] {
            assert_eq!(FileType::sniff(bytes, said), Err(refusal));
        }
        let long = vec![b'a'; FILE_BYTES_MAX + 1];
        assert_eq!(FileType::sniff(&long, None), Err(FileRefusal::TooLong));
    }
}
