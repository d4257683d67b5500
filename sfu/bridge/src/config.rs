//! Where telephones send their sound.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::RangeInclusive;

/// How the bridge is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BridgeConfig {
    /// Address to bind the sockets of calls to.
    pub bind: IpAddr,
    /// The address that telephones are told, where it is another one: behind a one-to-one NAT, or
    /// when `bind` is all addresses.
    pub advertise: Option<IpAddr>,
    /// Ports of calls, the even ones of these. `None`: the system chooses.
    pub ports: Option<RangeInclusive<u16>>,
    /// Most calls at a time. Each has one socket, and one more may rest for 30 s.
    pub legs_max: usize,
}

impl Default for BridgeConfig {
    /// All addresses, the ports that the system gives, and as many calls as a core carries.
    fn default() -> Self {
        Self {
            bind: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            advertise: None,
            ports: None,
            legs_max: 150,
        }
    }
}
