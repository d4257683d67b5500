//! The machines of an installation: who is there, and which one is to be emptied.

use clinical_model::Role;
use clinical_store::StoreError;

use crate::{Actor, Desk};

/// How a machine is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeState {
    /// It takes visits.
    Ready,
    /// It takes no new visits, and gives away those that it has.
    Draining,
    /// It was there a while ago.
    Gone,
}

/// One machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// How it is.
    pub state: NodeState,
    /// It is this one.
    pub is_here: bool,
    /// Visits on it that somebody is in.
    pub rooms: u32,
    /// People in them.
    pub people: u32,
    /// How busy its processors are, in percent of all of them.
    pub load: Option<u32>,
    /// Its version.
    pub version: Option<String>,
    /// Since when it runs, Unix microseconds; of one that is gone, when it was heard last.
    pub since_us: i64,
}

/// What is wanted of a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeWish {
    /// Give your visits to the others, and take no new ones.
    Drain,
    /// Take visits again.
    Serve,
}

/// Why a machine was not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WishError {
    /// There is no machine of this name.
    #[error("there is no such machine")]
    Unknown,
    /// It is gone, or older than such wishes.
    #[error("the machine cannot be asked")]
    Deaf,
    /// No other machine would take its visits.
    #[error("no other machine takes visits")]
    LastOne,
}

/// The machines, as the clinic asks for them.
pub trait Nodes: Send + Sync {
    /// All that are known, by name.
    fn nodes(&self) -> Vec<Node>;

    /// Whether there can be others.
    fn is_cluster(&self) -> bool;

    /// Whether a machine can be asked for this now.
    ///
    /// # Errors
    /// [`WishError`]
    fn can(&self, name: &str, wish: NodeWish) -> Result<(), WishError>;

    /// Asks a machine for it. It may take seconds until it is heard.
    ///
    /// # Errors
    /// [`WishError`]
    fn wish(&self, name: &str, wish: NodeWish) -> Result<(), WishError>;
}

/// Why nothing is shown, or nothing was asked.
#[derive(Debug, thiserror::Error)]
pub enum NodesError {
    /// Only administrators look after machines.
    #[error("this role does not look after machines")]
    Forbidden,
    /// The machine was not asked.
    #[error("the machine was not asked")]
    Wish(#[from] WishError),
    /// The store failed.
    #[error("the act could not be put on record")]
    Store(#[from] StoreError),
}

/// The machines, and whether they are a cluster. They hold nothing of anybody, so looking is no entry in
/// the audit.
///
/// # Errors
/// [`NodesError::Forbidden`]
pub fn nodes(desk: &Desk, actor: &Actor) -> Result<(Vec<Node>, bool), NodesError> {
    only_admins(actor)?;
    let known = desk.nodes();
    let all = known.map(Nodes::nodes).unwrap_or_default();
    Ok((all, known.is_some_and(Nodes::is_cluster)))
}

/// Empties a machine, or has it serve again. On record before it is done.
///
/// # Errors
/// [`NodesError`]
pub async fn wish(
    desk: &Desk,
    actor: &Actor,
    name: &str,
    wish: NodeWish,
) -> Result<(), NodesError> {
    only_admins(actor)?;
    let nodes = desk.nodes().ok_or(WishError::Unknown)?;
    nodes.can(name, wish)?;
    let action = match wish {
        NodeWish::Drain => "nodes.drain",
        NodeWish::Serve => "nodes.serve",
    };
    let tx = desk.db().look().await?;
    tx.commit(actor.did(action, desk.now())).await?;
    Ok(nodes.wish(name, wish)?)
}

const fn only_admins(actor: &Actor) -> Result<(), NodesError> {
    match actor.role {
        Role::Admin => Ok(()),
        Role::Patient
        | Role::Doctor
        | Role::Nurse
        | Role::Pharmacist
        | Role::LabTechnician
        | Role::Radiologist
        | Role::Pathologist
        | Role::HealthAuthority => Err(NodesError::Forbidden),
    }
}
