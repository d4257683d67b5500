//! Prints the words of a file, one a line, that a screening would take for misspelt words of its
//! patterns: what belongs into `data/ordinary_words.txt`.

use std::io::{BufRead as _, BufWriter, Write as _};

use clinical_redflags::flags::Flags;

fn main() -> std::io::Result<()> {
    let mut out = BufWriter::new(std::io::stdout());
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        if Flags::shipped().would_correct(&line) {
            writeln!(out, "{line}")?;
        }
    }
    out.flush()
}
