//! A stream whose first bytes were read already.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

use super::opening::{FIRST_BYTES_MAX, Opening, first_bytes};

/// Gives the first bytes out again before it reads on.
#[derive(Debug)]
pub struct Prefixed<S> {
    first: [u8; FIRST_BYTES_MAX],
    read: usize,
    given: usize,
    stream: S,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Prefixed<S> {
    /// Reads as few bytes as tell what the connection is. The caller bounds the time; a stream
    /// that ends before it has told is unknown.
    ///
    /// # Errors
    /// What the stream says.
    pub async fn look(mut stream: S) -> io::Result<(Opening, Self)> {
        let mut first = [0; FIRST_BYTES_MAX];
        let mut read = 0;
        let opening = loop {
            if let Some(opening) = first_bytes(first.get(..read).unwrap_or_default()) {
                break opening;
            }
            let room = first.get_mut(read..).unwrap_or_default();
            match stream.read(room).await? {
                0 => break Opening::Unknown,
                more => read += more,
            }
        };
        let stream = Self {
            first,
            read,
            given: 0,
            stream,
        };
        Ok((opening, stream))
    }
}

impl<S> Prefixed<S> {
    /// The stream below. What was read of it already is lost.
    pub const fn get_ref(&self) -> &S {
        &self.stream
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Prefixed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let waiting = self.first.get(self.given..self.read).unwrap_or_default();
        let count = waiting.len().min(buffer.remaining());
        if count > 0 {
            buffer.put_slice(waiting.get(..count).unwrap_or_default());
            self.given += count;
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Prefixed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    #[tokio::test]
    async fn a_stream_that_was_looked_at_reads_from_its_beginning() {
        for text in ["GET / HTTP/1.1\r\n\r\n", "G", "\0\0"] {
            let (mut client, server) = tokio::io::duplex(64);
            for byte in text.as_bytes() {
                client.write_all(&[*byte]).await.unwrap();
            }
            drop(client);
            let (opening, mut stream) = Prefixed::look(server).await.unwrap();
            let http = text.starts_with('G');
            assert_eq!(opening == Opening::Http, http, "{text:?}");
            let mut all = String::new();
            stream.read_to_string(&mut all).await.unwrap();
            assert_eq!(all, text);
        }
    }
}
