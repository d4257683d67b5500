//! The words for machines.

use core::fmt;
use core::net::IpAddr;
use core::str::FromStr;

/// Longest name of a node, in characters.
const NAME_MAX: usize = 32;

/// The name of one node: 1 to 32 lower-case letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeName(String);

/// Not the name of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name of a node has 1 to {NAME_MAX} lower-case letters, digits and hyphens")]
pub struct NodeNameError;

impl NodeName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NodeName {
    type Err = NodeNameError;

    fn from_str(text: &str) -> Result<Self, NodeNameError> {
        let fits = (1..=NAME_MAX).contains(&text.len());
        let clean = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if fits && text.bytes().all(clean) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NodeNameError)
        }
    }
}

impl fmt::Display for NodeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where nodes are close to each other and to their people: a name of the same form as a node's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(NodeName);

impl Region {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for Region {
    type Err = NodeNameError;

    fn from_str(text: &str) -> Result<Self, NodeNameError> {
        text.parse().map(Self)
    }
}

/// How often a room has changed hands. Of two that say they own a room, the higher epoch is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Epoch(pub u64);

/// A node as it says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub name: NodeName,
    /// Where its peers reach it, as `host:port`.
    pub address: String,
    /// Rooms that it has.
    pub load: u32,
    /// It is about to stop, and takes no new rooms.
    pub is_draining: bool,
    /// Which key signs its passes; nodes with different keys are no cluster.
    pub key_id: String,
    /// What else it says.
    pub about: About,
}

/// What a node says of itself beside what decides where rooms go. A node of an older version says
/// nothing of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Its version. Who says none is older than orders to one node, and cannot read them.
    pub version: Option<String>,
    /// Since when it runs, Unix microseconds; 0 is not known.
    pub since_us: i64,
    /// How busy its processors are, in percent of all of them.
    pub busy: Option<u32>,
    /// It has rooms. One that only carries people to rooms is given none.
    pub has_rooms: bool,
    /// Its door speaks TLS.
    pub speaks_tls: bool,
    /// Where it is. Who says none is as near as any.
    pub region: Option<Region>,
    /// Where pages reach this node alone, as `https://host`. Without it they reach all nodes by one address.
    pub pages: Option<String>,
    /// Where its media ports are reached by nodes that forward to it; without it, where people reach them.
    pub media: Option<IpAddr>,
}

impl Default for About {
    fn default() -> Self {
        Self {
            version: None,
            since_us: 0,
            busy: None,
            has_rooms: true,
            speaks_tls: false,
            region: None,
            pages: None,
            media: None,
        }
    }
}
