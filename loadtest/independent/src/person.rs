//! One person: a connection, what they send, and what they receive.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use loadtest_core::{Audio, Identity, Microphone, Packet, Picture, Video};
use rtc::rtp_transceiver::rtp_sender::RtpCodecKind;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionEventHandler, RTCPeerConnectionState, RTCSessionDescription,
};
use webrtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit, RtpTransceiver};

use crate::account::{self, Account, Note};
use crate::stack;

/// Why a connection was not made.
#[derive(Debug, Error)]
pub enum Refusal {
    /// The foreign stack refused something.
    #[error("webrtc-rs refused: {0}")]
    Stack(#[from] webrtc::error::Error),
    /// The connection was lost before it was ready.
    #[error("the connection of webrtc-rs was lost before it was ready")]
    Lost,
}

/// m-lines to receive on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Slots {
    /// For speech.
    pub audio: u32,
    /// For pictures.
    pub video: u32,
}

/// An offer with the m-lines of what is sent.
#[derive(Debug)]
pub struct Described {
    /// RFC 8866.
    pub sdp: String,
    /// The m-line of the microphone.
    pub microphone: Option<String>,
    /// The m-line of the camera.
    pub camera: Option<String>,
}

/// Something that is sent: its track, and once it flows the task that feeds it.
struct Sent {
    line: Arc<dyn RtpTransceiver>,
    beat: Beat,
}

enum Beat {
    Waits(Feed),
    Flows(JoinHandle<()>),
}

/// What a beating task needs.
struct Feed {
    track: Arc<TrackLocalStaticRTP>,
    made: Made,
    source: u32,
    ssrc: u32,
    payload_type: u8,
    period: Duration,
    key_wanted: Arc<AtomicBool>,
    measured: Arc<AtomicBool>,
    notes: mpsc::Sender<Note>,
}

enum Made {
    Speech(Microphone),
    Pictures(Picture),
}

/// One person.
pub struct Person {
    connection: Arc<dyn PeerConnection>,
    state: watch::Receiver<RTCPeerConnectionState>,
    key_wanted: Arc<AtomicBool>,
    measured: Arc<AtomicBool>,
    notes: mpsc::Sender<Note>,
    microphone: Option<Sent>,
    camera: Option<Sent>,
}

impl core::fmt::Debug for Person {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Person").finish_non_exhaustive()
    }
}

/// Listens to the stack.
struct Ears {
    state: watch::Sender<RTCPeerConnectionState>,
    notes: mpsc::Sender<Note>,
}

#[async_trait]
impl PeerConnectionEventHandler for Ears {
    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        self.state.send_replace(state);
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        let notes = self.notes.clone();
        tokio::spawn(async move {
            while let Some(event) = track.poll().await {
                if let TrackRemoteEvent::OnRtpPacket(packet) = event
                    && let Some(identity) = Identity::read(&packet.payload)
                    && notes.send(Note::Came(identity)).await.is_err()
                {
                    return;
                }
            }
        });
    }
}

impl Person {
    /// Somebody with a socket of this address who can receive so much. `measured` says whether packets
    /// count that are sent from now on.
    ///
    /// # Errors
    /// When the stack refuses.
    pub async fn new(
        address: IpAddr,
        slots: Slots,
        measured: Arc<AtomicBool>,
    ) -> Result<Self, Refusal> {
        let (changes, state) = watch::channel(RTCPeerConnectionState::New);
        let notes = account::begin();
        let key_wanted = Arc::new(AtomicBool::new(false));
        let ears = Arc::new(Ears {
            state: changes,
            notes: notes.clone(),
        });
        let connection = stack::connection(address, Arc::clone(&key_wanted), ears).await?;
        for (kind, count) in [
            (RtpCodecKind::Audio, slots.audio),
            (RtpCodecKind::Video, slots.video),
        ] {
            for _ in 0..count {
                let way = one_way(RTCRtpTransceiverDirection::Recvonly);
                connection
                    .add_transceiver_from_kind(kind, Some(way))
                    .await?;
            }
        }
        Ok(Self {
            connection,
            state,
            key_wanted,
            measured,
            notes,
            microphone: None,
            camera: None,
        })
    }

    /// Speech, to be offered next; it flows once the answer is there.
    ///
    /// # Errors
    /// When the stack refuses.
    pub async fn add_microphone(&mut self, source: u32, audio: Audio) -> Result<(), Refusal> {
        let made = Made::Speech(Microphone::new(source, audio));
        let period = Duration::from_millis(audio.packet_ms.into());
        self.microphone = Some(self.add(source, made, period).await?);
        Ok(())
    }

    /// Pictures, to be offered next; they flow once the answer is there.
    ///
    /// # Errors
    /// When the stack refuses.
    pub async fn add_camera(&mut self, source: u32, video: Video) -> Result<(), Refusal> {
        let made = Made::Pictures(Picture::new(source, video));
        let period = Duration::from_secs(1) / video.fps.max(1);
        self.camera = Some(self.add(source, made, period).await?);
        Ok(())
    }

    async fn add(&self, source: u32, made: Made, period: Duration) -> Result<Sent, Refusal> {
        let (kind, payload_type) = match made {
            Made::Speech(_) => (RtpCodecKind::Audio, stack::OPUS),
            Made::Pictures(_) => (RtpCodecKind::Video, stack::VP8),
        };
        // Any number that differs from those of this connection's other streams.
        let ssrc = source + 1;
        let track = stack::track(kind, (source, ssrc));
        let way = one_way(RTCRtpTransceiverDirection::Sendonly);
        let line = self
            .connection
            .add_transceiver_from_track(Arc::clone(&track) as Arc<dyn TrackLocal>, Some(way))
            .await?;
        let feed = Feed {
            track,
            made,
            source,
            ssrc,
            payload_type,
            period,
            key_wanted: Arc::clone(&self.key_wanted),
            measured: Arc::clone(&self.measured),
            notes: self.notes.clone(),
        };
        Ok(Sent {
            line,
            beat: Beat::Waits(feed),
        })
    }

    /// Offers everything that has been added, the first time or again.
    ///
    /// # Errors
    /// When the stack refuses.
    pub async fn offer(&self) -> Result<Described, Refusal> {
        let offer = self.connection.create_offer(None).await?;
        let sdp = offer.sdp.clone();
        self.connection.set_local_description(offer).await?;
        Ok(Described {
            sdp,
            microphone: mid(self.microphone.as_ref()).await?,
            camera: mid(self.camera.as_ref()).await?,
        })
    }

    /// Takes the answer, waits until media can flow, and lets flow what was offered.
    ///
    /// # Errors
    /// When the stack refuses the answer, or the connection is lost before it is ready.
    pub async fn answer(&mut self, sdp: String) -> Result<(), Refusal> {
        let answer = RTCSessionDescription::answer(sdp)?;
        self.connection.set_remote_description(answer).await?;
        let settled = self.state.wait_for(|state| {
            matches!(
                state,
                RTCPeerConnectionState::Connected
                    | RTCPeerConnectionState::Failed
                    | RTCPeerConnectionState::Closed
            )
        });
        let state = *settled.await.map_err(|_gone| Refusal::Lost)?;
        if state != RTCPeerConnectionState::Connected {
            return Err(Refusal::Lost);
        }
        for sent in [&mut self.microphone, &mut self.camera] {
            *sent = sent.take().map(Sent::flow);
        }
        Ok(())
    }

    /// What has been received and sent so far.
    pub async fn account(&self) -> Account {
        let (reply, told) = oneshot::channel();
        // The account ends with this person's last sender, which this one holds.
        let _ = self.notes.send(Note::Tell(reply)).await;
        told.await.unwrap_or_default()
    }

    /// Ends the connection.
    ///
    /// # Errors
    /// When the stack refuses.
    pub async fn close(&self) -> Result<(), Refusal> {
        Ok(self.connection.close().await?)
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        for sent in [&self.microphone, &self.camera].into_iter().flatten() {
            if let Beat::Flows(task) = &sent.beat {
                task.abort();
            }
        }
    }
}

impl Sent {
    fn flow(self) -> Self {
        let beat = match self.beat {
            Beat::Waits(feed) => Beat::Flows(tokio::spawn(feed.run())),
            flows @ Beat::Flows(_) => flows,
        };
        Self { beat, ..self }
    }
}

impl Feed {
    /// Sends until this is aborted, or nobody takes packets any more.
    async fn run(mut self) {
        let mut beat = tokio::time::interval(self.period);
        // A camera does not go faster to make up for lost time.
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut packets = Vec::new();
        loop {
            beat.tick().await;
            let measured = self.measured.load(Ordering::Relaxed);
            match &mut self.made {
                Made::Speech(microphone) => packets.push(microphone.next(unix_ns(), measured)),
                Made::Pictures(picture) => {
                    if self.key_wanted.swap(false, Ordering::Relaxed) {
                        picture.want_key();
                    }
                    picture.next(unix_ns(), measured, &mut packets);
                }
            }
            if measured {
                let note = Note::Sent {
                    source: self.source,
                    packets: packets.len() as u64,
                };
                if self.notes.send(note).await.is_err() {
                    return;
                }
            }
            for packet in packets.drain(..) {
                let written = written(packet, self.payload_type, self.ssrc);
                if self.track.write_rtp(written).await.is_err() {
                    return;
                }
            }
        }
    }
}

async fn mid(sent: Option<&Sent>) -> Result<Option<String>, Refusal> {
    match sent {
        Some(sent) => Ok(sent.line.mid().await?),
        None => Ok(None),
    }
}

fn one_way(direction: RTCRtpTransceiverDirection) -> RTCRtpTransceiverInit {
    RTCRtpTransceiverInit {
        direction,
        streams: Vec::new(),
        send_encodings: Vec::new(),
    }
}

fn written(packet: Packet, payload_type: u8, ssrc: u32) -> rtc::rtp::Packet {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the lower 16 bits are meant"
    )]
    let sequence_number = packet.sequence as u16;
    rtc::rtp::Packet {
        header: rtc::rtp::Header {
            version: 2,
            marker: packet.marker,
            payload_type,
            sequence_number,
            timestamp: packet.timestamp,
            ssrc,
            ..rtc::rtp::Header::default()
        },
        payload: packet.payload.into(),
    }
}

fn unix_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(0))
}
