//! A telephone line of the product: its settings, what it says, and the PINs of visits.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;
use tokio::sync::watch;

use crate::phone::{Caller, Way};

/// What is called.
const NUMBER: &str = "+33123456789";
/// Samples of what is said: a tenth of a second of silence, so that whoever is in the visit is heard alone.
const SILENCE_MS: u32 = 100;

/// The line of a server that is about to run.
#[derive(Debug)]
pub(super) struct Line {
    server: SocketAddr,
    pins: Vec<String>,
    lobbies: Mutex<HashMap<u32, watch::Sender<bool>>>,
}

impl Line {
    /// Appends the settings of a line to the file `config`. Prompts get the names of those in `prompts`.
    pub(super) fn open(
        config: &Path,
        (folder, prompts): (&Path, &Path),
        facility: &str,
    ) -> anyhow::Result<Self> {
        let server = UdpSocket::bind("127.0.0.1:0").context("no port is free")?;
        let server = server.local_addr()?;
        let quiet = hushed(prompts, folder)?;
        let mut settings = std::fs::read_to_string(config)?;
        write!(
            settings,
            "[phone]\nbind = \"{server}\"\nrealm = \"loadtest\"\n[phone.sound]\nprompts = \"{}\"\n\
             [[phone.trunks]]\nname = \"loadtest\"\naddresses = [\"127.0.0.0/8\"]\n\
             numbers = [{{ number = \"{NUMBER}\", facility = \"{facility}\", language = \"en\" }}]\n\
             country = \"33\"\ncodecs = [\"pcma\"]\n",
            quiet.display()
        )?;
        std::fs::write(config, settings)?;
        Ok(Self {
            server,
            pins: Vec::new(),
            lobbies: Mutex::default(),
        })
    }

    /// The PINs of the rooms, in their order. With `wrong`, that of the first room is another one.
    pub(super) fn expect(&mut self, pins: Vec<String>, wrong: bool) {
        self.pins = pins;
        if let Some(pin) = self.pins.first_mut().filter(|_| wrong) {
            *pin = changed(pin);
        }
    }

    pub(super) fn way(&self, lose_per_million: u32) -> Way {
        Way {
            server: self.server,
            number: NUMBER.to_owned(),
            lose_per_million,
        }
    }

    /// Where it is told that the caller of a room was let in.
    pub(super) fn lobby(&self, room: u32) -> watch::Sender<bool> {
        let mut lobbies = self.lobbies.lock().unwrap_or_else(PoisonError::into_inner);
        let lobby = lobbies
            .entry(room)
            .or_insert_with(|| watch::channel(false).0);
        lobby.clone()
    }

    /// Who calls: one for each room.
    pub(super) fn callers(&self) -> Vec<Caller> {
        let rooms = (0..).zip(&self.pins);
        rooms
            .map(|(room, pin)| Caller {
                room,
                pin: pin.clone(),
                inside: self.lobby(room).subscribe(),
            })
            .collect()
    }
}

/// Another PIN of the same form.
fn changed(pin: &str) -> String {
    let digits = pin.chars().filter_map(|digit| digit.to_digit(10));
    digits
        .filter_map(|digit| char::from_digit((digit + 1) % 10, 10))
        .collect()
}

/// Asks the installation for its only facility.
pub(super) async fn facility(program: &Path, words: Vec<OsString>) -> anyhow::Result<String> {
    let output = tokio::process::Command::new(program)
        .args(words)
        .output()
        .await?;
    let said = String::from_utf8_lossy(&output.stderr);
    anyhow::ensure!(output.status.success(), "telehealth facility list: {said}");
    let lines = String::from_utf8(output.stdout).context("facilities are no text")?;
    let mut words = lines.split_whitespace();
    let id = words.find(|word| uuid::Uuid::try_parse(word).is_ok());
    Ok(id.context("the installation has no facility")?.to_owned())
}

/// A folder with a short silence for each prompt that is in `prompts`.
fn hushed(prompts: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
    let quiet = folder.join("prompts");
    std::fs::create_dir_all(&quiet)?;
    let named = std::fs::read_dir(prompts).with_context(|| {
        let shown = prompts.display();
        format!("{shown} has no prompts: `scripts/prompts {shown}` makes them")
    })?;
    for entry in named {
        let name = entry?.file_name();
        let hz = match name.to_string_lossy() {
            name if name.ends_with(".8k.wav") => 8_000,
            name if name.ends_with(".16k.wav") => 16_000,
            _ => continue,
        };
        std::fs::write(quiet.join(&name), silence(hz))?;
    }
    Ok(quiet)
}

/// A WAV file: PCM, mono, 16 bits.
fn silence(hz: u32) -> Vec<u8> {
    let bytes = hz * SILENCE_MS / 1_000 * 2;
    let mut file = b"RIFF".to_vec();
    file.extend((36 + bytes).to_le_bytes());
    file.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend(hz.to_le_bytes());
    file.extend((hz * 2).to_le_bytes());
    file.extend(b"\x02\0\x10\0data");
    file.extend(bytes.to_le_bytes());
    file.extend((0..bytes).map(|_| 0));
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_pin_is_another_one_of_the_same_form() {
        assert_eq!(changed("042999"), "153000");
    }

    #[test]
    fn a_silence_says_how_long_it_is() {
        let file = silence(8_000);
        assert_eq!(file.len(), 44 + 1_600);
        assert_eq!(file[4..8], 1_636_u32.to_le_bytes());
        assert_eq!(file[40..44], 1_600_u32.to_le_bytes());
    }
}
