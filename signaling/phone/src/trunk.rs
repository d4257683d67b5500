//! Trunks: the lines of telephone companies, and what is allowed on each.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use sfu_phone::Codec;
use signaling_sip::{Language, PhoneNumber, Prefix};
use thiserror::Error;

use crate::charge::{SpendError, SpendSettings};
use crate::tls::{Far, TlsError, TlsSettings};
use crate::trunk_check::{SECRET_MIN, TRUNKS_MAX};

/// The part `[phone]` of the configuration, as it stands in the file.
/// README.md beside this crate has an example with every key.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhoneSettings {
    /// Where SIP is received by UDP.
    pub bind: SocketAddr,
    /// Where SIP is received by TCP; without it nowhere.
    pub bind_tcp: Option<SocketAddr>,
    /// SIP over TLS; without it none is spoken.
    pub tls: Option<TlsSettings>,
    /// The address that is said in SIP; without it that of `bind`.
    pub advertise: Option<IpAddr>,
    /// The realm of challenges.
    pub realm: String,
    /// The lines.
    #[serde(default)]
    pub trunks: Vec<TrunkSettings>,
    /// How much of everything may come.
    #[serde(default)]
    pub limits: LimitSettings,
    /// Where sound goes, and what is said. Whoever joins the parts reads it.
    #[serde(default)]
    pub sound: SoundSettings,
    /// What calls may cost; without it they have no price.
    pub spend: Option<SpendSettings>,
}

/// Where sound (RTP) goes, and what is said to callers, as it stands in the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SoundSettings {
    /// The address of sound; without it that of SIP.
    pub bind: Option<IpAddr>,
    /// The address that is said in descriptions; without it that of SIP.
    pub advertise: Option<IpAddr>,
    /// The first and the last port of sound; without them the system chooses.
    pub ports: Option<[u16; 2]>,
    /// The folder of what is said: `fr` and `en`, each with a file for each prompt.
    pub prompts: PathBuf,
}

impl Default for SoundSettings {
    fn default() -> Self {
        Self {
            bind: None,
            advertise: None,
            ports: None,
            prompts: PathBuf::from("data/prompts"),
        }
    }
}

/// How much may come from outside.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitSettings {
    /// Messages of one address in a second.
    pub messages_per_second: u32,
    /// New calls of one caller in ten seconds.
    pub calls_per_ten_seconds: u32,
    /// Calls at once, in and out.
    pub calls_max: usize,
}

impl Default for LimitSettings {
    fn default() -> Self {
        Self {
            messages_per_second: 200,
            calls_per_ten_seconds: 20,
            calls_max: 100,
        }
    }
}

/// A line as it stands in the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrunkSettings {
    /// Its name in logs and metrics.
    pub name: String,
    /// Whence it calls.
    pub addresses: Vec<String>,
    /// Its user for us.
    pub user: Option<String>,
    /// The file with its password for us.
    pub secret_file: Option<PathBuf>,
    /// How it is asked to authenticate.
    #[serde(default)]
    pub digest: DigestKinds,
    /// Our numbers on it.
    pub numbers: Vec<NumberSettings>,
    /// The country of numbers that come without one, such as `33`.
    pub country: Option<String>,
    /// Codecs, the best first.
    pub codecs: Option<Vec<String>>,
    /// Whether sound is encrypted.
    #[serde(default)]
    pub srtp: Srtp,
    /// How SIP comes.
    #[serde(default)]
    pub transport: Transport,
    /// How we call.
    pub outbound: Option<OutboundSettings>,
}

/// One of our numbers as it stands in the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NumberSettings {
    /// In international form.
    pub number: String,
    /// The id of the facility that is called with it.
    pub facility: String,
    /// The language of what is said before the caller has chosen one: `fr` or `en`.
    pub language: Option<String>,
}

/// How we call, as it stands in the file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutboundSettings {
    /// Where calls are sent: address and port.
    pub proxy: SocketAddr,
    /// The number that the called person sees.
    pub caller: String,
    /// With TLS, the name in the certificate of who is there.
    pub tls_name: Option<String>,
    /// With TLS, the file of who signs that certificate; without it the authorities of the system.
    pub tls_ca_file: Option<PathBuf>,
    /// Our user there.
    pub user: Option<String>,
    /// The file with our password there.
    pub secret_file: Option<PathBuf>,
    /// How often it is asked whether it is there, in seconds; without it never.
    pub ask_every_s: Option<u32>,
    /// Where it is told that we are here; without it nowhere.
    pub register: Option<Registration>,
    /// Countries that may be called, such as `33`.
    pub countries: Vec<String>,
    /// Calls at once.
    #[serde(default = "default_calls")]
    pub calls_max: u32,
    /// Minutes that may be talked in a day (UTC).
    #[serde(default = "default_minutes")]
    pub minutes_per_day_max: u32,
}

/// A telephone company that wants to be told where we are, as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// The name that it has for itself, such as `sip.carrier.example`.
    pub domain: String,
    /// For how long, in seconds; it may say less or more.
    #[serde(default = "default_expires")]
    pub expires_s: u32,
}

const fn default_expires() -> u32 {
    600
}

const fn default_calls() -> u32 {
    4
}

const fn default_minutes() -> u32 {
    600
}

/// Whether sound is encrypted (SDES, RFC 4568).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Srtp {
    /// Never.
    #[default]
    Disabled,
    /// If the other side offers it.
    Allowed,
    /// Always.
    Required,
}

/// How a trunk is asked to authenticate (RFC 8760). Some telephone companies cannot read two
/// challenges, or know MD5 alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DigestKinds {
    /// SHA-256 or MD5, as they like.
    #[default]
    Both,
    /// SHA-256 alone.
    Sha256,
    /// MD5 alone.
    Md5,
}

impl DigestKinds {
    /// Whether an algorithm, by its name in the header, is taken. Without a name it is MD5.
    #[must_use]
    pub fn takes(self, algorithm: Option<&str>) -> bool {
        let is_sha = algorithm.is_some_and(|name| name.eq_ignore_ascii_case("SHA-256"));
        match self {
            Self::Both => true,
            Self::Sha256 => is_sha,
            Self::Md5 => !is_sha,
        }
    }
}

/// How SIP goes to and comes from a trunk.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// UDP.
    #[default]
    Udp,
    /// TCP.
    Tcp,
    /// TLS over TCP.
    Tls,
}

/// A password. It is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// This text.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text. Not for logs.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl core::fmt::Debug for Secret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Secret(·)")
    }
}

/// User and password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The password.
    pub secret: Secret,
}

/// One of our numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitNumber {
    /// The number.
    pub number: PhoneNumber,
    /// The id of the facility that is called with it.
    pub facility: String,
    /// The language before one is chosen.
    pub language: Language,
}

/// How we call.
#[derive(Debug, Clone)]
pub struct Outbound {
    /// Where calls are sent.
    pub proxy: SocketAddr,
    /// With TLS, how it is known who is there.
    pub(crate) far: Option<Far>,
    /// How often it is asked whether it is there.
    pub(crate) ask_every: Option<Duration>,
    /// Where it is told that we are here.
    pub register: Option<Registration>,
    /// The number that the called person sees.
    pub caller: PhoneNumber,
    /// Who we are there.
    pub login: Option<Login>,
    /// Countries that may be called.
    pub countries: Vec<String>,
    /// Calls at once.
    pub calls_max: u32,
    /// Minutes that may be talked in a day (UTC).
    pub minutes_per_day_max: u32,
}

/// A line.
#[derive(Debug, Clone)]
pub struct Trunk {
    /// Its name in logs and metrics.
    pub name: String,
    /// Whence it calls.
    pub addresses: Vec<Prefix>,
    /// Who it is for us; without, its addresses are all that is asked for.
    pub login: Option<Login>,
    /// How it is asked to authenticate.
    pub digest: DigestKinds,
    /// Our numbers on it.
    pub numbers: Vec<VisitNumber>,
    /// The country of numbers that come without one.
    pub country: Option<String>,
    /// Codecs, the best first.
    pub codecs: Vec<Codec>,
    /// Whether sound is encrypted.
    pub srtp: Srtp,
    /// How SIP comes and goes.
    pub transport: Transport,
    /// How we call; without, nobody is called.
    pub outbound: Option<Outbound>,
}

impl Trunk {
    /// Whether calls for a facility may go by it: it has a number of theirs, or none at all.
    #[must_use]
    pub fn serves(&self, facility: &str) -> bool {
        let is_theirs = |number: &VisitNumber| number.facility.eq_ignore_ascii_case(facility);
        self.numbers.is_empty() || self.numbers.iter().any(is_theirs)
    }

    /// Its codecs as the configuration names them, the best first.
    #[must_use]
    pub fn codec_names(&self) -> Vec<&'static str> {
        let names = self.codecs.iter().map(|codec| match codec {
            Codec::Opus => "opus",
            Codec::G722 => "g722",
            Codec::Pcma => "pcma",
            Codec::Pcmu => "pcmu",
        });
        names.collect()
    }
}

/// Why the configuration of telephones is not taken, and what to do.
#[derive(Debug, Error)]
pub enum TrunkError {
    /// None, or very many.
    #[error(
        "[phone] needs between 1 and {TRUNKS_MAX} [[phone.trunks]]; remove [phone] to switch telephones off"
    )]
    Count,
    /// Twice the same name.
    #[error("two trunks are named {0:?}: give each a name of its own")]
    Name(String),
    /// Not an address range.
    #[error("trunk {trunk:?}: {range:?} in `addresses` is no range such as \"198.51.100.0/24\"")]
    Range {
        /// The trunk.
        trunk: String,
        /// What stands there.
        range: String,
        /// Why.
        #[source]
        why: signaling_sip::PrefixError,
    },
    /// Nobody could call.
    #[error(
        "trunk {0:?}: `addresses` is empty, so nobody could call; name the addresses of the telephone company"
    )]
    NoAddress(String),
    /// Not a number.
    #[error(
        "trunk {trunk:?}: `{key}` must be a number in international form such as \"+33123456789\""
    )]
    Number {
        /// The trunk.
        trunk: String,
        /// Which key.
        key: &'static str,
        /// Why.
        #[source]
        why: signaling_sip::NumberError,
    },
    /// Two trunks from the same addresses have the same number, so a call could be of either.
    #[error(
        "trunks {0:?} and {1:?} share addresses and a number: a call could be of either; name the number once"
    )]
    Ambiguous(String, String),
    /// Not a codec.
    #[error(
        "trunk {trunk:?}: codec {codec:?} is not known; there are \"opus\", \"g722\", \"pcma\" and \"pcmu\""
    )]
    Codec {
        /// The trunk.
        trunk: String,
        /// What stands there.
        codec: String,
    },
    /// Not a language.
    #[error("trunk {trunk:?}: language {language:?} is not spoken; there are \"fr\" and \"en\"")]
    Language {
        /// The trunk.
        trunk: String,
        /// What stands there.
        language: String,
    },
    /// Not a country.
    #[error("trunk {trunk:?}: {country:?} is no country code such as \"33\"")]
    Country {
        /// The trunk.
        trunk: String,
        /// What stands there.
        country: String,
    },
    /// One of user and password without the other.
    #[error("trunk {0:?}: `user` and `secret_file` go together; give both or none")]
    Login(String),
    /// A password file that cannot be read.
    #[error("trunk {trunk:?}: {file} cannot be read")]
    SecretFile {
        /// The trunk.
        trunk: String,
        /// The file.
        file: String,
        /// Why.
        #[source]
        why: std::io::Error,
    },
    /// A password that can be guessed.
    #[error("trunk {0:?}: the password has fewer than {SECRET_MIN} characters; make a longer one")]
    Weak(String),
    /// Prices or budgets.
    #[error(transparent)]
    Spend(#[from] SpendError),
    /// A transport that we do not speak.
    #[error(
        "trunk {0:?}: transport = \"tcp\" needs `bind_tcp` in [phone], and \"tls\" needs [phone.tls]"
    )]
    Transport(String),
    /// Nobody would know whom we are connected to.
    #[error(
        "trunk {0:?}: with transport = \"tls\" its [outbound] needs `tls_name`, the name in the certificate of the telephone company"
    )]
    TlsName(String),
    /// Certificates that cannot be used.
    #[error("the certificates of telephones are not in order")]
    Tls(#[from] TlsError),
}
