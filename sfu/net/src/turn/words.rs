//! The numbers of RFC 8656 and RFC 8489.

pub(super) const ALLOCATE: u16 = 0x003;
pub(super) const REFRESH: u16 = 0x004;
pub(super) const SEND: u16 = 0x006;
pub(super) const DATA_METHOD: u16 = 0x007;
pub(super) const CREATE_PERMISSION: u16 = 0x008;
pub(super) const CHANNEL_BIND: u16 = 0x009;

pub(super) const ERROR_CODE: u16 = 0x0009;
pub(super) const UNKNOWN_ATTRIBUTES: u16 = 0x000A;
pub(super) const CHANNEL_NUMBER: u16 = 0x000C;
pub(super) const LIFETIME: u16 = 0x000D;
pub(super) const XOR_PEER_ADDRESS: u16 = 0x0012;
pub(super) const DATA: u16 = 0x0013;
pub(super) const REALM: u16 = 0x0014;
pub(super) const NONCE: u16 = 0x0015;
pub(super) const XOR_RELAYED_ADDRESS: u16 = 0x0016;
pub(super) const REQUESTED_ADDRESS_FAMILY: u16 = 0x0017;
pub(super) const REQUESTED_TRANSPORT: u16 = 0x0019;
pub(super) const DONT_FRAGMENT: u16 = 0x001A;

/// Attributes that must be understood, and are. Those from 0x8000 on need not be.
pub(super) const UNDERSTOOD: &[u16] = &[
    sfu_core::stun::USERNAME,
    sfu_core::stun::PRIORITY,
    CHANNEL_NUMBER,
    LIFETIME,
    XOR_PEER_ADDRESS,
    DATA,
    REALM,
    NONCE,
    REQUESTED_ADDRESS_FAMILY,
    REQUESTED_TRANSPORT,
    DONT_FRAGMENT,
];

/// An error code with its phrase.
pub(super) type Refusal = (u16, &'static str);

pub(super) const BAD_REQUEST: Refusal = (400, "Bad Request");
pub(super) const UNAUTHENTICATED: Refusal = (401, "Unauthenticated");
pub(super) const FORBIDDEN: Refusal = (403, "Forbidden");
pub(super) const UNKNOWN_ATTRIBUTE: Refusal = (420, "Unknown Attribute");
pub(super) const MISMATCH: Refusal = (437, "Allocation Mismatch");
pub(super) const STALE_NONCE: Refusal = (438, "Stale Nonce");
pub(super) const NO_SUCH_FAMILY: Refusal = (440, "Address Family not Supported");
pub(super) const WRONG_CREDENTIALS: Refusal = (441, "Wrong Credentials");
pub(super) const NO_SUCH_TRANSPORT: Refusal = (442, "Unsupported Transport Protocol");
