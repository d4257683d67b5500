//! Redis, asked by scripts.

use core::net::IpAddr;
use core::time::Duration;

use redis::Value;
use serde::{Deserialize, Serialize};
use signaling_directory::{
    About, Answer, Ask, Epoch, LEASE_US, Lease, Member, NodeName, Registry, RegistryError,
};
use signaling_protocol::RoomId;
use tokio::time::Instant;

use crate::alone::Alone;
use crate::answers::Answers;
use crate::cluster::Cluster;
use crate::error::{OpenError, RegisterError};
use crate::line::{Call, Lua};
use crate::settings::{Door, Entry, Layout};

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

/// The register in Redis. One connection a server carries all calls; it is made again after any failure.
pub struct RedisRegister {
    door: Door,
    way: Way,
    terms: RegisterTerms,
    claim: Lua,
    look: Lua,
    release: Lua,
    beat: Lua,
}

enum Way {
    Alone(Alone),
    Cluster(Cluster),
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
    /// A register at these addresses. Nothing is connected yet.
    ///
    /// # Errors
    /// [`OpenError`]: addresses or certificates are of no use.
    pub fn new(
        urls: &[String],
        layout: Layout,
        entry: &Entry,
        terms: RegisterTerms,
    ) -> Result<Self, OpenError> {
        Ok(Self {
            door: Door::new(urls, &layout, entry)?,
            way: match layout {
                Layout::Servers => Way::Alone(Alone::default()),
                Layout::Sentinel { master } => Way::Alone(Alone::watched(master)),
                Layout::Cluster => Way::Cluster(Cluster::default()),
            },
            terms,
            claim: Lua::new(include_str!("scripts/claim.lua")),
            look: Lua::new(include_str!("scripts/look.lua")),
            release: Lua::new(include_str!("scripts/release.lua")),
            beat: Lua::new(include_str!("scripts/beat.lua")),
        })
    }

    /// Asks whether anything answers.
    ///
    /// # Errors
    /// Nothing does, in time.
    pub async fn ping(&self) -> Result<(), RegisterError> {
        let mut command = redis::cmd("HLEN");
        command.arg(NODES);
        self.one(None, Call::new(NODES, command)).await.map(drop)
    }

    /// Runs calls and answers in their order. What fails is tried on a fresh connection next time.
    async fn run(&self, lua: Option<&Lua>, calls: &[Call]) -> Result<Answers, RegisterError> {
        let (door, until) = (&self.door, Instant::now() + CALL_MAX);
        match &self.way {
            Way::Alone(way) => way.run(door, lua, calls, until).await.map(Answers::all),
            Way::Cluster(way) => way.run(door, lua, calls, until).await,
        }
    }

    async fn one(&self, lua: Option<&Lua>, call: Call) -> Result<Value, RegisterError> {
        let mut answers = self.run(lua, &[call]).await?;
        let answer = answers.each.pop().flatten();
        answer.ok_or_else(|| answers.failure.unwrap_or(RegisterError::Foreign))
    }

    async fn look_up(&self, room: RoomId) -> Result<Option<Lease>, RegisterError> {
        match self.one(Some(&self.look), self.look.on(&key(room))).await? {
            Value::Array(row) if row.is_empty() => Ok(None),
            row => lease(row).map(Some),
        }
    }

    /// Fails only if nobody answered for any of the rooms.
    async fn claim_all(
        &self,
        by: &NodeName,
        rooms: &[(RoomId, Ask)],
    ) -> Result<Vec<Option<Lease>>, RegisterError> {
        let mut leases = Vec::with_capacity(rooms.len());
        let mut failure = None;
        for batch in rooms.chunks(BATCH_ROOMS) {
            let calls = batch.iter().map(|(room, ask)| {
                let deposes = ask.deposes.and_then(|it| i64::try_from(it.0).ok());
                self.claim
                    .on(&key(*room))
                    .arg(by.as_str())
                    .arg(ask.has.0)
                    .arg(deposes.unwrap_or(-1))
                    .arg(millis(self.terms.lease))
                    .arg(millis(self.terms.memory))
            });
            let calls: Vec<_> = calls.collect();
            let answers = match self.run(Some(&self.claim), &calls).await {
                Ok(answers) => answers,
                Err(error) => {
                    failure = Some(error);
                    break;
                }
            };
            failure = answers.failure.or(failure);
            for row in answers.each {
                leases.push(match row.map(lease).transpose() {
                    Ok(lease) => lease,
                    Err(error) => {
                        failure = Some(error);
                        None
                    }
                });
            }
        }
        leases.resize(rooms.len(), None);
        match failure {
            Some(error) if leases.iter().all(Option::is_none) => Err(error),
            _ => Ok(leases),
        }
    }

    async fn release_all(&self, by: &NodeName, rooms: &[RoomId]) -> Result<(), RegisterError> {
        let mut failure = None;
        for batch in rooms.chunks(BATCH_ROOMS) {
            let calls = batch.iter();
            let calls = calls.map(|room| self.release.on(&key(*room)).arg(by.as_str()));
            let calls: Vec<_> = calls.collect();
            let answers = self.run(Some(&self.release), &calls).await?;
            failure = answers.failure.or(failure);
        }
        failure.map_or(Ok(()), Err)
    }

    async fn say(&self, me: &Member) -> Result<Vec<Member>, RegisterError> {
        let row = serde_json::to_string(&row(me)).or(Err(RegisterError::Foreign))?;
        let call = self.beat.on(NODES);
        let call = call
            .arg(me.name.as_str())
            .arg(row)
            .arg(millis(self.terms.lease));
        let rows = self.one(Some(&self.beat), call).await?;
        let rows: Vec<String> = redis::from_redis_value(rows).or(Err(RegisterError::Foreign))?;
        rows.iter().map(|row| member(row)).collect()
    }

    async fn forget(&self, me: &NodeName) -> Result<(), RegisterError> {
        let mut command = redis::cmd("HDEL");
        command.arg(NODES).arg(me.as_str());
        self.one(None, Call::new(NODES, command)).await.map(drop)
    }
}

impl Registry for RedisRegister {
    fn look(&self, room: RoomId) -> Answer<'_, Option<Lease>> {
        Box::pin(async move { self.look_up(room).await.map_err(RegistryError::new) })
    }

    fn claim<'a>(
        &'a self,
        by: &'a NodeName,
        rooms: &'a [(RoomId, Ask)],
    ) -> Answer<'a, Vec<Option<Lease>>> {
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

fn lease(row: Value) -> Result<Lease, RegisterError> {
    let (owner, epoch, live): (String, u64, u8) =
        redis::from_redis_value(row).or(Err(RegisterError::Foreign))?;
    Ok(Lease {
        owner: owner.parse().or(Err(RegisterError::Foreign))?,
        epoch: Epoch(epoch),
        is_live: live == 1,
        is_released: live == 2,
    })
}

fn row(me: &Member) -> Row {
    Row {
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
    }
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
