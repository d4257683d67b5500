//! From one published packet to one subscriber's packet.

mod asking;
mod codec;
mod frame;
mod gop;
mod keyframe;
mod layers;
mod line;
mod red;
mod rewrite;
mod select;
mod switcher;
mod unit;
mod vp9;

pub(crate) use asking::Asking;
pub(crate) use codec::{Codec, Payloads, configure};
pub(crate) use frame::{Frame, LINKS_MAX, Links, Needs, SPATIAL_MAX, TEMPORAL_MAX};
pub(crate) use gop::Gop;
pub(crate) use keyframe::{Inspected, Patch, inspect};
pub(crate) use layers::{LayerState, RateMeter, ideal_layer};
pub(crate) use red::{Redundancy, primary, with_types};
pub(crate) use rewrite::{Ids, Incoming, Rewriter, Rewritten};
pub(crate) use select::clamp_layers;
pub(crate) use switcher::{Aim, Passing, Switcher, Verdict};
pub(crate) use unit::{Carried, Unit};
pub(crate) use vp9::{parse as parse_vp9, patched};
