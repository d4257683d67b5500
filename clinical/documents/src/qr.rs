//! A QR code as one SVG path, for a page to draw.

use qrcode::types::QrError;
use qrcode::{Color, EcLevel, QrCode};

/// Light squares around the code, which readers need (ISO/IEC 18004).
const MARGIN: usize = 4;

/// A QR code as an SVG path.
#[derive(Clone, PartialEq, Eq)]
pub struct QrPath {
    /// The `d` of a path of dark squares, one unit each.
    pub d: String,
    /// Side of the picture in units, with its margin.
    pub side: u32,
}

/// The text may be a secret: it does not print itself.
impl core::fmt::Debug for QrPath {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "QrPath({0} x {0})", self.side)
    }
}

/// A text that no QR code can hold.
#[derive(Debug, thiserror::Error)]
#[error("the text does not fit into a QR code")]
pub struct QrPathError(#[source] QrError);

/// Draws a text as a QR code that still reads when a seventh of it is hidden.
///
/// # Errors
/// The text has more than about 2,300 bytes.
pub fn qr_path(text: &str) -> Result<QrPath, QrPathError> {
    use core::fmt::Write as _;
    let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(QrPathError)?;
    let width = code.width();
    let mut d = String::new();
    for (row, colors) in code.to_colors().chunks(width).enumerate() {
        let mut column = 0;
        // Neighbours in a row become one rectangle: a tenth of the length.
        for run in colors.chunk_by(|one, two| one == two) {
            if run.first() == Some(&Color::Dark) {
                let (x, y, length) = (column + MARGIN, row + MARGIN, run.len());
                // Writing to a String never fails.
                let _ = write!(d, "M{x} {y}h{length}v1h-{length}z");
            }
            column += run.len();
        }
    }
    Ok(QrPath {
        d,
        side: u32::try_from(width + 2 * MARGIN).unwrap_or(u32::MAX),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_covers_exactly_the_dark_squares() {
        let text = "otpauth://totp/Clinic:a%40b.example?secret=GEZDGNBVGY3TQOJQ&issuer=Clinic";
        let code = QrCode::with_error_correction_level(text, EcLevel::M).unwrap();
        let dark = code
            .to_colors()
            .into_iter()
            .filter(|color| *color == Color::Dark)
            .count();
        let path = qr_path(text).unwrap();
        let covered: usize = path
            .d
            .split('h')
            .skip(1)
            .step_by(2)
            .map(|part| part.split('v').next().unwrap().parse::<usize>().unwrap())
            .sum();
        assert_eq!(covered, dark);
        assert_eq!(path.side, u32::try_from(code.width() + 8).unwrap());
        assert!(!format!("{path:?}").contains('M'));
    }

    #[test]
    fn what_is_too_long_is_refused() {
        assert!(qr_path(&"x".repeat(3_000)).is_err());
    }
}
