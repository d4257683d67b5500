//! Bytes of a recording, as players ask for them: whole, or one range (RFC 9110 section 14).

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, RANGE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use clinical_app::recordings::{MediaFile, RecordingsError, ShelfError, open_media};
use clinical_model::RecordingId;
use tokio::sync::mpsc;

use super::archive;
use crate::cookies::play_ticket;
use crate::error::ApiError;
use crate::extract::Segments;
use crate::router::ApiState;

/// Read from the disk and opened at once.
const PIECE_BYTES: usize = 256 * 1024;
/// Pieces that wait for a slow client; the reader waits when there are as many.
const PIECES_MAX: usize = 2;

/// Which bytes are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Whole,
    /// From the first one to the last one, both included.
    Part(u64, u64),
    /// Beyond the end.
    Nothing,
}

/// Anything but one range of bytes means the whole, as the RFC allows.
fn asked(headers: &HeaderMap, length: u64) -> Asked {
    let mut values = headers.get_all(RANGE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Asked::Whole;
    };
    let range = value.to_str().ok().and_then(|it| it.strip_prefix("bytes="));
    let Some((first, last)) = range.and_then(|it| it.trim().split_once('-')) else {
        return Asked::Whole;
    };
    let end = length.saturating_sub(1);
    match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), _) if first >= length => Asked::Nothing,
        (Ok(first), Ok(last)) if first <= last => Asked::Part(first, last.min(end)),
        (Ok(first), Err(_)) if last.is_empty() => Asked::Part(first, end),
        (Err(_), Ok(0)) if first.is_empty() => Asked::Nothing,
        (Err(_), Ok(count)) if first.is_empty() && length > 0 => {
            Asked::Part(length.saturating_sub(count), end)
        }
        _ => Asked::Whole,
    }
}

/// A file of a recording, with the cookie that `POST /recordings/{id}/plays` has set.
#[utoipa::path(get, path = "/recordings/{id}/media/{file}", tag = "recordings",
    params(("id" = String, Path, format = Uuid), ("file" = u32, Path)),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
        (status = 206, content_type = "application/octet-stream", body = Vec<u8>)))]
pub(super) async fn read_recording_media(
    State(state): State<ApiState>,
    Segments((id, file)): Segments<(RecordingId, u32)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let archive = archive(&state)?;
    let ticket = play_ticket(&headers).ok_or_else(ApiError::not_found)?;
    let opened = open_media(&state.clinic, archive, ticket, id).await?;
    let shelf = Arc::clone(archive.shelf());
    let look = move || shelf.open((id, file), &opened.secret);
    let (track, media) = tokio::task::spawn_blocking(look)
        .await
        .map_err(ApiError::internal)?
        .map_err(RecordingsError::from)?;
    let asked = asked(&headers, track.bytes);
    let (status, from, length) = match asked {
        Asked::Whole => (StatusCode::OK, 0, track.bytes),
        Asked::Part(first, last) => (StatusCode::PARTIAL_CONTENT, first, last - first + 1),
        Asked::Nothing => {
            let range = format!("bytes */{}", track.bytes);
            let range = HeaderValue::from_str(&range).map_err(ApiError::internal)?;
            return Ok(
                (StatusCode::RANGE_NOT_SATISFIABLE, [(CONTENT_RANGE, range)]).into_response(),
            );
        }
    };
    let mut response = Response::new(streamed(media, (from, length)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let kind = HeaderValue::from_str(&track.media_type).map_err(ApiError::internal)?;
    headers.insert(CONTENT_TYPE, kind);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let nothing_runs = HeaderValue::from_static("default-src 'none'; sandbox");
    headers.insert(CONTENT_SECURITY_POLICY, nothing_runs);
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    if status == StatusCode::PARTIAL_CONTENT {
        let range = format!("bytes {from}-{}/{}", from + length - 1, track.bytes);
        let range = HeaderValue::from_str(&range).map_err(ApiError::internal)?;
        headers.insert(CONTENT_RANGE, range);
    }
    Ok(response)
}

/// Opens the bytes piece by piece on a thread that may wait, no faster than the client takes them.
fn streamed(media: Box<dyn MediaFile>, (from, length): (u64, u64)) -> Body {
    let (pieces, mut taken) = mpsc::channel(PIECES_MAX);
    tokio::task::spawn_blocking(move || {
        let mut at = from;
        let end = from.saturating_add(length);
        while at < end {
            let rest = usize::try_from(end - at).unwrap_or(usize::MAX);
            let piece = match media.bytes(at, rest.min(PIECE_BYTES)) {
                Ok(bytes) if bytes.is_empty() => Err(ShelfError::Missing),
                other => other,
            };
            at = at.saturating_add(piece.as_ref().map_or(0, |it| it.len() as u64));
            let is_over = piece.is_err();
            // A client that has gone takes no more.
            if pieces.blocking_send(piece.map(Bytes::from)).is_err() || is_over {
                return;
            }
        }
    });
    Body::from_stream(futures_util::stream::poll_fn(move |context| {
        taken.poll_recv(context)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Asked {
        let mut headers = HeaderMap::new();
        headers.insert(RANGE, HeaderValue::from_str(text).unwrap());
        asked(&headers, 100)
    }

    #[test]
    fn ranges_are_read_as_the_rfc_says() {
        for (text, expected) in [
            ("bytes=0-9", Asked::Part(0, 9)),
            ("bytes=90-", Asked::Part(90, 99)),
            ("bytes=90-200", Asked::Part(90, 99)),
            ("bytes=-10", Asked::Part(90, 99)),
            ("bytes=-1000", Asked::Part(0, 99)),
            ("bytes=100-", Asked::Nothing),
            ("bytes=-0", Asked::Nothing),
            ("bytes=9-0", Asked::Whole),
            ("bytes=a-b", Asked::Whole),
            ("bytes=-", Asked::Whole),
            ("bytes=0-1,4-5", Asked::Whole),
            ("lines=0-9", Asked::Whole),
            ("bytes=0-99999999999999999999", Asked::Whole),
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
        assert_eq!(asked(&HeaderMap::new(), 100), Asked::Whole);
        let mut empty = HeaderMap::new();
        empty.insert(RANGE, HeaderValue::from_static("bytes=-5"));
        assert_eq!(asked(&empty, 0), Asked::Whole);
    }
}
