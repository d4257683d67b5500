//! Where the object store is, and how it is opened.

use std::path::{Path, PathBuf};
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::{BackoffConfig, ClientOptions, RetryConfig};
use serde::Deserialize;

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long one request may take: a part of 8 MiB on a line of 1.2 Mbit/s.
const REQUEST_TIMEOUT: Duration = Duration::from_mins(1);
/// A request that failed is tried this often again before the whole file is given up for a while.
const RETRIES_MAX: usize = 3;
/// And no longer than this: somebody may wait in front of a player.
const RETRY_TIMEOUT: Duration = Duration::from_secs(20);

/// An object store that speaks S3.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectsConfig {
    /// The bucket; it must be there.
    pub bucket: String,
    /// What all names begin with, such as `clinic/recordings`.
    #[serde(default)]
    pub prefix: String,
    /// The region.
    #[serde(default = "default_region")]
    pub region: String,
    /// The server, for a store that is not Amazon's: `https://objects.example.org`. Plain `http` is for a
    /// store on the same machine or network; what lies there is sealed, but names and sizes can be seen.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// Whether the bucket is a part of the host's name and not of the path.
    #[serde(default)]
    pub bucket_in_host: bool,
    /// A file with the access key's id. Without both files the machine's own role is asked.
    #[serde(default)]
    pub access_key_file: Option<PathBuf>,
    /// A file with the access key's secret.
    #[serde(default)]
    pub secret_key_file: Option<PathBuf>,
    /// Whether the local files stay once the store has them.
    #[serde(default)]
    pub keep_local: bool,
}

fn default_region() -> String {
    "us-east-1".to_owned()
}

/// Why the store cannot be used as configured.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file of a key is not readable.
    #[error("cannot read {path}", path = path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// One file of the key without the other.
    #[error("set access_key_file and secret_key_file, or neither")]
    HalfAKey,
    /// The client refuses the settings.
    #[error("the object store cannot be used as configured")]
    Client(#[from] object_store::Error),
}

fn read_key(path: &Path) -> Result<String, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::KeyFile {
        path: path.to_owned(),
        source,
    })?;
    Ok(text.trim().to_owned())
}

impl ObjectsConfig {
    /// A client of the store. Nothing is asked of it yet.
    pub(crate) fn client(&self) -> Result<object_store::aws::AmazonS3, ConfigError> {
        let options = ClientOptions::new()
            .with_allow_http(true)
            .with_connect_timeout(CONNECT_TIMEOUT)
            .with_timeout(REQUEST_TIMEOUT);
        let retry = RetryConfig {
            backoff: BackoffConfig::default(),
            max_retries: RETRIES_MAX,
            retry_timeout: RETRY_TIMEOUT,
        };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&self.bucket)
            .with_region(&self.region)
            .with_virtual_hosted_style_request(self.bucket_in_host)
            .with_client_options(options)
            .with_retry(retry);
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        builder = match (&self.access_key_file, &self.secret_key_file) {
            (Some(id), Some(secret)) => builder
                .with_access_key_id(read_key(id)?)
                .with_secret_access_key(read_key(secret)?),
            (None, None) => builder,
            _ => return Err(ConfigError::HalfAKey),
        };
        Ok(builder.build()?)
    }
}
