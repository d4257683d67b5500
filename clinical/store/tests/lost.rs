//! A PostgreSQL that is gone without a word, and comes back.
#![expect(clippy::unwrap_used, reason = "tests")]

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread;

use clinical_store::testbed::{POSTGRES_CONNECTIONS, TestDb, idle_connections, setting};
use clinical_store::{Db, patiently};
use clinical_vault::{MasterKeys, Vault};
use futures_util::future::join_all;
use tokio::time::{sleep, timeout};

/// Far less than a statement may take for work that nobody waits for (30 s), and far more than finding out
/// that a connection is lost.
const HEALS_MAX: Duration = Duration::from_secs(25);

/// The way to a PostgreSQL, on which everything can be lost without a word.
struct Way {
    /// By this way to the database.
    url: String,
    /// Connections of an older one carry nothing any more.
    generation: Arc<AtomicU64>,
}

impl Way {
    fn to(url: &str) -> Self {
        let doors = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = doors.local_addr().unwrap().port();
        let (user, rest) = url.split_once('@').unwrap();
        let (host, path) = rest.split_once('/').unwrap();
        let (database, options) = path.split_once('?').unwrap_or((path, ""));
        let socket = options
            .strip_prefix("host=")
            .map(|folder| format!("{folder}/.s.PGSQL.5432"));
        let (host, generation) = (host.to_owned(), Arc::new(AtomicU64::new(0)));
        let now = Arc::clone(&generation);
        thread::spawn(move || {
            for client in doors.incoming().map_while(Result::ok) {
                if let Some(socket) = &socket {
                    let server = UnixStream::connect(socket).unwrap();
                    join(client, server.try_clone().unwrap(), server, &now);
                } else {
                    let server = TcpStream::connect(&host).unwrap();
                    join(client, server.try_clone().unwrap(), server, &now);
                }
            }
        });
        Self {
            url: format!("{user}@127.0.0.1:{port}/{database}"),
            generation,
        }
    }

    /// All connections that there are stay open, and nothing comes through them for ever.
    fn lose(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
    }
}

fn join<S>(client: TcpStream, from: S, to: S, now: &Arc<AtomicU64>)
where
    S: Read + Write + Send + 'static,
{
    let born = now.load(Ordering::SeqCst);
    let (back, now_back) = (client.try_clone().unwrap(), Arc::clone(now));
    let now = Arc::clone(now);
    thread::spawn(move || carry(client, to, (born, &now)));
    thread::spawn(move || carry(from, back, (born, &now_back)));
}

fn carry(mut from: impl Read, mut to: impl Write, (born, now): (u64, &AtomicU64)) {
    let mut piece = [0; 8_192];
    while let Ok(length @ 1..) = from.read(&mut piece) {
        let Some(piece) = piece.get(..length) else {
            return;
        };
        if now.load(Ordering::SeqCst) == born && to.write_all(piece).is_err() {
            return;
        }
    }
    while now.load(Ordering::SeqCst) != born {
        thread::park();
    }
}

async fn by(way: &Way) -> Db {
    let vault = Vault::new(MasterKeys::generate().unwrap());
    Db::connect(&way.url, Arc::new(vault)).await.unwrap()
}

/// All connections that a store may have are open, and were used a moment ago.
async fn warm(db: &Db) {
    let all = join_all((0..POSTGRES_CONNECTIONS).map(|_| db.begin())).await;
    assert!(all.iter().all(Result::is_ok));
    drop(all);
    while idle_connections(db) < POSTGRES_CONNECTIONS {
        sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_lost_without_a_word_are_replaced_while_nobody_waits() {
    let store = TestDb::postgres().await;
    let way = Way::to(store.url());
    let db = by(&way).await;
    warm(&db).await;
    way.lose();
    // Every connection has somebody who begins on it.
    let asked = (0..POSTGRES_CONNECTIONS)
        .map(|_| patiently(Duration::from_millis(200), async { db.begin().await }));
    for answer in join_all(asked).await {
        assert!(answer.unwrap_err().is_unavailable());
    }
    let healed = async {
        while patiently(Duration::from_millis(500), db.ping())
            .await
            .is_err()
        {}
    };
    timeout(HEALS_MAX, healed).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_lets_go_of_what_a_lost_client_had_locked() {
    let db = TestDb::postgres().await;
    let mut tx = db.read().await.unwrap();
    for (name, value) in [
        ("idle_in_transaction_session_timeout", "15s"),
        ("tcp_keepalives_interval", "2"),
    ] {
        let found = setting(&mut tx, name).await.unwrap();
        // On a socket of its own machine there is nothing to probe, and it says 0.
        assert!(
            found == value || (found == "0" && name.starts_with("tcp")),
            "{name} is {found}"
        );
    }
}
