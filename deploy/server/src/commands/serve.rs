//! `telehealth serve`

mod doors;
mod open;
mod parts;
mod stop;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clinical_app::demo::{DEMO_ACCOUNTS, DEMO_PASSWORD};
use tokio::sync::watch;

use self::doors::{Doors, measured, serve_peers, web_router};
use self::open::open;
use self::parts::{Rooms, Work};
use self::stop::{hand_over, overdue, shut_down, stop_signal};
use super::say;
use crate::config::Config;
use crate::roles::{Role, Roles};
use crate::service::Manager;
use crate::status::{Sources, Status};
use crate::traces::{self, Outbound};
use crate::{health, nodes, telemetry, vitals, wiring};

/// How long one request of the API may take; what takes longer is given up.
const API_PATIENCE: Duration = Duration::from_secs(10);

/// How much of it may be waiting for PostgreSQL. Pages promise an answer within three seconds, which is
/// then that the database is late.
const STORE_PATIENCE: Duration = Duration::from_millis(2_300);

/// How long open requests may go on after the order to stop.
const DRAIN_MAX: Duration = Duration::from_secs(5);

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
    let roles = config.roles();
    let findings = roles.contradictions(&config);
    anyhow::ensure!(findings.is_empty(), "{}", findings.join("\n"));
    // A page from this machine reaches the media server most surely over this machine.
    config.sfu.loopback |= config.http.bind.ip().is_loopback();
    let node = config.cluster.as_ref().map(|it| it.node.clone());
    let (spans, outbound) = config.telemetry.open(node)?.unzip();
    telemetry::start_logs(&config.log, spans)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the async runtime")?;
    runtime.block_on(serve(config, (&roles, is_demo), manager, outbound))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(
    config: Config,
    (roles, is_demo): (&Roles, bool),
    manager: &Manager,
    outbound: Option<Outbound>,
) -> anyhow::Result<()> {
    let metrics = telemetry::start_metrics()?;
    let traces = outbound.map(Outbound::start).transpose()?;
    let (open, live_effects) = open(&config, is_demo).await?;
    let db = open.clinic.db.clone();
    let (stop, stopped) = watch::channel(false);
    let store = vitals::start(db.clone(), stopped.clone());
    let mut work = Work::start(&config, roles, &open, &stopped).await?;
    let doors = Doors::open(&config, roles).await?;
    let mut rooms = Rooms::start(&config, roles, &open, &doors, stopped.clone()).await?;
    let signaling = rooms.signaling.clone();
    let peers = serve_peers(&config, rooms.peers.take()).await?;
    let effects = tokio::spawn(wiring::carry_live_effects(live_effects, signaling.clone()));
    let machines = nodes::machines(
        signaling.clone(),
        config.cluster.is_some(),
        open.clinic.clock.now().0,
    );
    open.desk.oversee(machines);

    let api = rooms.api(&config, roles, &open)?;
    let alive = || health::router(db.clone(), signaling.clone());
    let sources = Sources {
        store,
        signaling: signaling.clone(),
        line: rooms.line(),
    };
    let status = Status::start(sources, stopped.clone());
    let tally = status.tally();
    let signal = std::mem::take(&mut rooms.router).merge(status.router());
    let app = web_router(&config, (api, signal), roles.has(Role::Web), tally).merge(alive());
    let (app, ops) = measured(&config, app, (metrics, alive()), stopped.clone()).await?;
    let address = doors.address()?;
    let server = doors.serve(app, &config, rooms.sfu.as_ref(), stopped)?;
    announce(address, roles, is_demo);
    manager.ready(stop.subscribe());

    stop_signal().await?;
    manager.stopping();
    let deadline = overdue(config.cluster.is_some());
    hand_over(&config, &signaling).await;
    shut_down(&signaling, stop, server, ops).await;
    work.end().await;
    rooms.end().await;
    effects.abort();
    work.sign_off().await;
    db.close().await;
    traces::finish(traces).await;
    for task in peers.into_iter().chain(deadline) {
        task.abort();
    }
    tracing::info!("stopped");
    Ok(())
}

fn announce(address: Option<SocketAddr>, roles: &Roles, is_demo: bool) {
    let roles = roles.names();
    match address {
        Some(address) => {
            tracing::info!(%address, roles, "listening");
            if is_demo {
                announce_demo(address);
            }
        }
        None => tracing::info!(roles, "running; nobody is served here"),
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
    use axum::extract::Request;
    use axum::routing::get;
    use axum::{Router, middleware};
    use tower::ServiceExt as _;

    use super::doors::in_time;

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
