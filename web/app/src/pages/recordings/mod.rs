//! Recordings of visits: the list, and the player.

mod copying;
pub(crate) mod keep;
mod lanes;
pub(crate) mod list;
pub(crate) mod play;
mod rules;
mod screen;
mod stage;

use clinical_api::RecordingRowView;
use clinical_model::recordings::RecordingState;

use crate::i18n::{Key, t};
use crate::tr;

/// How a recording stands, in words; tracked.
fn state(row: &RecordingRowView) -> String {
    match row.state {
        RecordingState::Running => t(Key::RecordingsRunning).to_owned(),
        RecordingState::Preparing => match (row.prepared, row.prepared_of) {
            (Some(done), Some(of)) => tr!(Key::RecordingsPreparingPart, done = done, of = of),
            _ => t(Key::RecordingsPreparing).to_owned(),
        },
        RecordingState::Ready => t(Key::RecordingsReady).to_owned(),
        RecordingState::Failed => t(Key::RecordingsFailed).to_owned(),
        RecordingState::Deleted => t(Key::RecordingsDeleted).to_owned(),
    }
}

/// Bytes as people read them.
fn size(bytes: u64) -> String {
    let tenths = |unit: u64| {
        let tenths = bytes.saturating_mul(10) / unit;
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1_000)),
        1_000_000..1_000_000_000 => format!("{} MB", tenths(1_000_000)),
        _ => format!("{} GB", tenths(1_000_000_000)),
    }
}
