//! Cryptography for virtual time: packets are authenticated and keyed per connection, but not
//! secret, and a handshake takes its round trips, but no mathematics.
//!
//! It makes runs fast and their datagrams of equal size each time. Everything that travels has
//! the size and the fate that it has with AES-GCM: a packet under another connection's key is
//! refused. It can be installed once for a whole process, and must never leave this crate.

mod dtls;
mod srtp;

use str0m::crypto::{CryptoProvider, from_feature_flags};

/// Makes this the cryptography of every engine of the process. Later calls change nothing.
pub(crate) fn install() {
    CryptoProvider {
        srtp_provider: &srtp::PlainSrtp,
        dtls_provider: &dtls::PlainDtls,
        ..from_feature_flags()
    }
    .install_process_default();
}
