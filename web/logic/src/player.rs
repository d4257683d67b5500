//! What a player of several tracks computes: where a track has something, which element must be set
//! right, what was said when.

/// More apart than this is heard as an echo and seen as lips that do not fit; less is left alone,
/// because every correction is a small stumble. Seconds.
pub const APART_MAX_S: f64 = 0.12;

/// Bars of the loudness that are drawn: as many as a wide screen has places for.
const BARS_MAX: usize = 300;

/// `1:05`, `1:02:03`.
#[must_use]
pub fn clock(ms: u64) -> String {
    let seconds = ms / 1_000;
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match hours {
        0 => format!("{minutes}:{seconds:02}"),
        hours => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// A stretch of time in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Its beginning.
    pub from_ms: u64,
    /// Its end.
    pub to_ms: u64,
}

impl Stretch {
    /// Whether a moment lies in it.
    #[must_use]
    pub const fn holds(self, at_ms: u64) -> bool {
        self.from_ms <= at_ms && at_ms < self.to_ms
    }

    /// Where it stands on a line that is `whole_ms` long: its beginning and its width, in percent.
    #[must_use]
    pub fn place(self, whole_ms: u64) -> (f64, f64) {
        let whole = whole_ms.max(1);
        let percent = |ms: u64| small(ms.min(whole)) * 100.0 / small(whole);
        let from = percent(self.from_ms);
        (from, (percent(self.to_ms) - from).max(0.0))
    }
}

/// Milliseconds of a recording as a number to calculate with: no recording is longer than weeks.
fn small(ms: u64) -> f64 {
    f64::from(u32::try_from(ms).unwrap_or(u32::MAX))
}

/// Where a track has sound or picture: all of it but its gaps, which come in order.
#[must_use]
pub fn filled(track: Stretch, gaps: &[Stretch]) -> Vec<Stretch> {
    let mut filled = Vec::new();
    let mut from_ms = track.from_ms;
    for gap in gaps {
        if gap.from_ms > from_ms {
            let to_ms = gap.from_ms.min(track.to_ms);
            filled.push(Stretch { from_ms, to_ms });
        }
        from_ms = from_ms.max(gap.to_ms);
    }
    if from_ms < track.to_ms {
        let to_ms = track.to_ms;
        filled.push(Stretch { from_ms, to_ms });
    }
    filled.retain(|it| it.from_ms < it.to_ms);
    filled
}

/// Where an element must be set so that it is with the master; none when it is near enough.
#[must_use]
pub fn correction(master_s: f64, own_s: f64) -> Option<f64> {
    ((master_s - own_s).abs() > APART_MAX_S).then_some(master_s)
}

/// The loudness as heights from 0 to 1, the loudest of each stretch.
#[must_use]
pub fn bars(peaks: &[u8]) -> Vec<f64> {
    let per_bar = peaks.len().div_ceil(BARS_MAX).max(1);
    let loudest = |some: &[u8]| some.iter().copied().max().unwrap_or(0);
    let bars = peaks.chunks(per_bar).map(loudest);
    bars.map(|it| f64::from(it) / 255.0).collect()
}

/// Something that was written or happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// When, in milliseconds.
    pub at_ms: u64,
    /// What.
    pub text: String,
}

/// The cues of a WebVTT file of ours (W3C WebVTT section 4.1). What is none is left out.
#[must_use]
pub fn said(vtt: &str) -> Vec<Said> {
    let mut said = Vec::new();
    for block in vtt.split("\n\n") {
        let mut lines = block.lines().skip_while(|line| !line.contains("-->"));
        let from = lines.next().and_then(|line| line.split("-->").next());
        let Some(at_ms) = from.and_then(moment) else {
            continue;
        };
        let text: Vec<&str> = lines.collect();
        let text = text.join("\n");
        let text = text.replace("&lt;", "<").replace("&gt;", ">");
        let text = text.replace("&amp;", "&");
        if !text.is_empty() {
            said.push(Said { at_ms, text });
        }
    }
    said
}

/// `01:02:03.004` or `02:03.004`.
fn moment(text: &str) -> Option<u64> {
    let (clock, ms) = text.trim().rsplit_once('.')?;
    let mut seconds = 0_u64;
    for part in clock.split(':') {
        seconds = seconds.checked_mul(60)?.checked_add(part.parse().ok()?)?;
    }
    seconds.checked_mul(1_000)?.checked_add(ms.parse().ok()?)
}

/// Which of what was said is the newest at a moment.
#[must_use]
pub fn newest(said: &[Said], at_ms: u64) -> Option<usize> {
    said.partition_point(|it| it.at_ms <= at_ms).checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn from_to(from_ms: u64, to_ms: u64) -> Stretch {
        Stretch { from_ms, to_ms }
    }

    #[test]
    fn clocks_have_hours_only_when_there_are_some() {
        for (ms, text) in [(0, "0:00"), (65_999, "1:05"), (3_723_000, "1:02:03")] {
            assert_eq!(clock(ms), text);
        }
    }

    #[test]
    fn a_track_is_filled_where_it_has_no_gap() {
        let track = from_to(100, 1_000);
        assert_eq!(filled(track, &[]), [track]);
        let gaps = [from_to(0, 200), from_to(300, 400), from_to(350, 500)];
        assert_eq!(
            filled(track, &gaps),
            [from_to(200, 300), from_to(500, 1_000)]
        );
        assert_eq!(filled(track, &[from_to(50, 2_000)]), []);
        assert_eq!(filled(track, &[from_to(900, 2_000)]), [from_to(100, 900)]);
    }

    #[test]
    fn stretches_stand_on_the_line_where_they_were() {
        assert_eq!(from_to(250, 750).place(1_000), (25.0, 50.0));
        assert_eq!(from_to(900, 5_000).place(1_000), (90.0, 10.0));
        assert_eq!(from_to(0, 0).place(0), (0.0, 0.0));
        assert!(from_to(1, 2).holds(1) && !from_to(1, 2).holds(2));
    }

    #[test]
    fn only_what_is_too_far_apart_is_set_right() {
        assert_eq!(correction(10.0, 10.1), None);
        assert_eq!(correction(10.0, 9.8), Some(10.0));
        assert_eq!(correction(10.0, 10.2), Some(10.0));
    }

    #[test]
    fn bars_show_the_loudest_of_each_stretch() {
        assert_eq!(bars(&[0, 255]), [0.0, 1.0]);
        assert_eq!(bars(&[]), [0.0; 0]);
        let long = bars(&[51; 36_000]);
        assert!(long.len() <= BARS_MAX && long.iter().all(|it| (it - 0.2).abs() < 1e-9));
    }

    #[test]
    fn what_was_said_is_read_and_anything_else_left_out() {
        let vtt = "WEBVTT\n\n1\n00:01.500 --> 00:06.500\nAnna: 3 &lt; 4\n\nNOTE x\n\n\
                   01:00:00.000 --> 01:00:05.000\nPaul: oui\net non\n\nbad --> bad\nx\n";
        let found = said(vtt);
        let short: Vec<_> = found
            .iter()
            .map(|it| (it.at_ms, it.text.as_str()))
            .collect();
        assert_eq!(
            short,
            [(1_500, "Anna: 3 < 4"), (3_600_000, "Paul: oui\net non")]
        );
        assert_eq!(newest(&found, 1_499), None);
        assert_eq!(newest(&found, 1_500), Some(0));
        assert_eq!(newest(&found, u64::MAX), Some(1));
    }
}
