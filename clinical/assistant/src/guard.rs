//! What is looked at before anything is understood: red flags, insults, orders to the program.

use clinical_redflags::flags::{self, Flags, Patient, Story, Urgency};

use crate::names::folded;

/// What the guard found in a text.
#[derive(Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is found or not, by itself"
)]
pub(crate) struct Found {
    /// Help now.
    pub(crate) emergency: bool,
    /// A clinician today.
    pub(crate) urgent: bool,
    /// Flags, the gravest first.
    pub(crate) flags: Vec<String>,
    /// Somebody else seems to be in danger.
    pub(crate) other: bool,
    /// Insults.
    pub(crate) abuse: bool,
    /// Neither French nor English.
    pub(crate) strange: bool,
    /// Longer than what is read.
    pub(crate) long: bool,
}

/// Reads a text alone and behind what was told before. Nothing in either lowers what the other raised.
pub(crate) fn look(patient: &Patient, told: &[String], text: &str) -> Found {
    let mut found = Found::default();
    let mut all = told.join(". ");
    all.push_str(". ");
    all.push_str(text);
    for (at, text) in [text, all.as_str()].into_iter().enumerate() {
        if at > 0 && told.is_empty() {
            break;
        }
        let story = Story {
            text,
            findings: &[],
        };
        let seen = Flags::shipped().screen(patient, &story);
        found.emergency |= seen.urgency == Urgency::Emergency;
        found.urgent |= seen.urgency == Urgency::Urgent;
        for hit in &seen.hits {
            if !found.flags.contains(&hit.flag.id) {
                found.flags.push(hit.flag.id.clone());
            }
        }
        found.other |= seen.unclear.contains(&flags::Unclear::AnotherPerson);
        found.abuse |= seen.unclear.contains(&flags::Unclear::Abuse);
        found.strange |= at == 0 && seen.unclear.contains(&flags::Unclear::NotUnderstood);
        found.long |= seen.unclear.contains(&flags::Unclear::TooLong);
    }
    found.flags.sort_by_key(|id| core::cmp::Reverse(weight(id)));
    found
}

fn weight(id: &str) -> Option<flags::Level> {
    let flag = Flags::shipped().all().iter().find(|it| it.id == id);
    flag.map(|it| it.level)
}

/// Whether a text gives orders to the program instead of asking for something. There is nothing that
/// could obey; it is only said so.
pub(crate) fn gives_orders(text: &str) -> bool {
    const SAID: [&[&str]; 14] = [
        &["ignore", "instructions"],
        &["ignorez", "instructions"],
        &["oublie", "instructions"],
        &["forget", "instructions"],
        &["disregard", "previous"],
        &["system", "prompt"],
        &["prompt", "systeme"],
        &["developer", "mode"],
        &["mode", "developpeur"],
        &["jailbreak"],
        &["you", "are", "now", "act"],
        &["tu", "es", "maintenant", "agis"],
        &["drop", "table"],
        &["script", "alert"],
    ];
    let words = folded(text);
    let has = |wanted: &&str| words.iter().any(|word| word == wanted);
    SAID.iter().any(|all| all.iter().all(has))
}
