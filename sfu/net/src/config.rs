//! Where the media server listens and what it tells clients about it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use serde::Deserialize;

/// The media section of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SfuConfig {
    /// Address to bind the UDP sockets to. Default `0.0.0.0`.
    pub bind: IpAddr,
    /// UDP port of the first shard; shard `n` takes `udp_port + n`. 0 lets the system choose.
    pub udp_port: u16,
    /// Number of shards, each one thread with its own port. 0 means one per core.
    pub shards: usize,
    /// Addresses that clients are told to send to. Empty: all addresses of this machine except
    /// loopback and link-local ones.
    pub advertise: Vec<IpAddr>,
    /// Also tell clients the loopback address, for browsers on this machine.
    pub loopback: bool,
    /// Most connections of one shard; further offers are refused.
    pub connections_per_shard: usize,
    /// Take media over TCP too (ICE-TCP, RFC 6544), on the port of the web server, for clients
    /// whose network blocks UDP.
    pub tcp: bool,
    /// A TCP port for media alone, besides the web server's.
    pub tcp_port: Option<u16>,
    /// Most TCP connections with media at a time; further ones are closed.
    pub tcp_connections_max: usize,
    /// Most TCP connections with media of one address. A whole clinic may share one.
    pub tcp_connections_per_address_max: usize,
    /// Where clients reach the relay, such as `turns:clinic.example.org:443?transport=tcp`. Empty:
    /// clients are told of no relay.
    pub turn_urls: Vec<String>,
    /// Further addresses of this machine at which edges of other nodes reach the media ports; clients are not
    /// told. Filled in by the program, not by the file.
    #[serde(skip)]
    pub inner: Vec<IpAddr>,
    /// The bound TCP listeners whose connections are given to [`crate::Door`]. Filled in by the
    /// program, not by the file.
    #[serde(skip)]
    pub tcp_doors: Vec<SocketAddr>,
}

impl Default for SfuConfig {
    /// One machine in a clinic: all interfaces, port 3478, one shard per core.
    fn default() -> Self {
        Self {
            bind: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            udp_port: 3478,
            shards: 0,
            advertise: Vec::new(),
            loopback: false,
            connections_per_shard: 1000,
            tcp: true,
            tcp_port: None,
            tcp_connections_max: 2000,
            tcp_connections_per_address_max: 500,
            turn_urls: Vec::new(),
            inner: Vec::new(),
            tcp_doors: Vec::new(),
        }
    }
}
