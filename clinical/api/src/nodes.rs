//! The machines of an installation.
//!
//! - `GET /nodes` -> [`NodesView`] (administrators)
//! - `POST /nodes/{name}/drain` -> 202: its visits go to the others, and no new ones come to it
//! - `DELETE /nodes/{name}/drain` -> 202: it takes visits again; those that have gone stay where they are
//!
//! Draining or its end is asked of the machine; `GET /nodes` says when it has heard. An unknown name is
//! `not_found`. A drain that would leave its visits nowhere to go, and one of a machine that is gone or
//! too old to be asked, is `wrong_state`.

use serde::{Deserialize, Serialize};

/// How a machine is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum NodeStateView {
    /// It takes visits.
    Ready,
    /// It takes no new visits, and gives those that it has to the others.
    Draining,
    /// It was there a while ago, and is not heard any more.
    Gone,
}

/// One machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct NodeView {
    /// Its name in the configuration.
    pub name: String,
    /// How it is.
    pub state: NodeStateView,
    /// Whether it answers this request.
    pub is_here: bool,
    /// Visits on it that somebody is in.
    pub rooms: u32,
    /// People in these visits.
    pub people: u32,
    /// How busy its processors were in the last minute, in percent of all of them; above 100 work waits.
    /// None where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<u32>,
    /// Its version; none if it is older than versions that say theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Since when it runs, Unix microseconds; of one that is gone, when it was heard last.
    pub since_us: i64,
}

/// The machines of an installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct NodesView {
    /// By name.
    pub nodes: Vec<NodeView>,
    /// Whether this installation is a cluster. One machine alone has nobody to give its visits to.
    pub is_cluster: bool,
}
