//! Argon2id (RFC 9106), off the async threads and only a few at a time.
//!
//! The same few threads hash all passwords, each in memory that it keeps: given back and taken again, the
//! aligned blocks of each hash leave a hole that the next one does not fit, and a small server grew by 20 MB
//! with each of the first dozen.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use clinical_store::identity::PasswordHash;
use tokio::sync::{Semaphore, oneshot};

use crate::Entropy;

/// Memory of one hash in KiB, and the passes over it: OWASP's second choice, about 20 ms.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;

/// Hashes at once: more than the cores of a small server only adds memory (19 MiB each).
const RUNNING_MAX: usize = 2;

/// Callers that may wait for a hash; one more is refused with [`PasswordError::Busy`]. At 20 ms a
/// hash the last of them waits less than a second.
const WAITING_MAX: usize = 64;

/// Shortest password, in characters.
pub const PASSWORD_CHARS_MIN: usize = 12;

/// Longest password, in bytes: hashing a longer one would only be work.
pub const PASSWORD_BYTES_MAX: usize = 256;

/// A hash that was not computed.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Too many wait already.
    #[error("too many passwords wait to be hashed")]
    Busy,
    /// Argon2 refused its input: parameters or a stored hash.
    #[error("a password could not be hashed")]
    Hash(#[source] argon2::password_hash::Error),
    /// Argon2 refused its parameters.
    #[error("the parameters of password hashing are impossible")]
    Params(#[source] argon2::Error),
    /// A stored hash that is no PHC string.
    #[error("a stored password hash can not be read")]
    Stored(#[source] phc::Error),
    /// The thread ended early.
    #[error("a hashing thread ended early")]
    Thread(#[source] oneshot::error::RecvError),
    /// The system refused a thread.
    #[error("no thread for hashing passwords")]
    NoThread(#[source] std::io::Error),
}

type Work = Box<dyn FnOnce(&mut Memory) + Send>;

/// What a thread computes hashes in; it has the size of the largest so far.
#[derive(Default)]
struct Memory(Vec<Block>);

impl Memory {
    fn of(&mut self, params: &Params) -> &mut [Block] {
        let blocks = params.block_count();
        if self.0.len() < blocks {
            self.0.resize(blocks, Block::default());
        }
        self.0.get_mut(..blocks).unwrap_or_default()
    }
}

/// Hashes and verifies passwords.
#[derive(Debug, Clone)]
pub struct Passwords {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// Never full: whoever sends has a turn, and there are as many places.
    threads: SyncSender<Work>,
    /// The hash of a secret that nobody knows: unknown accounts cost the same work.
    dummy: PasswordHash,
}

impl Passwords {
    /// Prepares hashing; takes as long as one hash.
    ///
    /// # Errors
    /// Argon2 refused its parameters, or the system a thread.
    pub fn new(entropy: &Entropy) -> Result<Self, PasswordError> {
        Ok(Self {
            running: Arc::new(Semaphore::new(RUNNING_MAX)),
            waiting: Arc::new(Semaphore::new(WAITING_MAX)),
            threads: start_threads().map_err(PasswordError::NoThread)?,
            dummy: hash(
                &entropy.bytes::<32>(),
                &entropy.bytes::<16>(),
                &mut Memory::default(),
            )?,
        })
    }

    /// Hashes a new password.
    ///
    /// # Errors
    /// Too many wait, or Argon2 failed.
    pub async fn hash(
        &self,
        password: &str,
        entropy: &Entropy,
    ) -> Result<PasswordHash, PasswordError> {
        let password = password.to_owned();
        let salt = entropy.bytes::<16>();
        self.run(move |memory| hash(password.as_bytes(), &salt, memory))
            .await
    }

    /// Verifies a password. Without a hash it does the same work and answers false.
    ///
    /// # Errors
    /// Too many wait, or the stored hash can not be read.
    pub async fn verify(
        &self,
        password: &str,
        stored: Option<&PasswordHash>,
    ) -> Result<bool, PasswordError> {
        let known = stored.is_some();
        let stored = stored.unwrap_or(&self.dummy).clone();
        let password = password.to_owned();
        let fits = self
            .run(move |memory| verify(password.as_bytes(), &stored, memory))
            .await?;
        Ok(fits && known)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Memory) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let busy = PasswordError::Busy;
        let place = Arc::clone(&self.waiting);
        let place = place.try_acquire_owned().or(Err(busy))?;
        let turn = Arc::clone(&self.running).acquire_owned().await;
        let turn = turn.or(Err(PasswordError::Busy))?;
        // The thread holds the turn, not the caller: who hangs up does not stop the work, and
        // hanging up again and again must not make room for more of it.
        let (told, tell) = oneshot::channel();
        let work: Work = Box::new(move |memory| {
            let done = work(memory);
            drop((turn, place));
            // Whoever asked may have hung up.
            let _ = told.send(done);
        });
        self.threads
            .try_send(work)
            .map_err(|_full| PasswordError::Busy)?;
        tell.await.map_err(PasswordError::Thread)?
    }
}

/// Starts the threads, which end with the last sender.
fn start_threads() -> Result<SyncSender<Work>, std::io::Error> {
    let (sender, receiver) = sync_channel(RUNNING_MAX);
    let receiver = Arc::new(Mutex::new(receiver));
    for _ in 0..RUNNING_MAX {
        let receiver = Arc::clone(&receiver);
        thread::Builder::new()
            .name("passwords".to_owned())
            .spawn(move || hash_until_the_end(&receiver))?;
    }
    Ok(sender)
}

fn hash_until_the_end(receiver: &Mutex<Receiver<Work>>) {
    let mut memory = Memory::default();
    loop {
        // Held while waiting: the other threads wait here instead of there.
        let next = receiver
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .recv();
        let Ok(work) = next else {
            return;
        };
        // A panic costs one hash; whoever asked sees that nothing comes.
        if catch_unwind(AssertUnwindSafe(|| work(&mut memory))).is_err() {
            tracing::error!("hashing a password panicked");
        }
    }
}

fn compute(
    password: &[u8],
    salt: &phc::Salt,
    (version, params): (Version, &Params),
    memory: &mut Memory,
) -> Result<phc::Output, PasswordError> {
    let engine = Argon2::new(Algorithm::Argon2id, version, params.clone());
    let mut bytes = [0; phc::Output::MAX_LENGTH];
    let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    let out = bytes.get_mut(..length).unwrap_or_default();
    engine
        .hash_password_into_with_memory(password, salt, out, memory.of(params))
        .map_err(|error| PasswordError::Hash(error.into()))?;
    phc::Output::new(out).map_err(PasswordError::Stored)
}

fn hash(password: &[u8], salt: &[u8], memory: &mut Memory) -> Result<PasswordHash, PasswordError> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(PasswordError::Params)?;
    let salt = phc::Salt::new(salt).map_err(PasswordError::Stored)?;
    let version = Version::V0x13;
    let hash = phc::PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(version.into()),
        params: phc::ParamsString::try_from(&params).map_err(PasswordError::Hash)?,
        salt: Some(salt),
        hash: Some(compute(password, &salt, (version, &params), memory)?),
    };
    Ok(PasswordHash(hash.to_string()))
}

/// With the algorithm's parameters as they were when it was stored.
fn verify(
    password: &[u8],
    stored: &PasswordHash,
    memory: &mut Memory,
) -> Result<bool, PasswordError> {
    let stored = phc::PasswordHash::new(&stored.0).map_err(PasswordError::Stored)?;
    let refused = |error: argon2::Error| PasswordError::Hash(error.into());
    let (Some(salt), Some(known)) = (&stored.salt, &stored.hash) else {
        return Ok(false);
    };
    if stored.algorithm != Algorithm::Argon2id.ident() {
        return Ok(false);
    }
    let version = stored.version.map(Version::try_from).transpose();
    let version = version.map_err(refused)?.unwrap_or_default();
    let params = Params::try_from(&stored).map_err(PasswordError::Hash)?;
    // Outputs are compared in constant time.
    Ok(compute(password, salt, (version, &params), memory)? == *known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_fits_and_an_unknown_account_never_does() {
        let entropy = Entropy::seeded(1);
        let passwords = Passwords::new(&entropy).unwrap();
        let stored = passwords.hash("correct horse", &entropy).await.unwrap();
        assert!(stored.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(
            passwords
                .verify("correct horse", Some(&stored))
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify("correct hors", Some(&stored))
                .await
                .unwrap()
        );
        assert!(!passwords.verify("correct horse", None).await.unwrap());
    }

    #[tokio::test]
    async fn whoever_hangs_up_keeps_their_turn_until_the_work_is_done() {
        let passwords = Passwords::new(&Entropy::seeded(1)).unwrap();
        let (finish, finished) = std::sync::mpsc::channel::<()>();
        let mut hashing = Box::pin(passwords.run(move |_| {
            let _ = finished.recv();
            Ok(())
        }));
        // Polled once: the work has begun.
        tokio::select! {
            biased;
            _ = &mut hashing => panic!("the work cannot have ended"),
            () = core::future::ready(()) => {}
        }
        drop(hashing);
        assert_eq!(passwords.running.available_permits(), RUNNING_MAX - 1);
        drop(finish);
        let all = u32::try_from(RUNNING_MAX).unwrap();
        drop(passwords.running.acquire_many(all).await.unwrap());
    }

    #[tokio::test]
    async fn the_same_threads_hash_all_and_survive_a_panic() {
        let passwords = Passwords::new(&Entropy::seeded(1)).unwrap();
        let mut seen = std::collections::HashSet::new();
        for _ in 0..20 {
            let id = passwords.run(|_| Ok(thread::current().id())).await;
            seen.insert(id.unwrap());
            let broken = passwords.run::<()>(|_| panic!("broken by a test")).await;
            assert!(matches!(broken, Err(PasswordError::Thread(_))));
        }
        assert!(seen.len() <= RUNNING_MAX, "{}", seen.len());
        let all = u32::try_from(RUNNING_MAX).unwrap();
        drop(passwords.running.acquire_many(all).await.unwrap());
    }

    #[tokio::test]
    async fn when_too_many_wait_the_next_is_refused_at_once() {
        let entropy = Entropy::seeded(1);
        let passwords = Passwords::new(&entropy).unwrap();
        let places = u32::try_from(WAITING_MAX).unwrap();
        let taken = passwords.waiting.try_acquire_many(places).unwrap();
        let refused = passwords.verify("x", None).await;
        assert!(matches!(refused, Err(PasswordError::Busy)));
        drop(taken);
        assert!(!passwords.verify("x", None).await.unwrap());
    }
}
