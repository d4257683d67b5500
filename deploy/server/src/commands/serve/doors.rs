//! The TCP ports of this process, and what stands behind them.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use axum::{Router, middleware};
use metrics_exporter_prometheus::PrometheusHandle;
use sfu_net::{SfuConfig, SfuHandle};
use signaling_server::PeerDoor;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::{API_PATIENCE, STORE_PATIENCE};
use crate::config::Config;
use crate::listener::{self, Front, Inside};
use crate::roles::{Role, Roles};
use crate::status::Tally;
use crate::tls::Certificate;
use crate::{assets, health, request_log};

/// The TCP ports, open before media starts, because clients are told of them.
pub(super) struct Doors {
    /// Of pages, API and signaling; none where nobody comes.
    web: Option<TcpListener>,
    media: Option<TcpListener>,
    certificate: Option<Arc<Certificate>>,
}

impl Doors {
    pub(super) async fn open(config: &Config, roles: &Roles) -> anyhow::Result<Self> {
        let files = config.http.tls_files()?;
        let media = match config.sfu.tcp_port {
            Some(port) if config.sfu.tcp && roles.has(Role::Sfu) => {
                Some(listen(SocketAddr::new(config.sfu.bind, port)).await?)
            }
            _ => None,
        };
        Ok(Self {
            web: if roles.meets_people() {
                Some(listen(config.http.bind).await?)
            } else {
                None
            },
            media,
            certificate: files.map(Certificate::read).transpose()?,
        })
    }

    /// Where browsers come in, if they do.
    pub(super) fn address(&self) -> anyhow::Result<Option<SocketAddr>> {
        Ok(self.web.as_ref().map(TcpListener::local_addr).transpose()?)
    }

    /// Media can come in by the web server's door if no proxy stands before it.
    const fn is_shared(config: &Config) -> bool {
        config.sfu.tcp && !config.http.behind_proxy
    }

    pub(super) fn media_config(&self, config: &Config) -> anyhow::Result<SfuConfig> {
        let mut sfu = config.sfu.clone();
        sfu.turn_urls = config.turn_urls();
        let cluster = config.cluster.as_ref();
        sfu.inner = cluster
            .and_then(|it| it.inner(&config.sfu))
            .into_iter()
            .collect();
        if let Some(web) = self.web.as_ref().filter(|_| Self::is_shared(config)) {
            sfu.tcp_doors.push(web.local_addr()?);
        }
        if let Some(media) = &self.media {
            sfu.tcp_doors.push(media.local_addr()?);
        }
        Ok(sfu)
    }

    pub(super) fn serve(
        self,
        app: Router,
        config: &Config,
        sfu: Option<&SfuHandle>,
        mut stopped: watch::Receiver<bool>,
    ) -> anyhow::Result<JoinHandle<()>> {
        let shared = sfu.filter(|_| Self::is_shared(config));
        let inside = Inside {
            tls: self
                .certificate
                .as_ref()
                .map(Certificate::acceptor)
                .transpose()?,
            media: shared.map(|sfu| sfu.door().clone()),
        };
        let front = front(config);
        let mut over = stopped.clone();
        let web = self.web;
        let web = async move {
            match web {
                Some(web) => listener::run_with(web, app, front, inside, over).await,
                // A dropped sender means stop as well.
                None => drop(over.wait_for(|stop| *stop).await),
            }
        };
        let media = self.media.zip(sfu.map(|sfu| sfu.door().clone()));
        let certificate = self.certificate;
        Ok(tokio::spawn(async move {
            let beside = async {
                let media = async {
                    match media {
                        Some((listener, door)) => door.serve(listener).await,
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

const fn front(config: &Config) -> Front {
    if config.http.behind_proxy {
        Front::Proxy
    } else {
        Front::Direct
    }
}

/// Pages, API and signaling on one address, as far as this node has them.
pub(super) fn web_router(
    config: &Config,
    (api, signal): (Option<Router>, Router),
    pages: bool,
    tally: Arc<Tally>,
) -> Router {
    let mut app = Router::new().merge(signal);
    if let Some(api) = api {
        app = app.merge(api.layer(middleware::from_fn(in_time)));
    }
    if pages {
        app = app.merge(assets::router(&config.web_dir));
    }
    let watch = (config.telemetry.sampling(), tally);
    app.layer(middleware::from_fn_with_state(watch, request_log::measure))
        .layer(middleware::from_fn_with_state(
            assets::policy(config),
            assets::security_headers,
        ))
}

/// Gives a request up after [`API_PATIENCE`], or when the database is late, with the problem that a client can read.
pub(super) async fn in_time(request: Request, next: Next) -> Response {
    let answer = clinical_app::patiently(STORE_PATIENCE, next.run(request));
    match tokio::time::timeout(API_PATIENCE, answer).await {
        Ok(response) => response,
        Err(_elapsed) => {
            let mut late = clinical_http::overdue();
            late.extensions_mut().insert(request_log::Overdue);
            late
        }
    }
}

/// The door of the other nodes, on an address of its own. It stays open until the process ends: while
/// this node drains, the others still ask what it has.
pub(super) async fn serve_peers(
    config: &Config,
    peers: Option<PeerDoor>,
) -> anyhow::Result<Option<JoinHandle<()>>> {
    let (Some(cluster), Some(door)) = (&config.cluster, peers) else {
        return Ok(None);
    };
    let listener = listen(cluster.bind).await?;
    tracing::info!(node = cluster.node, address = %listener.local_addr()?, "listening for other nodes");
    let traced = middleware::from_fn_with_state(config.telemetry.sampling(), request_log::trace);
    let door = door.behind(|router| router.layer(traced));
    Ok(Some(tokio::spawn(door.serve(listener))))
}

/// Metrics beside the pages for this machine alone, or on an address of their own.
pub(super) async fn measured(
    config: &Config,
    app: Router,
    (metrics, health): (PrometheusHandle, Router),
    stopped: watch::Receiver<bool>,
) -> anyhow::Result<(Router, Option<JoinHandle<()>>)> {
    let Some(bind) = config.http.ops_bind else {
        return Ok((app.merge(health::local_metrics_router(metrics)), None));
    };
    let router = health::metrics_router(metrics).merge(health);
    let listener = listen(bind).await?;
    let run = listener::run(listener, router, Front::Direct, stopped);
    Ok((app, Some(tokio::spawn(run))))
}

pub(super) async fn listen(bind: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(bind)
        .await
        .with_context(|| format!("cannot listen on {bind}: is another server running there?"))
}
