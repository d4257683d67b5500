//! Recordings of visits.
//!
//! - `GET /recordings?patient=&appointment=&state=&held=&after=` -> [`RecordingsView`]
//! - `GET /recordings/{id}` -> [`RecordingView`]
//! - `POST /recordings/{id}/plays` -> [`PlayView`], and a cookie that opens the media for some minutes
//! - `GET /recordings/{id}/media/{file}`, with ranges; needs that cookie and nothing else
//! - `POST /recordings/{id}/hold` [`RecordingReasonRequest`], `/release`, `/delete`
//!   [`RecordingReasonRequest`] -> [`RecordingRowView`]
//! - `GET /recordings/figures` -> [`RecordingFiguresView`]

use clinical_model::recordings::RecordingState;
use clinical_model::{AppointmentId, ParticipantUuid, PatientId, RecordingId, ServiceId};
use serde::{Deserialize, Serialize};

use crate::shape::shape;

shape!(
    /// A recording in a list.
    RecordingRowView {
        /// Its id.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub id: RecordingId,
        /// Of which visit.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub appointment: AppointmentId,
        /// Of whom; not told to administrators.
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = Uuid))]
        pub patient: Option<PatientId>,
        /// Their name; not told to administrators.
        pub patient_name: Option<String>,
        /// The doctor of the visit.
        pub doctor_name: String,
        /// How it stands: `running`, `preparing`, `ready`, `failed`, `deleted`.
        #[cfg_attr(feature = "schema", schema(value_type = String))]
        pub state: RecordingState,
        /// When it began.
        pub started_us: i64,
        /// When it ended.
        pub ended_us: Option<i64>,
        /// How long it plays, in milliseconds; known when it is ready.
        pub duration_ms: Option<u64>,
        /// How much it takes of the disk, in bytes; known when it is ready.
        pub bytes: Option<u64>,
        /// When it is deleted by itself, unless it is held.
        pub keep_until_us: i64,
        /// Whether it must not be deleted.
        pub held: bool,
        /// Why it is held or was deleted, in the words of who did it.
        pub reason: Option<String>,
        /// While it is being prepared: finished files.
        pub prepared: Option<u32>,
        /// While it is being prepared: how many files there will be.
        pub prepared_of: Option<u32>,
    }
);

shape!(
    /// Recordings, the newest first.
    RecordingsView {
        /// At most 50.
        pub recordings: Vec<RecordingRowView>,
        /// To ask for those behind them; none at the end.
        pub next: Option<String>,
    }
);

shape!(
    /// What recordings a facility has.
    RecordingFiguresView {
        /// How many are kept.
        pub count: u64,
        /// How many of them are held.
        pub held: u64,
        /// Bytes of the disk that they take.
        pub bytes: u64,
        /// When the oldest one was begun.
        pub oldest_us: Option<i64>,
        /// For how many days new ones are kept.
        pub keep_days: u32,
    }
);

shape!(
    /// A stretch without sound or picture.
    RecordingGapView {
        /// Its beginning, in milliseconds of the recording.
        pub from_ms: u64,
        /// Its end.
        pub to_ms: u64,
        /// Why: `loss`, `muted`, `silence`, `paused`.
        pub why: String,
    }
);

shape!(
    /// A file that can be played.
    RecordingTrackView {
        /// Its number in the address of the media.
        pub file: u32,
        /// `microphone`, `camera`, `screen`, `mixdown` (all voices), `peaks` (loudness of the mixdown, a
        /// byte for each tenth of a second) or `captions`.
        pub kind: String,
        /// Such as `video/webm; codecs="vp8"`.
        pub media_type: String,
        /// Whose it is, as the visit named them.
        #[cfg_attr(feature = "schema", schema(value_type = Option<String>, format = Uuid))]
        pub person: Option<ParticipantUuid>,
        /// Their name.
        pub name: Option<String>,
        /// When it begins, in milliseconds of the recording. The file's own times are the
        /// recording's: a camera that was switched on late begins late in its file too.
        pub from_ms: u64,
        /// When it ends.
        pub to_ms: u64,
        /// How long the file is, in bytes.
        pub bytes: u64,
        /// Where it has nothing.
        pub gaps: Vec<RecordingGapView>,
    }
);

shape!(
    /// An answer to the question whether to record.
    RecordingConsentView {
        /// Who.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub person: ParticipantUuid,
        /// Their name.
        pub name: Option<String>,
        /// When.
        pub at_us: i64,
        /// Whether they agreed.
        pub agreed: bool,
        /// Version of the words that they agreed to.
        pub wording: Option<u16>,
    }
);

shape!(
    /// A recording with everything that plays.
    RecordingView {
        /// What the list says of it.
        pub row: RecordingRowView,
        /// Its files; none before it is ready.
        pub tracks: Vec<RecordingTrackView>,
        /// Whether a crash of the server interrupted it.
        pub recovered: bool,
        /// Who agreed and who did not, in order of time; of the whole visit.
        pub consents: Vec<RecordingConsentView>,
    }
);

shape!(
    /// A recording may be played from now on.
    PlayView {
        /// Until when the cookie opens its media.
        pub until_us: i64,
    }
);

shape!(
    /// Why a recording is held or deleted.
    #[serde(deny_unknown_fields)]
    RecordingReasonRequest {
        /// 1 to 200 characters.
        pub reason: String,
    }
);

shape!(
    /// For how long recordings of a kind of visit are kept.
    RecordingServiceRule {
        /// The kind of visit.
        #[cfg_attr(feature = "schema", schema(value_type = String, format = Uuid))]
        pub service: ServiceId,
        /// Its word; not read in a request.
        #[serde(default)]
        pub code: String,
        /// 30 to 10958 days; none: as every visit.
        pub keep_days: Option<u32>,
    }
);

shape!(
    /// For how long a facility keeps its new recordings.
    RecordingRulesView {
        /// Of every visit, in days.
        pub keep_days: u32,
        /// Of each kind of visit.
        pub services: Vec<RecordingServiceRule>,
        /// To be given back by who changes them; 0 before the first change.
        pub version: u32,
    }
);

shape!(
    /// For how long a facility keeps its new recordings from now on.
    #[serde(deny_unknown_fields)]
    RecordingRulesRequest {
        /// Of every visit: 30 to 10958 days.
        pub keep_days: u32,
        /// Of kinds of visit that have a time of their own; at most 500.
        #[serde(default)]
        pub services: Vec<RecordingServiceRule>,
        /// The version that was read.
        pub version: u32,
    }
);

shape!(
    /// A copy of a recording, to take away.
    #[serde(deny_unknown_fields)]
    RecordingCopyRequest {
        /// Whether it is sealed with words, so that who finds the copy cannot play it.
        pub sealed: bool,
    }
);

shape!(
    /// A copy can be fetched, once or more, from `GET /recordings/{id}/copy`.
    RecordingCopyView {
        /// What opens a sealed copy. It is not told again.
        pub words: Option<String>,
        /// Until when the cookie gives it.
        pub until_us: i64,
    }
);
