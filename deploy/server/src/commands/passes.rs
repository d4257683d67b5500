//! `telehealth passes`: passes into one room, for load tests and for trying programs.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use clinical_app::{Clock as _, Entropy, SystemClock};
use signaling_protocol::{ParticipantId, Role, RoomId};
use signaling_ticket::{PASS_LIFE_S_MAX, PassKey, Purpose};

use super::say;
use crate::config::Config;
use crate::keys;

/// Most passes of one call: more people than any room takes.
const PEOPLE_MAX: u32 = 1_000;
/// Most passes of one person in one call: they do not live long enough for more.
const EACH_MAX: u32 = 100;

#[derive(Debug, Args)]
pub(crate) struct PassesArgs {
    /// The room of an appointment: `room` in its view of the API.
    room: RoomId,
    /// How many people. The first one is a clinician, so that the room can be full.
    #[arg(long, default_value_t = 1)]
    people: u32,
    /// How many passes each of them gets: one opens once. Everybody's first ones come first.
    #[arg(long, default_value_t = 1)]
    each: u32,
    /// How long each can be used, in seconds.
    #[arg(long, default_value_t = PASS_LIFE_S_MAX)]
    life_s: u32,
}

/// Prints one pass a line, each of a new person who is already let in. The clinic knows none of
/// them: whoever may read the key of this installation may let in whom they like, so this gives
/// nobody a right that they had not.
pub(crate) fn run(config: &Config, args: &PassesArgs) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(
        (1..=PEOPLE_MAX).contains(&args.people),
        "1 to {PEOPLE_MAX} people"
    );
    anyhow::ensure!(
        (1..=EACH_MAX).contains(&args.each),
        "1 to {EACH_MAX} passes for each"
    );
    let missing = || anyhow::bail!("this installation has no key yet: start the server once");
    let key = keys::load_or_create(&config.data_dir, "pass", missing)?;
    let key = PassKey::from_pem(&key)?;
    let entropy = Entropy::system();
    let now = SystemClock.now();
    let people: Vec<_> = (1..=args.people)
        .map(|number| (number, entropy.uuid(now)))
        .collect();
    let passes = (0..args.each).flat_map(|_| people.iter().copied());
    for (number, person) in passes {
        let role = if number == 1 {
            Role::Clinician
        } else {
            Role::Guest
        };
        let purpose = Purpose::Visit {
            room: args.room,
            participant: ParticipantId::from_uuid(person),
            name: format!("Test {number}"),
            role,
            relation: None,
            admitted: true,
        };
        let pass = key
            .mint(entropy.uuid(now), &purpose, now.0, args.life_s)
            .context("no pass can be made")?;
        say(&pass);
    }
    Ok(ExitCode::SUCCESS)
}
