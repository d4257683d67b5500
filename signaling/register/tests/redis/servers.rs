//! Redis servers, clusters of them and Sentinels, for one test each: on free ports, without files that stay.

use core::time::Duration;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use signaling_register::{Entry, Layout, RedisRegister, RegisterTerms};

/// What the servers ask for.
pub(crate) const PASSWORD: &str = "of-the-servers";
/// What the Sentinels ask for.
pub(crate) const SENTINEL_PASSWORD: &str = "sentinels";

/// How long a machine with other things to do may take for anything.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A folder that is removed with its value.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let name = format!("telehealth-redis-{:016x}", fastrand::u64(..));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.join(name)).unwrap()
    }

    /// An authority, and a certificate of this machine by it.
    pub(crate) fn make_certificates(&self) {
        let key = [
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
        ];
        let make = |name: &str, rest: &[&str]| {
            let (secret, certificate) = (format!("{name}.key"), format!("{name}.pem"));
            let mut openssl = Command::new("openssl");
            openssl
                .args([
                    "req",
                    "-x509",
                    "-days",
                    "2",
                    "-subj",
                    &format!("/CN={name}"),
                ])
                .args(key)
                .args(["-keyout", &secret, "-out", &certificate])
                .args(rest);
            run(openssl.current_dir(&self.0));
        };
        make("ca", &[]);
        let leaf = ["-CA", "ca.pem", "-CAkey", "ca.key"];
        let names = ["-addext", "subjectAltName=IP:127.0.0.1"];
        let end = ["-addext", "basicConstraints=critical,CA:FALSE"];
        make("server", &[leaf.as_slice(), &names, &end].concat());
    }

    /// How one gets in where certificates were made.
    pub(crate) fn entry(&self) -> Entry {
        Entry {
            password: Some(PASSWORD.to_owned()),
            authorities: Some(self.read("ca.pem")),
            identity: Some((self.read("server.pem"), self.read("server.key"))),
            ..Entry::default()
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn run(command: &mut Command) {
    let done = command
        .output()
        .expect("it is installed (scripts/setup test)");
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(
        done.status.success(),
        "{command:?}: {said} {}",
        String::from_utf8_lossy(&done.stdout)
    );
}

/// Ports that nobody has. Taken together, they differ.
fn free_ports(count: usize) -> Vec<u16> {
    let taken: Vec<_> = (0..count)
        .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
        .collect();
    let port = |it: &TcpListener| it.local_addr().unwrap().port();
    taken.iter().map(port).collect()
}

/// One process.
pub(crate) struct Server {
    process: Child,
    pub(crate) port: u16,
    settings: PathBuf,
    is_sentinel: bool,
}

impl Server {
    fn start(folder: &Folder, port: u16, is_sentinel: bool, lines: &[String]) -> Self {
        let settings = folder.0.join(format!("{port}.conf"));
        fs::write(&settings, lines.join("\n") + "\n").unwrap();
        Self {
            process: spawn(&settings, is_sentinel),
            port,
            settings,
            is_sentinel,
        }
    }

    /// Ends it as a power cut does.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// It hangs with all its connections, or goes on.
    pub(crate) fn hang(&self, hangs: bool) {
        let signal = if hangs { "-STOP" } else { "-CONT" };
        run(Command::new("kill").args([signal, &self.process.id().to_string()]));
    }

    /// Starts it again, empty.
    pub(crate) fn restart(&mut self) {
        self.process = spawn(&self.settings, self.is_sentinel);
    }
}

fn spawn(settings: &Path, is_sentinel: bool) -> Child {
    let mut command = Command::new("redis-server");
    command.arg(settings).stdout(Stdio::null());
    if is_sentinel {
        command.arg("--sentinel");
    }
    let started = command.spawn();
    started.expect("redis-server is installed (scripts/setup test)")
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn common(folder: &Folder) -> Vec<String> {
    vec![
        "bind 127.0.0.1".to_owned(),
        format!("dir {}", folder.0.display()),
    ]
}

fn volatile() -> Vec<String> {
    let lines = ["save \"\"", "appendonly no", "repl-diskless-sync-delay 0"];
    lines.map(str::to_owned).to_vec()
}

fn port_line(port: u16) -> Vec<String> {
    vec![format!("port {port}")]
}

fn by_tls(folder: &Folder, port: u16) -> Vec<String> {
    vec![
        "port 0".to_owned(),
        format!("tls-port {port}"),
        format!("tls-ca-cert-file {}", folder.file("ca.pem")),
        format!("tls-cert-file {}", folder.file("server.pem")),
        format!("tls-key-file {}", folder.file("server.key")),
        "tls-replication yes".to_owned(),
    ]
}

fn with_password() -> Vec<String> {
    vec![
        format!("requirepass \"{PASSWORD}\""),
        format!("masterauth \"{PASSWORD}\""),
    ]
}

/// One server in clear.
pub(crate) fn plain(folder: &Folder) -> Server {
    let port = free_ports(1)[0];
    let lines = [common(folder), volatile(), port_line(port)].concat();
    Server::start(folder, port, false, &lines)
}

/// One server that takes TLS alone, with a certificate of its clients, and a password.
pub(crate) fn guarded(folder: &Folder) -> Server {
    let port = free_ports(1)[0];
    let lines = [
        common(folder),
        volatile(),
        by_tls(folder, port),
        with_password(),
    ];
    Server::start(folder, port, false, &lines.concat())
}

/// Three masters with a replica each, by TLS with a password.
pub(crate) fn cluster(folder: &Folder) -> Vec<Server> {
    cluster_of(folder, 1)
}

/// Three masters with so many replicas each. Without any, they go on when one of them is lost.
pub(crate) fn cluster_of(folder: &Folder, replicas: usize) -> Vec<Server> {
    let count = 3 * (replicas + 1);
    let ports = free_ports(2 * count);
    let (ports, buses) = ports.split_at(count);
    let is_whole = if replicas == 0 { "no" } else { "yes" };
    let servers = ports.iter().zip(buses).map(|(port, bus)| {
        let own = [
            "cluster-enabled yes".to_owned(),
            "tls-cluster yes".to_owned(),
            format!("cluster-port {bus}"),
            format!("cluster-config-file {port}.nodes"),
            "cluster-node-timeout 2000".to_owned(),
            "cluster-replica-validity-factor 0".to_owned(),
            format!("cluster-require-full-coverage {is_whole}"),
        ];
        let lines = [
            common(folder),
            volatile(),
            by_tls(folder, *port),
            with_password(),
            own.to_vec(),
        ];
        Server::start(folder, *port, false, &lines.concat())
    });
    let servers: Vec<_> = servers.collect();
    for port in ports {
        wait_for(folder, *port);
    }
    let mut create = client(folder);
    create.args(["--cluster", "create"]);
    create.args(ports.iter().map(|port| format!("127.0.0.1:{port}")));
    create.args(["--cluster-replicas", &replicas.to_string()]);
    create.arg("--cluster-yes");
    run(&mut create);
    servers
}

/// A server with two replicas under three Sentinels, everything by TLS with passwords.
pub(crate) fn watched(folder: &Folder) -> (Vec<Server>, Vec<Server>) {
    let ports = free_ports(6);
    let (ports, sentinels) = ports.split_at(3);
    let first = ports[0];
    let servers = ports.iter().map(|port| {
        let mut lines = [
            common(folder),
            volatile(),
            by_tls(folder, *port),
            with_password(),
        ]
        .concat();
        if *port != first {
            lines.push(format!("replicaof 127.0.0.1 {first}"));
        }
        Server::start(folder, *port, false, &lines)
    });
    let servers = servers.collect();
    for port in ports {
        wait_for(folder, *port);
    }
    let sentinels = sentinels.iter().map(|port| {
        let own = [
            format!("requirepass \"{SENTINEL_PASSWORD}\""),
            format!("sentinel monitor clinic 127.0.0.1 {first} 2"),
            format!("sentinel auth-pass clinic \"{PASSWORD}\""),
            "sentinel down-after-milliseconds clinic 2000".to_owned(),
            "sentinel failover-timeout clinic 6000".to_owned(),
            format!("sentinel sentinel-pass \"{SENTINEL_PASSWORD}\""),
        ];
        let lines = [common(folder), by_tls(folder, *port), own.to_vec()];
        Server::start(folder, *port, true, &lines.concat())
    });
    (servers, sentinels.collect())
}

/// Two servers that take writes, and Sentinels of one name that do not know of each other: as many as said
/// watch the second one since a failover, and one still watches the first.
pub(crate) fn parted(folder: &Folder, newer: usize) -> ([Server; 2], Vec<Server>) {
    let masters = [plain(folder), plain(folder)];
    let sentinels = free_ports(newer + 1)
        .into_iter()
        .enumerate()
        .map(|(at, port)| {
            let (watched, epoch) = if at == 0 {
                (&masters[0], 1)
            } else {
                (&masters[1], 2)
            };
            let own = [
                format!("sentinel monitor clinic 127.0.0.1 {} 4", watched.port),
                format!("sentinel config-epoch clinic {epoch}"),
            ];
            let lines = [common(folder), port_line(port), own.to_vec()];
            Server::start(folder, port, true, &lines.concat())
        });
    let sentinels = sentinels.collect();
    (masters, sentinels)
}

/// `redis-cli` by TLS with the password of the servers.
pub(crate) fn client(folder: &Folder) -> Command {
    let mut command = Command::new("redis-cli");
    command
        .args(["--no-auth-warning", "--tls"])
        .args(["--cacert", &folder.file("ca.pem")])
        .args(["--cert", &folder.file("server.pem")])
        .args(["--key", &folder.file("server.key")])
        .env("REDISCLI_AUTH", PASSWORD);
    command
}

/// What a server answers to a command.
pub(crate) fn said(folder: &Folder, port: u16, words: &[&str]) -> String {
    let mut command = client(folder);
    command.args(["-h", "127.0.0.1", "-p", &port.to_string()]);
    let done = command.args(words).output();
    let done = done.expect("redis-cli is installed (scripts/setup test)");
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}

fn wait_for(folder: &Folder, port: u16) {
    let begin = std::time::Instant::now();
    while said(folder, port, &["ping"]) != "PONG" {
        assert!(begin.elapsed() < PATIENCE, "a server starts");
    }
}

/// A register with leases that outlive a test, once it answers.
pub(crate) async fn register(urls: &[String], layout: Layout, entry: &Entry) -> RedisRegister {
    let terms = RegisterTerms {
        lease: Duration::from_hours(1),
        ..RegisterTerms::default()
    };
    let register = RedisRegister::new(urls, layout, entry, terms).unwrap();
    let mut last = None;
    let mut pace = tokio::time::interval(Duration::from_millis(50));
    let answers = async {
        loop {
            match register.ping().await {
                Ok(()) => break,
                Err(error) => last = Some(error),
            }
            pace.tick().await;
        }
    };
    let answered = tokio::time::timeout(PATIENCE, answers).await;
    assert!(answered.is_ok(), "the register answers: {last:?}");
    register
}

/// Waits until something holds, and leaves the processor to those who are to bring it about.
pub(crate) async fn until_good(mut holds: impl AsyncFnMut() -> bool) {
    let mut pace = tokio::time::interval(Duration::from_millis(50));
    let all = async {
        while !holds().await {
            pace.tick().await;
        }
    };
    let held = tokio::time::timeout(PATIENCE, all).await;
    held.expect("it holds in the end");
}
