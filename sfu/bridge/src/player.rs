//! What is played to one telephone.

use sfu_phone::Rate;

use crate::order::Playing;

/// A list, and where it stands.
#[derive(Debug, Default)]
pub(crate) struct Player {
    playing: Option<Playing>,
    clip: usize,
    at: usize,
}

/// 20 ms of a list.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Played {
    /// The sound, silent where the list has ended.
    pub(crate) frame: Vec<i16>,
    /// The ticket of the list, if it has come to its end.
    pub(crate) ended: Option<u64>,
}

impl Player {
    pub(crate) fn play(&mut self, playing: Playing) {
        *self = Self {
            playing: Some(playing),
            clip: 0,
            at: 0,
        };
    }

    pub(crate) fn stop(&mut self) {
        *self = Self::default();
    }

    /// The next 20 ms; nothing while nothing is played.
    pub(crate) fn next(&mut self, rate: Rate) -> Option<Played> {
        let playing = self.playing.as_ref()?;
        let mut frame = Vec::with_capacity(rate.frame());
        let mut ended = None;
        let mut rounds = 0;
        while frame.len() < rate.frame() {
            let Some(clip) = playing.clips.get(self.clip) else {
                // A list without a sound would go round for ever.
                if playing.endless && rounds == 0 {
                    (self.clip, self.at, rounds) = (0, 0, 1);
                    continue;
                }
                ended = Some(playing.ticket);
                break;
            };
            let rest = clip.samples(rate).get(self.at..).unwrap_or_default();
            let taken = rest.len().min(rate.frame() - frame.len());
            frame.extend(rest.iter().take(taken));
            self.at += taken;
            if taken == rest.len() {
                (self.clip, self.at) = (self.clip + 1, 0);
            }
            if taken > 0 {
                rounds = 0;
            }
        }
        frame.resize(rate.frame(), 0);
        if ended.is_some() {
            self.stop();
        }
        Some(Played { frame, ended })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompt::Prompt;

    fn playing(lengths: &[usize], endless: bool) -> Playing {
        Playing {
            ticket: 9,
            clips: lengths
                .iter()
                .map(|length| Prompt::new(vec![7; *length], vec![7; length * 2]))
                .collect(),
            endless,
        }
    }

    fn all(list: Playing) -> (usize, usize) {
        let mut player = Player::default();
        player.play(list);
        let (mut frames, mut sounding) = (0, 0);
        while let Some(played) = player.next(Rate::Narrow) {
            assert_eq!(played.frame.len(), 160);
            frames += 1;
            sounding += played.frame.iter().filter(|sample| **sample == 7).count();
            if played.ended == Some(9) || frames >= 100 {
                break;
            }
        }
        (frames, sounding)
    }

    #[test]
    fn clips_follow_each_other_without_a_gap_and_their_end_is_told() {
        assert_eq!(all(playing(&[100, 200, 30], false)), (3, 330));
        // An end on the border of a frame is told with the next one.
        assert_eq!(all(playing(&[160], false)), (2, 160));
    }

    #[test]
    fn a_list_without_sound_ends_even_when_it_is_endless() {
        assert_eq!(all(playing(&[], false)), (1, 0));
        assert_eq!(all(playing(&[], true)), (1, 0));
        assert_eq!(all(playing(&[0, 0], true)), (1, 0));
    }

    #[test]
    fn an_endless_list_goes_on_until_it_is_stopped() {
        assert_eq!(all(playing(&[100, 20], true)), (100, 16_000));
        let mut player = Player::default();
        player.play(playing(&[100], true));
        player.stop();
        assert_eq!(player.next(Rate::Wide), None);
    }
}
