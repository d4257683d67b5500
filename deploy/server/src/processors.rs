//! How busy the processors of this machine are: their time as the kernel counts it, not the queue before
//! them. A queue (`/proc/loadavg`) is no share: it is longer than there are processors when a disk is slow.

use std::fs;
use std::sync::{Mutex, PoisonError};

/// Least time between two looks, in ticks of all processors together (100 a second each): a share of less
/// would be an accident of rounding.
const TICKS_MIN: u64 = 100;

static METER: Mutex<Meter> = Mutex::new(Meter {
    last: None,
    percent: None,
});

/// Looks again; whoever does it does it every few seconds.
pub(crate) fn look() {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    if let Some(now) = Ticks::parse(&text) {
        meter().hear(now);
    }
}

/// How busy they were between the last two looks, in percent of all of them; none before there were two.
pub(crate) fn busy() -> Option<u32> {
    meter().percent
}

fn meter() -> std::sync::MutexGuard<'static, Meter> {
    // Two numbers that are written one after the other.
    METER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Time of all processors since the machine has started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ticks {
    all: u64,
    idle: u64,
}

impl Ticks {
    /// The first line of `/proc/stat` (`proc_stat(5)`): user, nice, system, idle, iowait, irq, softirq and
    /// steal. What follows is part of user and nice.
    fn parse(text: &str) -> Option<Self> {
        let mut words = text
            .lines()
            .next()?
            .strip_prefix("cpu ")?
            .split_whitespace();
        let mut ticks = [0_u64; 8];
        for tick in &mut ticks {
            *tick = words.next()?.parse().ok()?;
        }
        let [_, _, _, idle, iowait, ..] = ticks;
        Some(Self {
            all: ticks.iter().fold(0, |sum, tick| sum.saturating_add(*tick)),
            idle: idle.saturating_add(iowait),
        })
    }
}

/// The last look, and what it came to.
#[derive(Debug)]
struct Meter {
    last: Option<Ticks>,
    percent: Option<u32>,
}

impl Meter {
    fn hear(&mut self, now: Ticks) {
        let Some(last) = self.last else {
            self.last = Some(now);
            return;
        };
        let all = now.all.saturating_sub(last.all);
        if all < TICKS_MIN {
            return;
        }
        // Time of waiting for disks is an estimate, which the kernel takes back at times.
        let idle = now.idle.saturating_sub(last.idle).min(all);
        let percent = (all - idle).saturating_mul(100) / all;
        self.percent = u32::try_from(percent).ok();
        self.last = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter() -> Meter {
        Meter {
            last: None,
            percent: None,
        }
    }

    #[test]
    fn the_kernels_line_is_read() {
        let text = "cpu  10 1 5 80 4 0 2 3 9 9\ncpu0 1 1 1 1 1 1 1 1 1 1\n";
        let ticks = Ticks::parse(text);
        assert_eq!(ticks, Some(Ticks { all: 105, idle: 84 }));
        assert_eq!(Ticks::parse("cpu  10 1"), None);
        assert_eq!(Ticks::parse(""), None);
    }

    #[test]
    fn nothing_is_said_after_one_look_however_busy_the_machine_was_before() {
        let mut meter = meter();
        meter.hear(Ticks { all: 9000, idle: 0 });
        assert_eq!(meter.percent, None);
        let (all, idle) = (9050, 0);
        meter.hear(Ticks { all, idle });
        assert_eq!(meter.percent, None, "half a second is too little");
        let (all, idle) = (11_000, 1500);
        meter.hear(Ticks { all, idle });
        assert_eq!(meter.percent, Some(25));
    }

    #[test]
    fn a_share_is_never_more_than_all() {
        let mut meter = meter();
        meter.hear(Ticks { all: 0, idle: 500 });
        meter.hear(Ticks {
            all: 2000,
            idle: 400,
        });
        assert_eq!(meter.percent, Some(100));
        meter.hear(Ticks {
            all: 4000,
            idle: 9000,
        });
        assert_eq!(meter.percent, Some(0));
    }

    #[test]
    fn this_machine_has_processors() {
        let text = fs::read_to_string("/proc/stat").unwrap();
        assert!(Ticks::parse(&text).is_some());
    }
}
