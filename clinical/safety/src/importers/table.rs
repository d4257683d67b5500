//! Rows of separated values with their line numbers.

/// A row whose quoted field does not end; the row begins in this line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UnclosedQuote(pub(super) usize);

/// Splits text into rows of comma-separated fields, which may be quoted (RFC 4180).
pub(super) fn commas(text: &str) -> Result<Vec<(usize, Vec<String>)>, UnclosedQuote> {
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut field = String::new();
    let (mut line, mut start, mut quoted) = (1, 1, false);
    let mut letters = text.trim_start_matches('\u{feff}').chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut field)),
            '\n' => {
                line += 1;
                if quoted {
                    field.push(letter);
                } else {
                    row.push(std::mem::take(&mut field));
                    rows.push((start, std::mem::take(&mut row)));
                    start = line;
                }
            }
            '\r' => {}
            _ => field.push(letter),
        }
    }
    if quoted {
        return Err(UnclosedQuote(start));
    }
    if !field.is_empty() || !row.is_empty() {
        row.push(field);
        rows.push((start, row));
    }
    rows.retain(|(_, fields)| fields.iter().any(|field| !field.trim().is_empty()));
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::{UnclosedQuote, commas};

    #[test]
    fn quoted_fields_may_hold_commas_quotes_and_line_ends() {
        let rows = commas("\u{feff}a,\"b, \"\"c\"\"\nd\"\r\n\ne,f").unwrap();
        assert_eq!(
            rows,
            [
                (1, vec!["a".to_owned(), "b, \"c\"\nd".to_owned()]),
                (4, vec!["e".to_owned(), "f".to_owned()])
            ]
        );
    }

    #[test]
    fn a_quote_that_does_not_end_is_refused_where_its_row_begins() {
        assert_eq!(commas("a,b\nc,\"d\ne,f\n"), Err(UnclosedQuote(2)));
    }
}
