//! A TCP port for media alone.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::{Door, Ends, Opening, Prefixed};

/// A connection that has not told by then what it is is hung up on.
const LOOK_MAX: Duration = Duration::from_secs(5);
/// Connections that may be about to tell. Further ones are closed; whoever means it comes again.
const LOOKS_MAX: usize = 512;
/// After a failed accept (usually too many open files) the next try waits for others to close.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

impl Door {
    /// Accepts connections that begin with media and closes all others. It never ends; drop it to
    /// stop.
    pub async fn serve(&self, listener: TcpListener) {
        let looks = Arc::new(Semaphore::new(LOOKS_MAX));
        loop {
            let (stream, remote) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a media connection was not accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            let Ok(look) = Arc::clone(&looks).try_acquire_owned() else {
                continue;
            };
            let door = self.clone();
            tokio::spawn(async move {
                let Ok(local) = stream.local_addr() else {
                    return;
                };
                let looked = door.look(stream).await;
                drop(look);
                if let Some((Opening::Media(media), stream)) = looked {
                    door.carry(stream, media, Ends { local, remote }).await;
                }
            });
        }
    }

    async fn look(&self, stream: TcpStream) -> Option<(Opening, Prefixed<TcpStream>)> {
        // Frames are packets: they must not wait for each other.
        stream.set_nodelay(true).ok()?;
        let looked = tokio::time::timeout(LOOK_MAX, Prefixed::look(stream)).await;
        looked.ok()?.ok()
    }
}
