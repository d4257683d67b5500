//! Telephones with a clinic and a room in memory, for tests with foreign telephones: real sockets and
//! real sound, PINs that are known, and a line on the standard output for whatever happens.
//!
//! `phone_room CONFIG [PROMPTS]` reads `[phone]` from a file, checks a folder of prompts, and reads orders from the standard input:
//! `dial NUMBER [SECONDS [TRUNK]]`, `hang-up`, `consent`, `mute`, `end`, `counts`, `health`. It ends with its input.

mod clinic;
mod sound;

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use signaling_phone::{
    Dialled, Pass, PhoneSettings, Phones, Ports, Reason, RingOrder, Trunks, may_be_logged,
};
use signaling_sip::{Language, PhoneNumber};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::clinic::{Desk, TestClinic, TestRooms};
use crate::sound::TestSound;

#[derive(Deserialize)]
struct File {
    phone: PhoneSettings,
}

/// Writes a line at once: whoever reads it waits for it.
pub(crate) fn tell(line: &str) {
    let mut out = std::io::stdout().lock();
    // Without a reader there is nobody to tell.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

type Fault = Box<dyn core::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Fault> {
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(false);
    tracing_subscriber::registry()
        .with(layer.with_filter(filter_fn(may_be_logged)))
        .init();
    let path = std::env::args().nth(1).ok_or("usage: phone_room CONFIG")?;
    let file: File = toml::from_str(&std::fs::read_to_string(path)?)?;
    if let Some(folder) = std::env::args().nth(2) {
        signaling_phone::Prompts::load(folder.as_ref())?;
        tell("all prompts are there");
    }
    let desk = Arc::new(Desk::default());
    let ports = Ports {
        sound: Arc::new(TestSound),
        clinic: Arc::new(TestClinic),
        rooms: Arc::new(TestRooms {
            desk: Arc::clone(&desk),
        }),
    };
    let phones = Phones::start(Trunks::check(file.phone)?, ports).await?;
    let (tcp, tls) = phones.local_streams();
    for (name, address) in [("tcp", tcp), ("tls", tls)] {
        if let Some(address) = address {
            tell(&format!("{name} {address}"));
        }
    }
    tell(&format!("listening {}", phones.local_address()));
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut dialled: Option<tokio::sync::oneshot::Sender<()>> = None;
    while let Some(line) = lines.next_line().await? {
        match line.split_once(' ').unwrap_or((&line, "")) {
            ("dial", number) => dialled = dial(&phones, number).await?,
            ("hang-up", _) => drop(dialled.take()),
            ("health", _) => tell(&format!("health {:?}", phones.health())),
            ("counts", _) => tell(&format!("counts {:?}", phones.counts())),
            (order, _) => desk.order(order),
        }
    }
    Ok(())
}

async fn dial(
    phones: &Phones,
    order: &str,
) -> Result<Option<tokio::sync::oneshot::Sender<()>>, Fault> {
    let dialler = phones.dialler();
    let mut words = order.split(' ');
    let number = words.next().unwrap_or_default();
    let seconds = words.next().unwrap_or("20");
    let trunk = words.next();
    let trunks = dialler.trunks().trunks.iter();
    let mut numbers = trunks
        .filter(|it| trunk.is_none_or(|name| it.name == name))
        .flat_map(|it| &it.numbers);
    let facility = numbers.next().map(|it| it.facility.clone());
    let order = RingOrder {
        number: PhoneNumber::parse(number, None)?,
        trunk: trunk.map(str::to_owned),
        facility: facility.unwrap_or_default(),
        reason: Reason::Doctor,
        pass: Pass::new("dialled".to_owned()),
        language: Language::English,
        ask_consent: false,
        ring_for: Duration::from_secs(seconds.parse()?),
    };
    match dialler.ring(order).await {
        Ok(dialled) => {
            let (keep, kept) = tokio::sync::oneshot::channel();
            tokio::spawn(report(dialled, kept));
            Ok(Some(keep))
        }
        Err(why) => {
            tell(&format!("refused {why}"));
            Ok(None)
        }
    }
}

async fn report(mut dialled: Dialled, mut kept: tokio::sync::oneshot::Receiver<()>) {
    let mut is_kept = true;
    loop {
        tokio::select! {
            progress = dialled.progress.recv() => match progress {
                Some(progress) => tell(&format!("progress {progress:?}")),
                None => return,
            },
            _ = &mut kept, if is_kept => {
                is_kept = false;
                dialled.hang_up();
            }
        }
    }
}
