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
    /// No address leads to a server that takes writes.
    #[error("no Redis server takes writes")]
    NoMaster,
    /// Something else wrote into our keys.
    #[error("the register holds what no node wrote")]
    Foreign,
}
