//! Where a laboratory's machine connects: HL7 version 2 in MLLP frames over TCP.
//!
//! The protocol has neither encryption nor passwords: the listener is for a tunnel or a network of
//! its own, answers listed addresses only, and is off unless it is configured.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use clinical_app::Clinic;
use clinical_app::results::{LabInterface, receive};
use clinical_hl7::{Decoder, frame};
use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;
use uuid::Uuid;

/// Connections at once: a laboratory keeps one or two open. Who comes above that is hung up on, and
/// tries again.
const CONNECTIONS_MAX: usize = 8;
/// A connection on which nothing comes for so long is closed; senders open another.
const IDLE_MAX: Duration = Duration::from_secs(300);
/// A message that was begun must be there by then, so that a slow sender holds no place for ever.
const MESSAGE_MAX: Duration = Duration::from_secs(30);
/// An answer must be taken by then.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// Bytes of one connection. A sender that has more opens another.
const CONNECTION_BYTES_MAX: u64 = 256 << 20;
/// Bytes that are read at once.
const READ_BYTES: usize = 16 << 10;
/// After a failed accept the next try waits for others to close.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// The laboratory's interface. It is off without `listen`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LabConfig {
    /// Address and port for HL7 in MLLP frames, without encryption: use a tunnel.
    pub(crate) listen: Option<SocketAddr>,
    /// The id of the one facility whose results come here.
    pub(crate) facility: Option<Uuid>,
    /// How the laboratory names that facility in MSH-6; without it, the id.
    pub(crate) name: Option<String>,
    /// The addresses that may connect; nobody else is answered.
    pub(crate) allow: Vec<IpAddr>,
}

impl LabConfig {
    /// Where to listen, for which facility, and how the laboratory names it; none when it is off.
    ///
    /// # Errors
    /// It is on, and does not say for which facility or for whom.
    pub(crate) fn interface(&self) -> anyhow::Result<Option<(SocketAddr, Uuid, String)>> {
        let Some(listen) = self.listen else {
            return Ok(None);
        };
        let Some(facility) = self.facility else {
            anyhow::bail!("lab.listen needs lab.facility, the id of one facility");
        };
        anyhow::ensure!(
            !self.allow.is_empty(),
            "lab.listen needs lab.allow, the addresses of the laboratory"
        );
        let name = self.name.clone();
        let name = name.unwrap_or_else(|| facility.to_string());
        Ok(Some((listen, facility, name)))
    }
}

/// What holds for every connection.
#[derive(Debug, Clone)]
struct Terms {
    idle_max: Duration,
    bytes_max: u64,
}

/// Takes messages until `stopped` turns true. A message that was begun to be kept is kept.
pub(crate) async fn run(
    listener: TcpListener,
    (clinic, lab, allow): (Clinic, LabInterface, Vec<IpAddr>),
    stopped: watch::Receiver<bool>,
) {
    let terms = Terms {
        idle_max: IDLE_MAX,
        bytes_max: CONNECTION_BYTES_MAX,
    };
    run_on(listener, (Arc::new((clinic, lab)), allow), terms, stopped).await;
}

async fn run_on(
    listener: TcpListener,
    (clinic, allow): (Arc<(Clinic, LabInterface)>, Vec<IpAddr>),
    terms: Terms,
    mut stopped: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            // A dropped sender means stop as well.
            _ = stopped.wait_for(|stop| *stop) => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a laboratory's connection was not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        if !allow.contains(&peer.ip().to_canonical()) {
            tracing::info!("a laboratory's connection from an address that is not listed");
            continue;
        }
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            tracing::warn!("a laboratory has too many connections");
            continue;
        };
        let (clinic, terms, stopped) = (Arc::clone(&clinic), terms.clone(), stopped.clone());
        tokio::spawn(async move {
            let reason = serve(stream, &clinic, &terms, stopped).await;
            tracing::debug!(reason, "a laboratory's connection ended");
            drop(place);
        });
    }
    // Whoever is in the middle of a message ends it.
    let all = u32::try_from(CONNECTIONS_MAX).unwrap_or(u32::MAX);
    drop(places.acquire_many(all).await);
}

/// One connection: one message after the other, each answered before the next is read. Answers why
/// it ended.
async fn serve(
    mut stream: TcpStream,
    clinic: &(Clinic, LabInterface),
    terms: &Terms,
    mut stopped: watch::Receiver<bool>,
) -> &'static str {
    let mut decoder = Decoder::default();
    let mut buffer = vec![0; READ_BYTES];
    let mut budget = terms.bytes_max;
    let mut began = None;
    loop {
        let now = tokio::time::Instant::now();
        let patience = match began {
            None => terms.idle_max,
            Some(began) => MESSAGE_MAX.saturating_sub(now.duration_since(began)),
        };
        let read = tokio::select! {
            read = timeout(patience, stream.read(&mut buffer)) => read,
            _ = stopped.wait_for(|stop| *stop) => return "stopped",
        };
        let count = match read {
            Err(_elapsed) => return "nothing came",
            Ok(Err(_)) => return "broken",
            Ok(Ok(0)) => return "closed",
            Ok(Ok(count)) => count,
        };
        budget = budget.saturating_sub(u64::try_from(count).unwrap_or(u64::MAX));
        if budget == 0 {
            return "too many bytes";
        }
        let mut rest = buffer.get(..count).unwrap_or_default();
        while !rest.is_empty() {
            let Ok((taken, message)) = decoder.push(rest) else {
                return "not MLLP";
            };
            rest = rest.get(taken..).unwrap_or_default();
            let Some(message) = message else { continue };
            let answer = frame(&take(clinic, &message).await);
            match timeout(ANSWER_MAX, stream.write_all(&answer)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) | Err(_) => return "the answer was not taken",
            }
        }
        began = (decoder.held() > 0).then(|| began.unwrap_or(now));
    }
}

/// The answer to a message. What became of it is counted and logged without a word of it.
async fn take((clinic, lab): &(Clinic, LabInterface), message: &[u8]) -> Vec<u8> {
    let (answer, error) = receive(clinic, lab, message).await;
    let code = answer.code.as_str();
    if let Some(error) = error {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "a laboratory's message was not kept"
        );
    }
    tracing::info!(
        code,
        filed = answer.filed,
        queued = answer.queued,
        repeated = answer.repeated,
        "a laboratory's message"
    );
    metrics::counter!("lab_messages_total", "code" => code).increment(1);
    answer.bytes
}

#[cfg(test)]
mod tests {
    use clinical_app::{Entropy, SystemClock};
    use clinical_model::TenantId;
    use clinical_store::testbed::{TestDb, make_facility};

    use super::*;

    const FACILITY: Uuid = Uuid::from_u128(7);
    const MESSAGE: &str = "MSH|^~\\&|LIS|LABO|THUB|CLINIQUE|20261127||ORU^R01|A-1|P|2.5.1\rPID|1||9^^^X||DIALLO^AWA\rOBR|1||F-1|x\rOBX|1|NM|2823-3^K^LN||4|mmol/L|||||F\r";

    struct Machine {
        address: SocketAddr,
        stop: watch::Sender<bool>,
        task: tokio::task::JoinHandle<()>,
        _db: TestDb,
    }

    async fn open(allow: &[&str], bytes_max: u64) -> Machine {
        let db = TestDb::sqlite().await;
        make_facility(&db, TenantId::from_uuid(FACILITY)).await;
        let clinic = Clinic {
            db: db.clone(),
            clock: Arc::new(SystemClock),
            entropy: Arc::new(Entropy::system()),
        };
        let lab = LabInterface::of(&clinic, FACILITY, "CLINIQUE".to_owned()).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let allow = allow.iter().map(|it| it.parse().unwrap()).collect();
        let (stop, stopped) = watch::channel(false);
        let terms = Terms {
            idle_max: IDLE_MAX,
            bytes_max,
        };
        let both = Arc::new((clinic, lab.unwrap()));
        let task = tokio::spawn(run_on(listener, (both, allow), terms, stopped));
        Machine {
            address,
            stop,
            task,
            _db: db,
        }
    }

    /// Reads one framed answer.
    async fn answer(stream: &mut TcpStream) -> String {
        let mut decoder = Decoder::default();
        loop {
            let mut byte = [0];
            assert_eq!(stream.read(&mut byte).await.unwrap(), 1, "hung up");
            if let (_, Some(message)) = decoder.push(&byte).unwrap() {
                return String::from_utf8(message).unwrap();
            }
        }
    }

    async fn is_hung_up(stream: &mut TcpStream) -> bool {
        // Bytes that nobody read make it a reset.
        matches!(stream.read(&mut [0; 8]).await, Ok(0) | Err(_))
    }

    #[tokio::test]
    async fn messages_in_pieces_are_answered_one_by_one() {
        let machine = open(&["127.0.0.1"], CONNECTION_BYTES_MAX).await;
        let mut stream = TcpStream::connect(machine.address).await.unwrap();
        let wrong = MESSAGE.replace("ORU^R01|A-1", "ADT^A01|A-2");
        let both = [frame(MESSAGE.as_bytes()), frame(wrong.as_bytes())].concat();
        for piece in both.chunks(50) {
            stream.write_all(piece).await.unwrap();
            stream.flush().await.unwrap();
        }
        let first = answer(&mut stream).await;
        assert!(first.contains("\rMSA|AA|A-1\r"), "{first}");
        let second = answer(&mut stream).await;
        assert!(second.contains("\rMSA|AR|A-2\rERR||MSH^1^9|"), "{second}");
        machine.stop.send_replace(true);
        machine.task.await.unwrap();
    }

    #[tokio::test]
    async fn who_is_not_listed_speaks_something_else_or_too_much_is_hung_up_on() {
        let machine = open(&["192.0.2.9"], CONNECTION_BYTES_MAX).await;
        let mut stream = TcpStream::connect(machine.address).await.unwrap();
        assert!(is_hung_up(&mut stream).await);

        let machine = open(&["127.0.0.1"], 100).await;
        for text in [
            "GET / HTTP/1.1\r\n\r\n".to_owned(),
            format!("\u{b}{}", "A".repeat(200)),
        ] {
            let mut stream = TcpStream::connect(machine.address).await.unwrap();
            stream.write_all(text.as_bytes()).await.unwrap();
            assert!(is_hung_up(&mut stream).await);
        }
    }

    #[test]
    fn it_is_off_until_it_is_said_for_whom() {
        let read = |text: &str| toml::from_str::<LabConfig>(text).unwrap().interface();
        assert_eq!(read("").unwrap(), None);
        let listen = "listen = \"127.0.0.1:2575\"\n";
        assert!(read(listen).is_err());
        let facility = format!("{listen}facility = \"{FACILITY}\"\n");
        assert!(read(&facility).is_err());
        let whole = read(&format!("{facility}allow = [\"10.0.0.9\"]")).unwrap();
        assert_eq!(whole.unwrap().2, FACILITY.to_string());
    }
}
