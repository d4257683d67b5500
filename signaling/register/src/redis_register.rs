//! Redis, asked by scripts.

use core::net::IpAddr;
use core::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, Pipeline, Script, Value};
use serde::{Deserialize, Serialize};
use signaling_directory::{
    About, Answer, Ask, Epoch, LEASE_US, Lease, Member, NodeName, Registry, RegistryError,
};
use signaling_protocol::RoomId;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::error::{OpenError, RegisterError};

/// How long one call may take, connecting included. A person waits for it.
const CALL_MAX: Duration = Duration::from_millis(700);
/// Rooms in one round trip.
const BATCH_ROOMS: usize = 200;

/// How long the register believes and remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegisterTerms {
    /// How long a lease lasts.
    pub lease: Duration,
    /// How long the epoch of a room is remembered after its last lease.
    pub memory: Duration,
}

impl Default for RegisterTerms {
    fn default() -> Self {
        Self {
            lease: Duration::from_micros(LEASE_US.unsigned_abs()),
            memory: Duration::from_hours(48),
        }
    }
}

/// The register in Redis. One connection carries all calls; it is made again after any failure.
pub struct RedisRegister {
    clients: Vec<Client>,
    terms: RegisterTerms,
    connection: Mutex<Option<MultiplexedConnection>>,
    claim: Script,
    look: Script,
    release: Script,
    beat: Script,
}

impl core::fmt::Debug for RedisRegister {
    /// Addresses may hold passwords.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("RedisRegister").finish_non_exhaustive()
    }
}

/// A node as it is written down.
#[derive(Serialize, Deserialize)]
struct Row {
    name: String,
    address: String,
    load: u32,
    draining: bool,
    key: String,
    /// What nodes of older versions do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(default)]
    since_us: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    busy: Option<u32>,
    #[serde(default = "yes")]
    rooms: bool,
    #[serde(default)]
    tls: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pages: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    media: Option<IpAddr>,
}

const fn yes() -> bool {
    true
}

impl RedisRegister {
    /// A register at the first of these addresses that takes writes. Nothing is connected yet.
    ///
    /// # Errors
    /// An address cannot be read, or there is none.
    pub fn new(urls: &[String], terms: RegisterTerms) -> Result<Self, OpenError> {
        if urls.is_empty() {
            return Err(OpenError::None);
        }
        let clients = (1..).zip(urls).map(|(number, url)| {
            Client::open(url.as_str()).map_err(|cause| OpenError::Url { number, cause })
        });
        Ok(Self {
            clients: clients.collect::<Result<_, _>>()?,
            terms,
            connection: Mutex::new(None),
            claim: Script::new(include_str!("scripts/claim.lua")),
            look: Script::new(include_str!("scripts/look.lua")),
            release: Script::new(include_str!("scripts/release.lua")),
            beat: Script::new(include_str!("scripts/beat.lua")),
        })
    }

    /// Asks whether anything answers.
    ///
    /// # Errors
    /// Nothing does, in time.
    pub async fn ping(&self) -> Result<(), RegisterError> {
        timeout(CALL_MAX, self.connect()).await??;
        Ok(())
    }

    async fn connect(&self) -> Result<MultiplexedConnection, RegisterError> {
        let mut kept = self.connection.lock().await;
        if let Some(connection) = &*kept {
            return Ok(connection.clone());
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CALL_MAX))
            .set_response_timeout(Some(CALL_MAX));
        let mut failure = RegisterError::NoMaster;
        for client in &self.clients {
            let connected = client.get_multiplexed_async_connection_with_config(&config);
            let mut connection = match connected.await {
                Ok(connection) => connection,
                Err(error) => {
                    failure = error.into();
                    continue;
                }
            };
            // A replica answers, and then refuses to write.
            let role: Vec<Value> = redis::cmd("ROLE").query_async(&mut connection).await?;
            let is_master = match role.first() {
                Some(Value::BulkString(name)) => name == b"master",
                Some(Value::SimpleString(name)) => name == "master",
                Some(_) | None => false,
            };
            if is_master {
                *kept = Some(connection.clone());
                return Ok(connection);
            }
        }
        Err(failure)
    }

    /// Runs one round trip. Whatever fails is tried on a fresh connection next time.
    async fn run<T: redis::FromRedisValue>(&self, pipe: &Pipeline) -> Result<T, RegisterError> {
        let call = async {
            let mut connection = self.connect().await?;
            Ok::<T, RegisterError>(pipe.query_async(&mut connection).await?)
        };
        let result = match timeout(CALL_MAX, call).await {
            Ok(result) => result,
            Err(late) => Err(late.into()),
        };
        if result.is_err() {
            *self.connection.lock().await = None;
        }
        result
    }

    async fn look_up(&self, room: RoomId) -> Result<Option<Lease>, RegisterError> {
        let mut pipe = redis::pipe();
        pipe.load_script(&self.look).ignore();
        pipe.invoke_script(&self.look.key(key(room)));
        let (row,): (Vec<Value>,) = self.run(&pipe).await?;
        if row.is_empty() {
            return Ok(None);
        }
        lease(row).map(Some)
    }

    async fn claim_all(
        &self,
        by: &NodeName,
        rooms: &[(RoomId, Ask)],
    ) -> Result<Vec<Lease>, RegisterError> {
        let mut leases = Vec::with_capacity(rooms.len());
        for batch in rooms.chunks(BATCH_ROOMS) {
            let mut pipe = redis::pipe();
            pipe.load_script(&self.claim).ignore();
            for (room, ask) in batch {
                let deposes = ask.deposes.and_then(|it| i64::try_from(it.0).ok());
                let mut call = self.claim.key(key(*room));
                call.arg(by.as_str())
                    .arg(ask.has.0)
                    .arg(deposes.unwrap_or(-1))
                    .arg(millis(self.terms.lease))
                    .arg(millis(self.terms.memory));
                pipe.invoke_script(&call);
            }
            let rows: Vec<Vec<Value>> = self.run(&pipe).await?;
            for row in rows {
                leases.push(lease(row)?);
            }
        }
        if leases.len() == rooms.len() {
            Ok(leases)
        } else {
            Err(RegisterError::Foreign)
        }
    }

    async fn release_all(&self, by: &NodeName, rooms: &[RoomId]) -> Result<(), RegisterError> {
        for batch in rooms.chunks(BATCH_ROOMS) {
            let mut pipe = redis::pipe();
            pipe.load_script(&self.release).ignore();
            for room in batch {
                let mut call = self.release.key(key(*room));
                call.arg(by.as_str());
                pipe.invoke_script(&call).ignore();
            }
            self.run::<()>(&pipe).await?;
        }
        Ok(())
    }

    async fn say(&self, me: &Member) -> Result<Vec<Member>, RegisterError> {
        let row = Row {
            name: me.name.as_str().to_owned(),
            address: me.address.clone(),
            load: me.load,
            draining: me.is_draining,
            key: me.key_id.clone(),
            version: me.about.version.clone(),
            since_us: me.about.since_us,
            busy: me.about.busy,
            rooms: me.about.has_rooms,
            tls: me.about.speaks_tls,
            region: me.about.region.as_ref().map(|it| it.as_str().to_owned()),
            pages: me.about.pages.clone(),
            media: me.about.media,
        };
        let row = serde_json::to_string(&row).or(Err(RegisterError::Foreign))?;
        let mut call = self.beat.key(NODES);
        call.arg(me.name.as_str())
            .arg(row)
            .arg(millis(self.terms.lease));
        let mut pipe = redis::pipe();
        pipe.load_script(&self.beat).ignore();
        pipe.invoke_script(&call);
        let (rows,): (Vec<String>,) = self.run(&pipe).await?;
        rows.iter().map(|row| member(row)).collect()
    }

    async fn forget(&self, me: &NodeName) -> Result<(), RegisterError> {
        let mut pipe = redis::pipe();
        pipe.hdel(NODES, me.as_str()).ignore();
        self.run::<()>(&pipe).await
    }
}

impl Registry for RedisRegister {
    fn look(&self, room: RoomId) -> Answer<'_, Option<Lease>> {
        Box::pin(async move { self.look_up(room).await.map_err(RegistryError::new) })
    }

    fn claim<'a>(&'a self, by: &'a NodeName, rooms: &'a [(RoomId, Ask)]) -> Answer<'a, Vec<Lease>> {
        Box::pin(async move { self.claim_all(by, rooms).await.map_err(RegistryError::new) })
    }

    fn release<'a>(&'a self, by: &'a NodeName, rooms: &'a [RoomId]) -> Answer<'a, ()> {
        Box::pin(async move {
            self.release_all(by, rooms)
                .await
                .map_err(RegistryError::new)
        })
    }

    fn beat<'a>(&'a self, me: &'a Member) -> Answer<'a, Vec<Member>> {
        Box::pin(async move { self.say(me).await.map_err(RegistryError::new) })
    }

    fn leave<'a>(&'a self, me: &'a NodeName) -> Answer<'a, ()> {
        Box::pin(async move { self.forget(me).await.map_err(RegistryError::new) })
    }
}

const NODES: &str = "telehealth:nodes";

fn key(room: RoomId) -> String {
    format!("telehealth:room:{}", room.as_uuid().simple())
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn lease(row: Vec<Value>) -> Result<Lease, RegisterError> {
    let (owner, epoch, live): (String, u64, u8) =
        redis::from_redis_value(Value::Array(row)).or(Err(RegisterError::Foreign))?;
    Ok(Lease {
        owner: owner.parse().or(Err(RegisterError::Foreign))?,
        epoch: Epoch(epoch),
        is_live: live == 1,
        is_released: live == 2,
    })
}

fn member(row: &str) -> Result<Member, RegisterError> {
    let row: Row = serde_json::from_str(row).or(Err(RegisterError::Foreign))?;
    Ok(Member {
        name: row.name.parse().or(Err(RegisterError::Foreign))?,
        address: row.address,
        load: row.load,
        is_draining: row.draining,
        key_id: row.key,
        about: About {
            version: row.version,
            since_us: row.since_us,
            busy: row.busy,
            has_rooms: row.rooms,
            speaks_tls: row.tls,
            region: row.region.and_then(|it| it.parse().ok()),
            pages: row.pages,
            media: row.media,
        },
    })
}
