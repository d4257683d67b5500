//! Measured numbers into words.

use signaling_protocol::Quality;

/// One measurement of the own connection over the last two seconds or so.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LinkSample {
    /// Round trip to the server in milliseconds.
    pub rtt_ms: Option<f64>,
    /// Share of lost packets, 0 ..= 1, the worse of both directions.
    pub loss: Option<f64>,
    /// Jitter of received speech in milliseconds.
    pub jitter_ms: Option<f64>,
    /// Packets flow at all.
    pub flowing: bool,
}

/// Measurements in a row that must agree before the word gets better.
const BETTER_AFTER: u32 = 3;
/// Measurements in a row that must agree before the word gets worse.
const WORSE_AFTER: u32 = 2;

/// A word for one sample, without memory. Limits: ITU-T G.114 calls 150 ms one way good and 400 ms
/// bad; Opus with loss concealment is fine up to about 3 % loss and suffers from 8 %.
fn judge(sample: &LinkSample) -> Quality {
    if !sample.flowing {
        return Quality::Lost;
    }
    if sample.rtt_ms.is_none() && sample.loss.is_none() && sample.jitter_ms.is_none() {
        return Quality::Unknown;
    }
    let rtt = sample.rtt_ms.unwrap_or(0.0);
    let loss = sample.loss.unwrap_or(0.0);
    let jitter = sample.jitter_ms.unwrap_or(0.0);
    if rtt > 600.0 || loss > 0.08 || jitter > 100.0 {
        Quality::Poor
    } else if rtt > 300.0 || loss > 0.03 || jitter > 40.0 {
        Quality::Fair
    } else {
        Quality::Good
    }
}

/// Turns samples into one word that does not flicker.
#[derive(Debug, Clone, Copy, Default)]
pub struct Grader {
    word: Quality,
    candidate: Quality,
    agreed: u32,
}

impl Grader {
    /// Takes a sample and says the word that holds from here on.
    pub fn feed(&mut self, sample: &LinkSample) -> Quality {
        let word = match judge(sample) {
            // What never flowed is on its way, not lost.
            Quality::Lost if self.word == Quality::Unknown => Quality::Unknown,
            word => word,
        };
        if word == self.candidate {
            self.agreed = self.agreed.saturating_add(1);
        } else {
            self.candidate = word;
            self.agreed = 1;
        }
        let at_once =
            word == Quality::Lost || matches!(self.word, Quality::Unknown | Quality::Lost);
        let needed = if word > self.word {
            BETTER_AFTER
        } else {
            WORSE_AFTER
        };
        if word != Quality::Unknown && (at_once || self.agreed >= needed) {
            self.word = word;
        }
        self.word
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn sample(rtt_ms: f64, loss: f64) -> LinkSample {
        LinkSample {
            rtt_ms: Some(rtt_ms),
            loss: Some(loss),
            jitter_ms: Some(5.0),
            flowing: true,
        }
    }

    #[test]
    fn the_first_measurement_counts_at_once() {
        assert_eq!(Grader::default().feed(&sample(20.0, 0.0)), Quality::Good);
        assert_eq!(Grader::default().feed(&sample(20.0, 0.1)), Quality::Poor);
        assert_eq!(Grader::default().feed(&sample(400.0, 0.0)), Quality::Fair);
    }

    #[test]
    fn one_bad_measurement_does_not_change_the_word() {
        let mut grader = Grader::default();
        grader.feed(&sample(20.0, 0.0));
        assert_eq!(grader.feed(&sample(20.0, 0.2)), Quality::Good);
        assert_eq!(grader.feed(&sample(20.0, 0.2)), Quality::Poor);
        assert_eq!(grader.feed(&sample(20.0, 0.0)), Quality::Poor);
        assert_eq!(grader.feed(&sample(20.0, 0.0)), Quality::Poor);
        assert_eq!(grader.feed(&sample(20.0, 0.0)), Quality::Good);
    }

    #[test]
    fn a_lost_connection_is_said_at_once_and_so_is_its_return() {
        let mut grader = Grader::default();
        grader.feed(&sample(20.0, 0.0));
        assert_eq!(grader.feed(&LinkSample::default()), Quality::Lost);
        assert_eq!(grader.feed(&sample(20.0, 0.0)), Quality::Good);
    }

    #[test]
    fn a_connection_that_is_being_set_up_for_the_first_time_is_not_lost() {
        let mut grader = Grader::default();
        assert_eq!(grader.feed(&LinkSample::default()), Quality::Unknown);
        assert_eq!(grader.feed(&LinkSample::default()), Quality::Unknown);
        assert_eq!(grader.feed(&sample(20.0, 0.0)), Quality::Good);
        assert_eq!(grader.feed(&LinkSample::default()), Quality::Lost);
    }

    #[test]
    fn nothing_measured_is_no_judgement() {
        let flowing = LinkSample {
            flowing: true,
            ..LinkSample::default()
        };
        assert_eq!(Grader::default().feed(&flowing), Quality::Unknown);
    }
}
