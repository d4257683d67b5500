//! SIP authentication with Digest, both ends (RFC 3261 section 22, RFC 7616, RFC 8760).
//!
//! A nonce holds its time and a signature, so that asking costs no memory. Memory is spent on
//! nonces that were used rightly: which counters have been seen.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::Md5;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use thiserror::Error;

use crate::digest_params::{DigestParams, quoted};

/// How long a nonce is taken, in seconds; then the other side is asked again without a new password.
pub const NONCE_LIFE_S: u64 = 300;
/// Used nonces whose counters are kept in mind. When there are more the oldest is forgotten, and
/// whoever uses it is asked again.
pub const NONCES_MAX: usize = 1_024;
/// Counters behind the highest that are still told apart; what is further behind is a replay.
const WINDOW: u32 = 64;
/// A nonce may be from so far in the future, in seconds: another process made it.
const AHEAD_S: u64 = 5;

/// How a digest is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// SHA-256 (RFC 8760). Offered first.
    Sha256,
    /// MD5. Many trunks know nothing else.
    Md5,
}

impl Algorithm {
    const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "SHA-256",
            Self::Md5 => "MD5",
        }
    }

    fn of(name: Option<&str>) -> Option<Self> {
        match name {
            None => Some(Self::Md5),
            Some(name) if name.eq_ignore_ascii_case("SHA-256") => Some(Self::Sha256),
            Some(name) if name.eq_ignore_ascii_case("MD5") => Some(Self::Md5),
            Some(_) => None,
        }
    }

    fn hash(self, text: &str) -> String {
        match self {
            Self::Sha256 => hex(&Sha256::digest(text.as_bytes())),
            Self::Md5 => hex(&Md5::digest(text.as_bytes())),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A password of a trunk. It is not printed.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// This text.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }
}

impl core::fmt::Debug for Password {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Password(·)")
    }
}

/// Why a request is not believed. All but `Stale` get a plain challenge or silence.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum DigestRefusal {
    /// Not a digest with all that is needed.
    #[error("not a whole digest")]
    Form,
    /// An algorithm or quality of protection that is not offered.
    #[error("an algorithm that is not offered")]
    Algorithm,
    /// For another realm or another address than that of the request.
    #[error("a digest for something else")]
    Elsewhere,
    /// The nonce was not made here.
    #[error("a nonce of somebody else")]
    Nonce,
    /// The nonce is too old. The password may be right: ask again and say that it is stale.
    #[error("the nonce is too old")]
    Stale,
    /// This counter was used before.
    #[error("the digest was used before")]
    Replay,
    /// No such user, or another password.
    #[error("wrong user or password")]
    Wrong,
}

#[derive(Debug, Clone, Copy)]
struct Counters {
    highest: u32,
    /// Bit n: the counter n behind the highest was seen.
    seen: u64,
}

impl Counters {
    fn take(&mut self, counter: u32) -> bool {
        if let Some(ahead) = counter.checked_sub(self.highest).filter(|&ahead| ahead > 0) {
            self.seen = self.seen.checked_shl(ahead).unwrap_or(0) | 1;
            self.highest = counter;
            return true;
        }
        let behind = self.highest.saturating_sub(counter);
        let bit = 1_u64.checked_shl(behind).unwrap_or(0);
        if behind >= WINDOW || self.seen & bit != 0 {
            return false;
        }
        self.seen |= bit;
        true
    }
}

/// The end that asks.
#[derive(Debug)]
pub struct DigestServer {
    realm: String,
    secret: [u8; 32],
    used: BTreeMap<Nonce, Counters>,
    /// Used nonces up to this one may have been forgotten.
    forgotten: Option<Nonce>,
}

/// Its time and its random part.
type Nonce = (u64, [u8; 8]);

impl DigestServer {
    /// For a realm, with a secret that only this server knows.
    #[must_use]
    pub const fn new(realm: String, secret: [u8; 32]) -> Self {
        Self {
            realm,
            secret,
            used: BTreeMap::new(),
            forgotten: None,
        }
    }

    /// Values for two headers `WWW-Authenticate`, the better one first. `random` must be new each time.
    #[must_use]
    pub fn challenge(&self, now_s: u64, random: [u8; 8], stale: bool) -> [String; 2] {
        let nonce = self.nonce(now_s, random);
        [Algorithm::Sha256, Algorithm::Md5].map(|algorithm| {
            let stale = if stale { ", stale=true" } else { "" };
            format!(
                "Digest realm={}, nonce=\"{nonce}\", qop=\"auth\", algorithm={}{stale}",
                quoted(&self.realm),
                algorithm.name(),
            )
        })
    }

    fn nonce(&self, at_s: u64, random: [u8; 8]) -> String {
        let mut bytes = at_s.to_be_bytes().to_vec();
        bytes.extend(random);
        let sign = self.sign(&bytes);
        bytes.extend(sign);
        hex(&bytes)
    }

    fn sign(&self, bytes: &[u8]) -> [u8; 16] {
        // A key of any length is taken, so this cannot fail.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.secret) else {
            return [0; 16];
        };
        mac.update(bytes);
        mac.update(self.realm.as_bytes());
        let whole = mac.finalize().into_bytes();
        whole.first_chunk::<16>().copied().unwrap_or([0; 16])
    }

    fn read_nonce(&self, text: &str) -> Option<Nonce> {
        let bytes = unhex(text)?;
        let (signed, sign) = bytes.split_at_checked(16)?;
        let (time, random) = signed.split_first_chunk::<8>()?;
        let is_ours = bool::from(self.sign(signed).ct_eq(sign));
        is_ours.then_some((u64::from_be_bytes(*time), random.try_into().ok()?))
    }

    /// Judges an `Authorization` of a request with this method and Request-URI. `password` says the
    /// password of a user. Answers the user.
    ///
    /// # Errors
    /// When the request is not believed.
    pub fn verify(
        &mut self,
        now_s: u64,
        (method, uri): (&str, &str),
        params: &DigestParams,
        password: impl FnOnce(&str) -> Option<Password>,
    ) -> Result<String, DigestRefusal> {
        let need = |name: &str| params.get(name).ok_or(DigestRefusal::Form);
        let algorithm = Algorithm::of(params.get("algorithm")).ok_or(DigestRefusal::Algorithm)?;
        if !need("qop")?.eq_ignore_ascii_case("auth") {
            return Err(DigestRefusal::Algorithm);
        }
        if need("realm")? != self.realm || need("uri")? != uri {
            return Err(DigestRefusal::Elsewhere);
        }
        let nc = need("nc")?;
        let counter = counter(nc).ok_or(DigestRefusal::Form)?;
        let nonce = self
            .read_nonce(need("nonce")?)
            .ok_or(DigestRefusal::Nonce)?;
        if nonce.0 > now_s.saturating_add(AHEAD_S) {
            return Err(DigestRefusal::Nonce);
        }
        let user = need("username")?;
        // An unknown user costs as much time as a wrong password.
        let known = password(user);
        let (Password(secret), is_known) = match known {
            Some(password) => (password, true),
            None => (Password(String::new()), false),
        };
        let expected = response(
            algorithm,
            &Credentials {
                username: user.to_owned(),
                password: Password(secret),
            },
            &self.realm,
            (method, uri),
            &[need("nonce")?, nc, need("cnonce")?, "auth"],
        );
        let given = need("response")?.to_ascii_lowercase();
        let is_right = bool::from(expected.as_bytes().ct_eq(given.as_bytes()));
        if !is_right || !is_known {
            return Err(DigestRefusal::Wrong);
        }
        self.count(now_s, nonce, counter)?;
        Ok(user.to_owned())
    }

    /// Remembers the counter of a right digest.
    fn count(&mut self, now_s: u64, nonce: Nonce, counter: u32) -> Result<(), DigestRefusal> {
        let oldest = now_s.saturating_sub(NONCE_LIFE_S);
        if nonce.0 < oldest {
            return Err(DigestRefusal::Stale);
        }
        self.used = self.used.split_off(&(oldest, [0; 8]));
        if let Some(counters) = self.used.get_mut(&nonce) {
            return counters
                .take(counter)
                .then_some(())
                .ok_or(DigestRefusal::Replay);
        }
        if self.forgotten.is_some_and(|forgotten| nonce <= forgotten) {
            return Err(DigestRefusal::Stale);
        }
        self.used.insert(
            nonce,
            Counters {
                highest: counter,
                seen: 1,
            },
        );
        if self.used.len() > NONCES_MAX
            && let Some((forgotten, _)) = self.used.pop_first()
        {
            self.forgotten = Some(forgotten);
        }
        Ok(())
    }
}

/// A counter has eight digits (RFC 7616 section 3.4) and begins with 1.
fn counter(text: &str) -> Option<u32> {
    let is_hex = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let counter = u32::from_str_radix(text, 16).ok()?;
    (is_hex && counter > 0).then_some(counter)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(core::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

/// Who we are at a trunk.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The user.
    pub username: String,
    /// The password.
    pub password: Password,
}

/// `parts` are nonce, counter, cnonce and quality of protection; without protection only the nonce.
fn response(
    algorithm: Algorithm,
    who: &Credentials,
    realm: &str,
    (method, uri): (&str, &str),
    parts: &[&str],
) -> String {
    let Password(password) = &who.password;
    let first = algorithm.hash(&format!("{}:{realm}:{password}", who.username));
    let second = algorithm.hash(&format!("{method}:{uri}"));
    algorithm.hash(&format!("{first}:{}:{second}", parts.join(":")))
}

/// The end that is asked: the value of `Authorization` for a challenge. `counter` counts the uses of
/// this nonce and begins with 1, `cnonce` must be new each time. Of several challenges the caller
/// takes the first whose answer is not refused: servers put the best one first.
///
/// # Errors
/// When the challenge wants something that is not supported.
pub fn answer_challenge(
    challenge: &DigestParams,
    who: &Credentials,
    (method, uri): (&str, &str),
    cnonce: &str,
    counter: u32,
) -> Result<String, DigestRefusal> {
    let need = |name: &str| challenge.get(name).ok_or(DigestRefusal::Form);
    let (realm, nonce) = (need("realm")?, need("nonce")?);
    let named = challenge.get("algorithm");
    let algorithm = Algorithm::of(named).ok_or(DigestRefusal::Algorithm)?;
    let nc = format!("{counter:08x}");
    let protection = match challenge.get("qop") {
        None => None,
        Some(list)
            if list
                .split(',')
                .any(|qop| qop.trim().eq_ignore_ascii_case("auth")) =>
        {
            Some("auth")
        }
        Some(_) => return Err(DigestRefusal::Algorithm),
    };
    let parts = match protection {
        Some(qop) => vec![nonce, nc.as_str(), cnonce, qop],
        None => vec![nonce],
    };
    let response = response(algorithm, who, realm, (method, uri), &parts);
    let mut header = format!(
        "Digest username={}, realm={}, nonce={}, uri={}, response=\"{response}\"",
        quoted(&who.username),
        quoted(realm),
        quoted(nonce),
        quoted(uri),
    );
    if named.is_some() {
        header.push_str(&format!(", algorithm={}", algorithm.name()));
    }
    if let Some(qop) = protection {
        header.push_str(&format!(", qop={qop}, nc={nc}, cnonce={}", quoted(cnonce)));
    }
    if let Some(opaque) = challenge.get("opaque") {
        header.push_str(&format!(", opaque={}", quoted(opaque)));
    }
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const URI: (&str, &str) = ("INVITE", "sip:+33100000000@clinic.example");

    fn who(password: &str) -> Credentials {
        Credentials {
            username: "trunk".to_owned(),
            password: Password::new(password.to_owned()),
        }
    }

    fn server() -> DigestServer {
        DigestServer::new("clinic".to_owned(), [7; 32])
    }

    /// An answer to a challenge of this time, and its judgement.
    fn tried(
        server: &mut DigestServer,
        challenge: &str,
        password: &str,
        counter: u32,
        now_s: u64,
    ) -> Result<String, DigestRefusal> {
        let challenge = DigestParams::parse(challenge).unwrap();
        let header = answer_challenge(&challenge, &who(password), URI, "0a4f113b", counter)?;
        let params = DigestParams::parse(&header).unwrap();
        server.verify(now_s, URI, &params, |user| {
            (user == "trunk").then(|| Password::new("right".to_owned()))
        })
    }

    #[test]
    fn the_examples_of_rfc_7616_come_out() {
        let who = Credentials {
            username: "Mufasa".to_owned(),
            password: Password::new("Circle of Life".to_owned()),
        };
        let of = |algorithm| {
            let parts = [
                "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
                "00000001",
                "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
                "auth",
            ];
            response(
                algorithm,
                &who,
                "http-auth@example.org",
                ("GET", "/dir/index.html"),
                &parts,
            )
        };
        assert_eq!(of(Algorithm::Md5), "8ca523f5e9506fed4657c9700eebdbec");
        assert_eq!(
            of(Algorithm::Sha256),
            "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
        );
    }

    #[test]
    fn three_hundred_uses_of_one_nonce_are_right_and_none_twice() {
        for which in [0, 1] {
            let mut server = server();
            let challenge = server.challenge(1_000, [3; 8], false)[which].clone();
            for counter in 1..=300 {
                assert_eq!(
                    tried(&mut server, &challenge, "right", counter, 1_100),
                    Ok("trunk".to_owned())
                );
                assert_eq!(
                    tried(&mut server, &challenge, "right", counter, 1_100),
                    Err(DigestRefusal::Replay)
                );
            }
            assert_eq!(
                tried(&mut server, &challenge, "right", 1, 1_100),
                Err(DigestRefusal::Replay)
            );
        }
    }

    #[test]
    fn what_is_wrong_old_or_of_somebody_else_is_refused() {
        let mut server = server();
        let challenge = server.challenge(1_000, [3; 8], false)[0].clone();
        assert_eq!(
            tried(&mut server, &challenge, "wrong", 1, 1_000),
            Err(DigestRefusal::Wrong)
        );
        assert_eq!(
            tried(&mut server, &challenge, "right", 1, 1_301),
            Err(DigestRefusal::Stale)
        );
        let foreign = DigestServer::new("clinic".to_owned(), [8; 32])
            .challenge(1_000, [3; 8], false)[0]
            .clone();
        assert_eq!(
            tried(&mut server, &foreign, "right", 1, 1_000),
            Err(DigestRefusal::Nonce)
        );
        let elsewhere = DigestServer::new("other".to_owned(), [7; 32])
            .challenge(1_000, [3; 8], false)[0]
            .clone();
        assert_eq!(
            tried(&mut server, &elsewhere, "right", 1, 1_000),
            Err(DigestRefusal::Elsewhere)
        );
        let future = server.challenge(2_000, [3; 8], false)[0].clone();
        assert_eq!(
            tried(&mut server, &future, "right", 1, 1_000),
            Err(DigestRefusal::Nonce)
        );
        let bare = challenge.replace(", qop=\"auth\"", "");
        assert_eq!(
            tried(&mut server, &bare, "right", 1, 1_000),
            Err(DigestRefusal::Form)
        );
        let session = challenge.replace("SHA-256", "SHA-256-sess");
        assert_eq!(
            tried(&mut server, &session, "right", 1, 1_000),
            Err(DigestRefusal::Algorithm)
        );
        assert_eq!(
            tried(&mut server, &challenge, "right", 1, 1_000),
            Ok("trunk".to_owned())
        );
    }

    #[test]
    fn a_forgotten_nonce_is_stale_and_not_new() {
        let mut server = server();
        let first = server.challenge(1_000, [0; 8], false)[1].clone();
        tried(&mut server, &first, "right", 1, 1_000).unwrap();
        for index in 1..=NONCES_MAX as u64 {
            let challenge = server.challenge(1_001, index.to_be_bytes(), false)[1].clone();
            tried(&mut server, &challenge, "right", 1, 1_001).unwrap();
        }
        assert_eq!(server.used.len(), NONCES_MAX);
        assert_eq!(
            tried(&mut server, &first, "right", 1, 1_001),
            Err(DigestRefusal::Stale)
        );
    }

    #[test]
    fn a_digest_for_another_address_or_method_is_refused() {
        let mut server = server();
        let challenge = DigestParams::parse(&server.challenge(1_000, [3; 8], false)[0]).unwrap();
        let header = answer_challenge(&challenge, &who("right"), URI, "c", 1).unwrap();
        let params = DigestParams::parse(&header).unwrap();
        let mut judge = |request| {
            server.verify(1_000, request, &params, |_| {
                Some(Password::new("right".to_owned()))
            })
        };
        assert_eq!(judge(("BYE", URI.1)), Err(DigestRefusal::Wrong));
        assert_eq!(
            judge(("INVITE", "sip:premium@example")),
            Err(DigestRefusal::Elsewhere)
        );
    }

    proptest! {
        #[test]
        fn no_counter_is_taken_twice(counters in prop::collection::vec(1..200u32, 1..200)) {
            let mut known = Counters { highest: 1, seen: 1 };
            let mut taken = std::collections::BTreeSet::from([1]);
            for counter in counters {
                if known.take(counter) {
                    prop_assert!(taken.insert(counter));
                } else {
                    let highest = taken.last().copied().unwrap_or(0);
                    prop_assert!(taken.contains(&counter) || counter.saturating_add(WINDOW) <= highest);
                }
            }
        }
    }
}
