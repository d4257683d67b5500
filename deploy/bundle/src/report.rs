//! What the bundle weighs, and the limit it has to keep.

use anyhow::{Result, bail};

use crate::assets::{LATER, Size};

/// Bytes of the first load after brotli: page, style, glue and first wasm together. At 1.6 Mbit/s
/// this is a bit more than a second of transfer.
const FIRST_LOAD_BROTLI_BYTES_MAX: usize = 250_000;
/// Bytes after brotli of everything there is. Nobody opens every page: chunks of other roles are
/// never fetched, so this bounds the program and not what a person waits for. It grows with what the
/// product does; the last step up was for captions, drafts of notes and the page of servers.
const WHOLE_BROTLI_BYTES_MAX: usize = 1_400_000;

/// Bytes on the wire for everything that the first page needs.
fn first_load_bytes(sizes: &[Size]) -> usize {
    let later = format!("assets/{LATER}/");
    sum(sizes.iter().filter(|size| {
        let name = &size.name;
        name == "index.html" || name.starts_with("assets/") && !name.starts_with(&later)
    }))
}

/// Bytes on the wire.
fn sum<'a>(sizes: impl Iterator<Item = &'a Size>) -> usize {
    sizes.map(|size| size.brotli.unwrap_or(size.raw)).sum()
}

/// One line per file and the sum against the budget.
pub(crate) fn table(sizes: &[Size]) -> String {
    let mut lines = vec![format!(
        "{:<48} {:>10} {:>10}",
        "bundle (bytes)", "raw", "brotli"
    )];
    for size in sizes {
        let brotli = size
            .brotli
            .map_or_else(|| "-".to_owned(), |bytes| bytes.to_string());
        lines.push(format!("{:<48} {:>10} {:>10}", size.name, size.raw, brotli));
    }
    for (name, bytes, limit) in budgets(sizes) {
        lines.push(format!(
            "{name:<48} {:>10} {bytes:>10}   budget {limit}",
            ""
        ));
    }
    lines.join("\n")
}

/// What is limited: its name, bytes after brotli, and how many it may be.
fn budgets(sizes: &[Size]) -> [(&'static str, usize, usize); 2] {
    [
        (
            "first load",
            first_load_bytes(sizes),
            FIRST_LOAD_BROTLI_BYTES_MAX,
        ),
        ("everything", sum(sizes.iter()), WHOLE_BROTLI_BYTES_MAX),
    ]
}

/// Refuses a bundle over a budget.
pub(crate) fn check_budget(sizes: &[Size]) -> Result<()> {
    for (name, bytes, limit) in budgets(sizes) {
        if bytes > limit {
            bail!("{name}: {bytes} bytes after brotli, over the budget of {limit}");
        }
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
    fn a_file_that_the_first_page_does_not_need_is_not_counted_there() {
        for name in ["robots.txt", "assets/later/visit-1.wasm"] {
            assert_eq!(first_load_bytes(&[size(name, 30_000, Some(500))]), 0);
        }
    }

    #[test]
    fn chunks_count_in_the_whole() {
        let chunk = |bytes| [size("assets/later/visit-1.wasm", 900_000, Some(bytes))];
        assert!(check_budget(&chunk(WHOLE_BROTLI_BYTES_MAX)).is_ok());
        assert!(check_budget(&chunk(WHOLE_BROTLI_BYTES_MAX + 1)).is_err());
    }
}
