//! A Redis Cluster: each key has its server, and that may change at any time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use redis::{Pipeline, RedisError, Value};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::error::RegisterError;
use crate::line::{Call, Line, Lua, begin, first};
use crate::settings::{Door, Server};
use crate::slots::{Place, SlotMap, redirection, slot};

/// How often a call is sent on: it was moved, and then is being moved.
const ROUNDS_MAX: u8 = 3;

/// Lines to the servers of a cluster, and who has what. What failed is found out anew.
#[derive(Default)]
pub(crate) struct Cluster {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    map: Option<Arc<SlotMap>>,
    lines: BTreeMap<Place, Line>,
    /// Who had something when it was last known: those that were named may all be gone by now.
    known: BTreeSet<Place>,
}

/// Where a call goes next.
struct Leg {
    index: usize,
    place: Place,
    /// Its key is being moved there, and the server takes it only from who says so.
    is_asking: bool,
}

type Exchanged = (Line, Vec<Result<Value, RedisError>>);

/// What one server answered to its calls.
struct Heard {
    place: Place,
    legs: Vec<Leg>,
    answer: Result<Exchanged, RedisError>,
}

impl Cluster {
    /// Does all of it, with each server in one round trip and with all of them at once. What one server
    /// does stays done when another one fails.
    pub(crate) async fn run(
        &self,
        door: &Door,
        lua: Option<&Lua>,
        calls: &[Call],
    ) -> Result<Vec<Value>, RegisterError> {
        let map = self.map(door).await?;
        let mut legs = Vec::with_capacity(calls.len());
        for (index, call) in calls.iter().enumerate() {
            let place = map.master(slot(call.key.as_bytes()));
            legs.push(Leg {
                index,
                place: place.ok_or(RegisterError::Uncovered)?.clone(),
                is_asking: false,
            });
        }
        let mut answers = BTreeMap::new();
        for _ in 0..ROUNDS_MAX {
            legs = self.round(door, (lua, calls), legs, &mut answers).await?;
            if legs.is_empty() {
                return Ok(answers.into_values().collect());
            }
        }
        Err(RegisterError::Uncovered)
    }

    /// The next call connects anew.
    pub(crate) async fn forget(&self) {
        let mut state = self.state.lock().await;
        state.map = None;
        state.lines.clear();
    }

    /// The next call asks who has what. Lines that did not fail stay.
    pub(crate) async fn look_again(&self) {
        self.state.lock().await.map = None;
    }

    async fn map(&self, door: &Door) -> Result<Arc<SlotMap>, RegisterError> {
        let mut state = self.state.lock().await;
        if let Some(map) = &state.map {
            return Ok(Arc::clone(map));
        }
        let mut asked = door.named.clone();
        for (host, port) in &state.known {
            asked.push(door.at(host, *port));
        }
        let map = Arc::new(first(asked.into_iter().map(chart)).await?);
        state.known = map.masters().cloned().collect();
        state
            .lines
            .retain(|place, _| map.masters().any(|it| it == place));
        state.map = Some(Arc::clone(&map));
        Ok(map)
    }

    /// Sends every call to its server. Answers with those that are to be sent on.
    async fn round(
        &self,
        door: &Door,
        (lua, calls): (Option<&Lua>, &[Call]),
        legs: Vec<Leg>,
        answers: &mut BTreeMap<usize, Value>,
    ) -> Result<Vec<Leg>, RegisterError> {
        let mut by_place: BTreeMap<Place, Vec<Leg>> = BTreeMap::new();
        for leg in legs {
            by_place.entry(leg.place.clone()).or_default().push(leg);
        }
        let mut tasks = JoinSet::new();
        for (place, legs) in by_place {
            let mut pipe = begin(lua);
            for leg in &legs {
                if leg.is_asking {
                    pipe.cmd("ASKING");
                }
                if let Some(call) = calls.get(leg.index) {
                    pipe.add_command(call.command.clone());
                }
            }
            let line = self.state.lock().await.lines.get(&place).cloned();
            let server = door.at(&place.0, place.1);
            tasks.spawn(async move {
                let answer = exchange(line, &server, &pipe).await;
                Heard {
                    place,
                    legs,
                    answer,
                }
            });
        }
        let (mut onward, mut failure) = (Vec::new(), None);
        while let Some(Ok(heard)) = tasks.join_next().await {
            let read = self.hear(heard, lua.is_some(), answers).await;
            match read {
                Ok(legs) => onward.extend(legs),
                Err(error) => failure = Some(error),
            }
        }
        failure.map_or(Ok(onward), Err)
    }

    /// Takes what one server answered.
    async fn hear(
        &self,
        heard: Heard,
        has_loaded: bool,
        answers: &mut BTreeMap<usize, Value>,
    ) -> Result<Vec<Leg>, RegisterError> {
        let (line, values) = match heard.answer {
            Ok(answer) => answer,
            Err(error) => {
                self.state.lock().await.lines.remove(&heard.place);
                return Err(error.into());
            }
        };
        self.state
            .lock()
            .await
            .lines
            .insert(heard.place.clone(), line);
        let mut values = values.into_iter();
        if has_loaded {
            values.next().ok_or(RegisterError::Foreign)??;
        }
        let mut onward = Vec::new();
        for leg in heard.legs {
            if leg.is_asking {
                values.next().ok_or(RegisterError::Foreign)??;
            }
            match values.next().ok_or(RegisterError::Foreign)? {
                Ok(value) => drop(answers.insert(leg.index, value)),
                Err(error) => {
                    let to = error.redirect_node();
                    let to = to.and_then(|(to, _)| redirection(to, &heard.place.0));
                    onward.push(Leg {
                        is_asking: error.code() == Some("ASK"),
                        place: to.ok_or(error)?,
                        ..leg
                    });
                }
            }
        }
        if onward.iter().any(|leg| !leg.is_asking) {
            self.look_again().await;
        }
        Ok(onward)
    }
}

async fn exchange(
    line: Option<Line>,
    server: &Server,
    pipe: &Pipeline,
) -> Result<Exchanged, RedisError> {
    let mut line = match line {
        Some(line) => line,
        None => Line::to(server).await?,
    };
    let answers = line.send(pipe).await?;
    Ok((line, answers))
}

/// Who has what, by one server that the others have not left behind.
async fn chart(server: Server) -> Result<SlotMap, RegisterError> {
    let mut line = Line::to(&server).await?;
    let mut pipe = redis::pipe();
    pipe.cmd("CLUSTER").arg("INFO");
    pipe.cmd("CLUSTER").arg("SLOTS");
    let mut answers = line.send(&pipe).await?.into_iter();
    let info = answers
        .next()
        .ok_or(RegisterError::Foreign)?
        .map_err(alone)?;
    let info: String = redis::from_redis_value(info).or(Err(RegisterError::Foreign))?;
    // One that is cut off from the others, or knows nobody for some slots, refuses what it is asked.
    if !info
        .lines()
        .any(|line| line.trim_end() == "cluster_state:ok")
    {
        return Err(RegisterError::Uncovered);
    }
    let slots = answers.next().ok_or(RegisterError::Foreign)??;
    SlotMap::read(&slots, &server.host).ok_or(RegisterError::Foreign)
}

fn alone(error: RedisError) -> RegisterError {
    let is_alone = error
        .detail()
        .is_some_and(|it| it.contains("cluster support disabled"));
    if is_alone {
        RegisterError::NoCluster
    } else {
        error.into()
    }
}
