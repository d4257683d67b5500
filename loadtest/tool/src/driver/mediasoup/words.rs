//! What mediasoup says and is told, as its documentation names it (<https://mediasoup.org/documentation/v3>).
//! What is not needed here is left out.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A new connection on its side. It is ICE-lite (RFC 8445 section 2.5).
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Transport {
    pub(super) id: String,
    pub(super) ice_parameters: IceParameters,
    pub(super) ice_candidates: Vec<IceCandidate>,
    pub(super) dtls_parameters: DtlsParameters,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IceParameters {
    pub(super) username_fragment: String,
    pub(super) password: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct IceCandidate {
    pub(super) foundation: String,
    pub(super) priority: u32,
    pub(super) ip: IpAddr,
    pub(super) protocol: String,
    pub(super) port: u16,
    #[serde(rename = "type")]
    pub(super) kind: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DtlsParameters {
    pub(super) role: Role,
    pub(super) fingerprints: Vec<Fingerprint>,
}

/// Who begins the DTLS handshake (RFC 5763 section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Role {
    /// It is not settled.
    Auto,
    /// The one of whom it is said begins.
    Client,
    /// The other one begins.
    Server,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fingerprint {
    pub(super) algorithm: String,
    pub(super) value: String,
}

/// One stream of packets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RtpParameters {
    pub(super) mid: String,
    pub(super) codecs: Vec<Codec>,
    pub(super) header_extensions: Vec<HeaderExtension>,
    pub(super) encodings: Vec<Encoding>,
    pub(super) rtcp: Rtcp,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Codec {
    pub(super) mime_type: String,
    pub(super) payload_type: u8,
    pub(super) clock_rate: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) channels: Option<u8>,
    #[serde(default)]
    pub(super) parameters: Map<String, Value>,
    #[serde(default)]
    pub(super) rtcp_feedback: Vec<Feedback>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Feedback {
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) parameter: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct HeaderExtension {
    pub(super) uri: String,
    pub(super) id: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Encoding {
    pub(super) ssrc: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rtx: Option<Rtx>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rtx {
    pub(super) ssrc: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rtcp {
    pub(super) cname: String,
    pub(super) reduced_size: bool,
}

/// A stream that somebody sends to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Producing {
    pub(super) kind: String,
    pub(super) rtp_parameters: RtpParameters,
}

/// A stream that it sends to somebody.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Consumer {
    pub(super) kind: String,
    pub(super) rtp_parameters: RtpParameters,
}

/// What was made.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Made {
    pub(super) id: String,
}
