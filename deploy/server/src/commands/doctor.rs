//! `telehealth doctor`: looks at the installation and says what to do.

use std::fs;
use std::io::Write as _;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::path::Path;
use std::process::ExitCode;

use super::{config_check, say};
use clinical_app::{MasterKeys, Vault};

use crate::config::Config;
use crate::keys::is_private;

/// What one look found.
enum Finding {
    /// As it should be.
    Good(String),
    /// Works, with a drawback.
    Note(String),
    /// Will not work, and what to do.
    Wrong(String),
}

/// Looks at everything and prints one line each; fails when something will not work.
pub(crate) fn run(config: &Config) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut findings: Vec<Finding> = config_check::contradictions(config)
        .into_iter()
        .map(Finding::Wrong)
        .collect();
    findings.push(data_dir(&config.data_dir));
    findings.push(keys(&config.data_dir));
    findings.push(web_dir(&config.web_dir));
    findings.push(runtime.block_on(store(config)));
    findings.extend(runtime.block_on(replicas(config)));
    findings.extend(runtime.block_on(objects(config)));
    findings.extend(runtime.block_on(cluster(config)));
    findings.push(tcp(config.http.bind));
    findings.extend(media(config));
    findings.push(captions(config));
    findings.push(open_files());
    let mut broken = false;
    for finding in findings {
        match finding {
            Finding::Good(text) => say(&format!("good   {text}")),
            Finding::Note(text) => say(&format!("note   {text}")),
            Finding::Wrong(text) => {
                broken = true;
                say(&format!("WRONG  {text}"));
            }
        }
    }
    Ok(if broken {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

fn data_dir(dir: &Path) -> Finding {
    let probe = dir.join(".doctor");
    let written = fs::create_dir_all(dir)
        .and_then(|()| fs::File::create(&probe))
        .and_then(|mut file| file.write_all(b"probe").and_then(|()| file.sync_all()))
        .and_then(|()| fs::remove_file(&probe));
    match written {
        Ok(()) => Finding::Good(format!("{} can be written", dir.display())),
        Err(error) => Finding::Wrong(format!(
            "{} can not be written ({error}): make it, or give it to the user who runs the server, \
             or name another one with --data-dir",
            dir.display()
        )),
    }
}

fn keys(dir: &Path) -> Finding {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let folder = dir.join("keys");
    let Ok(entries) = fs::read_dir(&folder) else {
        return Finding::Note("no signing keys yet: the first start makes them".to_owned());
    };
    let open = entries.filter_map(Result::ok).find(|entry| {
        // Not of the entry itself: Kubernetes puts links here.
        fs::metadata(entry.path())
            .is_ok_and(|data| data.is_file() && !is_private(data.permissions().mode(), data.uid()))
    });
    match open {
        None => Finding::Good("signing keys are readable by their owner only".to_owned()),
        Some(entry) => Finding::Wrong(format!(
            "{} can be read by others: run `chmod 600` on it",
            entry.path().display()
        )),
    }
}

fn web_dir(dir: &Path) -> Finding {
    if dir.join("index.html").is_file() {
        Finding::Good(format!("pages are in {}", dir.display()))
    } else {
        Finding::Wrong(format!(
            "{} has no index.html: run `make build`, or name the bundle with --web-dir",
            dir.display()
        ))
    }
}

async fn store(config: &Config) -> Finding {
    let url = match config.store_url() {
        Ok(url) => url,
        Err(error) => return Finding::Wrong(format!("{error:#}")),
    };
    let kind = if url.starts_with("postgres") {
        "PostgreSQL"
    } else {
        "SQLite"
    };
    // Made by `serve`, not by looking: a doctor changes nothing. Any key will do to ask for an answer.
    let vault = match MasterKeys::generate() {
        Ok(keys) => std::sync::Arc::new(Vault::new(keys)),
        Err(error) => return Finding::Wrong(error.to_string()),
    };
    match clinical_app::Db::connect(&url, vault).await {
        Ok(db) => match db.ping().await {
            Ok(()) => Finding::Good(format!("the {kind} store answers")),
            Err(error) => Finding::Wrong(format!("the {kind} store does not answer: {error}")),
        },
        Err(error) => Finding::Wrong(format!(
            "the {kind} store can not be opened ({error}): check store.url and that it runs"
        )),
    }
}

/// The replicas of the store, if there are some.
async fn replicas(config: &Config) -> Vec<Finding> {
    // What is wrong with the settings themselves was said before.
    let settings = config.store.replicas().ok().flatten();
    let urls = settings.map_or_else(Vec::new, |it| it.urls);
    let mut findings = Vec::new();
    for (number, url) in (1..).zip(urls) {
        let Ok(keys) = MasterKeys::generate() else {
            continue;
        };
        let vault = std::sync::Arc::new(Vault::new(keys));
        let opened = clinical_app::Db::connect(&url, vault).await;
        findings.push(match opened {
            Ok(_) => Finding::Good(format!("replica {number} of the store answers")),
            Err(error) => {
                let error = anyhow::Error::new(error);
                Finding::Note(format!(
                    "replica {number} of the store does not answer ({error:#}): figures are read from \
                     the database until it does"
                ))
            }
        });
    }
    findings
}

/// The object store of recordings, if there is one.
async fn objects(config: &Config) -> Option<Finding> {
    let settings = config.recordings.objects.as_ref()?;
    let store = match recordings_objects::Objects::new(settings) {
        Ok(store) => store,
        Err(error) => {
            let error = anyhow::Error::new(error);
            return Some(Finding::Wrong(format!("recordings.objects: {error:#}")));
        }
    };
    Some(match store.ping().await {
        Ok(()) => Finding::Good("the object store of recordings answers".to_owned()),
        Err(error) => {
            let error = anyhow::Error::new(error);
            Finding::Wrong(format!(
                "the object store of recordings does not answer ({error:#}): check bucket, endpoint \
                 and keys in recordings.objects; until it does, recordings stay on this disk"
            ))
        }
    })
}

/// Whether visits can have captions.
fn captions(config: &Config) -> Finding {
    match config.captions.missing() {
        None => Finding::Good("the recogniser of captions and its model are there".to_owned()),
        Some(missing) => Finding::Note(missing),
    }
}

/// The register of a cluster, if this is a node of one.
async fn cluster(config: &Config) -> Option<Finding> {
    // What is wrong with the settings themselves was said before.
    let register = config.cluster.as_ref()?.register().ok()?;
    Some(match register.ping().await {
        Ok(()) => Finding::Good("Redis answers and takes writes".to_owned()),
        Err(error) => {
            let error = anyhow::Error::new(error);
            Finding::Wrong(format!(
                "Redis does not answer ({error:#}): check cluster.redis_urls, the kind in \
                 cluster.redis and that it runs. Visits \
                 that run go on without it; this node takes no new ones before it has met it once"
            ))
        }
    })
}

fn tcp(bind: SocketAddr) -> Finding {
    match TcpListener::bind(bind) {
        Ok(_) => Finding::Good(format!("{bind} is free for pages and signaling")),
        Err(error) => Finding::Note(format!(
            "{bind} is taken ({error}): fine if this server runs already, otherwise use --bind"
        )),
    }
}

fn media(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    let port = config.sfu.udp_port;
    match UdpSocket::bind((config.sfu.bind, port)) {
        Ok(_) => findings.push(Finding::Good(format!("UDP port {port} is free for media"))),
        Err(error) => findings.push(Finding::Note(format!(
            "UDP port {port} is taken ({error}): fine if this server runs already, otherwise set \
             sfu.udp_port"
        ))),
    }
    let addresses = &config.sfu.advertise;
    let public = addresses.iter().any(|ip| match ip {
        IpAddr::V4(ip) => !ip.is_private() && !ip.is_loopback(),
        IpAddr::V6(_) => true,
    });
    if !config.http.bind.ip().is_loopback() && !public {
        findings.push(Finding::Note(
            "no public address in sfu.advertise: people outside this network get no picture and \
             no sound; set it to the address they reach this machine by, and open the UDP ports"
                .to_owned(),
        ));
    }
    findings
}

/// Each person holds one socket; the default limit of many systems is 1024 files.
fn open_files() -> Finding {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let limit = limits
        .lines()
        .find(|line| line.starts_with("Max open files"))
        .and_then(|line| line.split_whitespace().nth(3))
        .and_then(|word| word.parse::<u64>().ok());
    match limit {
        Some(limit) if limit < 4096 => Finding::Note(format!(
            "only {limit} open files allowed: enough for about {} people; raise it with `ulimit -n`",
            limit / 2
        )),
        Some(limit) => Finding::Good(format!("{limit} open files allowed")),
        None => Finding::Note("the limit of open files is not known here".to_owned()),
    }
}
