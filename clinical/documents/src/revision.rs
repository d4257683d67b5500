//! Appends a signature field to a finished PDF (an incremental update, ISO 32000-1, 7.5.6).
//!
//! Reads only what [`crate::render()`] writes: a plain cross-reference table and plain objects.

/// Hexadecimal digits kept for the signature: 4 KiB of CMS.
pub(crate) const CONTENTS_DIGITS: usize = 8192;

/// A document with room for a signature.
pub(crate) struct Prepared {
    pub(crate) bytes: Vec<u8>,
    /// Where `<` of the signature stands.
    pub(crate) gap_start: usize,
    /// Just behind its `>`.
    pub(crate) gap_end: usize,
}

/// Appends everything but the signature itself. `None` when the document is not one of ours.
pub(crate) fn with_signature_field(pdf: &[u8], moment: &str) -> Option<Prepared> {
    let old_table = last_number(pdf, b"startxref")?;
    let trailer_start = find_last(pdf, b"trailer")?;
    let trailer_end = find_from(pdf, b"startxref", trailer_start)?;
    let trailer = text(pdf.get(trailer_start..trailer_end)?)?;
    let size = number_after(trailer, "/Size")?;
    let root = number_after(trailer, "/Root")?;
    let catalog = object(pdf, old_table, root)?;
    let pages = object(pdf, old_table, number_after(&catalog, "/Pages")?)?;
    let first_page = number_after(&pages, "/Kids")?;
    let page = object(pdf, old_table, first_page)?;
    let (value, field) = (size, size + 1);

    let mut bytes = pdf.to_vec();
    let mut offsets = Vec::new();
    let mut put = |bytes: &mut Vec<u8>, number: usize, body: &str| {
        offsets.push((number, bytes.len()));
        bytes.extend_from_slice(format!("{number} 0 obj\n{body}\nendobj\n").as_bytes());
    };
    bytes.push(b'\n');
    put(
        &mut bytes,
        root,
        &extended(
            &catalog,
            &format!("/AcroForm << /Fields [{field} 0 R] /SigFlags 3 >>"),
        )?,
    );
    put(
        &mut bytes,
        first_page,
        &extended(&page, &format!("/Annots [{field} 0 R]"))?,
    );
    put(
        &mut bytes,
        field,
        &format!(
            "<< /Type /Annot /Subtype /Widget /FT /Sig /T (Signature) /TU (Signature) /V {value} 0 R \
             /Rect [0 0 0 0] /F 130 /P {first_page} 0 R >>"
        ),
    );
    let zeros = "0".repeat(CONTENTS_DIGITS);
    let before_signature = bytes.len();
    put(
        &mut bytes,
        value,
        &format!(
            "<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached /M (D:{moment}Z) \
             /ByteRange [0 {BLANK} {BLANK} {BLANK}] /Contents <{zeros}> >>"
        ),
    );
    let contents = find_from(&bytes, b"/Contents <", before_signature)?;
    let gap_start = contents + b"/Contents ".len();
    let gap_end = gap_start + CONTENTS_DIGITS + 2;

    let table = bytes.len();
    bytes.extend_from_slice(b"xref\n");
    offsets.sort_unstable();
    for (number, offset) in offsets {
        bytes.extend_from_slice(format!("{number} 1\n{offset:010} 00000 n \n").as_bytes());
    }
    let dictionary = trailer.strip_prefix("trailer")?.trim();
    let dictionary =
        dictionary.replacen(&format!("/Size {size}"), &format!("/Size {}", size + 2), 1);
    let dictionary = extended(&dictionary, &format!("/Prev {old_table}"))?;
    bytes.extend_from_slice(
        format!("trailer\n{dictionary}\nstartxref\n{table}\n%%EOF\n").as_bytes(),
    );

    let range = byte_range(gap_start, gap_end, bytes.len());
    let blank = format!("/ByteRange [0 {BLANK} {BLANK} {BLANK}]");
    let place = find_from(&bytes, blank.as_bytes(), before_signature)?;
    bytes
        .get_mut(place..place + range.len())?
        .copy_from_slice(range.as_bytes());
    Some(Prepared {
        bytes,
        gap_start,
        gap_end,
    })
}

const BLANK: &str = "          ";

/// The entry that says what is signed: all but the signature. Its length is always the same.
pub(crate) fn byte_range(gap_start: usize, gap_end: usize, length: usize) -> String {
    format!(
        "/ByteRange [0 {gap_start:<10} {gap_end:<10} {:<10}]",
        length.saturating_sub(gap_end)
    )
}

/// Where the signature of a sealed document begins and ends.
pub(crate) fn gap(pdf: &[u8]) -> Option<(usize, usize)> {
    let value = find_last(pdf, b"/Type /Sig ")?;
    let contents = find_from(pdf, b"/Contents <", value)?;
    let start = contents + b"/Contents ".len();
    Some((start, start + CONTENTS_DIGITS + 2))
}

/// A dictionary with one more entry.
fn extended(dictionary: &str, entry: &str) -> Option<String> {
    let (inside, rest) = dictionary.rsplit_once(">>")?;
    Some(format!("{inside}\n{entry}\n>>{rest}"))
}

/// The body of an object, by the table at `table`.
fn object(pdf: &[u8], table: usize, number: usize) -> Option<String> {
    let rows = text(
        pdf.get(table..)?
            .get(..(number + 2) * 20 + 40)
            .or_else(|| pdf.get(table..))?,
    )?;
    let mut lines = rows.split('\n');
    let _keyword = lines.next()?;
    let first: usize = lines.next()?.split_whitespace().next()?.parse().ok()?;
    let row = lines.nth(number.checked_sub(first)?)?;
    let offset: usize = row.split_whitespace().next()?.parse().ok()?;
    let end = find_from(pdf, b"endobj", offset)?;
    let body = text(pdf.get(offset..end)?)?;
    Some(body.split_once("obj")?.1.trim().to_owned())
}

fn text(bytes: &[u8]) -> Option<&str> {
    // A binary part behind the table does not matter: what is read ends before it.
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) => std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok(),
    }
}

fn number_after(text: &str, key: &str) -> Option<usize> {
    let digits = text
        .split_once(key)?
        .1
        .trim_start_matches([' ', '\n', '\r', '[']);
    let digits: String = digits.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn last_number(pdf: &[u8], key: &[u8]) -> Option<usize> {
    let start = find_last(pdf, key)?;
    number_after(text(pdf.get(start..)?)?, std::str::from_utf8(key).ok()?)
}

fn find_from(bytes: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    let place = bytes
        .get(from..)?
        .windows(needle.len())
        .position(|window| window == needle)?;
    Some(from + place)
}

fn find_last(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes
        .windows(needle.len())
        .rposition(|window| window == needle)
}
