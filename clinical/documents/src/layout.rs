//! From a sheet to lines at places on pages. Knows widths of letters, not PDF.

use ttf_parser::Face;

use crate::sheet::PrescriptionSheet;
use crate::wording::Words;

/// A4, in points.
pub(crate) const PAGE_WIDTH: f32 = 595.28;
/// A4, in points.
pub(crate) const PAGE_HEIGHT: f32 = 841.89;
/// White border.
pub(crate) const MARGIN: f32 = 54.0;
/// Edge of the QR code. 3.9 cm, which telephones read from paper at arm's length.
pub(crate) const QR_SIZE: f32 = 110.0;
/// Where text must end, above the page number.
const BOTTOM: f32 = PAGE_HEIGHT - 64.0;

/// What a text is for somebody who listens to the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The name of the document.
    Title,
    /// A heading below the title.
    Heading,
    /// Running text.
    Paragraph,
    /// The number of a medicine.
    ItemNumber,
    /// A medicine and how it is taken.
    ItemBody,
}

/// One line of text on a page.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) x: f32,
    /// Baseline.
    pub(crate) y: f32,
    pub(crate) size: f32,
    pub(crate) bold: bool,
    pub(crate) text: String,
    /// Lines of one block carry the same number; blocks ascend in reading order.
    pub(crate) block: usize,
    pub(crate) role: Role,
}

/// The lines of each page.
pub(crate) type Pages = Vec<Vec<Line>>;

/// A font's widths.
pub(crate) struct Letters<'a> {
    pub(crate) regular: Face<'a>,
    pub(crate) bold: Face<'a>,
}

impl Letters<'_> {
    fn face(&self, bold: bool) -> &Face<'_> {
        if bold { &self.bold } else { &self.regular }
    }

    /// Replaces what the font cannot draw, since a page with empty boxes is refused as inaccessible.
    fn drawable(&self, text: &str, bold: bool) -> String {
        let face = self.face(bold);
        text.chars()
            .map(|letter| {
                if letter.is_whitespace() || letter.is_control() {
                    ' '
                } else {
                    letter
                }
            })
            .map(|letter| {
                if face.glyph_index(letter).is_some_and(|glyph| glyph.0 != 0) {
                    letter
                } else {
                    '?'
                }
            })
            .collect()
    }

    fn width(&self, text: &str, size: f32, bold: bool) -> f32 {
        let face = self.face(bold);
        let units: u32 = text
            .chars()
            .filter_map(|letter| face.glyph_index(letter))
            .filter_map(|glyph| face.glyph_hor_advance(glyph))
            .map(u32::from)
            .sum();
        // Fewer than 2^24 units on a line, so the float is exact.
        #[expect(clippy::cast_precision_loss, reason = "texts are at most 600 letters")]
        let units = units as f32;
        units * size / f32::from(face.units_per_em())
    }

    /// Lines that fit, broken at spaces, and inside a word only when it is wider than a line.
    fn wrap(&self, text: &str, size: f32, bold: bool, width: f32) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = String::new();
        for word in text.split_whitespace() {
            let longer = if line.is_empty() {
                word.to_owned()
            } else {
                format!("{line} {word}")
            };
            if self.width(&longer, size, bold) <= width {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            for letter in word.chars() {
                let longer = format!("{line}{letter}");
                if !line.is_empty() && self.width(&longer, size, bold) > width {
                    lines.push(std::mem::take(&mut line));
                }
                line.push(letter);
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
        lines
    }
}

struct Pen<'a> {
    letters: &'a Letters<'a>,
    pages: Pages,
    y: f32,
    block: usize,
}

#[derive(Clone, Copy)]
struct Style {
    role: Role,
    size: f32,
    bold: bool,
    x: f32,
    right: f32,
}

impl Pen<'_> {
    fn page_break(&mut self) {
        self.pages.push(Vec::new());
        self.y = MARGIN;
    }

    fn space(&mut self, height: f32) {
        self.y += height;
    }

    /// Writes a block of its own.
    fn write(&mut self, text: &str, style: Style) {
        self.block += 1;
        self.append(text, style);
    }

    /// Writes into the block before.
    fn append(&mut self, text: &str, style: Style) {
        let text = self.letters.drawable(text, style.bold);
        for text in self
            .letters
            .wrap(&text, style.size, style.bold, style.right - style.x)
        {
            if self.y + style.size * 1.4 > BOTTOM {
                self.page_break();
            }
            self.y += style.size * 1.4;
            let line = Line {
                x: style.x,
                y: self.y,
                size: style.size,
                bold: style.bold,
                text,
                block: self.block,
                role: style.role,
            };
            if let Some(page) = self.pages.last_mut() {
                page.push(line);
            }
        }
    }

    fn keep_together(&mut self, height: f32) {
        if self.y + height > BOTTOM {
            self.page_break();
        }
    }
}

const RIGHT: f32 = PAGE_WIDTH - MARGIN;
/// Text beside the QR code ends here.
const RIGHT_OF_HEAD: f32 = RIGHT - QR_SIZE - 18.0;

const fn style(role: Role, size: f32, bold: bool, x: f32, right: f32) -> Style {
    Style {
        role,
        size,
        bold,
        x,
        right,
    }
}

/// Places everything. The QR code stands at the top right of the first page.
pub(crate) fn lay_out(sheet: &PrescriptionSheet, words: &Words, letters: &Letters<'_>) -> Pages {
    let mut pen = Pen {
        letters,
        pages: vec![Vec::new()],
        y: MARGIN,
        block: 0,
    };
    head(&mut pen, sheet, words);
    let heading = style(Role::Heading, 12.5, true, MARGIN, RIGHT);
    pen.space(10.0);
    pen.write(words.medicines, heading);
    pen.space(2.0);
    for (index, item) in sheet.items.iter().enumerate() {
        pen.space(7.0);
        pen.keep_together(48.0);
        let number = format!("{}.", index + 1);
        let top = pen.y;
        pen.write(
            &number,
            style(Role::ItemNumber, 11.5, true, MARGIN, MARGIN + 24.0),
        );
        pen.y = top;
        pen.write(
            &item.medicine,
            style(Role::ItemBody, 11.5, true, MARGIN + 26.0, RIGHT),
        );
        let body = style(Role::ItemBody, 11.0, false, MARGIN + 26.0, RIGHT);
        pen.append(&item.directions, body);
        for detail in &item.details {
            pen.append(detail, body);
        }
    }
    pen.space(16.0);
    pen.keep_together(70.0);
    pen.write(words.verify, heading);
    let text = style(Role::Paragraph, 10.0, false, MARGIN, RIGHT);
    pen.write(
        &format!("{} {}", words.verify_how, sheet.verification.address),
        text,
    );
    pen.write(
        &format!("{} {}", words.code, sheet.verification.code),
        style(Role::Paragraph, 11.0, true, MARGIN, RIGHT),
    );
    pen.pages
}

fn head(pen: &mut Pen<'_>, sheet: &PrescriptionSheet, words: &Words) {
    let text = style(Role::Paragraph, 10.5, false, MARGIN, RIGHT_OF_HEAD);
    let heading = style(Role::Heading, 12.5, true, MARGIN, RIGHT_OF_HEAD);
    let title = if sheet.controlled {
        words.title_controlled
    } else {
        words.title
    };
    pen.write(title, style(Role::Title, 19.0, true, MARGIN, RIGHT_OF_HEAD));
    pen.space(4.0);
    pen.write(
        &sheet.clinic.name,
        style(Role::Paragraph, 12.0, true, MARGIN, RIGHT_OF_HEAD),
    );
    for line in &sheet.clinic.lines {
        pen.append(line, text);
    }
    for (label, person) in [
        (words.prescriber, &sheet.prescriber),
        (words.patient, &sheet.patient),
    ] {
        pen.space(8.0);
        pen.write(label, heading);
        pen.write(
            &person.name,
            style(Role::Paragraph, 11.5, true, MARGIN, RIGHT_OF_HEAD),
        );
        for line in &person.lines {
            pen.append(line, text);
        }
    }
    pen.space(8.0);
    pen.write(&format!("{} {}", words.signed, sheet.signed), text);
    pen.append(
        &format!("{} {}", words.valid_until, sheet.valid_until),
        text,
    );
    if pen.pages.len() == 1 {
        pen.y = pen.y.max(MARGIN + QR_SIZE + 24.0);
    }
}
