//! The machines of this installation, as the clinic asks for them.

use std::sync::Arc;

use clinical_app::nodes::{Node, NodeState, NodeWish, Nodes, WishError};
use signaling_server::SignalingHandle;

use crate::processors;

/// What one machine alone is called.
const ALONE: &str = "main";

/// The machines as signaling knows them.
struct Machines {
    signaling: SignalingHandle,
    is_cluster: bool,
    since_us: i64,
}

/// The machines, for [`clinical_app::visits::Desk::oversee`].
pub(crate) fn machines(
    signaling: SignalingHandle,
    is_cluster: bool,
    since_us: i64,
) -> Arc<dyn Nodes> {
    Arc::new(Machines {
        signaling,
        is_cluster,
        since_us,
    })
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl Nodes for Machines {
    fn nodes(&self) -> Vec<Node> {
        if !self.is_cluster {
            let (rooms, people) = self.signaling.here();
            return vec![Node {
                name: ALONE.to_owned(),
                state: NodeState::Ready,
                is_here: true,
                rooms: count(rooms),
                people: count(people),
                load: processors::busy(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
                since_us: self.since_us,
            }];
        }
        let nodes = self.signaling.nodes().into_iter();
        nodes
            .map(|node| Node {
                name: node.name,
                state: match node.state {
                    signaling_server::NodeState::Ready => NodeState::Ready,
                    signaling_server::NodeState::Draining => NodeState::Draining,
                    signaling_server::NodeState::Gone => NodeState::Gone,
                },
                is_here: node.is_here,
                rooms: count(node.rooms),
                people: count(node.people),
                load: node.busy,
                version: node.version,
                since_us: node.since_us,
            })
            .collect()
    }

    fn is_cluster(&self) -> bool {
        self.is_cluster
    }

    fn can(&self, name: &str, wish: NodeWish) -> Result<(), WishError> {
        if !self.is_cluster {
            return Err(alone(name));
        }
        self.signaling.can_wish(name, word(wish)).map_err(reason)
    }

    fn wish(&self, name: &str, wish: NodeWish) -> Result<(), WishError> {
        if !self.is_cluster {
            return Err(alone(name));
        }
        self.signaling.wish(name, word(wish)).map_err(reason)
    }
}

/// One machine has nobody to give its visits to.
fn alone(name: &str) -> WishError {
    if name == ALONE {
        WishError::LastOne
    } else {
        WishError::Unknown
    }
}

const fn word(wish: NodeWish) -> signaling_server::NodeWish {
    match wish {
        NodeWish::Drain => signaling_server::NodeWish::Drain,
        NodeWish::Serve => signaling_server::NodeWish::Serve,
    }
}

const fn reason(error: signaling_server::WishError) -> WishError {
    match error {
        signaling_server::WishError::Unknown => WishError::Unknown,
        signaling_server::WishError::Deaf => WishError::Deaf,
        signaling_server::WishError::LastOne => WishError::LastOne,
    }
}
