//! A Redis Cluster: each key has its server, and that may change at any time.

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redis::{Pipeline, RedisError, Value};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::answers::Answers;
use crate::error::RegisterError;
use crate::line::{Call, Line, Lua, begin, first};
use crate::settings::{Door, Server};
use crate::slots::{Place, SlotMap, redirection, slot};

/// How often a call is sent on: it was moved, and then is being moved.
const ROUNDS_MAX: u8 = 3;

/// How long a server that was silent is not asked again: every call to it takes all the time there is, and
/// rooms of other servers would wait behind it.
const SILENCE: Duration = Duration::from_millis(500);

/// Lines to the servers of a cluster, and who has what. What failed is found out anew.
#[derive(Default)]
pub(crate) struct Cluster {
    state: Mutex<State>,
    /// Who has it asks who has what, and the others wait for the answer.
    charts: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    map: Option<Arc<SlotMap>>,
    lines: BTreeMap<Place, Line>,
    /// Who had something when it was last known: those that were named may all be gone by now.
    known: BTreeSet<Place>,
    /// Who was silent, and until when that counts.
    silent: BTreeMap<Place, Instant>,
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
    /// The line that was there before.
    used: Option<Line>,
    answer: Result<Exchanged, RegisterError>,
}

impl Cluster {
    /// Does all of it, with each server in one round trip and with all of them at once. What one server
    /// does is done and answered when another one fails.
    ///
    /// # Errors
    /// It is not known who has what.
    pub(crate) async fn run(
        &self,
        door: &Door,
        lua: Option<&Lua>,
        calls: &[Call],
        until: Instant,
    ) -> Result<Answers, RegisterError> {
        let map = timeout_at(until, self.map(door)).await??;
        let mut answers = Answers::none(calls.len());
        let mut legs = Vec::with_capacity(calls.len());
        for (index, call) in calls.iter().enumerate() {
            match map.master(slot(call.key.as_bytes())) {
                Some(place) if self.is_silent(place) => answers.fail(RegisterError::Silent),
                Some(place) => legs.push(Leg {
                    index,
                    place: place.clone(),
                    is_asking: false,
                }),
                None => answers.fail(RegisterError::Uncovered),
            }
        }
        for _ in 0..ROUNDS_MAX {
            if legs.is_empty() {
                break;
            }
            legs = self
                .round(door, (lua, calls), legs, (&mut answers, until))
                .await;
            if legs.iter().any(|leg| !leg.is_asking) {
                self.look_again(&map);
            }
        }
        if !legs.is_empty() {
            answers.fail(RegisterError::Uncovered);
        }
        let is_news = |it: &RegisterError| !matches!(it, RegisterError::Silent);
        if answers.failure.as_ref().is_some_and(is_news) {
            self.look_again(&map);
        }
        Ok(answers)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_silent(&self, place: &Place) -> bool {
        let now = Instant::now();
        self.state().silent.get(place).is_some_and(|it| now < *it)
    }

    /// The next call asks who has what, unless another one has done so by now. Lines that did not fail stay.
    fn look_again(&self, failed: &Arc<SlotMap>) {
        let mut state = self.state();
        if state.map.as_ref().is_some_and(|it| Arc::ptr_eq(it, failed)) {
            state.map = None;
        }
    }

    async fn map(&self, door: &Door) -> Result<Arc<SlotMap>, RegisterError> {
        let kept = self.state().map.clone();
        if let Some(map) = kept {
            return Ok(map);
        }
        let _turn = self.charts.lock().await;
        let (kept, known) = {
            let state = self.state();
            (state.map.clone(), state.known.clone())
        };
        if let Some(map) = kept {
            return Ok(map);
        }
        let mut asked = door.named.clone();
        for (host, port) in &known {
            asked.push(door.at(host, *port));
        }
        let map = Arc::new(first(asked.into_iter().map(chart)).await?);
        let is_there = |place: &Place| map.masters().any(|it| it == place);
        let mut state = self.state();
        state.known = map.masters().cloned().collect();
        state.lines.retain(|place, _| is_there(place));
        state.silent.retain(|place, _| is_there(place));
        state.map = Some(Arc::clone(&map));
        drop(state);
        Ok(map)
    }

    /// Sends every call to its server. Answers with those that are to be sent on.
    async fn round(
        &self,
        door: &Door,
        (lua, calls): (Option<&Lua>, &[Call]),
        legs: Vec<Leg>,
        (answers, until): (&mut Answers, Instant),
    ) -> Vec<Leg> {
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
            let used = self.state().lines.get(&place).cloned();
            let server = door.at(&place.0, place.1);
            tasks.spawn(async move {
                let answer = timeout_at(until, exchange(used.clone(), &server, &pipe)).await;
                let answer = match answer {
                    Ok(answer) => answer.map_err(RegisterError::from),
                    Err(late) => Err(late.into()),
                };
                Heard {
                    place,
                    legs,
                    used,
                    answer,
                }
            });
        }
        let mut onward = Vec::new();
        while let Some(heard) = tasks.join_next().await {
            let read = match heard {
                Ok(heard) => self.hear(heard, lua.is_some(), answers, &mut onward),
                // A task panicked; what the others answered is good.
                Err(_) => Err(RegisterError::Foreign),
            };
            if let Err(error) = read {
                answers.fail(error);
            }
        }
        onward
    }

    /// Takes what one server answered.
    fn hear(
        &self,
        heard: Heard,
        has_loaded: bool,
        answers: &mut Answers,
        onward: &mut Vec<Leg>,
    ) -> Result<(), RegisterError> {
        let (line, values) = match heard.answer {
            Ok(answer) => answer,
            Err(error) => {
                self.failed(heard.place, heard.used.as_ref(), &error);
                return Err(error);
            }
        };
        let mut state = self.state();
        state.silent.remove(&heard.place);
        state.lines.insert(heard.place.clone(), line);
        drop(state);
        let mut values = values.into_iter();
        if has_loaded {
            values.next().ok_or(RegisterError::Foreign)??;
        }
        for leg in heard.legs {
            if leg.is_asking {
                values.next().ok_or(RegisterError::Foreign)??;
            }
            let error = match values.next().ok_or(RegisterError::Foreign)? {
                Ok(value) => {
                    answers.put(leg.index, value);
                    continue;
                }
                Err(error) => error,
            };
            let to = error.redirect_node();
            match to.and_then(|(to, _)| redirection(to, &heard.place.0)) {
                Some(place) => onward.push(Leg {
                    is_asking: error.code() == Some("ASK"),
                    place,
                    ..leg
                }),
                None => answers.fail(error.into()),
            }
        }
        Ok(())
    }

    /// The next call to this server connects anew, unless another one has done so by now.
    fn failed(&self, place: Place, used: Option<&Line>, error: &RegisterError) {
        let mut state = self.state();
        let kept = state.lines.get(&place);
        if kept.zip(used).is_some_and(|(kept, failed)| kept.is(failed)) {
            state.lines.remove(&place);
        }
        if error.is_silence() {
            state.silent.insert(place, Instant::now() + SILENCE);
        }
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
