//! One server that has everything: the only one, the first that takes writes, or whom Sentinels name.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use redis::{ErrorKind, RedisError, ServerErrorKind, Value};
use tokio::time::{Instant, timeout_at};

use crate::error::RegisterError;
use crate::line::{Call, Line, Lua, begin, first, poll};
use crate::settings::{Door, Server};

/// How long Sentinels may take to say whom they watch. One that is cut off from the others names an old
/// server, and may be the first to answer.
const POLL_MAX: Duration = Duration::from_millis(300);

/// The line to the server; it is made again after any failure.
#[derive(Default)]
pub(crate) struct Alone {
    /// Under which name Sentinels watch it.
    watched: Option<String>,
    line: Mutex<Option<Line>>,
    /// Who has it connects, and the others wait for the line.
    connects: tokio::sync::Mutex<()>,
}

impl Alone {
    pub(crate) fn watched(name: String) -> Self {
        Self {
            watched: Some(name),
            ..Self::default()
        }
    }

    /// Does all of it in one round trip, or fails by `until`.
    pub(crate) async fn run(
        &self,
        door: &Door,
        lua: Option<&Lua>,
        calls: &[Call],
        until: Instant,
    ) -> Result<Vec<Value>, RegisterError> {
        let line = timeout_at(until, self.connected(door)).await??;
        let answered = match timeout_at(until, exchange(line.clone(), lua, calls)).await {
            Ok(answered) => answered,
            Err(late) => Err(late.into()),
        };
        if answered.is_err() {
            self.forget(&line);
        }
        answered
    }

    /// The next call connects anew, unless another one has done so by now.
    fn forget(&self, failed: &Line) {
        let mut kept = self.kept();
        if kept.as_ref().is_some_and(|it| it.is(failed)) {
            *kept = None;
        }
    }

    fn kept(&self) -> MutexGuard<'_, Option<Line>> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connected(&self, door: &Door) -> Result<Line, RegisterError> {
        let kept = self.kept().clone();
        if let Some(line) = kept {
            return Ok(line);
        }
        let _turn = self.connects.lock().await;
        let kept = self.kept().clone();
        if let Some(line) = kept {
            return Ok(line);
        }
        let line = match &self.watched {
            None => first(door.named.iter().cloned().map(master)).await?,
            Some(name) => {
                let asked = door.named.iter().cloned();
                let asked = asked.map(|sentinel| pointed_at(sentinel, name.clone()));
                let told = poll(asked, POLL_MAX).await?;
                let (host, port) = newest(told).ok_or(RegisterError::UnknownMaster)?;
                master(door.at(&host, port)).await?
            }
        };
        *self.kept() = Some(line.clone());
        Ok(line)
    }
}

async fn exchange(
    mut line: Line,
    lua: Option<&Lua>,
    calls: &[Call],
) -> Result<Vec<Value>, RegisterError> {
    let mut pipe = begin(lua);
    let loads = pipe.len();
    for call in calls {
        pipe.add_command(call.command.clone());
    }
    let answers = line.send(&pipe).await?.into_iter();
    let answers = answers.collect::<Result<Vec<_>, _>>().map_err(refused)?;
    let answers: Vec<_> = answers.into_iter().skip(loads).collect();
    if answers.len() == calls.len() {
        Ok(answers)
    } else {
        Err(RegisterError::Foreign)
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

/// Whom a Sentinel names, and since which failover.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Told {
    epoch: u64,
    place: (String, u16),
}

/// Asks a Sentinel.
async fn pointed_at(sentinel: Server, name: String) -> Result<Told, RegisterError> {
    let mut line = Line::to(&sentinel).await?;
    let mut pipe = redis::pipe();
    // While replicas are led to a new server, only this one names it already.
    pipe.cmd("SENTINEL")
        .arg("get-master-addr-by-name")
        .arg(&name);
    pipe.cmd("SENTINEL").arg("master").arg(&name);
    let mut answers = line.send(&pipe).await?.into_iter();
    let place = answers.next().ok_or(RegisterError::Foreign)??;
    let place: Option<(String, u16)> =
        redis::from_redis_value(place).or(Err(RegisterError::Foreign))?;
    let place = place.ok_or(RegisterError::UnknownMaster)?;
    let fields = answers.next().ok_or(RegisterError::Foreign)??;
    let fields: BTreeMap<String, String> =
        redis::from_redis_value(fields).or(Err(RegisterError::Foreign))?;
    let epoch = fields.get("config-epoch").and_then(|it| it.parse().ok());
    Ok(Told {
        epoch: epoch.ok_or(RegisterError::Foreign)?,
        place,
    })
}

/// Whom to believe: who tells of the latest failover. Sentinels take an epoch only by the votes of most of
/// them, so those that were cut off since have a lower one. Within one epoch most of them are right.
fn newest(told: Vec<Told>) -> Option<(String, u16)> {
    let mut votes: BTreeMap<Told, usize> = BTreeMap::new();
    for one in told {
        let count = votes.entry(one).or_default();
        *count = count.saturating_add(1);
    }
    let best = votes
        .into_iter()
        .max_by_key(|(told, count)| (told.epoch, *count));
    best.map(|(told, _)| told.place)
}

fn refused(error: RedisError) -> RegisterError {
    if error.kind() == ErrorKind::Server(ServerErrorKind::Moved) {
        RegisterError::IsCluster
    } else {
        error.into()
    }
}

#[cfg(test)]
mod tests {
    use core::future::pending;
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use redis::RedisConnectionInfo;

    use super::*;
    use crate::settings::{Entry, Layout};

    /// A line to one that says yes to the words of the beginning.
    async fn line() -> Line {
        let door = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = door.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut here, _) = door.accept().unwrap();
            let mut heard = [0; 4096];
            while let Ok(count @ 1..) = here.read(&mut heard) {
                let commands = heard[..count].iter().filter(|it| **it == b'*').count();
                let answer = "+OK\r\n".repeat(commands);
                if here.write_all(answer.as_bytes()).is_err() {
                    break;
                }
            }
        });
        let stream = tokio::net::TcpStream::connect(address).await.unwrap();
        Line::drive(&RedisConnectionInfo::default(), stream)
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_line_that_was_made_meanwhile_stays() {
        let (failed, fresh) = (line().await, line().await);
        let alone = Alone::default();
        *alone.kept() = Some(fresh.clone());
        alone.forget(&failed);
        assert!(alone.kept().as_ref().unwrap().is(&fresh));
        alone.forget(&fresh);
        assert!(alone.kept().is_none());
    }

    #[tokio::test]
    async fn a_call_is_over_in_time_while_another_one_connects() {
        let alone = Alone::default();
        let door = ["redis://127.0.0.1:1".to_owned()];
        let door = Door::new(&door, &Layout::Servers, &Entry::default()).unwrap();
        let connects = async {
            let _turn = alone.connects.lock().await;
            pending::<()>().await;
        };
        let until = Instant::now() + Duration::from_millis(20);
        let call = alone.run(&door, None, &[], until);
        let failure = tokio::select! {
            biased;
            () = connects => unreachable!(),
            answered = call => answered.unwrap_err(),
        };
        assert!(matches!(failure, RegisterError::Late(_)), "{failure:?}");
    }

    #[test]
    fn sentinels_that_were_cut_off_are_not_believed() {
        let told = |epoch, host: &str| Told {
            epoch,
            place: (host.to_owned(), 1),
        };
        let is = |told: &[Told], host: &str| {
            assert_eq!(newest(told.to_vec()), Some((host.to_owned(), 1)));
        };
        is(&[told(1, "z"), told(2, "a")], "a");
        is(&[told(2, "a"), told(1, "z"), told(1, "z")], "a");
        is(&[told(2, "z"), told(2, "a"), told(2, "a")], "a");
        assert_eq!(newest(Vec::new()), None);
    }
}
