//! From one published packet to one subscriber's packet.

mod codec;
mod keyframe;
mod layers;
mod rewrite;
mod switcher;

pub(crate) use codec::{Codec, Payloads};
pub(crate) use keyframe::{Inspected, inspect};
pub(crate) use layers::{LayerState, RateMeter, ideal_layer};
pub(crate) use rewrite::{Incoming, Rewriter, Rewritten};
pub(crate) use switcher::{Switcher, Verdict};
