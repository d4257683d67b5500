//! Who is in a room, and what the others see of them.

use serde::{Deserialize, Serialize};

use crate::ids::{ParticipantId, RoomId};
use crate::text::KeyText;

/// What a person may do in a room. The ticket says it; the server enforces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Leads the visit: enters at once, admits, mutes, removes, ends.
    Clinician,
    /// Waits in the lobby until admitted.
    Patient,
    /// Relative, interpreter or colleague; waits in the lobby until admitted.
    Guest,
}

/// How far a person has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// In the waiting room: no media, no chat, no roster.
    Lobby,
    /// In the visit.
    Admitted,
}

/// One kind of media that a person sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Speech.
    Microphone,
    /// The person's picture.
    Camera,
    /// The shared screen or window.
    Screen,
}

/// Which sources a person has switched on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sources {
    /// Speech is sent.
    pub microphone: bool,
    /// The picture is sent.
    pub camera: bool,
    /// A screen is shared.
    pub screen: bool,
}

/// What the server forwards from and to a person. A clinician changes it during the visit; what is
/// not granted is dropped by the server, whatever a page sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grants {
    /// What the others may receive from this person.
    pub publish: Sources,
    /// Whether this person receives the others.
    pub subscribe: bool,
}

impl Grants {
    /// Everything, as at the beginning of a visit.
    pub const ALL: Self = Self {
        publish: Sources {
            microphone: true,
            camera: true,
            screen: true,
        },
        subscribe: true,
    };
    /// Nothing, as in the waiting room.
    pub const NONE: Self = Self {
        publish: Sources {
            microphone: false,
            camera: false,
            screen: false,
        },
        subscribe: false,
    };
}

impl Default for Grants {
    fn default() -> Self {
        Self::ALL
    }
}

/// By which way a person takes part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WayIn {
    /// With a page of ours.
    #[default]
    Page,
    /// With a program at a standard door (WHIP, WHEP).
    Program,
    /// With a telephone and nothing else.
    Phone,
}

/// A person's telephone. Whoever has a page as well is one person with both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phone {
    /// What may be shown of its number; empty when it is withheld.
    pub number: String,
    /// The call is on hold: the telephone hears nobody, and nobody hears it.
    pub on_hold: bool,
    /// Sound goes by the telephone. Otherwise it goes by the page, and the telephone is silent both
    /// ways, so that nobody hears themself.
    pub has_sound: bool,
}

/// Whether somebody whose page was lost is called by telephone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallBack {
    /// They are not, and nobody has to decide.
    #[default]
    Off,
    /// A clinician may have them called.
    Offered,
    /// Their telephone is called.
    Ringing,
    /// They did not answer; a clinician may try again.
    Failed,
}

/// Connection quality in words, worst first when compared.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// The person is away; the visit waits for them.
    Lost,
    /// Speech may break up.
    Poor,
    /// Small disturbances.
    Fair,
    /// As it should be.
    Good,
    /// Nothing measured yet.
    #[default]
    Unknown,
}

/// One person as the others in the room see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    /// Stable across reloads.
    pub id: ParticipantId,
    /// Display name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// A guest's relation to the patient, in the words of the inviter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<String>,
    /// Waiting or in the visit.
    pub stage: Stage,
    /// False while their connection is lost and their seat is kept.
    pub connected: bool,
    /// What they send.
    pub sources: Sources,
    /// What the server forwards from and to them.
    #[serde(default)]
    pub grants: Grants,
    /// Others seal keys for them with this; none if they cannot take part in an encrypted visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<KeyText>,
    /// By which way they take part.
    #[serde(default)]
    pub way: WayIn,
    /// Their telephone, if they are on one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
    /// Whether their telephone is called, because their page was lost.
    #[serde(default)]
    pub call_back: CallBack,
    /// They raise their hand.
    #[serde(default)]
    pub hand: bool,
    /// How well they are connected.
    pub quality: Quality,
    /// When they came, Unix time in microseconds.
    pub since_us: i64,
}

/// One live room as an observer (the day list, the admin's list) sees it. No clinical content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomOverview {
    /// The room.
    pub room: RoomId,
    /// When its first person came, Unix time in microseconds.
    pub since_us: i64,
    /// Everybody in it, waiting ones included.
    pub participants: Vec<Participant>,
}
