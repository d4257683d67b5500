//! What waits to be recognised.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use speech::{Language, Stage, Track, Utterance};

/// How much sound of finished utterances waits at most. What would come later than this is of no use
/// as a caption, so the oldest is dropped and whoever reads is told.
const WAITING_MS_MAX: u64 = 20_000;

/// One utterance to recognise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Job {
    pub(crate) track: Track,
    pub(crate) utterance: Utterance,
    pub(crate) stage: Stage,
    /// What is spoken, where that is known.
    pub(crate) language: Option<Language>,
}

impl Job {
    fn length_ms(&self) -> u64 {
        self.utterance.to_ms() - self.utterance.from_ms
    }
}

/// What is next to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Recognise this.
    Hear(Job),
    /// Say that nothing more comes of this voice.
    End(Track),
}

impl Next {
    pub(crate) const fn track(&self) -> Track {
        match self {
            Self::Hear(job) => job.track,
            Self::End(track) => *track,
        }
    }
}

/// Finished utterances in their order, and of each voice that speaks the latest part.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    finished: VecDeque<Next>,
    speaking: BTreeMap<Track, Job>,
}

impl Queue {
    /// Adds a job. Answers what had to be dropped for it: whose sound, and how many milliseconds.
    pub(crate) fn add(&mut self, job: Job) -> Vec<(Track, u64)> {
        match job.stage {
            Stage::Partial => {
                // One of each voice: a newer part holds the older one.
                self.speaking.insert(job.track, job);
                Vec::new()
            }
            Stage::Final => {
                self.speaking.remove(&job.track);
                self.finished.push_back(Next::Hear(job));
                self.drop_oldest()
            }
        }
    }

    /// Puts the end of a voice behind all that it has said.
    pub(crate) fn end(&mut self, track: Track) {
        self.speaking.remove(&track);
        self.finished.push_back(Next::End(track));
    }

    fn drop_oldest(&mut self) -> Vec<(Track, u64)> {
        let mut surplus = self.waiting().sum::<u64>().saturating_sub(WAITING_MS_MAX);
        let mut dropped = Vec::new();
        self.finished.retain(|next| match next {
            Next::Hear(job) if surplus > 0 => {
                surplus = surplus.saturating_sub(job.length_ms());
                dropped.push((job.track, job.length_ms()));
                false
            }
            Next::Hear(_) | Next::End(_) => true,
        });
        dropped
    }

    fn waiting(&self) -> impl Iterator<Item = u64> {
        self.finished.iter().map(|next| match next {
            Next::Hear(job) => job.length_ms(),
            Next::End(_) => 0,
        })
    }

    /// What is next of the voices that are not busy: finished utterances first, then whoever has spoken
    /// longest.
    pub(crate) fn next(&mut self, busy: &BTreeSet<Track>) -> Option<Next> {
        let is_free = |next: &Next| !busy.contains(&next.track());
        if let Some(place) = self.finished.iter().position(is_free) {
            return self.finished.remove(place);
        }
        let free = self
            .speaking
            .values()
            .filter(|it| !busy.contains(&it.track));
        let longest = free.min_by_key(|job| job.utterance.from_ms)?.track;
        self.speaking.remove(&longest).map(Next::Hear)
    }

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.finished.is_empty() && self.speaking.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREE: BTreeSet<Track> = BTreeSet::new();

    fn job(track: u32, from_ms: u64, seconds: usize, stage: Stage) -> Job {
        Job {
            track: Track(track),
            utterance: Utterance {
                from_ms,
                pcm: vec![0; 16_000 * seconds],
            },
            stage,
            language: None,
        }
    }

    #[test]
    fn finished_utterances_come_first_and_a_part_is_replaced_by_its_whole() {
        let mut queue = Queue::default();
        queue.add(job(1, 500, 1, Stage::Partial));
        queue.add(job(2, 400, 1, Stage::Partial));
        queue.add(job(2, 400, 2, Stage::Partial));
        queue.add(job(3, 0, 1, Stage::Final));
        queue.add(job(1, 500, 3, Stage::Final));
        for job in [
            job(3, 0, 1, Stage::Final),
            job(1, 500, 3, Stage::Final),
            job(2, 400, 2, Stage::Partial),
        ] {
            assert_eq!(queue.next(&FREE), Some(Next::Hear(job)));
        }
        assert_eq!(queue.next(&FREE), None);
    }

    #[test]
    fn a_voice_that_is_busy_waits_and_others_do_not() {
        let mut queue = Queue::default();
        queue.add(job(1, 0, 1, Stage::Final));
        queue.add(job(2, 0, 1, Stage::Partial));
        let busy = BTreeSet::from([Track(1)]);
        assert_eq!(
            queue.next(&busy),
            Some(Next::Hear(job(2, 0, 1, Stage::Partial)))
        );
        assert_eq!(queue.next(&busy), None);
        assert!(!queue.is_empty());
    }

    #[test]
    fn the_oldest_is_dropped_when_more_than_twenty_seconds_wait() {
        let mut queue = Queue::default();
        assert_eq!(queue.add(job(1, 0, 8, Stage::Final)), []);
        assert_eq!(queue.add(job(2, 0, 8, Stage::Final)), []);
        assert_eq!(queue.add(job(1, 8_000, 4, Stage::Final)), []);
        assert_eq!(
            queue.add(job(1, 12_000, 1, Stage::Final)),
            [(Track(1), 8_000)]
        );
        assert_eq!(
            queue.next(&FREE),
            Some(Next::Hear(job(2, 0, 8, Stage::Final)))
        );
    }

    #[test]
    fn the_end_of_a_voice_comes_after_all_it_said_and_is_not_dropped() {
        let mut queue = Queue::default();
        queue.add(job(1, 0, 8, Stage::Final));
        queue.add(job(1, 8_000, 1, Stage::Partial));
        queue.end(Track(1));
        for _ in 0..4 {
            queue.add(job(2, 0, 8, Stage::Final));
        }
        assert_eq!(queue.next(&FREE), Some(Next::End(Track(1))));
    }
}
