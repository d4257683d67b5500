//! From what stands in the file to trunks that can be worked with.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sfu_phone::Codec;
use signaling_sip::{Language, PhoneNumber, Prefix};

use crate::charge::Spend;
use crate::tls::{Far, TlsDoor};
use crate::trunk::{
    LimitSettings, Login, NumberSettings, Outbound, OutboundSettings, PhoneSettings, Secret,
    Transport, Trunk, TrunkError, TrunkSettings, VisitNumber,
};

/// Trunks of one clinic. More than this is a mistake in the file.
pub(crate) const TRUNKS_MAX: usize = 64;
/// Shortest secret of a trunk, in characters: MD5 digests can be tried offline by whoever reads along.
pub(crate) const SECRET_MIN: usize = 12;
/// A trunk is not asked more often whether it is there, in seconds.
const ASK_EVERY_MIN_S: u32 = 10;

/// All that is configured of telephones, checked.
#[derive(Debug, Clone)]
pub struct Trunks {
    /// Where SIP is received by UDP.
    pub bind: SocketAddr,
    /// Where SIP is received by TCP.
    pub bind_tcp: Option<SocketAddr>,
    /// Where SIP is received by TLS, and as whom.
    pub(crate) tls: Option<Arc<TlsDoor>>,
    /// The address that is said in SIP; without it that of `bind`.
    pub advertise: Option<IpAddr>,
    /// The realm of challenges.
    pub realm: String,
    /// The lines.
    pub trunks: Vec<Trunk>,
    /// How much of everything may come.
    pub limits: LimitSettings,
    /// What calls may cost; without it they have no price.
    pub spend: Option<Spend>,
}

impl Trunks {
    /// Checks what stands in the file, and reads the files of passwords.
    ///
    /// # Errors
    /// With the first thing that is wrong, and what to do.
    pub fn check(settings: PhoneSettings) -> Result<Self, TrunkError> {
        if settings.trunks.is_empty() || settings.trunks.len() > TRUNKS_MAX {
            return Err(TrunkError::Count);
        }
        let tls = settings.tls.map(TlsDoor::read).transpose()?.map(Arc::new);
        let mut trunks: Vec<Trunk> = Vec::new();
        for settings_of_one in settings.trunks {
            let trunk = trunk(settings_of_one, tls.as_deref())?;
            let is_spoken = match trunk.transport {
                Transport::Udp => true,
                Transport::Tcp => settings.bind_tcp.is_some(),
                Transport::Tls => tls.is_some(),
            };
            if !is_spoken {
                return Err(TrunkError::Transport(trunk.name));
            }
            for other in &trunks {
                if other.name == trunk.name {
                    return Err(TrunkError::Name(trunk.name));
                }
                if is_ambiguous(other, &trunk) {
                    return Err(TrunkError::Ambiguous(other.name.clone(), trunk.name));
                }
            }
            trunks.push(trunk);
        }
        let spend = settings.spend.map(|spend| Spend::check(spend, &trunks));
        Ok(Self {
            spend: spend.transpose()?,
            bind: settings.bind,
            bind_tcp: settings.bind_tcp,
            tls,
            advertise: settings.advertise,
            realm: settings.realm,
            trunks,
            limits: settings.limits,
        })
    }

    /// The trunk of a call from this address to this number, and the number. Of several from the
    /// same address it is the one that has the number.
    #[must_use]
    pub fn find(&self, from: IpAddr, called: &str) -> Option<(&Trunk, Option<&VisitNumber>)> {
        let mut first = None;
        for trunk in self.trunks.iter().filter(|trunk| trunk.is_from(from)) {
            let number = trunk.number(called);
            if number.is_some() {
                return Some((trunk, number));
            }
            first = first.or(Some((trunk, None)));
        }
        first
    }

    /// The trunk with this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Trunk> {
        self.trunks.iter().find(|trunk| trunk.name == name)
    }
}

impl Trunk {
    /// Whether an address is one of this trunk's.
    #[must_use]
    pub fn is_from(&self, address: IpAddr) -> bool {
        self.addresses.iter().any(|prefix| prefix.contains(address))
    }

    /// Reads a number as this trunk writes numbers.
    ///
    /// # Errors
    /// When it is none, or withheld.
    pub fn read_number(&self, text: &str) -> Result<PhoneNumber, signaling_sip::NumberError> {
        PhoneNumber::parse(text, self.country.as_deref())
    }

    /// Which of our numbers was called, if any.
    #[must_use]
    pub fn number(&self, called: &str) -> Option<&VisitNumber> {
        let called = self.read_number(called).ok()?;
        self.numbers.iter().find(|number| number.number == called)
    }
}

fn is_ambiguous(one: &Trunk, other: &Trunk) -> bool {
    let share_address = one
        .addresses
        .iter()
        .any(|a| other.addresses.iter().any(|b| overlap(*a, *b)));
    share_address
        && one
            .numbers
            .iter()
            .any(|a| other.numbers.iter().any(|b| a.number == b.number))
}

/// Two ranges share addresses when one begins inside of the other.
fn overlap(one: Prefix, other: Prefix) -> bool {
    one.contains(other.address()) || other.contains(one.address())
}

fn trunk(settings: TrunkSettings, tls: Option<&TlsDoor>) -> Result<Trunk, TrunkError> {
    let name = settings.name;
    if settings.addresses.is_empty() {
        return Err(TrunkError::NoAddress(name));
    }
    let mut addresses = Vec::new();
    for range in settings.addresses {
        match range.parse() {
            Ok(prefix) => addresses.push(prefix),
            Err(why) => {
                return Err(TrunkError::Range {
                    trunk: name,
                    range,
                    why,
                });
            }
        }
    }
    if let Some(country) = settings.country.as_deref() {
        check_country(&name, country)?;
    }
    let numbers = settings
        .numbers
        .into_iter()
        .map(|number| visit_number(&name, number))
        .collect::<Result<_, _>>()?;
    let codecs = match settings.codecs {
        Some(names) => names
            .iter()
            .map(|codec| read_codec(&name, codec))
            .collect::<Result<_, _>>()?,
        None => vec![Codec::G722, Codec::Pcma, Codec::Pcmu],
    };
    let login = login(&name, settings.user, settings.secret_file.as_deref())?;
    let outbound = settings
        .outbound
        .map(|outside| {
            let tls = tls.filter(|_| settings.transport == Transport::Tls);
            outbound(&name, outside, tls)
        })
        .transpose()?;
    Ok(Trunk {
        name,
        addresses,
        login,
        digest: settings.digest,
        numbers,
        country: settings.country,
        codecs,
        srtp: settings.srtp,
        transport: settings.transport,
        outbound,
    })
}

fn number(trunk: &str, key: &'static str, text: &str) -> Result<PhoneNumber, TrunkError> {
    PhoneNumber::parse(text, None).map_err(|why| TrunkError::Number {
        trunk: trunk.to_owned(),
        key,
        why,
    })
}

fn visit_number(trunk: &str, settings: NumberSettings) -> Result<VisitNumber, TrunkError> {
    let language = match settings.language.as_deref() {
        Some("fr") | None => Language::French,
        Some("en") => Language::English,
        Some(other) => {
            return Err(TrunkError::Language {
                trunk: trunk.to_owned(),
                language: other.to_owned(),
            });
        }
    };
    Ok(VisitNumber {
        number: number(trunk, "numbers", &settings.number)?,
        facility: settings.facility,
        language,
    })
}

fn read_codec(trunk: &str, name: &str) -> Result<Codec, TrunkError> {
    match name.to_ascii_lowercase().as_str() {
        "opus" => Ok(Codec::Opus),
        "g722" => Ok(Codec::G722),
        "pcma" => Ok(Codec::Pcma),
        "pcmu" => Ok(Codec::Pcmu),
        _ => Err(TrunkError::Codec {
            trunk: trunk.to_owned(),
            codec: name.to_owned(),
        }),
    }
}

fn check_country(trunk: &str, country: &str) -> Result<(), TrunkError> {
    let is_code = (1..=4).contains(&country.len())
        && country.bytes().all(|byte| byte.is_ascii_digit())
        && !country.starts_with('0');
    is_code.then_some(()).ok_or_else(|| TrunkError::Country {
        trunk: trunk.to_owned(),
        country: country.to_owned(),
    })
}

fn outbound(
    trunk: &str,
    settings: OutboundSettings,
    tls: Option<&TlsDoor>,
) -> Result<Outbound, TrunkError> {
    for country in &settings.countries {
        check_country(trunk, country)?;
    }
    let far = match (tls, settings.tls_name) {
        (Some(tls), Some(name)) => {
            Some(Far::new(name, settings.tls_ca_file.as_deref(), &tls.shown)?)
        }
        (Some(_), None) => return Err(TrunkError::TlsName(trunk.to_owned())),
        (None, _) => None,
    };
    Ok(Outbound {
        proxy: settings.proxy,
        far,
        register: settings.register,
        ask_every: settings
            .ask_every_s
            .map(|seconds| Duration::from_secs(seconds.max(ASK_EVERY_MIN_S).into())),
        caller: number(trunk, "caller", &settings.caller)?,
        login: login(trunk, settings.user, settings.secret_file.as_deref())?,
        countries: settings.countries,
        calls_max: settings.calls_max,
        minutes_per_day_max: settings.minutes_per_day_max,
    })
}

fn login(
    trunk: &str,
    user: Option<String>,
    file: Option<&Path>,
) -> Result<Option<Login>, TrunkError> {
    let (user, file) = match (user, file) {
        (Some(user), Some(file)) => (user, file),
        (None, None) => return Ok(None),
        (Some(_), None) | (None, Some(_)) => return Err(TrunkError::Login(trunk.to_owned())),
    };
    let secret = std::fs::read_to_string(file).map_err(|why| TrunkError::SecretFile {
        trunk: trunk.to_owned(),
        file: file.display().to_string(),
        why,
    })?;
    let secret = secret.trim_end_matches(['\r', '\n']).to_owned();
    if secret.chars().count() < SECRET_MIN {
        return Err(TrunkError::Weak(trunk.to_owned()));
    }
    Ok(Some(Login {
        user,
        secret: Secret::new(secret),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(toml: &str) -> Result<Trunks, TrunkError> {
        #[derive(serde::Deserialize)]
        struct File {
            phone: PhoneSettings,
        }
        let file: File = toml::from_str(toml).unwrap();
        Trunks::check(file.phone)
    }

    /// The example of the README.
    fn example() -> String {
        let readme = include_str!("../README.md");
        let (_, rest) = readme.split_once("```toml\n").unwrap();
        rest.split_once("```").unwrap().0.to_owned()
    }

    #[test]
    fn the_example_of_the_readme_is_taken() {
        let trunks = checked(&example()).unwrap();
        let from = "198.51.100.7".parse().unwrap();
        let (trunk, number) = trunks.find(from, "0123456789").unwrap();
        assert_eq!(trunk.name, "carrier");
        assert_eq!(number.unwrap().number.expose(), "+33123456789");
        assert!(
            trunks
                .find("192.0.2.1".parse().unwrap(), "0123456789")
                .is_none()
        );
        assert_eq!(trunk.outbound.as_ref().unwrap().countries, ["33"]);
    }

    #[test]
    fn what_is_wrong_is_said_with_what_to_do() {
        let said = |old: &str, new: &str| {
            let text = example();
            assert!(text.contains(old), "{old}");
            checked(&text.replace(old, new)).unwrap_err().to_string()
        };
        assert!(said("198.51.100.0/24", "everybody").contains("no range such as"));
        assert!(said("[\"198.51.100.0/24\"]", "[]").contains("name the addresses"));
        assert!(said("\"g722\"", "\"g729\"").contains("there are"));
        assert!(said("\"udp\"", "\"tls\"").contains("needs [phone.tls]"));
        assert!(said("\"udp\"", "\"tcp\"").contains("needs `bind_tcp`"));
        assert!(
            said("# bind_tcp", "tls = { bind = \"[::1]:0\", certificate_file = \"/none\", key_file = \"/none\" }\n# bind_tcp")
                .contains("not in order")
        );
        assert!(said("language = \"fr\"", "language = \"de\"").contains("\"fr\" and \"en\""));
        assert!(said("countries = [\"33\"]", "countries = [\"+33\"]").contains("such as"));
        assert!(
            said("caller = \"+33123456789\"", "caller = \"0123456789\"").contains("international")
        );
        assert!(
            said(
                "# secret_file = \"/run/secrets/trunk\"\n# digest",
                "secret_file = \"/run/secrets/trunk\"\n# digest"
            )
            .contains("go together")
        );
    }

    #[test]
    fn a_call_that_could_be_of_two_trunks_is_refused() {
        let one = example();
        let (_, trunk) = one.split_once("[[phone.trunks]]").unwrap();
        let (trunk, _) = trunk.split_once("[phone.spend]").unwrap();
        let second = trunk
            .replace("carrier", "other")
            .replace("198.51.100.0/24", "198.51.100.7");
        let error = checked(&format!("{one}[[phone.trunks]]{second}")).unwrap_err();
        assert!(matches!(error, TrunkError::Ambiguous(..)));
        let twice = checked(&format!("{one}[[phone.trunks]]{trunk}")).unwrap_err();
        assert!(matches!(twice, TrunkError::Name(_)));
    }
}
