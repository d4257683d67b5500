//! Which encodings of a publisher somebody watches. What nobody watches is not sent up at all.
//!
//! An encoding that sleeps because we said so must not count as one that does not flow: nobody
//! would ever want it again. So its last known rate and height are kept, and plans are made with
//! them until it had its chance to wake.

use core::time::Duration;
use std::time::Instant;

use crate::forward::LayerState;
use crate::source::{Source, WantedSource};

/// That nobody wants an encoding is told after this long; views and speakers come and go.
const DEBOUNCE: Duration = Duration::from_secs(2);
/// An encoding that was woken and does not flow after this long is kept back by its sender.
const WAKE_MAX: Duration = Duration::from_secs(3);
/// How slowly the average rate of an encoding follows the measured one: a key frame or a new slide
/// is no reason to give a picture up.
const AVERAGE_UP: Duration = Duration::from_secs(1);
const AVERAGE_DOWN: Duration = Duration::from_secs(4);

/// What is known about one encoding beyond its packets.
#[derive(Debug, Clone, Default)]
struct Encoding {
    asleep: bool,
    unwanted_since: Option<Instant>,
    woken_at: Option<Instant>,
}

/// The average rate of one layer: of one encoding, or of one spatial layer of the only encoding.
#[derive(Debug, Clone, Default)]
struct Average {
    bps: u64,
    at: Option<Instant>,
}

#[derive(Debug)]
struct Upstream {
    source: Source,
    encodings: Vec<Encoding>,
    /// From low to high, as many as layers were seen.
    averages: Vec<Average>,
}

/// What a publisher was told to send.
#[derive(Debug, Default)]
pub(crate) struct Dynacast {
    upstreams: Vec<Upstream>,
    /// `None`: nothing was told, which means that everything is wanted.
    told: Option<Vec<WantedSource>>,
}

/// What has changed at a publisher.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    /// The complete list, if it is not what was told last.
    pub(crate) tell: Option<Vec<WantedSource>>,
    /// What begins again and should begin with a key frame.
    pub(crate) woken: Vec<(Source, usize)>,
}

impl Dynacast {
    /// Takes over what was negotiated: sources and how many encodings each has.
    pub(crate) fn fit(&mut self, shape: &[(Source, usize)]) {
        let mut before = core::mem::take(&mut self.upstreams);
        for (source, count) in shape {
            let same = |up: &Upstream| up.source == *source && up.encodings.len() == *count;
            let upstream = match before.iter().position(same) {
                Some(at) => before.swap_remove(at),
                None => Upstream {
                    source: *source,
                    encodings: vec![Encoding::default(); *count],
                    averages: Vec::new(),
                },
            };
            self.upstreams.push(upstream);
        }
    }

    /// Turns what is measured now into what plans should be made with.
    pub(crate) fn foresee(&mut self, now: Instant, source: Source, layers: &mut [LayerState]) {
        let upstream = self.upstreams.iter_mut().find(|up| up.source == source);
        let Some(upstream) = upstream else { return };
        let Upstream {
            encodings,
            averages,
            ..
        } = upstream;
        let single = encodings.len() == 1;
        if averages.len() < layers.len() {
            averages.resize_with(layers.len(), Average::default);
        }
        for (index, (layer, average)) in layers.iter_mut().zip(averages).enumerate() {
            let own = if single { 0 } else { index };
            let Some(encoding) = encodings.get(own) else {
                continue;
            };
            let wakes = encoding.asleep || encoding.is_waking(now);
            if layer.flows && layer.rate_bps > 0 && !wakes {
                average.follow(now, layer.rate_bps, single);
            }
            if average.bps > 0 {
                layer.rate_bps = average.bps;
            } else if !layer.flows {
                layer.rate_bps = usual_bps(layer.height_px);
            }
            // An encoding that is woken begins with its lowest spatial layer.
            layer.flows |= wakes && own == index;
        }
    }

    /// Takes over which encodings are wanted: bit n is encoding n. Sources that are not named are
    /// wanted by nobody.
    pub(crate) fn update(&mut self, now: Instant, wants: &[(Source, u32)]) -> News {
        let mut news = News::default();
        let mut list = Vec::new();
        for upstream in &mut self.upstreams {
            let mask = wants
                .iter()
                .filter(|(source, _)| *source == upstream.source)
                .fold(0, |mask, (_, more)| mask | more);
            for (index, encoding) in upstream.encodings.iter_mut().enumerate() {
                // The lowest goes on while anybody watches: newcomers begin with it.
                let wanted = if index == 0 {
                    mask != 0
                } else {
                    mask.checked_shr(u32::try_from(index).unwrap_or(u32::MAX))
                        .is_some_and(|bits| bits & 1 == 1)
                };
                if encoding.update(now, wanted) {
                    news.woken.push((upstream.source, index));
                }
            }
            list.push(WantedSource {
                source: upstream.source,
                encodings: upstream.encodings.iter().map(|e| !e.asleep).collect(),
            });
        }
        let changed = match &self.told {
            Some(told) => *told != list,
            None => list.iter().any(|source| source.encodings.contains(&false)),
        };
        if changed {
            self.told = Some(list.clone());
            news.tell = Some(list);
        }
        news
    }
}

impl Encoding {
    fn is_waking(&self, now: Instant) -> bool {
        let within = |at: Instant| now.saturating_duration_since(at) < WAKE_MAX;
        self.woken_at.is_some_and(within)
    }

    /// Answers whether the encoding is woken.
    fn update(&mut self, now: Instant, wanted: bool) -> bool {
        if wanted {
            self.unwanted_since = None;
            let woken = core::mem::take(&mut self.asleep);
            if woken {
                self.woken_at = Some(now);
            }
            return woken;
        }
        let since = *self.unwanted_since.get_or_insert(now);
        if now.saturating_duration_since(since) >= DEBOUNCE {
            self.asleep = true;
        }
        false
    }
}

impl Average {
    /// Of a `single` encoding a burst is no reason to give it up; of several there are smaller ones.
    fn follow(&mut self, now: Instant, measured_bps: u64, single: bool) {
        let constant = if measured_bps > self.bps && !single {
            AVERAGE_UP
        } else {
            AVERAGE_DOWN
        };
        let elapsed = self.at.map(|at| now.saturating_duration_since(at));
        self.bps = average(self.bps, measured_bps, elapsed, constant);
        self.at = Some(now);
    }
}

/// An exponential average; after one `constant` the value is half way to the measured one.
fn average(before: u64, measured: u64, elapsed: Option<Duration>, constant: Duration) -> u64 {
    let Some(elapsed) = elapsed else {
        return measured;
    };
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    let elapsed = millis(elapsed).min(60_000);
    let whole = elapsed.saturating_add(millis(constant));
    let step = before.abs_diff(measured).saturating_mul(elapsed) / whole;
    if measured > before {
        before.saturating_add(step)
    } else {
        before.saturating_sub(step)
    }
}

/// What a camera picture of this height usually takes, for an encoding that was never seen.
const fn usual_bps(height_px: u16) -> u64 {
    match height_px {
        0..=180 => 150_000,
        181..=360 => 500_000,
        361..=720 => 1_500_000,
        _ => 2_500_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenarios::some_instant;
    use proptest::prelude::*;

    const CAMERA: Source = Source::Camera;

    fn camera() -> Dynacast {
        let mut dynacast = Dynacast::default();
        dynacast.fit(&[(CAMERA, 3)]);
        dynacast
    }

    fn told(news: &News) -> Option<Vec<bool>> {
        news.tell.as_ref().map(|list| list[0].encodings.clone())
    }

    fn flowing(rate_bps: u64) -> [LayerState; 3] {
        [180, 360, 720].map(|height_px| LayerState {
            flows: true,
            height_px,
            rate_bps,
            temporal_bps: [rate_bps; 4],
        })
    }

    #[test]
    fn what_nobody_wants_is_told_after_a_while_and_what_is_wanted_again_at_once() {
        let start = some_instant();
        let mut dynacast = camera();
        assert_eq!(dynacast.update(start, &[(CAMERA, 0b001)]), News::default());
        let soon = start + DEBOUNCE / 2;
        assert_eq!(dynacast.update(soon, &[(CAMERA, 0b001)]), News::default());
        let later = start + DEBOUNCE;
        let news = dynacast.update(later, &[(CAMERA, 0b001)]);
        assert_eq!(told(&news), Some(vec![true, false, false]));
        let news = dynacast.update(later, &[(CAMERA, 0b101)]);
        assert_eq!(told(&news), Some(vec![true, false, true]));
        assert_eq!(news.woken, [(CAMERA, 2)]);
    }

    #[test]
    fn a_wish_that_comes_back_in_time_is_not_told() {
        let mut now = some_instant();
        let mut dynacast = camera();
        for n in 0..20 {
            now += DEBOUNCE / 2;
            let mask = if n % 2 == 0 { 0b111 } else { 0b001 };
            assert_eq!(dynacast.update(now, &[(CAMERA, mask)]), News::default());
        }
    }

    #[test]
    fn the_lowest_encoding_goes_on_while_anybody_watches() {
        let start = some_instant();
        let mut dynacast = camera();
        dynacast.update(start, &[(CAMERA, 0b100)]);
        let news = dynacast.update(start + DEBOUNCE, &[(CAMERA, 0b100)]);
        assert_eq!(told(&news), Some(vec![true, false, true]));
    }

    #[test]
    fn a_sleeping_encoding_is_planned_with_as_it_was() {
        let start = some_instant();
        let mut dynacast = camera();
        dynacast.foresee(start, CAMERA, &mut flowing(1_000_000));
        dynacast.update(start, &[]);
        let mut now = start + DEBOUNCE;
        dynacast.update(now, &[]);
        let still = |dynacast: &mut Dynacast, now| {
            let mut layers = flowing(7);
            layers[2].flows = false;
            dynacast.foresee(now, CAMERA, &mut layers);
            (layers[2].flows, layers[2].rate_bps)
        };
        now += Duration::from_secs(600);
        assert_eq!(still(&mut dynacast, now), (true, 1_000_000));
        dynacast.update(now, &[(CAMERA, 0b100)]);
        now += WAKE_MAX / 2;
        assert_eq!(still(&mut dynacast, now), (true, 1_000_000));
        now += WAKE_MAX;
        assert!(!still(&mut dynacast, now).0, "it had its chance");
    }

    #[test]
    fn one_burst_moves_the_average_of_a_screen_only_a_little() {
        let mut now = some_instant();
        let mut dynacast = Dynacast::default();
        dynacast.fit(&[(Source::Screen, 1)]);
        let mut rate = |rate_bps, now| {
            let mut layer = [LayerState {
                flows: true,
                height_px: 720,
                rate_bps,
                temporal_bps: [rate_bps; 4],
            }];
            dynacast.foresee(now, Source::Screen, &mut layer);
            layer[0].rate_bps
        };
        assert_eq!(rate(100_000, now), 100_000);
        now += Duration::from_millis(500);
        assert!(rate(2_000_000, now) < 400_000);
    }

    #[test]
    fn a_renegotiation_keeps_what_goes_on_and_tells_about_what_is_new() {
        let start = some_instant();
        let mut dynacast = camera();
        dynacast.update(start, &[]);
        dynacast.update(start + DEBOUNCE, &[]);
        dynacast.fit(&[(CAMERA, 3), (Source::Screen, 1)]);
        let news = dynacast.update(start + DEBOUNCE, &[]);
        let list = news.tell.unwrap();
        assert_eq!(list[0].encodings, [false; 3]);
        assert_eq!(list[1].encodings, [true]);
    }

    proptest! {
        #[test]
        fn whatever_is_wanted_is_told_to_be_wanted(
            steps in proptest::collection::vec((0_u32..8, 0_u64..3000), 1..100),
        ) {
            let mut now = some_instant();
            let mut dynacast = camera();
            let mut told = vec![true; 3];
            for (mask, pass_ms) in steps {
                now += Duration::from_millis(pass_ms);
                if let Some(list) = dynacast.update(now, &[(CAMERA, mask)]).tell {
                    prop_assert_ne!(&told, &list[0].encodings);
                    told = list[0].encodings.clone();
                }
                for (index, sent) in told.iter().enumerate() {
                    prop_assert!(*sent || mask >> index & 1 == 0);
                }
                prop_assert!(told[0] || mask == 0);
            }
        }
    }
}
