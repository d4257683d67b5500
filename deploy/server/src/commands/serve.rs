//! `telehealth serve`

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use axum::{Router, middleware};
use clinical_app::demo::{self, DEMO_ACCOUNTS, DEMO_PASSWORD};
use clinical_app::identity::SignIn;
use clinical_app::notify::{self, Mailroom};
use clinical_app::prescribing::{Checker, Dispensary, Seal};
use clinical_app::results::LabInterface;
use clinical_app::triage::Triage;
use clinical_app::visits::{Desk, LiveEffect, LiveVisits};
use clinical_app::{AccessKey, Clinic, Db, Entropy, SystemClock, Vault};
use clinical_http::{ApiState, CookiePolicy};
use clinical_ledger::CheckpointKey;
use metrics_exporter_prometheus::PrometheusHandle;
use sfu_net::{SfuConfig, SfuHandle};
use signaling_server::{Signaling, SignalingHandle, WallClock};
use signaling_ticket::{PassChecker, PassKey};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::say;
use crate::config::{Config, HttpConfig};
use crate::listener::{self, Front, Inside};
use crate::phone::{self, CallBacks, Telephones};
use crate::recordings::Recorders;
use crate::service::Manager;
use crate::tls::Certificate;
use crate::{
    assets, checkpoints, health, keys, laboratory, mailroom, request_log, telemetry, vitals, wiring,
};

/// How long one request of the API may take. The pages promise an answer within three seconds, and
/// what takes longer than this is given up.
const API_PATIENCE: Duration = Duration::from_secs(10);

/// How long open requests may go on after the order to stop.
const DRAIN_MAX: Duration = Duration::from_secs(5);

/// How long a node of a cluster may take to stop, notice included.
const STOP_MAX: Duration = Duration::from_secs(90);

/// Runs until SIGTERM or SIGINT.
pub(crate) fn run(
    mut config: Config,
    is_demo: bool,
    manager: &Manager,
) -> anyhow::Result<ExitCode> {
    if is_demo {
        anyhow::ensure!(
            config.http.bind.ip().is_loopback(),
            "the demo has known passwords: it only serves this machine; bind it to 127.0.0.1"
        );
        config.http.plain_http = true;
    }
    // A page from this machine reaches the media server most surely over this machine.
    config.sfu.loopback |= config.http.bind.ip().is_loopback();
    telemetry::start_logs(&config.log)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the async runtime")?;
    runtime.block_on(serve(config, is_demo, manager))?;
    Ok(ExitCode::SUCCESS)
}

/// The clinic, ready to serve.
struct Open {
    clinic: Clinic,
    desk: Desk,
    sign_in: Arc<SignIn>,
    tickets: AccessKey,
    checker: PassChecker,
    /// Which key signs passes.
    key_id: String,
    live_effects: mpsc::Receiver<LiveEffect>,
    mailroom: Mailroom,
}

/// Opens the store and reads the keys.
async fn open(config: &Config, is_demo: bool) -> anyhow::Result<Open> {
    super::formulary::load(config)?;
    keys::make_private_dir(&config.data_dir)?;
    let vault = Arc::new(Vault::new(keys::master_keys(config)?));
    let db = Db::connect(&config.store_url()?, vault)
        .await
        .context("cannot open the store")?;
    db.migrate().await.context("cannot migrate the store")?;
    let clinic = Clinic {
        db,
        clock: Arc::new(SystemClock),
        entropy: Arc::new(Entropy::system()),
    };
    let access = keys::load_or_create(&config.data_dir, "access", || Ok(AccessKey::generate()?))?;
    let pass = keys::load_or_create(&config.data_dir, "pass", || Ok(PassKey::generate()?))?;
    let tickets = AccessKey::from_pem(&access)?;
    let sign_in = SignIn::new(AccessKey::from_pem(&access)?, &clinic.entropy)?;
    let sign_in = Arc::new(match site(&config.http) {
        Some(origin) => sign_in
            .at_site(&origin)
            .context("http.public_url is no https:// address (or http://localhost)")?,
        None => sign_in,
    });
    let pass_key = PassKey::from_pem(&pass)?;
    let (checker, key_id) = (pass_key.checker(), pass_key.id().to_owned());
    let (live, live_effects) = LiveVisits::channel();
    let numbers = phone::numbers(config.phone.as_ref())?;
    let desk = Desk::new(clinic.clone(), Arc::new(pass_key), live).with_phones(numbers.clone());
    if is_demo {
        demo::seed(&desk, sign_in.passwords())
            .await
            .context("cannot furnish the demo clinic")?;
    }
    Ok(Open {
        clinic,
        desk,
        sign_in,
        tickets,
        checker,
        key_id,
        live_effects,
        mailroom: mailroom::open(config)?.with_phones(numbers),
    })
}

/// What signs the audit chains of this installation.
fn signing_plan(config: &Config, db: Db) -> anyhow::Result<checkpoints::Plan> {
    Ok(checkpoints::Plan {
        db,
        folder: config.audit_dir(),
        key: keys::load_or_create(&config.data_dir, "audit", || Ok(CheckpointKey::generate()?))?,
        every: Duration::from_secs(config.audit.checkpoint_every_s),
    })
}

/// What signs printed documents.
fn document_seal(config: &Config, clinic: &Clinic) -> anyhow::Result<Seal> {
    let text = keys::load_or_create(&config.data_dir, "documents", || {
        Ok(Seal::generate(clinic.clock.now())?)
    })?;
    Ok(Seal::from_text(&text, site(&config.http))?)
}

/// Triage, with its engine loaded in the background before anybody asks, and the phrases of the assistant.
fn start_triage(config: &Config) -> anyhow::Result<Triage> {
    let model = crate::model::open(config.model.as_ref())?;
    let triage = Triage::reading_with(Some(config.evaluation_file()), model);
    let warming = triage.clone();
    drop(tokio::task::spawn_blocking(move || {
        clinical_app::assistant::warm();
        warming.warm()
    }));
    Ok(triage)
}

/// Where people open the pages. On one machine alone that is localhost, without being told.
fn site(http: &HttpConfig) -> Option<String> {
    let local = || {
        let is_local = http.plain_http && http.bind.ip().is_loopback();
        is_local.then(|| format!("http://localhost:{}", http.bind.port()))
    };
    http.public_url.clone().or_else(local)
}

/// Media and signaling, as one node of a cluster if it is one.
fn start_rooms(
    config: &Config,
    doors: &Doors,
    port: Arc<wiring::ClinicPort>,
    clinic: &Clinic,
    (checker, key_id): (PassChecker, String),
) -> anyhow::Result<(SfuHandle, Signaling)> {
    let (sfu, events) =
        sfu_net::start(doors.media_config(config)?).context("cannot start media")?;
    let cluster = config.cluster.as_ref();
    let cluster = cluster.map(|it| it.settings(key_id)).transpose()?;
    let clock = Arc::clone(&clinic.clock);
    let wall: WallClock = Arc::new(move || clock.now().0);
    let media = (sfu.clone(), events);
    let signaling = config.signaling.clone();
    let rooms = signaling_server::start_in_cluster(signaling, port, media, checker, wall, cluster);
    Ok((sfu, rooms))
}

/// What sends messages, answers those of people, and offers times that became free.
fn start_workers(
    desk: &Desk,
    mailroom: &Mailroom,
    stopped: &watch::Receiver<bool>,
) -> [JoinHandle<()>; 3] {
    let (desk, mailroom) = (desk.clone(), mailroom.clone());
    let clinic = desk.clinic().clone();
    let post = notify::run_until_stopped(clinic, mailroom.clone(), stopped.clone());
    let door = clinical_app::sms::answer_until_stopped(desk.clone(), mailroom, stopped.clone());
    let waiting = clinical_app::booking::offer_until_stopped(desk, stopped.clone());
    [
        tokio::spawn(post),
        tokio::spawn(door),
        tokio::spawn(waiting),
    ]
}

async fn serve(config: Config, is_demo: bool, manager: &Manager) -> anyhow::Result<()> {
    let metrics = telemetry::start_metrics()?;
    let Open {
        clinic,
        desk,
        sign_in,
        tickets,
        checker,
        key_id,
        live_effects,
        mailroom,
    } = open(&config, is_demo).await?;
    let db = clinic.db.clone();
    let signing = checkpoints::start(signing_plan(&config, db.clone())?);

    let (stop, stopped) = watch::channel(false);
    vitals::start(db.clone(), stopped.clone());
    let (recorders, recording) = Recorders::open(&config, &desk, &tickets, stopped.clone()).await?;
    let doors = Doors::open(&config).await?;
    let call_backs = CallBacks::new(desk.clone());
    let port = wiring::ClinicPort::new(desk.clone(), recorders.clone(), call_backs.clone());
    let (sfu, rooms) = start_rooms(&config, &doors, port, &clinic, (checker, key_id))?;
    let Signaling {
        router: signal_router,
        peers,
        handle: signaling,
        phones,
        media_events,
    } = rooms;
    let peers = serve_peers(&config, peers).await?;
    let effects = tokio::spawn(wiring::carry_live_effects(live_effects, signaling.clone()));
    recorders.meet(signaling.clone());
    let line = (desk.clone(), phones, signaling.clone());
    let telephones = Telephones::open(config.phone.clone(), line, &sfu, &call_backs).await?;

    let workers = start_workers(&desk, &mailroom, &stopped);
    let seal = document_seal(&config, &clinic)?;
    let laboratory = start_laboratory(&config, &clinic, stopped.clone()).await?;
    let api = clinical_http::router(ApiState {
        clinic,
        desk,
        sign_in,
        cookies: cookie_policy(&config),
        dispensary: Arc::new(Dispensary::new(Checker::shipped(), seal)),
        recordings: Some(recorders.archive().clone()),
        mailroom: Some(mailroom),
        triage: start_triage(&config)?,
    });
    let alive = || health::router(db.clone(), signaling.clone());
    let app = web_router(&config, api, signal_router).merge(alive());
    let (app, ops) = measured(&config, app, (metrics, alive()), stopped.clone()).await?;
    let address = doors.web.local_addr()?;
    let server = doors.serve(app, &config, &sfu, stopped)?;
    announce(address, is_demo);
    manager.ready(stop.subscribe());

    stop_signal().await?;
    manager.stopping();
    let deadline = overdue(config.cluster.is_some());
    give_notice(&config, &signaling).await;
    shut_down(&signaling, stop, server, ops).await;
    // A round of messages that was begun is ended; what takes longer is settled as unknown later.
    for task in workers.into_iter().chain([laboratory]) {
        drop(tokio::time::timeout(DRAIN_MAX, task).await);
    }
    if let Some(telephones) = telephones {
        telephones.stop();
    }
    sfu.shutdown();
    drop(sfu);
    drop(tokio::time::timeout(DRAIN_MAX, media_events).await);
    recording.end(&recorders, DRAIN_MAX).await;
    effects.abort();
    signing.stop().await;
    db.close().await;
    for task in peers.into_iter().chain(deadline) {
        task.abort();
    }
    tracing::info!("stopped");
    Ok(())
}

/// The door of the other nodes, on an address of its own. It stays open until the process ends: while
/// this node drains, the others still ask what it has.
async fn serve_peers(
    config: &Config,
    peers: Option<Router>,
) -> anyhow::Result<Option<JoinHandle<()>>> {
    let (Some(cluster), Some(router)) = (&config.cluster, peers) else {
        return Ok(None);
    };
    let listener = listen(cluster.bind).await?;
    tracing::info!(node = cluster.node, address = %listener.local_addr()?, "listening for other nodes");
    let router = router.into_make_service();
    Ok(Some(tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "the door of other nodes has failed");
        }
    })))
}

/// In a cluster, a node that is to stop says so first and goes on for a moment: the load balancer sends
/// nobody here any more, and the other nodes no rooms. Nobody in a room notices. A second signal is the
/// end of it.
async fn give_notice(config: &Config, signaling: &SignalingHandle) {
    let Some(cluster) = &config.cluster else {
        return;
    };
    signaling.drain().await;
    let notice = Duration::from_secs(u64::from(cluster.drain_notice_s));
    tokio::select! {
        () = tokio::time::sleep(notice) => {}
        _ = stop_signal() => {}
    }
}

/// Ends a process whose shutdown hangs.
fn overdue(in_cluster: bool) -> Option<JoinHandle<()>> {
    in_cluster.then(|| {
        tokio::spawn(async {
            tokio::time::sleep(STOP_MAX).await;
            tracing::error!("the shutdown takes too long; whatever still runs is given up");
            std::process::abort();
        })
    })
}

/// Metrics beside the pages for this machine alone, or on an address of their own.
async fn measured(
    config: &Config,
    app: Router,
    (metrics, health): (PrometheusHandle, Router),
    stopped: watch::Receiver<bool>,
) -> anyhow::Result<(Router, Option<JoinHandle<()>>)> {
    let Some(bind) = config.http.ops_bind else {
        return Ok((app.merge(health::local_metrics_router(metrics)), None));
    };
    let router = health::metrics_router(metrics).merge(health);
    Ok((app, Some(serve_ops(bind, router, stopped).await?)))
}

/// Metrics and health on an address of their own.
async fn serve_ops(
    bind: SocketAddr,
    router: Router,
    stopped: watch::Receiver<bool>,
) -> anyhow::Result<JoinHandle<()>> {
    let listener = listen(bind).await?;
    let run = listener::run(listener, router, Front::Direct, stopped);
    Ok(tokio::spawn(run))
}

/// The TCP ports, open before media starts, because clients are told of them.
struct Doors {
    web: TcpListener,
    media: Option<TcpListener>,
    certificate: Option<Arc<Certificate>>,
}

impl Doors {
    async fn open(config: &Config) -> anyhow::Result<Self> {
        let files = config.http.tls_files()?;
        let media = match config.sfu.tcp_port {
            Some(port) if config.sfu.tcp => {
                Some(listen(SocketAddr::new(config.sfu.bind, port)).await?)
            }
            _ => None,
        };
        Ok(Self {
            web: listen(config.http.bind).await?,
            media,
            certificate: files.map(Certificate::read).transpose()?,
        })
    }

    /// Media can come in by the web server's door if no proxy stands before it.
    const fn is_shared(config: &Config) -> bool {
        config.sfu.tcp && !config.http.behind_proxy
    }

    fn media_config(&self, config: &Config) -> anyhow::Result<SfuConfig> {
        let mut sfu = config.sfu.clone();
        sfu.turn_urls = config.turn_urls();
        if Self::is_shared(config) {
            sfu.tcp_doors.push(self.web.local_addr()?);
        }
        if let Some(media) = &self.media {
            sfu.tcp_doors.push(media.local_addr()?);
        }
        Ok(sfu)
    }

    fn serve(
        self,
        app: Router,
        config: &Config,
        sfu: &SfuHandle,
        mut stopped: watch::Receiver<bool>,
    ) -> anyhow::Result<JoinHandle<()>> {
        let inside = Inside {
            tls: self
                .certificate
                .as_ref()
                .map(Certificate::acceptor)
                .transpose()?,
            media: Self::is_shared(config).then(|| sfu.door().clone()),
        };
        let front = front(config);
        let web = listener::run_with(self.web, app, front, inside, stopped.clone());
        let (door, media, certificate) = (sfu.door().clone(), self.media, self.certificate);
        Ok(tokio::spawn(async move {
            let beside = async {
                let media = async {
                    match media {
                        Some(listener) => door.serve(listener).await,
                        None => core::future::pending().await,
                    }
                };
                let follow = async {
                    if let Some(certificate) = certificate
                        && let Err(error) = certificate.follow().await
                    {
                        tracing::warn!(%error, "the TLS certificate is not followed");
                    }
                };
                tokio::select! {
                    () = async { tokio::join!(media, follow); } => {}
                    // A dropped sender means stop as well.
                    _ = stopped.wait_for(|stop| *stop) => {}
                }
            };
            tokio::join!(web, beside);
        }))
    }
}

const fn cookie_policy(config: &Config) -> CookiePolicy {
    if config.http.plain_http {
        CookiePolicy::PlainHttp
    } else {
        CookiePolicy::Secure
    }
}

const fn front(config: &Config) -> Front {
    if config.http.behind_proxy {
        Front::Proxy
    } else {
        Front::Direct
    }
}

/// Pages, API and signaling on one address.
fn web_router(config: &Config, api: Router, signal: Router) -> Router {
    let api = api.layer(middleware::from_fn(in_time));
    Router::new()
        .merge(api)
        .merge(signal)
        .merge(assets::router(&config.web_dir))
        .layer(middleware::from_fn(request_log::measure))
        .layer(middleware::from_fn(assets::security_headers))
}

/// Gives a request up after [`API_PATIENCE`], with the problem that a client can read.
async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(API_PATIENCE, next.run(request)).await {
        Ok(response) => response,
        Err(_elapsed) => clinical_http::overdue(),
    }
}

/// Takes the results of the laboratory's machine, if there is one.
async fn start_laboratory(
    config: &Config,
    clinic: &Clinic,
    stopped: watch::Receiver<bool>,
) -> anyhow::Result<JoinHandle<()>> {
    let Some((bind, facility, name)) = config.lab.interface()? else {
        return Ok(tokio::spawn(async {}));
    };
    let lab = LabInterface::of(clinic, facility, name)
        .await
        .context("lab.facility is no facility of this installation")?;
    let listener = listen(bind).await?;
    tracing::info!(address = %listener.local_addr()?, "listening for a laboratory");
    let terms = (clinic.clone(), lab, config.lab.allow.clone());
    Ok(tokio::spawn(laboratory::run(listener, terms, stopped)))
}

async fn listen(bind: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(bind)
        .await
        .with_context(|| format!("cannot listen on {bind}: is another server running there?"))
}

async fn stop_signal() -> anyhow::Result<()> {
    let mut term = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Says goodbye to every page first, so that they come back to the next process at once.
async fn shut_down(
    signaling: &SignalingHandle,
    stop: watch::Sender<bool>,
    server: JoinHandle<()>,
    ops: Option<JoinHandle<()>>,
) {
    stop.send_replace(true);
    signaling.shutdown().await;
    let servers = async {
        drop(server.await);
        if let Some(ops) = ops {
            drop(ops.await);
        }
    };
    if tokio::time::timeout(DRAIN_MAX, servers).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
}

fn announce(address: SocketAddr, is_demo: bool) {
    tracing::info!(%address, "listening");
    if is_demo {
        announce_demo(address);
    }
}

fn announce_demo(address: SocketAddr) {
    say("");
    say(&format!("  The demo clinic is open:  http://{address}"));
    say("");
    for account in DEMO_ACCOUNTS {
        say(&format!(
            "    {:<15} {:<25} {}",
            account.role.as_str(),
            account.email,
            account.name
        ));
    }
    say(&format!("    password of all: {DEMO_PASSWORD}"));
    say("");
    say(
        "  Open it in two windows (one of them private), as patient and as doctor. Ctrl-C stops it.",
    );
    say("");
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_request_that_takes_too_long_is_answered_with_a_problem_and_when_to_come_back() {
        let app = Router::new()
            .route("/", get(core::future::pending::<()>))
            .layer(middleware::from_fn(in_time));
        let response = app.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(response.status().as_u16(), 503);
        let header = |name| response.headers().get(name).map(|it| it.to_str().unwrap());
        assert_eq!(header("content-type"), Some("application/problem+json"));
        assert_eq!(header("retry-after"), Some("2"));
    }
}
