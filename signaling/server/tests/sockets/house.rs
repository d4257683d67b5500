//! Signaling with everything around it, on free ports.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use sfu_net::{SfuConfig, SfuHandle};
use signaling_protocol::{ParticipantId, Role, RoomId};
use signaling_server::{
    ClusterSettings, PhoneDoor, SignalingConfig, SignalingHandle, start_in_cluster,
};
use signaling_ticket::{Observed, PassKey, Purpose};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::client::Client;
use crate::clinic::MemoryClinic;

pub(crate) const DOCTOR: u128 = 1;
pub(crate) const PATIENT: u128 = 2;
pub(crate) const GUEST: u128 = 3;

const START_US: i64 = 1_800_000_000_000_000;

pub(crate) struct House {
    pub(crate) address: SocketAddr,
    pub(crate) clinic: Arc<MemoryClinic>,
    pub(crate) handle: SignalingHandle,
    pub(crate) phones: PhoneDoor,
    pub(crate) key: PassKey,
    pub(crate) sfu: SfuHandle,
    pub(crate) wall_us: Arc<AtomicI64>,
    server: JoinHandle<()>,
    peers: Option<JoinHandle<()>>,
    passes: AtomicU64,
    /// Strangers whom something in front of the door of nodes has seen.
    pub(crate) seen: Arc<AtomicUsize>,
}

impl House {
    pub(crate) fn open() -> Self {
        Self::with(SignalingConfig::default(), Arc::default())
    }

    pub(crate) fn with(config: SignalingConfig, clinic: Arc<MemoryClinic>) -> Self {
        let key = PassKey::from_pem(&PassKey::generate().unwrap()).unwrap();
        Self::among(config, clinic, key, (None, 1))
    }

    /// One of several that share clinic and key, and number their passes from different starts.
    pub(crate) fn among(
        config: SignalingConfig,
        clinic: Arc<MemoryClinic>,
        key: PassKey,
        (cluster, first_pass): (Option<(ClusterSettings, TcpListener)>, u64),
    ) -> Self {
        let (sfu, events) = sfu_net::start(SfuConfig {
            bind: Ipv4Addr::LOCALHOST.into(),
            udp_port: 0,
            shards: 1,
            loopback: true,
            ..SfuConfig::default()
        })
        .unwrap();
        let wall_us = Arc::new(AtomicI64::new(START_US));
        let clock = Arc::clone(&wall_us);
        let (settings, inner) = cluster.unzip();
        let signaling = start_in_cluster(
            config,
            Arc::clone(&clinic),
            (sfu.clone(), events),
            key.checker(),
            Arc::new(move || clock.load(Ordering::SeqCst)),
            settings,
        )
        .unwrap();
        let peers = signaling.peers.zip(inner);
        let seen = Arc::<AtomicUsize>::default();
        let count = from_fn_with_state(Arc::clone(&seen), see);
        let peers = peers.map(|(door, listener)| {
            let door = door.behind(|router| router.layer(count));
            tokio::spawn(door.serve(listener))
        });
        // Small buffers in the kernel, so that ours are the ones that fill up.
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_send_buffer_size(8 * 1024).unwrap();
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let listener = socket.listen(64).unwrap();
        let address = listener.local_addr().unwrap();
        let service = signaling
            .router
            .into_make_service_with_connect_info::<SocketAddr>();
        let server = tokio::spawn(async move {
            axum::serve(listener, service).await.unwrap();
        });
        Self {
            address,
            clinic,
            handle: signaling.handle,
            phones: signaling.phones,
            key,
            sfu,
            wall_us,
            server,
            peers,
            passes: AtomicU64::new(first_pass),
            seen,
        }
    }

    pub(crate) fn pass(&self, purpose: &Purpose) -> String {
        let id = u128::from(self.passes.fetch_add(1, Ordering::SeqCst));
        let now_us = self.wall_us.load(Ordering::SeqCst);
        self.key
            .mint(Uuid::from_u128(id), purpose, now_us, 60)
            .unwrap()
    }

    /// Connects and says Hello with a fresh ticket.
    pub(crate) async fn knock(&self, purpose: &Purpose) -> Client {
        let mut client = Client::connect(self.address).await;
        client.hello(&self.pass(purpose)).await;
        client
    }

    /// Comes into the first room and reads the Welcome.
    pub(crate) async fn enter(&self, n: u128, role: Role) -> Client {
        let mut client = self.knock(&visit(n, role, false)).await;
        client.welcome().await;
        client
    }

    /// A doctor and an admitted patient.
    pub(crate) async fn visit(&self) -> (Client, Client) {
        let mut doctor = self.enter(DOCTOR, Role::Clinician).await;
        let mut patient = self.enter(PATIENT, Role::Patient).await;
        doctor.admit(PATIENT).await;
        patient.admitted().await;
        doctor.sees_admitted(PATIENT).await;
        (doctor, patient)
    }
}

/// Counts who calls the door by the name that strangers in these tests use.
async fn see(State(seen): State<Arc<AtomicUsize>>, request: Request, next: Next) -> Response {
    let is_stranger = request.headers().get("host").is_some_and(|it| it == "x");
    seen.fetch_add(usize::from(is_stranger), Ordering::SeqCst);
    next.run(request).await
}

impl Drop for House {
    fn drop(&mut self) {
        self.sfu.shutdown();
        self.server.abort();
        if let Some(peers) = &self.peers {
            peers.abort();
        }
    }
}

pub(crate) fn room() -> RoomId {
    RoomId::from_uuid(Uuid::from_u128(1_000))
}

pub(crate) fn who(n: u128) -> ParticipantId {
    ParticipantId::from_uuid(Uuid::from_u128(n))
}

pub(crate) fn visit(n: u128, role: Role, admitted: bool) -> Purpose {
    Purpose::Visit {
        room: room(),
        participant: who(n),
        name: format!("Person {n}"),
        role,
        relation: None,
        admitted,
    }
}

pub(crate) fn observe(rooms: Observed) -> Purpose {
    Purpose::Observe { rooms }
}
