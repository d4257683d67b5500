//! One server that has everything: the only one, the first that takes writes, or whom Sentinels name.

use redis::{ErrorKind, RedisError, ServerErrorKind, Value};
use tokio::sync::Mutex;

use crate::error::RegisterError;
use crate::line::{Call, Line, Lua, begin, first};
use crate::settings::{Door, Server};

/// The line to the server; it is made again after any failure.
#[derive(Default)]
pub(crate) struct Alone {
    /// Under which name Sentinels watch it.
    watched: Option<String>,
    line: Mutex<Option<Line>>,
}

impl Alone {
    pub(crate) fn watched(name: String) -> Self {
        Self {
            watched: Some(name),
            ..Self::default()
        }
    }

    /// Does all of it in one round trip.
    pub(crate) async fn run(
        &self,
        door: &Door,
        lua: Option<&Lua>,
        calls: &[Call],
    ) -> Result<Vec<Value>, RegisterError> {
        let mut line = self.connected(door).await?;
        let mut pipe = begin(lua);
        let loads = pipe.len();
        for call in calls {
            pipe.add_command(call.command.clone());
        }
        let answers = line.send(&pipe).await?.into_iter();
        let answers = answers.collect::<Result<Vec<_>, _>>().map_err(refused)?;
        Ok(answers.into_iter().skip(loads).collect())
    }

    /// The next call connects anew.
    pub(crate) async fn forget(&self) {
        *self.line.lock().await = None;
    }

    async fn connected(&self, door: &Door) -> Result<Line, RegisterError> {
        let mut kept = self.line.lock().await;
        if let Some(line) = &*kept {
            return Ok(line.clone());
        }
        let line = match &self.watched {
            None => first(door.named.iter().cloned().map(master)).await?,
            Some(name) => {
                let asked = door.named.iter().cloned();
                let asked = asked.map(|sentinel| pointed_at(sentinel, name.clone()));
                let (host, port) = first(asked).await?;
                master(door.at(&host, port)).await?
            }
        };
        *kept = Some(line.clone());
        Ok(line)
    }
}

/// A line to a server that takes writes. A replica answers, and then refuses to write; so does a master that
/// was replaced, whom a Sentinel may still name.
async fn master(server: Server) -> Result<Line, RegisterError> {
    let mut line = Line::to(&server).await?;
    let role = line.ask(&redis::cmd("ROLE")).await?;
    let Value::Array(role) = role else {
        return Err(RegisterError::Foreign);
    };
    let is_master = match role.first() {
        Some(Value::BulkString(name)) => name == b"master",
        Some(Value::SimpleString(name)) => name == "master",
        Some(_) | None => false,
    };
    if is_master {
        Ok(line)
    } else {
        Err(RegisterError::NoMaster)
    }
}

/// Whom a Sentinel names.
async fn pointed_at(sentinel: Server, name: String) -> Result<(String, u16), RegisterError> {
    let mut line = Line::to(&sentinel).await?;
    let mut ask = redis::cmd("SENTINEL");
    ask.arg("get-master-addr-by-name").arg(name);
    let named: Option<(String, u16)> =
        redis::from_redis_value(line.ask(&ask).await?).or(Err(RegisterError::Foreign))?;
    named.ok_or(RegisterError::UnknownMaster)
}

fn refused(error: RedisError) -> RegisterError {
    if error.kind() == ErrorKind::Server(ServerErrorKind::Moved) {
        RegisterError::IsCluster
    } else {
        error.into()
    }
}
