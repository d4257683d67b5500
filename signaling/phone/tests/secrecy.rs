//! What the SIP stack says is in no log; and without the filter it would be.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use signaling_phone::{
    Clinic, ClinicDown, Entered, NoSound, NotEntered, OpenLeg, Pass, PhoneSettings, Phones,
    PinAnswer, PinTry, Ports, Rooms, Sound, Trunks, may_be_logged,
};
use signaling_sip::Consent;
use tokio::net::UdpSocket;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;

struct Nothing;

#[async_trait]
impl Sound for Nothing {
    async fn open(&self, _near: SocketAddr) -> Result<OpenLeg, NoSound> {
        Err(NoSound("none here".into()))
    }
}

#[async_trait]
impl Clinic for Nothing {
    async fn check_pin(&self, _attempt: PinTry<'_>) -> Result<PinAnswer, ClinicDown> {
        Ok(PinAnswer::Wrong)
    }

    async fn consent(&self, _pass: &Pass, _consent: Consent) -> Result<(), ClinicDown> {
        Ok(())
    }
}

#[async_trait]
impl Rooms for Nothing {
    async fn enter(&self, _pass: &Pass, _masked: &str) -> Result<Entered, NotEntered> {
        Err(NotEntered::Closed)
    }
}

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl io::Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A call that is refused, a stranger and a torn message, at the finest level.
async fn telephone() {
    let settings: PhoneSettings = toml::from_str(
        r#"
        bind = "127.0.0.1:0"
        realm = "clinic.test"
        [[trunks]]
        name = "one"
        addresses = ["127.0.0.1"]
        numbers = [{ number = "+33123456789", facility = "one" }]
        "#,
    )
    .unwrap();
    let ports = Ports {
        sound: Arc::new(Nothing),
        clinic: Arc::new(Nothing),
        rooms: Arc::new(Nothing),
    };
    let phones = Phones::start(Trunks::check(settings).unwrap(), ports)
        .await
        .unwrap();
    let phone = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let (here, there) = (phone.local_addr().unwrap(), phones.local_address());
    let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n";
    let invite = format!(
        "INVITE sip:+33123456789@{there} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK1\r\n\
         From: <sip:+33612345678@x>;tag=1\r\nTo: <sip:+33123456789@x>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\
         Contact: <sip:a@{here}>\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{sdp}",
        sdp.len()
    );
    phone
        .send_to(&invite.as_bytes()[..90], there)
        .await
        .unwrap();
    phone.send_to(invite.as_bytes(), there).await.unwrap();
    let mut answer = vec![0; 4_000];
    loop {
        let came = tokio::time::timeout(Duration::from_secs(60), phone.recv(&mut answer));
        let length = came.await.unwrap().unwrap();
        if answer[..length].starts_with(b"SIP/2.0 503 ") {
            return;
        }
    }
}

fn logged(is_filtered: bool) -> String {
    let page = Page::default();
    let writer = page.clone();
    let layer = tracing_subscriber::fmt::layer().with_writer(move || writer.clone());
    let layer = layer.with_filter(filter_fn(move |metadata| {
        !is_filtered || may_be_logged(metadata)
    }));
    let subscriber = tracing_subscriber::registry().with(layer);
    tracing::subscriber::with_default(subscriber, || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(telephone());
    });
    let bytes = page.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn no_message_of_the_stack_is_logged_and_without_the_filter_it_would_be() {
    let open = logged(false);
    assert!(
        open.contains("+33612345678") && open.contains("m=audio"),
        "{open}"
    );
    let filtered = logged(true);
    assert!(filtered.contains("a call found no sound"), "{filtered}");
    for secret in ["33612345678", "33123456789", "SIP/2.0", "m=audio"] {
        assert!(!filtered.contains(secret), "{filtered}");
    }
}
