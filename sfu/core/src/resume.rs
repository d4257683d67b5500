//! Going on after a gap: the network of a client has changed, or nothing came through for a while.
//!
//! Of what was sent meanwhile, both ways, most is lost. Resending all of it would delay what comes
//! now, so everybody begins anew with a key frame. The estimate of the old way says nothing about
//! the new one, and the first reports tell of the gap: the estimator begins anew after them.

use core::time::Duration;
use std::time::Instant;

use crate::ids::ParticipantKey;
use crate::participant::Participant;
use crate::room::Room;
use crate::shard::Outlet;
use crate::source::Source;

/// Until then reports of the gap come in.
const SETTLING: Duration = Duration::from_millis(500);
/// For this long measurements of loss still count packets of the gap.
const ECHO: Duration = Duration::from_secs(3);
/// What a fresh estimate is at least and at most, in bit/s.
const FRESH_BPS: (u64, u64) = (300_000, 1_500_000);

/// Where one client's return stands.
#[derive(Debug, Default)]
pub(crate) struct Return {
    at: Option<Instant>,
    renewal_due: bool,
}

impl Return {
    fn within(&self, now: Instant, time: Duration) -> bool {
        self.at
            .is_some_and(|at| now.saturating_duration_since(at) < time)
    }

    /// Estimates are those of the gap.
    pub(crate) fn is_settling(&self, now: Instant) -> bool {
        self.within(now, SETTLING)
    }

    /// Measurements are in part those of the gap.
    pub(crate) fn is_recent(&self, now: Instant) -> bool {
        self.within(now, ECHO)
    }

    fn takes_renewal(&mut self, now: Instant) -> bool {
        !self.is_settling(now) && core::mem::take(&mut self.renewal_due)
    }
}

/// A picture that is shown: whose, and which layer.
type Shown = ((ParticipantKey, Source), usize);

impl Room {
    /// A client is back after a gap, or elsewhere.
    pub(crate) fn resume(&mut self, now: Instant, key: ParticipantKey, outlet: &mut Outlet) {
        let Some(person) = self.people.get_mut(&key).filter(|p| p.connected) else {
            return;
        };
        person.floor.moved();
        person.back = Return {
            at: Some(now),
            renewal_due: true,
        };
        for publication in &mut person.publications {
            publication.doubt();
        }
        let mut shown: Vec<Shown> = pictures_of(person).collect();
        for other in self.people.values() {
            shown.extend(pictures_of(other).filter(|((from, _), _)| *from == key));
        }
        shown.sort_unstable();
        shown.dedup();
        for (source, layer) in shown {
            self.request_keyframe(now, source, layer, outlet);
        }
        self.pump(now, outlet);
    }

    /// Lets the estimators begin anew whose gap has been told.
    pub(crate) fn renew_returned(&mut self, now: Instant, outlet: &mut Outlet) {
        let mut due = Vec::new();
        for (key, person) in &mut self.people {
            if person.back.takes_renewal(now)
                && let Some(estimate_bps) = person.estimate_bps
            {
                let (least, most) = FRESH_BPS;
                due.push((*key, estimate_bps.clamp(least, most)));
            }
        }
        self.renew(now, due, outlet);
    }

    /// Lets estimators begin anew with these estimates.
    pub(crate) fn renew(
        &mut self,
        now: Instant,
        due: Vec<(ParticipantKey, u64)>,
        outlet: &mut Outlet,
    ) {
        for (key, bps) in due {
            if let Some(person) = self.people.get_mut(&key) {
                person.estimate_bps = Some(bps);
            }
            self.work(key, outlet, |peer, drained| {
                peer.renew_estimate(now, drained, bps)
            });
        }
    }
}

fn pictures_of(person: &Participant) -> impl Iterator<Item = Shown> + '_ {
    person
        .slots
        .iter()
        .filter(|slot| !slot.audio)
        .filter_map(|slot| Some((slot.bound?, slot.switcher.current()?)))
}
