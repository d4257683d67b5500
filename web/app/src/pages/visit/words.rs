//! States of a call in the reader's words.

use leptos::prelude::StoredValue;
use signaling_protocol::{Grants, Participant, Purpose, Quality, RecordingEnd, Role, Source};
use web_call::Notice;
use web_call::browser::MediaError;
/// For CSS and tests.
pub(super) use web_logic::report::quality as quality_code;

use crate::i18n::{Key, fill, t, t_now};

/// A connection in words; tracked.
pub(super) fn quality(quality: Quality) -> &'static str {
    t(match quality {
        Quality::Lost => Key::VisitQualityLost,
        Quality::Poor => Key::VisitQualityPoor,
        Quality::Fair => Key::VisitQualityFair,
        Quality::Good => Key::VisitQualityGood,
        Quality::Unknown => Key::VisitQualityUnknown,
    })
}

/// For test ids.
pub(super) const fn role_code(role: Role) -> &'static str {
    match role {
        Role::Clinician => "clinician",
        Role::Patient => "patient",
        Role::Guest => "guest",
    }
}

/// For test ids.
pub(super) const fn source_code(source: Source) -> &'static str {
    match source {
        Source::Microphone => "microphone",
        Source::Camera => "camera",
        Source::Screen => "screen",
    }
}

/// What a person is in the visit; tracked.
pub(super) fn role(person: &Participant) -> String {
    match (person.role, &person.relation) {
        (Role::Guest, Some(relation)) => relation.clone(),
        (Role::Guest, None) => t(Key::VisitRoleGuest).to_owned(),
        (Role::Clinician, _) => t(Key::VisitRoleDoctor).to_owned(),
        (Role::Patient, _) => t(Key::VisitRolePatient).to_owned(),
    }
}

/// Why a device cannot be used.
pub(super) const fn media_fault(fault: MediaError) -> Key {
    match fault {
        MediaError::Denied => Key::VisitDeviceDenied,
        MediaError::Missing => Key::VisitDeviceMissing,
        MediaError::Busy | MediaError::Unwanted => Key::VisitDeviceBusy,
        MediaError::Unsupported => Key::VisitDeviceUnsupported,
    }
}

/// How a notice is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loudness {
    /// To screen readers only: the page shows it anyway.
    Said,
    /// Shown as a short message too.
    Shown,
}

/// A notice in words.
pub(super) fn notice(notice: &Notice) -> (String, Loudness) {
    let named = |key: Key, name: &str| fill(t_now(key), &[("name", name)]);
    match notice {
        Notice::Admitted => (t_now(Key::VisitSaidAdmitted).to_owned(), Loudness::Said),
        Notice::HostPresent(true) => (t_now(Key::VisitHostHere).to_owned(), Loudness::Said),
        Notice::HostPresent(false) => (t_now(Key::VisitHostAway).to_owned(), Loudness::Said),
        Notice::MutedByClinician => (t_now(Key::VisitSaidMuted).to_owned(), Loudness::Shown),
        Notice::GrantsChanged(grants) if *grants == Grants::ALL => {
            (t_now(Key::VisitSaidGranted).to_owned(), Loudness::Shown)
        }
        Notice::GrantsChanged(_) => (t_now(Key::VisitSaidCurbed).to_owned(), Loudness::Shown),
        Notice::AudioOnly(true) => (t_now(Key::VisitSlow).to_owned(), Loudness::Said),
        Notice::AudioOnly(false) => (t_now(Key::VisitSaidPictures).to_owned(), Loudness::Said),
        Notice::Encrypted(true) => (t_now(Key::SecrecySaidOn).to_owned(), Loudness::Shown),
        Notice::Encrypted(false) => (t_now(Key::SecrecySaidOff).to_owned(), Loudness::Shown),
        Notice::Recorded(purpose, on) => {
            (t_now(recorded(*purpose, *on)).to_owned(), Loudness::Shown)
        }
        Notice::RecordingEnded(purpose, why) => (
            t_now(recording_end(*purpose, *why)).to_owned(),
            Loudness::Shown,
        ),
        Notice::Waiting(name) => (named(Key::VisitSaidWaiting, name), Loudness::Said),
        Notice::Joined(name) => (named(Key::VisitSaidJoined, name), Loudness::Shown),
        Notice::Gone(name) => (named(Key::VisitSaidGone, name), Loudness::Shown),
        Notice::PersonLost(name) => (named(Key::VisitSaidLost, name), Loudness::Said),
        Notice::PersonBack(name) => (named(Key::VisitSaidBack, name), Loudness::Said),
        Notice::HandRaised(name) => (named(Key::HandSaid, name), Loudness::Shown),
        Notice::NewChat(name) => (named(Key::VisitSaidChat, name), Loudness::Said),
        Notice::ConnectionLost => (t_now(Key::VisitReconnecting).to_owned(), Loudness::Said),
        Notice::ConnectionBack => (t_now(Key::VisitSaidConnected).to_owned(), Loudness::Said),
        Notice::Refused(_) => (t_now(Key::VisitSaidRefused).to_owned(), Loudness::Shown),
        Notice::NotConnected => (
            t_now(Key::VisitSaidNotConnected).to_owned(),
            Loudness::Shown,
        ),
    }
}

/// A handle that keeps browser objects out of signals.
pub(super) type Kept<T> = StoredValue<T, leptos::prelude::LocalStorage>;

/// Whether something is recorded, or written along.
const fn recorded(purpose: Purpose, on: bool) -> Key {
    match (purpose, on) {
        (Purpose::Recording, true) => Key::RecordingSaidOn,
        (Purpose::Recording, false) => Key::RecordingSaidPaused,
        (Purpose::Captions, true) => Key::CaptionsSaidOn,
        (Purpose::Captions, false) => Key::CaptionsSaidPaused,
    }
}

/// Why a recording is over, or captions are.
const fn recording_end(purpose: Purpose, why: RecordingEnd) -> Key {
    if matches!(purpose, Purpose::Captions) {
        return match why {
            RecordingEnd::Stopped => Key::CaptionsEndStopped,
            RecordingEnd::Declined => Key::CaptionsEndDeclined,
            RecordingEnd::Encrypted => Key::CaptionsNotEncrypted,
            RecordingEnd::NoSpace | RecordingEnd::Failed => Key::CaptionsEndFailed,
        };
    }
    match why {
        RecordingEnd::Stopped => Key::RecordingEndStopped,
        RecordingEnd::Declined => Key::RecordingEndDeclined,
        RecordingEnd::Encrypted => Key::RecordingEndEncrypted,
        RecordingEnd::NoSpace => Key::RecordingEndNoSpace,
        RecordingEnd::Failed => Key::RecordingEndFailed,
    }
}
