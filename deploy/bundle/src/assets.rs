//! Files of the bundle: hashed names, and a compressed copy beside each.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use brotli::CompressorWriter;
use sha2::{Digest as _, Sha256};

/// Hex digits of the hash in a name: 64 bits, far beyond what a few files per release need.
const HASH_DIGITS: usize = 16;
/// Files below this directory of `assets` are fetched when somebody opens a page that needs them.
pub(crate) const LATER: &str = "later";
const BROTLI_QUALITY: u32 = 11;
const BROTLI_WINDOW_BITS: u32 = 22;
const BROTLI_BUFFER_BYTES: usize = 64 * 1024;

/// The files of one bundle in the order they were added.
#[derive(Debug, Default)]
pub(crate) struct Assets {
    files: Vec<(String, Vec<u8>)>,
}

/// How large a file is.
#[derive(Debug)]
pub(crate) struct Size {
    /// Path below the bundle's root.
    pub(crate) name: String,
    /// Bytes as they are.
    pub(crate) raw: usize,
    /// Bytes after brotli; `None` for files that are compressed by nature (pictures, fonts).
    pub(crate) brotli: Option<usize>,
}

impl Assets {
    /// Adds a file as `assets/STEM-HASH.EXTENSION` and returns the URL path it will have.
    pub(crate) fn add(&mut self, stem: &str, extension: &str, bytes: Vec<u8>) -> String {
        let name = format!("assets/{stem}-{}.{extension}", hash(&bytes));
        let url = format!("/{name}");
        self.files.push((name, bytes));
        url
    }

    /// Adds a file under exactly this path.
    pub(crate) fn add_as(&mut self, name: String, bytes: Vec<u8>) {
        self.files.push((name, bytes));
    }

    /// Writes all files below `dir`, with `.br` copies.
    pub(crate) fn write(&self, dir: &Path) -> Result<Vec<Size>> {
        let mut sizes = Vec::new();
        for (name, bytes) in &self.files {
            let path = dir.join(name);
            let parent = path.parent().context("a file lies in a directory")?;
            fs::create_dir_all(parent)
                .with_context(|| format!("cannot make {}", parent.display()))?;
            fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
            let mut brotli = None;
            if is_compressible(name) {
                let packed = compress(bytes)?;
                let beside = dir.join(format!("{name}.br"));
                fs::write(&beside, &packed)
                    .with_context(|| format!("cannot write {}", beside.display()))?;
                brotli = Some(packed.len());
            }
            sizes.push(Size {
                name: name.clone(),
                raw: bytes.len(),
                brotli,
            });
        }
        Ok(sizes)
    }
}

/// The start of the SHA-256 of `bytes`, in hex.
pub(crate) fn hash(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    let mut hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    hex.truncate(HASH_DIGITS);
    hex
}

fn is_compressible(name: &str) -> bool {
    let extension = name.rsplit('.').next().unwrap_or_default();
    [
        "html",
        "css",
        "js",
        "wasm",
        "json",
        "svg",
        "txt",
        "webmanifest",
    ]
    .contains(&extension)
}

fn compress(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut writer = CompressorWriter::new(
        Vec::new(),
        BROTLI_BUFFER_BYTES,
        BROTLI_QUALITY,
        BROTLI_WINDOW_BITS,
    );
    writer.write_all(bytes).context("brotli failed")?;
    writer.flush().context("brotli failed")?;
    Ok(writer.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_follows_its_content() {
        let mut assets = Assets::default();
        let one = assets.add("style", "css", b"a{}".to_vec());
        let same = assets.add("style", "css", b"a{}".to_vec());
        let other = assets.add("style", "css", b"b{}".to_vec());
        assert_eq!(one, same);
        assert_ne!(one, other);
        assert!(one.starts_with("/assets/style-") && one.ends_with(".css"));
    }

    #[test]
    fn a_compressed_file_reads_back_as_it_was() {
        let text = "calm pages, few elements. ".repeat(500).into_bytes();
        let packed = compress(&text).unwrap();
        assert!(packed.len() < text.len() / 10);
        let mut back = Vec::new();
        brotli::BrotliDecompress(&mut packed.as_slice(), &mut back).unwrap();
        assert_eq!(back, text);
    }

    #[test]
    fn pictures_and_fonts_are_not_compressed_twice() {
        assert!(is_compressible("assets/app-0.wasm"));
        assert!(is_compressible("index.html"));
        assert!(!is_compressible("icon.png"));
        assert!(!is_compressible("text.woff2"));
    }
}
