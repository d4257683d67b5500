//! From placed lines to a tagged PDF (PDF/UA-1) with embedded letters.

use std::num::NonZeroU16;

use krilla::Document;
use krilla::SerializeSettings;
use krilla::color::luma;
use krilla::configure::{Accessibility, ConfigurationBuilder, PdfVersion};
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, ListNumbering, Node, SpanTag, Tag, TagGroup,
    TagTree,
};
use krilla::text::{Font, TextDirection};
use qrcode::{EcLevel, QrCode};
use ttf_parser::Face;

use crate::layout::{self, Letters, Line, MARGIN, PAGE_HEIGHT, PAGE_WIDTH, QR_SIZE, Role};
use crate::sheet::{PrescriptionSheet, SheetError};
use crate::wording::Words;

const REGULAR: &[u8] = include_bytes!("../fonts/DejaVuSans.ttf");
const BOLD: &[u8] = include_bytes!("../fonts/DejaVuSans-Bold.ttf");

/// Why no PDF came out.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The sheet does not fit.
    #[error(transparent)]
    Sheet(#[from] SheetError),
    /// The vendored letters are damaged.
    #[error("the letters of the document cannot be read")]
    Letters,
    /// The QR code could not be made.
    #[error("the QR code could not be made")]
    Qr(#[from] qrcode::types::QrError),
    /// The writer refused the document. Its message may quote text, so it is not kept.
    #[error("the PDF writer refused the document")]
    Writer,
}

struct Fonts {
    regular: Font,
    bold: Font,
}

/// Prints a prescription. The same sheet gives the same bytes.
///
/// # Errors
/// See [`RenderError`].
pub fn render(sheet: &PrescriptionSheet) -> Result<Vec<u8>, RenderError> {
    let sheet = sheet.within_limits()?;
    let words = Words::of(sheet.language);
    let code =
        QrCode::with_error_correction_level(sheet.verification.payload.as_bytes(), EcLevel::M)?;
    let letters = Letters {
        regular: Face::parse(REGULAR, 0).or(Err(RenderError::Letters))?,
        bold: Face::parse(BOLD, 0).or(Err(RenderError::Letters))?,
    };
    let fonts = Fonts {
        regular: Font::new(REGULAR.into(), 0).ok_or(RenderError::Letters)?,
        bold: Font::new(BOLD.into(), 0).ok_or(RenderError::Letters)?,
    };
    let pages = layout::lay_out(sheet, words, &letters);
    let mut document = Document::new_with(settings()?);
    let mut blocks: Vec<Block> = Vec::new();
    let mut figure = None;
    for (index, lines) in pages.iter().enumerate() {
        let size = PageSettings::from_wh(PAGE_WIDTH, PAGE_HEIGHT).ok_or(RenderError::Writer)?;
        let mut page = document.start_page_with(size);
        let mut surface = page.surface();
        for line in lines {
            let identifier = draw_line(&mut surface, &fonts, line);
            match blocks.last_mut() {
                Some(block) if block.number == line.block => block.lines.push(identifier),
                _ => blocks.push(Block {
                    number: line.block,
                    role: line.role,
                    text: line.text.clone(),
                    lines: vec![identifier],
                }),
            }
        }
        if index == 0 {
            figure = Some(draw_code(&mut surface, &code)?);
        }
        let footer = format!("{} {} {} {}", words.page, index + 1, words.of, pages.len());
        draw_footer(&mut surface, &fonts, &footer);
        surface.finish();
        page.finish();
    }
    document.set_tag_tree(tag_tree(blocks, figure, words));
    // Nothing here names a patient or a medicine: metadata is shown and indexed outside the document.
    document.set_metadata(
        Metadata::new()
            .title(words.title.to_owned())
            .language(words.language_tag.to_owned())
            .creator("Telehealth Hub".to_owned()),
    );
    let mut outline = Outline::new();
    let top = XyzDestination::new(0, Point::from_xy(MARGIN, MARGIN));
    outline.push_child(OutlineNode::new(words.title.to_owned(), top));
    document.set_outline(outline);
    document.finish().or(Err(RenderError::Writer))
}

fn settings() -> Result<SerializeSettings, RenderError> {
    let configuration = ConfigurationBuilder::new()
        .with_version(PdfVersion::Pdf17)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .or(Err(RenderError::Writer))?;
    Ok(SerializeSettings {
        configuration,
        enable_tagging: true,
        ..SerializeSettings::default()
    })
}

fn black() -> Fill {
    Fill {
        paint: luma::Color::black().into(),
        ..Fill::default()
    }
}

fn draw_line(surface: &mut Surface<'_>, fonts: &Fonts, line: &Line) -> Identifier {
    let identifier = surface.start_tagged(ContentTag::Span(SpanTag::empty()));
    surface.set_fill(Some(black()));
    let font = if line.bold {
        &fonts.bold
    } else {
        &fonts.regular
    };
    // The space keeps words of two lines apart for screen readers and for copying.
    let text = format!("{} ", line.text);
    surface.draw_text(
        Point::from_xy(line.x, line.y),
        font.clone(),
        line.size,
        &text,
        false,
        TextDirection::Auto,
    );
    surface.end_tagged();
    identifier
}

fn draw_footer(surface: &mut Surface<'_>, fonts: &Fonts, text: &str) {
    surface.start_tagged(ContentTag::Artifact(Artifact::new(
        ArtifactType::Footer,
        None,
    )));
    surface.set_fill(Some(black()));
    surface.draw_text(
        Point::from_xy(MARGIN, PAGE_HEIGHT - 36.0),
        fonts.regular.clone(),
        9.0,
        text,
        false,
        TextDirection::Auto,
    );
    surface.end_tagged();
}

/// Draws the code as filled squares; the white paper around it is its quiet zone.
fn draw_code(surface: &mut Surface<'_>, code: &QrCode) -> Result<Identifier, RenderError> {
    let width = code.width();
    let columns = u16::try_from(width).or(Err(RenderError::Writer))?;
    let module = QR_SIZE / f32::from(columns);
    let (left, top) = (PAGE_WIDTH - MARGIN - QR_SIZE, MARGIN);
    let mut path = PathBuilder::new();
    let colors = code.to_colors();
    for (row, line) in (0u16..).zip(colors.chunks(width)) {
        for (column, color) in (0u16..).zip(line) {
            if *color == qrcode::Color::Dark {
                let (x, y) = (
                    left + module * f32::from(column),
                    top + module * f32::from(row),
                );
                path.push_rect(Rect::from_xywh(x, y, module, module).ok_or(RenderError::Writer)?);
            }
        }
    }
    let identifier = surface.start_tagged(ContentTag::Other);
    surface.set_fill(Some(black()));
    surface.draw_path(&path.finish().ok_or(RenderError::Writer)?);
    surface.end_tagged();
    Ok(identifier)
}

struct Block {
    number: usize,
    role: Role,
    text: String,
    lines: Vec<Identifier>,
}

fn tag_tree(blocks: Vec<Block>, figure: Option<Identifier>, words: &Words) -> TagTree {
    let mut tree = TagTree::new().with_lang(Some(words.language_tag.to_owned()));
    let mut list = TagGroup::new(Tag::L(ListNumbering::Decimal));
    let mut label = None;
    let mut figure = figure;
    for block in blocks {
        let children = block.lines.into_iter().map(Node::from).collect();
        match block.role {
            Role::Title => {
                tree.push(TagGroup::with_children(
                    Tag::Hn(NonZeroU16::MIN, Some(block.text)),
                    children,
                ));
                if let Some(code) = figure.take() {
                    let tag = Tag::Figure(Some(words.qr_alternative.to_owned()));
                    tree.push(TagGroup::with_children(tag, vec![code.into()]));
                }
            }
            Role::ItemNumber => label = Some(TagGroup::with_children(Tag::Lbl, children)),
            Role::ItemBody => {
                let mut entry = TagGroup::new(Tag::LI);
                if let Some(label) = label.take() {
                    entry.push(label);
                }
                entry.push(TagGroup::with_children(Tag::LBody, children));
                list.push(entry);
            }
            Role::Heading | Role::Paragraph => {
                let is_heading = block.role == Role::Heading;
                if !list.children.is_empty() {
                    tree.push(std::mem::replace(
                        &mut list,
                        TagGroup::new(Tag::L(ListNumbering::Decimal)),
                    ));
                }
                let second = NonZeroU16::MIN.saturating_add(1);
                tree.push(if is_heading {
                    TagGroup::with_children(Tag::Hn(second, Some(block.text)), children)
                } else {
                    TagGroup::with_children(Tag::P, children)
                });
            }
        }
    }
    if !list.children.is_empty() {
        tree.push(list);
    }
    tree
}
