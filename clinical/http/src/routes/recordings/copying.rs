//! Copies of recordings to take away: an archive of what plays, sealed with words or not.

use std::io::{self, Write};
use std::sync::Arc;

use axum::Json;
use axum::body::{self, Bytes};
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use clinical_api::{RecordingCopyRequest, RecordingCopyView};
use clinical_app::recordings::{self, Contents, Copied, RecordingsError, Shelf, Track};
use clinical_archive::age::{AgeError, AgeWriter};
use clinical_model::{ParticipantUuid, RecordingId};
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::mpsc;
use zip::CompressionMethod;
use zip::result::ZipError;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::archive;
use crate::actor::Caller;
use crate::cookies::copy_ticket;
use crate::error::ApiError;
use crate::extract::{Body, Segments};
use crate::router::ApiState;

/// Read from the disk and sent at once.
const PIECE_BYTES: usize = 256 * 1024;
/// Pieces that wait for a slow client; the packer waits when there are as many.
const PIECES_MAX: usize = 2;
/// Most characters of a name in the name of a file.
const NAME_CHARS_MAX: usize = 40;

/// What the archive says of itself.
const READ_ME: &str = "Enregistrement d'une consultation / Recording of a visit\r\n\r\n\
FR : mixdown contient toutes les voix. Les autres fichiers sont l'image et la voix de chaque personne ; ils \
commencent tous au debut de l'enregistrement. Ils se lisent avec VLC ou un navigateur recent. captions.vtt \
contient les messages et les evenements, contents.json les temps de chaque fichier.\r\n\
Ces fichiers contiennent des donnees de sante : ne les confiez qu'a des personnes de confiance.\r\n\r\n\
EN: mixdown holds all voices. The other files are the picture and the voice of each person; all of them begin \
where the recording begins. They play in VLC or in a recent browser. captions.vtt holds messages and events, \
contents.json the times of each file.\r\n\
These files are health data: give them only to people whom you trust.\r\n";

/// Take a copy of a recording: sets a cookie that gives it for some minutes. Each time is in the audit.
#[utoipa::path(post, path = "/recordings/{id}/copies", tag = "recordings",
    params(("id" = String, Path, format = Uuid)), request_body = RecordingCopyRequest,
    responses((status = 200, body = RecordingCopyView)))]
pub(super) async fn copy_recording(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<RecordingId>,
    Body(request): Body<RecordingCopyRequest>,
) -> Result<Response, ApiError> {
    let act = (id, request.sealed);
    let copy = recordings::copy(&state.clinic, archive(&state)?, &actor, act).await?;
    let cookie = state.cookies.store_copy(id, &copy.ticket)?;
    let view = RecordingCopyView {
        words: copy.words,
        until_us: copy.until.0,
    };
    let mut response = Json(view).into_response();
    response.headers_mut().append(SET_COOKIE, cookie);
    Ok(response)
}

/// The copy, with the cookie that `POST /recordings/{id}/copies` has set: a ZIP, or one in an age file
/// (age-encryption.org/v1) that the words open.
#[utoipa::path(get, path = "/recordings/{id}/copy", tag = "recordings",
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>)))]
pub(super) async fn fetch_recording_copy(
    State(state): State<ApiState>,
    Segments(id): Segments<RecordingId>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let archive = archive(&state)?;
    let ticket = copy_ticket(&headers).ok_or_else(ApiError::not_found)?;
    let copied = recordings::open_copy(&state.clinic, archive, ticket, id).await?;
    let shelf = Arc::clone(archive.shelf());
    let secret = copied.opened.secret;
    let look = Arc::clone(&shelf);
    let contents = tokio::task::spawn_blocking(move || look.contents(id, &secret));
    let contents = contents.await.map_err(ApiError::internal)?;
    let contents = contents.map_err(RecordingsError::from)?;
    let day = Timestamp::from_microsecond(copied.started.0).map_err(ApiError::internal)?;
    let (kind, end) = match copied.words {
        Some(_) => ("application/octet-stream", ".age"),
        None => ("application/zip", ""),
    };
    let name = format!("recording-{}.zip{end}", day.strftime("%Y-%m-%d"));
    let (pieces, mut taken) = mpsc::channel(PIECES_MAX);
    tokio::task::spawn_blocking(move || {
        let mut pipe = Pipe::new(pieces);
        let packed = pack(&mut pipe, &*shelf, &copied, &contents);
        // A copy that ends early must not look whole.
        match packed.and_then(|()| Ok(pipe.flush()?)) {
            Ok(()) => {}
            Err(error) => pipe.fail(io::Error::other(error)),
        }
    });
    let body = body::Body::from_stream(futures_util::stream::poll_fn(move |context| {
        taken.poll_recv(context)
    }));
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    let disposition = format!("attachment; filename=\"{name}\"");
    let disposition = HeaderValue::from_str(&disposition).map_err(ApiError::internal)?;
    headers.insert(CONTENT_DISPOSITION, disposition);
    Ok(response)
}

/// What is written goes to the client, no faster than it is taken.
struct Pipe {
    pieces: mpsc::Sender<io::Result<Bytes>>,
    buffer: Vec<u8>,
}

impl Pipe {
    fn new(pieces: mpsc::Sender<io::Result<Bytes>>) -> Self {
        Self {
            pieces,
            buffer: Vec::with_capacity(PIECE_BYTES),
        }
    }

    fn fail(self, error: io::Error) {
        // A client that has gone needs no error.
        let _ = self.pieces.blocking_send(Err(error));
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= PIECE_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let piece = Bytes::from(core::mem::take(&mut self.buffer));
        let sent = self.pieces.blocking_send(Ok(piece));
        sent.or(Err(io::ErrorKind::BrokenPipe.into()))
    }
}

/// A copy was not made, or not to its end.
#[derive(Debug, thiserror::Error)]
enum CopyError {
    #[error("the archive was not written")]
    Zip(#[from] ZipError),
    #[error("the archive was not written")]
    Io(#[from] io::Error),
    #[error("the archive was not sealed")]
    Age(#[from] AgeError),
    #[error("the contents are no JSON")]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Shelf(#[from] recordings::ShelfError),
}

fn pack(
    pipe: &mut Pipe,
    shelf: &dyn Shelf,
    copied: &Copied,
    contents: &Contents,
) -> Result<(), CopyError> {
    let Some(words) = &copied.words else {
        return archive_into(pipe, shelf, copied, contents);
    };
    let mut sealed = AgeWriter::new(words, pipe)?;
    archive_into(&mut sealed, shelf, copied, contents)?;
    sealed.finish()?;
    Ok(())
}

fn archive_into(
    to: impl Write,
    shelf: &dyn Shelf,
    copied: &Copied,
    contents: &Contents,
) -> Result<(), CopyError> {
    let mut archive = ZipWriter::new_stream(to);
    // What plays is compressed already. A camera of some hours is larger than 4 GiB.
    let stored = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .large_file(true);
    archive.start_file("README.txt", stored)?;
    archive.write_all(READ_ME.as_bytes())?;
    let mut files = Vec::new();
    for track in &contents.tracks {
        let name = file_name(track, &copied.names);
        archive.start_file(name.as_str(), stored)?;
        let (_, media) = shelf.open((copied.opened.id, track.file), &copied.opened.secret)?;
        let mut at = 0;
        while at < track.bytes {
            let bytes = media.bytes(at, PIECE_BYTES)?;
            if bytes.is_empty() {
                return Err(recordings::ShelfError::Missing.into());
            }
            archive.write_all(&bytes)?;
            at = at.saturating_add(bytes.len() as u64);
        }
        files.push(json!({
            "file": name,
            "kind": track.kind,
            "person": named(track, &copied.names),
            "from_ms": track.from_ms,
            "to_ms": track.to_ms,
            "gaps": track.gaps.iter().map(|gap| json!({
                "from_ms": gap.from_ms, "to_ms": gap.to_ms, "why": gap.why
            })).collect::<Vec<_>>(),
        }));
    }
    archive.start_file("contents.json", stored)?;
    let about = json!({
        "started_us": copied.started.0,
        "interrupted": contents.recovered,
        "files": files,
    });
    archive.write_all(&serde_json::to_vec_pretty(&about)?)?;
    archive.finish()?;
    Ok(())
}

fn named<'a>(track: &Track, names: &'a [(ParticipantUuid, String)]) -> Option<&'a str> {
    let person = track.person?;
    let found = names.iter().find(|(known, _)| *known == person);
    found.map(|(_, name)| name.as_str())
}

/// Such as `02-camera-Awa Ndiaye.webm`: a name is nothing but letters, digits and spaces in it.
fn file_name(track: &Track, names: &[(ParticipantUuid, String)]) -> String {
    let end = match track.media_type.split(';').next().unwrap_or_default() {
        "audio/webm" | "video/webm" => "webm",
        "video/x-matroska" => "mkv",
        "text/vtt" => return "captions.vtt".to_owned(),
        _ => return format!("{}.bin", track.kind),
    };
    let Some(name) = named(track, names) else {
        return format!("{}.{end}", track.kind);
    };
    let plain: String = name
        .chars()
        .filter(|it| it.is_alphanumeric() || *it == ' ')
        .take(NAME_CHARS_MAX)
        .collect();
    format!("{:02}-{}-{}.{end}", track.file, track.kind, plain.trim())
}
