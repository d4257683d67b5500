//! What the bundle weighs, and the limit it has to keep.

use anyhow::{Result, bail};

use crate::assets::Size;

/// Bytes of the first load after brotli: page, style, glue and wasm together. At 1.6 Mbit/s
/// this is two seconds of transfer.
const FIRST_LOAD_BROTLI_BYTES_MAX: usize = 400_000;

/// Bytes on the wire for everything that the first page needs.
fn first_load_bytes(sizes: &[Size]) -> usize {
    sizes
        .iter()
        .filter(|size| size.name == "index.html" || size.name.starts_with("assets/"))
        .map(|size| size.brotli.unwrap_or(size.raw))
        .sum()
}

/// One line per file and the sum against the budget.
pub(crate) fn table(sizes: &[Size]) -> String {
    let mut lines = vec![format!(
        "{:<44} {:>10} {:>10}",
        "bundle (bytes)", "raw", "brotli"
    )];
    for size in sizes {
        let brotli = size
            .brotli
            .map_or_else(|| "-".to_owned(), |bytes| bytes.to_string());
        lines.push(format!("{:<44} {:>10} {:>10}", size.name, size.raw, brotli));
    }
    lines.push(format!(
        "{:<44} {:>10} {:>10}   budget {FIRST_LOAD_BROTLI_BYTES_MAX}",
        "first load",
        "",
        first_load_bytes(sizes)
    ));
    lines.join("\n")
}

/// Refuses a bundle over the budget.
pub(crate) fn check_budget(sizes: &[Size]) -> Result<()> {
    let bytes = first_load_bytes(sizes);
    if bytes > FIRST_LOAD_BROTLI_BYTES_MAX {
        bail!(
            "the first load is {bytes} bytes after brotli, over the budget of \
             {FIRST_LOAD_BROTLI_BYTES_MAX}"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(name: &str, raw: usize, brotli: Option<usize>) -> Size {
        Size {
            name: name.to_owned(),
            raw,
            brotli,
        }
    }

    #[test]
    fn a_bundle_at_the_budget_passes_and_one_byte_more_does_not() {
        let at = [size(
            "assets/app-1.wasm",
            900_000,
            Some(FIRST_LOAD_BROTLI_BYTES_MAX),
        )];
        assert!(check_budget(&at).is_ok());
        let over = [
            size(
                "assets/app-1.wasm",
                900_000,
                Some(FIRST_LOAD_BROTLI_BYTES_MAX),
            ),
            size("index.html", 2, Some(1)),
        ];
        assert!(check_budget(&over).is_err());
    }

    #[test]
    fn what_cannot_be_compressed_counts_in_full() {
        assert_eq!(
            first_load_bytes(&[size("assets/font-1.woff2", 30_000, None)]),
            30_000
        );
    }

    #[test]
    fn a_file_that_the_first_page_does_not_need_is_not_counted() {
        assert_eq!(
            first_load_bytes(&[size("robots.txt", 30_000, Some(500))]),
            0
        );
    }
}
