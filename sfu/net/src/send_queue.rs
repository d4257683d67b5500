//! Groups outgoing datagrams into batches that the kernel can split by itself (UDP GSO).
//!
//! One system call per datagram is the largest cost of forwarding. A batch has one destination and
//! datagrams of one size; only its last one may be shorter. Only the newest batch of a destination
//! is ever extended, so order is kept by construction.

use std::collections::HashMap;
use std::net::SocketAddr;

/// Most bytes of one batch: what fits a UDP length field with headers.
const BATCH_BYTES_MAX: usize = 65_000;
/// Room for so many datagrams is made when a second one follows the first: a picture of a camera, so that
/// the batch is not copied again and again while it grows.
const USUAL_SEGMENTS: usize = 12;

/// Datagrams of one path.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
    pub(crate) segment_bytes: usize,
    pub(crate) bytes: Vec<u8>,
    pub(crate) count: usize,
    closed: bool,
}

/// The datagrams of one turn. It is emptied every turn, so a turn's budget bounds it.
#[derive(Debug, Default)]
pub(crate) struct SendQueue {
    batches: Vec<Batch>,
    newest: HashMap<SocketAddr, usize>,
}

impl SendQueue {
    pub(crate) fn push(
        &mut self,
        local: SocketAddr,
        remote: SocketAddr,
        datagram: Vec<u8>,
        segments_max: usize,
    ) {
        // What one engine sends comes in a row.
        let index = match self.batches.last() {
            Some(batch) if batch.remote == remote => Some(self.batches.len() - 1),
            Some(_) => self.newest.get(&remote).copied(),
            None => None,
        };
        if let Some(batch) = index.and_then(|index| self.batches.get_mut(index))
            && !batch.closed
            && batch.local == local
            && batch.count < segments_max
            && datagram.len() <= batch.segment_bytes
            && batch.bytes.len() + datagram.len() <= BATCH_BYTES_MAX
        {
            batch.closed = datagram.len() < batch.segment_bytes;
            if batch.count == 1 {
                batch.bytes.reserve(batch.segment_bytes * USUAL_SEGMENTS);
            }
            batch.bytes.extend_from_slice(&datagram);
            batch.count += 1;
            return;
        }
        self.newest.insert(remote, self.batches.len());
        self.batches.push(Batch {
            local,
            remote,
            segment_bytes: datagram.len(),
            bytes: datagram,
            count: 1,
            closed: false,
        });
    }

    /// All batches in order; the queue is empty afterwards.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Batch> + '_ {
        self.newest.clear();
        self.batches.drain(..)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    fn batches(sizes: &[(u16, usize)], segments_max: usize) -> Vec<(u16, usize, usize)> {
        let mut queue = SendQueue::default();
        for (port, bytes) in sizes {
            queue.push(address(1), address(*port), vec![0; *bytes], segments_max);
        }
        queue
            .drain()
            .map(|b| (b.remote.port(), b.count, b.bytes.len()))
            .collect()
    }

    #[test]
    fn equal_datagrams_of_one_destination_leave_together() {
        let out = batches(&[(7, 100), (8, 100), (7, 100), (8, 100)], 64);
        assert_eq!(out, [(7, 2, 200), (8, 2, 200)]);
    }

    #[test]
    fn a_shorter_datagram_ends_its_batch() {
        let out = batches(&[(7, 100), (7, 40), (7, 40)], 64);
        assert_eq!(out, [(7, 2, 140), (7, 1, 40)]);
    }

    #[test]
    fn a_longer_datagram_begins_a_batch() {
        let out = batches(&[(7, 40), (7, 100), (7, 40)], 64);
        assert_eq!(out, [(7, 1, 40), (7, 2, 140)]);
    }

    #[test]
    fn a_batch_has_no_more_segments_than_the_kernel_takes() {
        let out = batches(&[(7, 100), (7, 100), (7, 100)], 2);
        assert_eq!(out, [(7, 2, 200), (7, 1, 100)]);
    }
}
