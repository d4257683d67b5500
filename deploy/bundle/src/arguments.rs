//! The command line of the bundle tool.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Result, bail};

/// What was asked for. Relative paths are relative to the repository.
#[derive(Debug)]
pub(crate) struct Arguments {
    /// Where the bundle goes.
    pub(crate) out: PathBuf,
    /// Cargo's target directory of the wasm build: its own, so that host and wasm builds do not
    /// wait for each other's lock.
    pub(crate) target_dir: PathBuf,
    /// A wasm32 standard library made by `scripts/wasm-sysroot`, where rustup cannot download one.
    pub(crate) wasm_sysroot: Option<PathBuf>,
    /// Leaves wasm-opt out even when it is installed.
    pub(crate) no_opt: bool,
}

impl Arguments {
    /// Parses the words after the program's name.
    pub(crate) fn parse(words: impl Iterator<Item = OsString>) -> Result<Self> {
        let mut arguments = Self {
            out: PathBuf::from("dist"),
            target_dir: PathBuf::from("target-web"),
            wasm_sysroot: None,
            no_opt: false,
        };
        let mut words = words;
        while let Some(word) = words.next() {
            match word.to_str() {
                Some("--no-opt") => arguments.no_opt = true,
                Some("--out") => arguments.out = directory(&word, words.next())?,
                Some("--target-dir") => arguments.target_dir = directory(&word, words.next())?,
                Some("--wasm-sysroot") => {
                    arguments.wasm_sysroot = Some(directory(&word, words.next())?);
                }
                _ => bail!(
                    "unknown argument {word:?}; known are --out DIR, --target-dir DIR, \
                     --wasm-sysroot DIR and --no-opt"
                ),
            }
        }
        Ok(arguments)
    }
}

fn directory(flag: &OsString, value: Option<OsString>) -> Result<PathBuf> {
    match value {
        Some(value) if !value.is_empty() => Ok(PathBuf::from(value)),
        _ => bail!("{} wants a directory", flag.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Arguments> {
        Arguments::parse(words.iter().map(OsString::from))
    }

    #[test]
    fn without_arguments_the_bundle_goes_to_dist() {
        let arguments = parse(&[]).unwrap();
        assert_eq!(arguments.out, PathBuf::from("dist"));
        assert_eq!(arguments.target_dir, PathBuf::from("target-web"));
        assert!(!arguments.no_opt);
    }

    #[test]
    fn every_flag_is_understood() {
        let words = [
            "--no-opt",
            "--out",
            "a",
            "--target-dir",
            "b",
            "--wasm-sysroot",
            "c",
        ];
        let arguments = parse(&words).unwrap();
        assert_eq!(arguments.out, PathBuf::from("a"));
        assert_eq!(arguments.target_dir, PathBuf::from("b"));
        assert_eq!(arguments.wasm_sysroot, Some(PathBuf::from("c")));
        assert!(arguments.no_opt);
    }

    #[test]
    fn an_unknown_flag_and_a_missing_directory_are_refused() {
        assert!(parse(&["--fast"]).is_err());
        assert!(parse(&["--out"]).is_err());
        assert!(parse(&["--out", ""]).is_err());
    }
}
