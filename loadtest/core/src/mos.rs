//! How speech would be judged: the E-model of ITU-T G.107 with its default values.

/// Impairment of Opus at speech rates without loss; as good as uncompressed.
const CODEC: f64 = 0.0;
/// How well Opus bears random loss, in percent (G.113 gives 4.3 without and 25 with concealment
/// for older codecs; 20 is on the careful side of what is published for Opus).
const ROBUSTNESS: f64 = 20.0;
/// A player's buffer, in milliseconds on top of the measured delay.
const BUFFER_MS: f64 = 40.0;
/// Capture, encoding and playing, in milliseconds.
const DEVICES_MS: f64 = 30.0;

/// Mean opinion score, 1 to 4.5, of speech that arrives after `delay_ms` with a share of `loss`
/// (0 to 1) missing. An estimate: nobody listened.
#[must_use]
pub fn mos(delay_ms: f64, loss: f64) -> f64 {
    let delay_ms = delay_ms + BUFFER_MS + DEVICES_MS;
    let delay = 0.024 * delay_ms + 0.11 * (delay_ms - 177.3).max(0.0);
    let percent = loss * 100.0;
    let equipment = CODEC + (95.0 - CODEC) * percent / (percent + ROBUSTNESS);
    let r = (93.2 - delay - equipment).clamp(0.0, 100.0);
    (1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6).clamp(1.0, 4.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_is_good_and_loss_and_delay_cost() {
        assert!(mos(1.0, 0.0) > 4.3);
        assert!(mos(1.0, 0.05) < mos(1.0, 0.01));
        assert!(mos(400.0, 0.0) < mos(100.0, 0.0));
        assert!(mos(10_000.0, 1.0) >= 1.0);
    }
}
