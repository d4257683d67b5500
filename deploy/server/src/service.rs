//! What the service manager is told: ready, alive, stopping (`sd_notify(3)`). Without one, nothing.

use std::ffi::OsString;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use clap::Args;
use tokio::sync::watch;

/// How to reach the service manager, from the environment that systemd sets.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Manager {
    /// The socket of the service manager.
    #[arg(long, env = "NOTIFY_SOCKET", hide = true)]
    notify_socket: Option<OsString>,
    /// Within how many microseconds the service manager wants a sign of life.
    #[arg(long, env = "WATCHDOG_USEC", hide = true)]
    watchdog_usec: Option<u64>,
}

impl Manager {
    /// The server can serve. From now on the manager hears of it twice in each patience of its
    /// watchdog, from the runtime that also answers people: when that hangs, so does this.
    pub(crate) fn ready(&self, stopped: watch::Receiver<bool>) {
        self.tell("READY=1");
        if let Some(usec) = self.watchdog_usec.filter(|usec| *usec > 0) {
            let every = Duration::from_micros(usec / 2).max(Duration::from_millis(100));
            // Ends with the order to stop.
            tokio::spawn(self.clone().keep_alive(every, stopped));
        }
    }

    /// The server was told to stop, and is about to: the log says so, too.
    pub(crate) fn stopping(&self) {
        tracing::info!("stopping");
        self.tell("STOPPING=1");
    }

    async fn keep_alive(self, every: Duration, mut stopped: watch::Receiver<bool>) {
        let mut tick = tokio::time::interval(every);
        loop {
            tokio::select! {
                _ = tick.tick() => self.tell("WATCHDOG=1"),
                // A dropped sender means stop as well.
                _ = stopped.wait_for(|stop| *stop) => return,
            }
        }
    }

    fn tell(&self, state: &str) {
        let Some(name) = &self.notify_socket else {
            return;
        };
        let told = address(name).and_then(|address| {
            let socket = UnixDatagram::unbound()?;
            // A manager that does not read must not hold the server up.
            socket.set_nonblocking(true)?;
            socket.send_to_addr(state.as_bytes(), &address)
        });
        if let Err(error) = told {
            tracing::warn!(%error, state, "the service manager was not told");
        }
    }
}

/// A path, or a name without a file, which is written with `@`.
fn address(name: &OsString) -> std::io::Result<SocketAddr> {
    match name.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name),
        _ => SocketAddr::from_pathname(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything that a manager hears from a server with a watchdog of 200 ms until it stops.
    #[tokio::test]
    async fn a_manager_hears_that_the_server_is_ready_alive_and_stopping() {
        let name = format!("@telehealth-manager-{}", std::process::id());
        let ear = UnixDatagram::bind_addr(&address(&name.clone().into()).unwrap()).unwrap();
        let ear = tokio::net::UnixDatagram::from_std({
            ear.set_nonblocking(true).unwrap();
            ear
        })
        .unwrap();
        let manager = Manager {
            notify_socket: Some(name.into()),
            watchdog_usec: Some(200_000),
        };
        let (stop, stopped) = watch::channel(false);
        manager.ready(stopped);
        let mut heard = Vec::new();
        for _ in 0..3 {
            let mut buffer = [0; 32];
            let length = ear.recv(&mut buffer).await.unwrap();
            heard.push(String::from_utf8(buffer[..length].to_vec()).unwrap());
        }
        assert_eq!(heard, ["READY=1", "WATCHDOG=1", "WATCHDOG=1"]);
        manager.stopping();
        stop.send_replace(true);
        loop {
            let mut buffer = [0; 32];
            let length = ear.recv(&mut buffer).await.unwrap();
            if &buffer[..length] == b"STOPPING=1" {
                break;
            }
        }
    }

    #[test]
    fn without_a_manager_nobody_is_told() {
        Manager::default().stopping();
    }
}
