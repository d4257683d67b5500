//! A DTLS handshake that takes its round trips and resends, and no mathematics.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use str0m::crypto::CryptoError;
use str0m::crypto::dtls::{
    DtlsCert, DtlsImplError, DtlsInstance, DtlsOutput, DtlsProvider, DtlsVersion, KeyingMaterial,
    ProtocolVersion, SrtpProfile,
};

use crate::rng::mix;

/// Record type of a DTLS handshake (RFC 6347), so that demultiplexing (RFC 7983) sees DTLS.
const HANDSHAKE: u8 = 22;
/// Record type of an alert; `close_notify` is the only one.
const ALERT: u8 = 21;
/// Size of every flight: hello with certificate and key exchange.
const FLIGHT_BYTES: usize = 700;
/// First wait before a flight is sent again (RFC 6347 section 4.2.4); it doubles each time.
const RESEND: Duration = Duration::from_secs(1);
/// Resends before the handshake is given up.
const RESENDS_MAX: u32 = 6;

#[derive(Debug)]
pub(super) struct PlainDtls;

impl DtlsProvider for PlainDtls {
    fn generate_certificate(&self) -> Option<DtlsCert> {
        let mut certificate = vec![0_u8; 300];
        for eight in certificate.chunks_mut(8) {
            let bytes = fastrand::u64(..).to_le_bytes();
            for (to, from) in eight.iter_mut().zip(bytes) {
                *to = from;
            }
        }
        Some(DtlsCert {
            certificate,
            private_key: vec![0; 32],
        })
    }

    fn new_dtls(
        &self,
        cert: &DtlsCert,
        now: Instant,
        _version: DtlsVersion,
        _mtu: Option<usize>,
    ) -> Result<Box<dyn DtlsInstance>, CryptoError> {
        let mut certificate = cert.certificate.clone();
        // The shard's own certificate is a real one; all are equally long on the wire.
        certificate.truncate(FLIGHT_BYTES - HEADER_BYTES);
        Ok(Box::new(Handshake {
            certificate,
            active: false,
            stage: Stage::New,
            random: fastrand::u64(..),
            peer_random: 0,
            flight: None,
            resend_at: None,
            resends: 0,
            now,
            outbox: VecDeque::new(),
            closing: false,
        }))
    }
}

/// How far a handshake is: hello, certificate, finished and its answer, as in DTLS 1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    New,
    Hello,
    Finished,
    Done,
}

/// Record type, step, 8 bytes of random, 2 of certificate length.
const HEADER_BYTES: usize = 12;

#[derive(Debug)]
enum Out {
    Packet(Vec<u8>),
    PeerCert(Vec<u8>),
    Keys(u64),
    Connected,
    CloseNotify,
}

#[derive(Debug)]
struct Handshake {
    certificate: Vec<u8>,
    active: bool,
    stage: Stage,
    random: u64,
    peer_random: u64,
    /// The step that is sent again until it is answered.
    flight: Option<u8>,
    resend_at: Option<Instant>,
    resends: u32,
    now: Instant,
    outbox: VecDeque<Out>,
    closing: bool,
}

impl Handshake {
    fn send(&mut self, step: u8) {
        let mut packet = vec![0_u8; FLIGHT_BYTES];
        let length = u16::try_from(self.certificate.len()).unwrap_or(0);
        let mut header = vec![HANDSHAKE, step];
        header.extend_from_slice(&self.random.to_le_bytes());
        header.extend_from_slice(&length.to_le_bytes());
        header.extend_from_slice(&self.certificate);
        for (to, from) in packet.iter_mut().zip(header) {
            *to = from;
        }
        self.outbox.push_back(Out::Packet(packet));
    }

    fn fly(&mut self, step: u8) {
        self.send(step);
        self.flight = Some(step);
        self.resends = 0;
        // The engine tells the time only in timeouts, so the wait begins with the next one.
        self.resend_at = None;
    }

    fn finish(&mut self) {
        self.stage = Stage::Done;
        self.flight = None;
        self.resend_at = None;
        let (client, server) = if self.active {
            (self.random, self.peer_random)
        } else {
            (self.peer_random, self.random)
        };
        self.outbox.push_back(Out::Connected);
        self.outbox.push_back(Out::Keys(mix(client ^ mix(server))));
    }

    /// Steps: 1 client's hello, 2 server's certificate, 3 client's certificate, 4 finished.
    fn step(&mut self, step: u8, random: u64, certificate: &[u8]) {
        match (self.active, step, self.stage) {
            (false, 1, Stage::New | Stage::Hello) => {
                self.peer_random = random;
                self.stage = Stage::Hello;
                self.send(2);
            }
            (true, 2, Stage::Hello) => {
                self.peer_random = random;
                self.stage = Stage::Finished;
                self.outbox.push_back(Out::PeerCert(certificate.to_vec()));
                self.fly(3);
            }
            (false, 3, Stage::Hello) => {
                self.outbox.push_back(Out::PeerCert(certificate.to_vec()));
                self.send(4);
                self.finish();
            }
            (false, 3, Stage::Done) => self.send(4),
            (true, 4, Stage::Finished) => self.finish(),
            _ => {}
        }
    }
}

impl DtlsInstance for Handshake {
    fn set_active(&mut self, active: bool) {
        self.active = active;
        if active && self.stage == Stage::New {
            self.stage = Stage::Hello;
            self.fly(1);
        }
    }

    fn handle_packet(&mut self, packet: &[u8]) -> Result<(), DtlsImplError> {
        match packet {
            [HANDSHAKE, step, rest @ ..] if rest.len() >= HEADER_BYTES - 2 => {
                let (random, rest) = rest.split_at(8);
                let (length, rest) = rest.split_at(2);
                let random = random.try_into().map_or(0, u64::from_le_bytes);
                let length = length.try_into().map_or(0, u16::from_le_bytes);
                let certificate = rest.get(..usize::from(length)).unwrap_or_default();
                let certificate = certificate.to_vec();
                self.step(*step, random, &certificate);
            }
            // Authentic alerts only, as after a real handshake.
            [ALERT, key @ ..]
                if self.stage == Stage::Done
                    && !self.closing
                    && key.get(..8) == Some(&self.peer_random.to_le_bytes()) =>
            {
                self.closing = true;
                self.outbox.push_back(Out::CloseNotify);
            }
            _ => {}
        }
        Ok(())
    }

    fn poll_output<'a>(&mut self, buf: &'a mut [u8]) -> DtlsOutput<'a> {
        match self.outbox.pop_front() {
            Some(Out::Packet(packet)) => put(buf, &packet).map_or(
                DtlsOutput::BufferTooSmall {
                    needed: packet.len(),
                },
                DtlsOutput::Packet,
            ),
            Some(Out::PeerCert(certificate)) => put(buf, &certificate).map_or(
                DtlsOutput::BufferTooSmall {
                    needed: certificate.len(),
                },
                DtlsOutput::PeerCert,
            ),
            Some(Out::Keys(key)) => {
                let bytes: Vec<u8> = (0..7_u64)
                    .flat_map(|n| mix(key ^ n).to_le_bytes())
                    .collect();
                DtlsOutput::KeyingMaterial(
                    KeyingMaterial::new(&bytes),
                    SrtpProfile::AEAD_AES_128_GCM,
                )
            }
            Some(Out::Connected) => DtlsOutput::Connected,
            Some(Out::CloseNotify) => DtlsOutput::CloseNotify,
            None => {
                let never = self.now + Duration::from_secs(3600);
                let wanted = if self.flight.is_some() {
                    self.now
                } else {
                    never
                };
                DtlsOutput::Timeout(self.resend_at.unwrap_or(wanted))
            }
        }
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), DtlsImplError> {
        self.now = now;
        let Some(step) = self.flight else {
            return Ok(());
        };
        let at = *self.resend_at.get_or_insert(now + RESEND);
        if now >= at {
            self.resends = self.resends.saturating_add(1);
            if self.resends > RESENDS_MAX {
                self.flight = None;
                return Err(DtlsImplError::ConnectionClosed);
            }
            self.send(step);
            let wait = RESEND.saturating_mul(1 << self.resends.min(6));
            self.resend_at = Some(now + wait);
        }
        Ok(())
    }

    fn send_application_data(&mut self, _data: &[u8]) -> Result<usize, DtlsImplError> {
        Ok(0)
    }

    fn is_active(&self) -> bool {
        self.active
    }

    fn protocol_version(&self) -> Option<ProtocolVersion> {
        None
    }

    fn is_closing(&self) -> bool {
        self.closing
    }

    fn is_closed(&self) -> bool {
        self.closing && self.outbox.is_empty()
    }

    fn close(&mut self) -> Result<(), DtlsImplError> {
        if self.stage == Stage::Done && !self.closing {
            let mut packet = vec![ALERT];
            packet.extend_from_slice(&self.random.to_le_bytes());
            packet.resize(40, 0);
            self.outbox.push_back(Out::Packet(packet));
        }
        self.closing = true;
        self.flight = None;
        Ok(())
    }
}

fn put<'a>(buf: &'a mut [u8], bytes: &[u8]) -> Option<&'a [u8]> {
    let room = buf.get_mut(..bytes.len())?;
    room.copy_from_slice(bytes);
    Some(room)
}
