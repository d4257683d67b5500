//! `telehealth probe`: asks the running server whether it can serve, for images without a shell.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;

use super::say;
use crate::config::Config;

/// How long the server may take for each step. It gives its store 2 s.
const PATIENCE: Duration = Duration::from_secs(4);

/// As much as a status line needs.
const STATUS_BYTES_MAX: u64 = 64;

/// Succeeds when the server of this configuration answers `/readyz`, or `/livez`, with 200.
pub(crate) fn run(config: &Config, live: bool) -> anyhow::Result<ExitCode> {
    let path = if live { "/livez" } else { "/readyz" };
    let address = reachable(match config.http.ops_bind {
        Some(bind) => bind,
        None => {
            anyhow::ensure!(
                config.http.tls_cert_file.is_none(),
                "set http.ops_bind: the probe speaks no TLS"
            );
            config.http.bind
        }
    });
    let status = ask(address, path).with_context(|| format!("http://{address}{path}"))?;
    say(&format!("{path} {status}"));
    Ok(if status == 200 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// From this machine, a server that listens everywhere is at the loopback address.
fn reachable(bind: SocketAddr) -> SocketAddr {
    let ip = match bind.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, bind.port())
}

fn ask(address: SocketAddr, path: &str) -> anyhow::Result<u16> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).context("nobody listens")?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream
        .take(STATUS_BYTES_MAX)
        .read_to_end(&mut answer)
        .context("the server does not answer")?;
    status_of(&answer).context("the answer is no HTTP")
}

/// The status of an answer that begins with `HTTP/1.1 200 OK` (RFC 9112, section 4).
fn status_of(answer: &[u8]) -> Option<u16> {
    let line = std::str::from_utf8(answer.split(|byte| *byte == b'\r').next()?).ok()?;
    let mut words = line.split(' ');
    words
        .next()
        .filter(|version| version.starts_with("HTTP/1."))?;
    words.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn the_status_is_read_from_the_first_line_only() {
        assert_eq!(status_of(b"HTTP/1.1 200 OK\r\na: b"), Some(200));
        assert_eq!(status_of(b"HTTP/1.1 503 Service Unavailable"), Some(503));
        assert_eq!(status_of(b"SSH-2.0 200\r\n"), None);
        assert_eq!(status_of(b""), None);
    }

    #[test]
    fn a_server_that_listens_everywhere_is_asked_at_home() {
        let at = |text: &str| reachable(text.parse().unwrap()).to_string();
        assert_eq!(at("0.0.0.0:9090"), "127.0.0.1:9090");
        assert_eq!(at("[::]:9090"), "[::1]:9090");
        assert_eq!(at("192.0.2.7:80"), "192.0.2.7:80");
    }

    #[test]
    fn the_answer_decides() {
        for (answer, expected) in [
            ("HTTP/1.1 200 OK\r\n\r\nready\n", Some(200)),
            ("HTTP/1.1 503 Service Unavailable\r\n\r\n", Some(503)),
            ("nonsense", None),
        ] {
            let server = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = server.local_addr().unwrap();
            let served = std::thread::spawn(move || {
                let (mut stream, _) = server.accept().unwrap();
                let mut request = [0; 1024];
                let length = stream.read(&mut request).unwrap();
                stream.write_all(answer.as_bytes()).unwrap();
                request[..length].to_vec()
            });
            assert_eq!(ask(address, "/readyz").ok(), expected);
            assert!(
                served
                    .join()
                    .unwrap()
                    .starts_with(b"GET /readyz HTTP/1.1\r\n")
            );
        }
    }

    #[test]
    fn where_nobody_listens_it_fails() {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        assert!(ask(port, "/livez").is_err());
    }
}
