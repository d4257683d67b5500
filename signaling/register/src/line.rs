//! Round trips to one server.

use core::future::Future;
use core::time::Duration;
use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Cmd, Pipeline, RedisConnectionInfo, RedisError, Script, ToRedisArgs,
    Value,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::error::RegisterError;
use crate::settings::Server;

/// How long one server may take to be connected or to answer. Shorter than a call may take, so that it is
/// known which one of several was silent.
const SERVER_MAX: Duration = Duration::from_millis(600);

/// How much longer those that were named first may take than who answers first.
const PREFERRED_MAX: Duration = Duration::from_millis(200);

/// A script.
pub(crate) struct Lua {
    text: &'static str,
    hash: String,
}

impl Lua {
    pub(crate) fn new(text: &'static str) -> Self {
        let hash = Script::new(text).get_hash().to_owned();
        Self { text, hash }
    }

    /// One run of it on the only key that it touches.
    pub(crate) fn on(&self, key: &str) -> Call {
        let mut command = redis::cmd("EVALSHA");
        command.arg(&self.hash).arg(1).arg(key);
        Call::new(key, command)
    }
}

/// A command about one key.
pub(crate) struct Call {
    pub(crate) key: String,
    pub(crate) command: Cmd,
}

impl Call {
    pub(crate) fn new(key: &str, command: Cmd) -> Self {
        Self {
            key: key.to_owned(),
            command,
        }
    }

    pub(crate) fn arg(mut self, arg: impl ToRedisArgs) -> Self {
        self.command.arg(arg);
        self
    }
}

/// The beginning of a round trip: a server that was started again knows no script.
pub(crate) fn begin(lua: Option<&Lua>) -> Pipeline {
    let mut pipe = redis::pipe();
    if let Some(lua) = lua {
        pipe.cmd("SCRIPT").arg("LOAD").arg(lua.text);
    }
    pipe
}

/// A connection to one server. It ends with its last clone, whatever the other end does.
#[derive(Clone)]
pub(crate) struct Line {
    connection: MultiplexedConnection,
    driver: Arc<Driver>,
}

struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Line {
    /// Connects.
    pub(crate) async fn to(server: &Server) -> Result<Self, RedisError> {
        let connected = timeout(SERVER_MAX, Self::open(server)).await;
        connected.unwrap_or_else(|_elapsed| Err(io::Error::from(ErrorKind::TimedOut).into()))
    }

    async fn open(server: &Server) -> Result<Self, RedisError> {
        let stream = TcpStream::connect((server.host.as_str(), server.port)).await?;
        stream.set_nodelay(true)?;
        let Some(config) = &server.tls else {
            return Self::drive(&server.login, stream).await;
        };
        let name = ServerName::try_from(server.host.clone());
        let name = name.map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))?;
        let connector = TlsConnector::from(Arc::clone(config));
        Self::drive(&server.login, connector.connect(name, stream).await?).await
    }

    pub(crate) async fn drive<C>(login: &RedisConnectionInfo, stream: C) -> Result<Self, RedisError>
    where
        C: Unpin + AsyncRead + AsyncWrite + Send + 'static,
    {
        let config = AsyncConnectionConfig::new().set_response_timeout(Some(SERVER_MAX));
        let made = MultiplexedConnection::new_with_config(login, stream, config);
        let (connection, driver) = made.await?;
        Ok(Self {
            connection,
            driver: Arc::new(Driver(tokio::spawn(driver))),
        })
    }

    /// Whether both are one connection.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.driver, &other.driver)
    }

    /// Sends one command.
    pub(crate) async fn ask(&mut self, command: &Cmd) -> Result<Value, RedisError> {
        command.query_async(&mut self.connection).await
    }

    /// Sends commands together. Each has an answer of its own, or an error.
    pub(crate) async fn send(
        &mut self,
        pipe: &Pipeline,
    ) -> Result<Vec<Result<Value, RedisError>>, RedisError> {
        let sent = self.connection.send_packed_commands(pipe, 0, pipe.len());
        let each = sent.await?.into_iter().map(|answer| {
            if let Value::ServerError(error) = answer {
                Err(error.into())
            } else {
                Ok(answer)
            }
        });
        Ok(each.collect())
    }
}

/// Asks several servers at once. Who was named first goes before who answers first, but nobody waits for
/// one that is silent.
pub(crate) async fn first<T, F>(tries: impl IntoIterator<Item = F>) -> Result<T, RegisterError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, RegisterError>> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    let mut silent = BTreeSet::new();
    for (index, attempt) in tries.into_iter().enumerate() {
        silent.insert(index);
        tasks.spawn(async move { (index, attempt.await) });
    }
    let mut best: Option<(usize, T)> = None;
    let mut failure = RegisterError::NoMaster;
    loop {
        let next = match &best {
            Some((index, _)) if silent.first().is_none_or(|earlier| earlier > index) => break,
            Some(_) => timeout(PREFERRED_MAX, tasks.join_next())
                .await
                .ok()
                .flatten(),
            None => tasks.join_next().await,
        };
        match next {
            Some(Ok((index, answer))) => {
                silent.remove(&index);
                match answer {
                    Ok(it) if best.as_ref().is_none_or(|(other, _)| index < *other) => {
                        best = Some((index, it));
                    }
                    Ok(_) => {}
                    Err(error) => failure = error,
                }
            }
            // It panicked; the others have not.
            Some(Err(_)) => {}
            None => break,
        }
    }
    best.map(|(_, it)| it).ok_or(failure)
}

/// Asks several servers at once and takes every good answer, without those that are silent for longer than
/// `wait`. When nobody has answered by then, the first good answer is the only one.
///
/// # Errors
/// Nobody gave a good answer.
pub(crate) async fn poll<T, F>(
    tries: impl IntoIterator<Item = F>,
    wait: Duration,
) -> Result<Vec<T>, RegisterError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, RegisterError>> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    for attempt in tries {
        tasks.spawn(attempt);
    }
    let end = Instant::now() + wait;
    let mut good = Vec::new();
    let mut failure = RegisterError::NoMaster;
    loop {
        let next = if good.is_empty() {
            tasks.join_next().await
        } else {
            timeout_at(end, tasks.join_next()).await.ok().flatten()
        };
        match next {
            Some(Ok(Ok(answer))) => good.push(answer),
            Some(Ok(Err(error))) => failure = error,
            // It panicked; the others have not.
            Some(Err(_)) => {}
            None if good.is_empty() => return Err(failure),
            None => return Ok(good),
        }
    }
}

#[cfg(test)]
mod tests {
    use core::future::{pending, ready};
    use core::pin::Pin;

    use tokio::sync::Notify;

    use super::*;

    type Try = Pin<Box<dyn Future<Output = Result<u8, RegisterError>> + Send>>;

    #[tokio::test]
    async fn who_was_named_first_goes_before_who_answers_first() {
        let answered = Arc::new(Notify::new());
        let hears = Arc::clone(&answered);
        let tries: [Try; 2] = [
            Box::pin(async move {
                hears.notified().await;
                Ok(1)
            }),
            Box::pin(async move {
                answered.notify_one();
                Ok(2)
            }),
        ];
        assert_eq!(first(tries).await.unwrap(), 1);
        let tries = [ready(Err(RegisterError::NoMaster)), ready(Ok(2))];
        assert_eq!(first(tries).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn nobody_waits_for_one_that_is_silent() {
        let tries: [Try; 3] = [
            Box::pin(pending()),
            Box::pin(ready(Ok(2))),
            Box::pin(pending()),
        ];
        assert_eq!(first(tries).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn a_poll_has_every_good_answer_and_waits_for_nobody_who_is_silent() {
        let tries: [Try; 4] = [
            Box::pin(pending()),
            Box::pin(ready(Ok(2))),
            Box::pin(ready(Err(RegisterError::NoMaster))),
            Box::pin(ready(Ok(3))),
        ];
        let mut heard = poll(tries, Duration::from_millis(50)).await.unwrap();
        heard.sort_unstable();
        assert_eq!(heard, [2, 3]);
        let tries = [ready(Err::<u8, _>(RegisterError::UnknownMaster))];
        let failure = poll(tries, Duration::ZERO).await.unwrap_err();
        assert!(matches!(failure, RegisterError::UnknownMaster));
    }

    #[tokio::test]
    async fn without_a_good_answer_there_is_the_last_error() {
        let tries = [ready(Err::<u8, _>(RegisterError::UnknownMaster))];
        let failure = first(tries).await.unwrap_err();
        assert!(matches!(failure, RegisterError::UnknownMaster));
    }
}
