//! What can go wrong.

/// The addresses of the register are of no use.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is none.
    #[error("no address of a Redis server")]
    None,
    /// Not `redis://` or `rediss://` with a host. The address is not repeated: it may hold a password.
    #[error("address {number} is no redis:// or rediss:// address")]
    Url {
        /// Which one, counted from 1.
        number: usize,
        /// What is wrong with it.
        #[source]
        cause: redis::RedisError,
    },
    /// Some with TLS and some without.
    #[error("some addresses are redis:// and some rediss://: write all of them with TLS, or none")]
    Mixed,
    /// Certificates, and no TLS.
    #[error("certificates are named, but the addresses are redis://: write rediss:// for TLS")]
    Plain,
    /// A cluster has one database.
    #[error("a Redis Cluster has no numbered databases: take the number off the addresses")]
    Database,
    /// A socket file, or certificates that nobody looks at.
    #[error("address {number} must have a host, and no #insecure: name the authority instead")]
    Way {
        /// Which one, counted from 1.
        number: usize,
    },
    /// The file of authorities has no certificate.
    #[error("there is no certificate (PEM) of an authority for Redis")]
    NoAuthority,
    /// They cannot be read, or the key is not that of the certificate.
    #[error("the certificates for Redis cannot be used: they must be PEM, with a key that fits")]
    Certificates(#[source] Box<dyn core::error::Error + Send + Sync>),
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// Redis refused, broke off or was too slow.
    #[error("Redis failed")]
    Redis(#[from] redis::RedisError),
    /// Nothing came in time.
    #[error("Redis did not answer in time")]
    Late(#[from] tokio::time::error::Elapsed),
    /// The server of a room was silent a moment ago, and is not asked again yet.
    #[error("a server of the Redis Cluster is silent")]
    Silent,
    /// No address leads to a server that takes writes.
    #[error("no Redis server takes writes")]
    NoMaster,
    /// The Sentinels do not watch a server of this name.
    #[error("the Sentinels know no server of this name: compare it with `sentinel monitor`")]
    UnknownMaster,
    /// The server belongs to a Redis Cluster, which has most rooms elsewhere.
    #[error("the server belongs to a Redis Cluster: set the kind to `cluster`")]
    IsCluster,
    /// The server belongs to none.
    #[error("the server belongs to no Redis Cluster: set the kind to `servers` or `sentinel`")]
    NoCluster,
    /// The cluster lacks servers, or nobody has this room's slot.
    #[error("the Redis Cluster has nobody for a room: look at `redis-cli --cluster check`")]
    Uncovered,
    /// Something else wrote into our keys.
    #[error("the register holds what no node wrote")]
    Foreign,
}

impl RegisterError {
    /// Whether nothing came at all, as from a machine that hangs or is cut off.
    pub(crate) fn is_silence(&self) -> bool {
        match self {
            Self::Late(_) => true,
            Self::Redis(error) => error.is_timeout(),
            _ => false,
        }
    }
}
