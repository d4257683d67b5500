//! A file that words open: age-encryption.org/v1 with a scrypt recipient, as `age -d` reads it
//! (<https://c2sp.org/age>).

use std::io::{self, Write};

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::{hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

const VERSION: &str = "age-encryption.org/v1";
/// log2 of the cost of trying words: 16 MiB each. The words are random, so it need not be more.
const WORK: u8 = 14;
const SALT_BYTES: usize = 16;
const FILE_KEY_BYTES: usize = 16;
/// Plain bytes of a chunk.
const CHUNK_BYTES: usize = 64 * 1024;

/// The file was not begun.
#[derive(Debug, thiserror::Error)]
pub enum AgeError {
    /// The cryptographic library failed.
    #[error("the cryptographic library failed")]
    Library,
    /// The head could not be written.
    #[error("the file cannot be written")]
    Write(#[from] io::Error),
}

/// Seals what is written into it. Without [`AgeWriter::finish`] the file is cut off, and refused.
pub struct AgeWriter<W> {
    to: W,
    key: LessSafeKey,
    chunk: Vec<u8>,
    number: u64,
}

impl<W> core::fmt::Debug for AgeWriter<W> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "AgeWriter({} chunks)", self.number)
    }
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// HKDF-SHA-256 (RFC 5869) of the file's key.
fn derive(file_key: &[u8], salt: &[u8], purpose: &[u8]) -> Result<Zeroizing<[u8; 32]>, AgeError> {
    let mut key = Zeroizing::new([0; 32]);
    let secret = Salt::new(HKDF_SHA256, salt).extract(file_key);
    let info = [purpose];
    let derived = secret.expand(&info, Length(32));
    let derived = derived.or(Err(AgeError::Library))?;
    derived.fill(key.as_mut()).or(Err(AgeError::Library))?;
    Ok(key)
}

fn cipher(key: &[u8; 32]) -> Result<LessSafeKey, AgeError> {
    let key = UnboundKey::new(&CHACHA20_POLY1305, key).or(Err(AgeError::Library))?;
    Ok(LessSafeKey::new(key))
}

/// The stanza that holds the file's key, wrapped by the words.
fn stanza(words: &str, file_key: &[u8]) -> Result<String, AgeError> {
    let mut salt = [0; SALT_BYTES];
    rand::fill(&mut salt).or(Err(AgeError::Library))?;
    let salted = [VERSION.as_bytes(), b"/scrypt", &salt].concat();
    let cost = scrypt::Params::new(WORK, 8, 1).or(Err(AgeError::Library))?;
    let mut wrap = Zeroizing::new([0; 32]);
    scrypt::scrypt(words.as_bytes(), &salted, &cost, wrap.as_mut()).or(Err(AgeError::Library))?;
    let mut body = file_key.to_vec();
    cipher(&wrap)?
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key([0; 12]),
            Aad::empty(),
            &mut body,
        )
        .or(Err(AgeError::Library))?;
    let (salt, body) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(body));
    Ok(format!("-> scrypt {salt} {WORK}\n{body}\n"))
}

impl<W: Write> AgeWriter<W> {
    /// Writes the head; what comes after it opens with these words.
    ///
    /// # Errors
    /// [`AgeError`]
    pub fn new(words: &str, mut to: W) -> Result<Self, AgeError> {
        let mut file_key = Zeroizing::new([0; FILE_KEY_BYTES]);
        rand::fill(file_key.as_mut()).or(Err(AgeError::Library))?;
        let head = format!("{VERSION}\n{}---", stanza(words, file_key.as_ref())?);
        let mac = derive(file_key.as_ref(), &[], b"header")?;
        let mac = hmac::sign(
            &hmac::Key::new(hmac::HMAC_SHA256, mac.as_ref()),
            head.as_bytes(),
        );
        let mut nonce = [0; SALT_BYTES];
        rand::fill(&mut nonce).or(Err(AgeError::Library))?;
        writeln!(to, "{head} {}", STANDARD_NO_PAD.encode(mac))?;
        to.write_all(&nonce)?;
        let key = derive(file_key.as_ref(), &nonce, b"payload")?;
        Ok(Self {
            to,
            key: cipher(&key)?,
            chunk: Vec::with_capacity(CHUNK_BYTES + 16),
            number: 0,
        })
    }

    fn put(&mut self, is_last: bool) -> io::Result<()> {
        // Eleven bytes count, the twelfth marks the end.
        let mut nonce = [0; 12];
        for (to, byte) in nonce.iter_mut().skip(3).zip(self.number.to_be_bytes()) {
            *to = byte;
        }
        nonce[11] = u8::from(is_last);
        self.number += 1;
        let nonce = Nonce::assume_unique_for_key(nonce);
        self.key
            .seal_in_place_append_tag(nonce, Aad::empty(), &mut self.chunk)
            .or(Err(io::Error::other(AgeError::Library)))?;
        self.to.write_all(&self.chunk)?;
        self.chunk.clear();
        Ok(())
    }

    /// Writes the last chunk; answers with what was written into.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.put(true)?;
        self.to.flush()?;
        Ok(self.to)
    }
}

impl<W: Write> Write for AgeWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full chunk waits for what comes, because only the last one is marked.
        if self.chunk.len() == CHUNK_BYTES && !bytes.is_empty() {
            self.put(false)?;
        }
        let room = CHUNK_BYTES - self.chunk.len();
        let (now, _later) = bytes.split_at(room.min(bytes.len()));
        self.chunk.extend_from_slice(now);
        Ok(now.len())
    }

    /// What does not fill a chunk is kept.
    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
