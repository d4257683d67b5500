//! How nodes know each other: a secret that all of them have, never sent itself.

use core::fmt;

use aws_lc_rs::hmac;
use axum::http::{HeaderMap, header};
use signaling_directory::NodeName;

/// Shortest secret, in bytes.
pub const SECRET_BYTES_MIN: usize = 32;
/// How far the clocks of two nodes may be apart, in seconds.
const SKEW_S_MAX: i64 = 60;
const SCHEME: &str = "Telehealth-Node ";

/// The secret is too short to be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret of a cluster has at least {SECRET_BYTES_MIN} bytes")]
pub struct SecretTooShort;

/// What all nodes of a cluster know and nobody else does.
#[derive(Clone)]
pub struct NodeSecret(hmac::Key);

impl fmt::Debug for NodeSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NodeSecret(..)")
    }
}

impl NodeSecret {
    /// A secret from the bytes of its file.
    ///
    /// # Errors
    /// It has less than [`SECRET_BYTES_MIN`] bytes.
    pub fn new(bytes: &[u8]) -> Result<Self, SecretTooShort> {
        if bytes.len() < SECRET_BYTES_MIN {
            return Err(SecretTooShort);
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, bytes)))
    }

    /// A key for something else, of which nobody can tell the secret. Proofs begin with another word.
    pub(super) fn derive(&self, what: &str) -> [u8; 32] {
        let tag = hmac::sign(&self.0, format!("telehealth-key\n{what}").as_bytes());
        let mut key = [0; 32];
        for (byte, made) in key.iter_mut().zip(tag.as_ref()) {
            *byte = *made;
        }
        key
    }

    /// What `from` shows when it asks for `path` on the node `to`: good there only, and for a minute.
    pub(super) fn prove(&self, from: &NodeName, to: &str, path: &str, now_us: i64) -> String {
        let now_s = now_us.div_euclid(1_000_000);
        let tag = hmac::sign(&self.0, text(from.as_str(), to, path, now_s).as_bytes());
        let mut proof = format!("{SCHEME}{from} {now_s} ");
        for byte in tag.as_ref() {
            // Writing to a String cannot fail.
            let _ = fmt::Write::write_fmt(&mut proof, format_args!("{byte:02x}"));
        }
        proof
    }

    /// Who asks, if it is a node.
    pub(super) fn check(
        &self,
        headers: &HeaderMap,
        me: &str,
        path: &str,
        now_us: i64,
    ) -> Option<NodeName> {
        let proof = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let mut words = proof.strip_prefix(SCHEME)?.split(' ');
        let (from, at_s, tag) = (words.next()?, words.next()?, words.next()?);
        let at_s: i64 = at_s.parse().ok()?;
        let now_s = now_us.div_euclid(1_000_000);
        if words.next().is_some() || now_s.abs_diff(at_s) > SKEW_S_MAX.unsigned_abs() {
            return None;
        }
        let tag = bytes(tag)?;
        hmac::verify(&self.0, text(from, me, path, at_s).as_bytes(), &tag).ok()?;
        from.parse().ok()
    }
}

fn text(from: &str, to: &str, path: &str, at_s: i64) -> String {
    format!("telehealth-node\n{from}\n{to}\n{path}\n{at_s}")
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    if hex.len() != 64 || !hex.is_ascii() {
        return None;
    }
    let pairs = hex.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok();
    pairs.map(byte).collect()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    const NOW_US: i64 = 1_800_000_000_000_000;

    fn check(secret: &NodeSecret, proof: &str, me: &str, path: &str, now_us: i64) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_str(proof).unwrap());
        secret.check(&headers, me, path, now_us).is_some()
    }

    #[test]
    fn a_proof_is_good_for_one_node_one_path_and_a_minute() {
        let secret = NodeSecret::new(&[7; 32]).unwrap();
        let proof = secret.prove(&"a".parse().unwrap(), "b", "/line", NOW_US);
        assert!(check(&secret, &proof, "b", "/line", NOW_US));
        assert!(check(&secret, &proof, "b", "/line", NOW_US + 59_000_000));
        assert!(!check(&secret, &proof, "b", "/line", NOW_US + 61_000_000));
        assert!(!check(&secret, &proof, "c", "/line", NOW_US));
        assert!(!check(&secret, &proof, "b", "/signal", NOW_US));
        assert!(!check(
            &secret,
            &proof.replace(" a ", " c "),
            "b",
            "/line",
            NOW_US
        ));
        let other = NodeSecret::new(&[8; 32]).unwrap();
        assert!(!check(&other, &proof, "b", "/line", NOW_US));
        for bad in [
            "",
            "Bearer x",
            "Telehealth-Node a 1",
            "Telehealth-Node a b c",
        ] {
            assert!(!check(&secret, bad, "b", "/line", NOW_US), "{bad}");
        }
    }

    #[test]
    fn a_short_secret_is_none() {
        assert_eq!(NodeSecret::new(&[7; 31]).unwrap_err(), SecretTooShort);
        assert_eq!(
            format!("{:?}", NodeSecret::new(&[7; 32]).unwrap()),
            "NodeSecret(..)"
        );
    }
}
