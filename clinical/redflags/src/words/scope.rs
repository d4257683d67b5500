//! How far a "no", a "my father", a "years ago" or an "if" reaches.

use core::ops::Range;

use super::clock::Moment;
use super::cues::{CUE_WORDS_MAX, Cue, REPORTS, THINGS, cue_at};
use super::fold::Break;
use super::text::{Reader, Speaker, Token};

mod denial;

/// How something found in a text is meant.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Assertion {
    /// The patient has it.
    Present,
    /// It is said not to be so.
    Absent,
    /// It is only imagined, asked about or feared.
    Hypothetical,
    /// Somebody else has or had it.
    OtherPerson,
    /// It was so long ago.
    Past,
}

/// Everything that was said about a match. Several may hold.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four independent observations about one phrase"
)]
pub struct Marks {
    /// An odd number of denials reaches it.
    pub denied: bool,
    /// It is about somebody who is not the patient.
    pub other: bool,
    /// It is long ago.
    pub past: bool,
    /// It is imagined.
    pub imagined: bool,
}

impl Marks {
    /// The one word for it. A denial weighs most.
    #[must_use]
    pub const fn assertion(self) -> Assertion {
        if self.denied {
            Assertion::Absent
        } else if self.imagined {
            Assertion::Hypothetical
        } else if self.other {
            Assertion::OtherPerson
        } else if self.past {
            Assertion::Past
        } else {
            Assertion::Present
        }
    }
}

/// What a reach does to the words in it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Effect {
    Deny,
    Other,
    Past,
    Imagine,
}

/// A cue and the words it reaches.
#[derive(Clone, Debug)]
pub(super) struct Reach {
    pub(super) effect: Effect,
    pub(super) cue: Range<usize>,
    pub(super) words: Range<usize>,
    pub(super) sentence: u32,
    /// A "not" or "pas", which may be part of what is complained of.
    pub(super) of_verb: bool,
    /// A "ni" or "nor", which goes on with a denial: "pas d'idées noires ni envie" denies once.
    pub(super) goes_on: bool,
}

/// Words after a denial, counted again from every "or" and comma of a list.
const DENY_WORDS: usize = 5;
/// Words after a person.
const PERSON_WORDS: usize = 16;
/// Words before "in my father".
const PERSON_WORDS_BACK: usize = 8;
/// Words after "history of" and after "if".
const PAST_WORDS: usize = 7;
const IF_WORDS: usize = 14;
/// A time ago from here on is past: what happened less than 90 days ago may still be the cause.
const PAST_MINUTES: u32 = 90 * 24 * 60;
/// Years in which "in 1998" is past.
const YEARS: Range<u32> = 1930..2026;

const PRONOUNS: [&str; 20] = [
    "i", "he", "she", "we", "they", "it", "je", "j", "il", "elle", "on", "ca", "c", "nous", "me",
    "m", "moi", "ils", "elles", "there",
];
const MINE: [&str; 4] = ["my", "mon", "ma", "mes"];
const PREPOSITIONS: [&str; 22] = [
    "in", "of", "on", "at", "to", "from", "near", "under", "around", "behind", "dans", "a", "de",
    "sur", "vers", "derriere", "no", "sans", "without", "d", "des", "chez",
];
/// After these "not" does not deny: it is what one cannot do.
const INABILITY: [&str; 32] = [
    "can", "could", "able", "will", "arrive", "arrivait", "arrives", "peux", "peut", "peuvent",
    "pouvais", "pouvait", "pouvoir", "sais", "sait", "reussi", "reussit", "parviens", "parvient",
    "stop", "arrete", "arretent", "cesse", "passe", "part", "tient", "tiens", "diminue", "baisse",
    "descend", "calme", "arriver",
];

/// Reads all cues of a text. The reaches are in the order of their sentences.
pub(super) fn reaches(tokens: &[Token], moments: &[Moment], reader: Reader) -> Vec<Reach> {
    let words: Vec<&str> = tokens.iter().map(|token| token.word.as_str()).collect();
    let mut walk = Walk {
        tokens,
        words: &words,
        expects: reader.pregnant
            || words
                .iter()
                .any(|word| matches!(*word, "pregnant" | "enceinte" | "grossesse" | "pregnancy")),
        proxy: reader.speaker == Speaker::Proxy,
        patient: None,
        reaches: Vec::new(),
    };
    let mut next_moment = moments.iter().peekable();
    let mut at = 0;
    while at < tokens.len() {
        while next_moment.next_if(|moment| moment.first < at).is_some() {}
        if let Some(moment) = next_moment.next_if(|moment| moment.first == at) {
            if moment.ago && moment.minutes >= PAST_MINUTES {
                walk.around(Effect::Past, at..moment.behind);
            }
            at = moment.behind.max(at + 1);
            continue;
        }
        at = walk.step(at);
    }
    let mut reaches = walk.reaches;
    reaches.sort_by_key(|reach| reach.sentence);
    reaches
}

struct Walk<'a> {
    tokens: &'a [Token],
    words: &'a [&'a str],
    /// A child is expected, so "the baby" is nobody else.
    expects: bool,
    proxy: bool,
    /// The word for the patient of a proxy.
    patient: Option<Cue>,
    reaches: Vec<Reach>,
}

impl Walk<'_> {
    fn step(&mut self, at: usize) -> usize {
        let sentence = self.sentence_end(at);
        let window = self
            .words
            .get(at..(at + CUE_WORDS_MAX).min(sentence))
            .unwrap_or_default();
        if self.word(at) == "non" || self.word(at) == "no" {
            self.answer(at);
        }
        // "Yeux non creux" denies one word; "fièvre non douleur oui" answers what stands before.
        if self.word(at) == "non"
            && at > 0
            && self.tokens[at].before == Break::None
            && self
                .tokens
                .get(at + 1)
                .is_some_and(|next| next.before == Break::None && !next.filler)
            && self.denies_next(at)
        {
            self.push(Effect::Deny, at..at + 1, at + 1..at + 2);
        }
        let year = self
            .word(at)
            .parse()
            .is_ok_and(|year: u32| YEARS.contains(&year));
        if year && matches!(self.back(at, 1), "in" | "en" | "since") {
            self.around(Effect::Past, at..at + 1);
        }
        let Some((cue, length)) = cue_at(window) else {
            return at + 1;
        };
        let behind = at + length;
        match cue {
            Cue::No if self.goes_on_with_inability(at) => {}
            Cue::No => self.deny(at, behind, true),
            Cue::NothingIn => self.nothing_in(at, behind),
            Cue::Not => self.not(at, behind),
            Cue::Never => {
                if !self.compared(behind) {
                    self.deny(at, behind, false);
                }
            }
            Cue::Person | Cue::Child => self.person(cue, at, behind),
            Cue::Family => self.push(
                Effect::Other,
                at..behind,
                self.clause_start(at)..self.until_stop(behind, 24, &["i", "j", "je"]),
            ),
            // "a three-day history of" is what is complained of.
            Cue::Past if self.word(at) == "history" && self.after_time(at) => {}
            Cue::Past => self.push(
                Effect::Past,
                at..behind,
                behind..self.until_stop(behind, PAST_WORDS, &[]),
            ),
            Cue::LongAgo => self.around(Effect::Past, at..behind),
            Cue::If => self.push(
                Effect::Imagine,
                at..behind,
                behind..self.until_stop(behind, IF_WORDS, &[]),
            ),
            Cue::Stop | Cue::Nothing => {}
        }
        behind
    }

    fn word(&self, at: usize) -> &str {
        self.words.get(at).copied().unwrap_or_default()
    }

    fn back(&self, at: usize, by: usize) -> &str {
        let Some(there) = at.checked_sub(by) else {
            return "";
        };
        if self.tokens[there].sentence == self.tokens[at].sentence {
            self.word(there)
        } else {
            ""
        }
    }

    fn sentence_end(&self, at: usize) -> usize {
        let sentence = self.tokens[at].sentence;
        let mut end = at + 1;
        while self
            .tokens
            .get(end)
            .is_some_and(|token| token.sentence == sentence)
        {
            end += 1;
            if end > at + super::text::SENTENCE_MAX {
                break;
            }
        }
        end
    }

    /// Whether a unit of time stands before a word: "a two week history of".
    fn after_time(&self, at: usize) -> bool {
        matches!(
            self.back(at, 1),
            "hour"
                | "hours"
                | "day"
                | "days"
                | "week"
                | "weeks"
                | "month"
                | "months"
                | "year"
                | "years"
                | "minute"
                | "minutes"
                | "short"
                | "recent"
                | "long"
        )
    }

    fn clause_start(&self, at: usize) -> usize {
        let mut start = at;
        while start > 0
            && self.tokens[start].before == Break::None
            && !matches!(self.back(start, 1), "and" | "et" | "but" | "mais" | "")
        {
            start -= 1;
        }
        start
    }

    fn push(&mut self, effect: Effect, cue: Range<usize>, words: Range<usize>) {
        if words.start < words.end {
            let sentence = self.tokens[words.start].sentence;
            let of_verb = effect == Effect::Deny
                && matches!(self.word(cue.start), "not" | "pas" | "plus")
                && cue.len() == 1;
            let goes_on = matches!(self.word(cue.start), "ni" | "nor" | "neither");
            self.reaches.push(Reach {
                goes_on,
                effect,
                cue,
                words,
                sentence,
                of_verb,
            });
        }
    }

    fn is_stop(&self, at: usize, sentence: usize) -> bool {
        let window = self
            .words
            .get(at..(at + CUE_WORDS_MAX).min(sentence))
            .unwrap_or_default();
        matches!(cue_at(window), Some((Cue::Stop, _)))
    }

    /// Behind the last word that a cue reaches: a stop word, a comma, one of `also`, or `most` words.
    fn until_stop(&self, from: usize, most: usize, also: &[&str]) -> usize {
        if from >= self.tokens.len()
            || from == 0
            || self.tokens[from].sentence != self.tokens[from - 1].sentence
        {
            return from;
        }
        let sentence = self.sentence_end(from);
        let mut at = from;
        while at < sentence && at < from + most {
            let comma = self.tokens[at].before >= Break::Clause && at > from;
            if comma || self.is_stop(at, sentence) || also.contains(&self.word(at)) {
                break;
            }
            at += 1;
        }
        at
    }

    /// All of a clause: what stands before the cue, or what follows if nothing does.
    fn around(&mut self, effect: Effect, cue: Range<usize>) {
        let start = self.clause_start(cue.start);
        let start = (start..cue.start)
            .rev()
            .take_while(|&at| !self.is_stop(at, cue.start))
            .last()
            .unwrap_or(cue.start);
        if self.tokens[start..cue.start]
            .iter()
            .any(|token| !token.filler)
        {
            self.push(effect, cue.clone(), start..cue.start);
            return;
        }
        let behind = self.until_stop(cue.end, IF_WORDS, &[]);
        self.push(effect, cue, start..behind);
    }

    /// A denial: the words after it until somebody else begins to act.
    fn deny(&mut self, cue: usize, from: usize, list: bool) {
        if from >= self.tokens.len() || self.tokens[from].sentence != self.tokens[cue].sentence {
            return;
        }
        let sentence = self.sentence_end(cue);
        let in_list = list
            && self
                .words
                .get(from..sentence)
                .unwrap_or_default()
                .iter()
                .any(|word| matches!(*word, "or" | "nor" | "ni" | "ou"));
        let mut at = from;
        let mut left = DENY_WORDS;
        let mut opinion_seen = false;
        while at < sentence && left > 0 {
            let word = self.word(at);
            let comma = self.tokens[at].before >= Break::Clause && at > from;
            let goes_on = list
                && (in_list || matches!(word, "de" | "d" | "or" | "ou" | "nor" | "ni"))
                || word == "or";
            let mine =
                MINE.contains(&word) && at > from && !PREPOSITIONS.contains(&self.back(at, 1));
            let acts = PRONOUNS.contains(&word)
                && at > from
                && !matches!((self.back(at, 1), word), ("that", _) | (_, "m" | "me"));
            let believes = at == from + 1 && acts
                || (at == from + 2 && matches!(self.back(at, 1), "that" | "que" | "qu") && acts);
            let opinion = matches!(
                self.word(from),
                "think" | "believe" | "pense" | "crois" | "true" | "vrai" | "say"
            ) && believes;
            if at > from && self.denies_again(at, sentence) && !opinion_seen {
                break;
            }
            opinion_seen |= opinion;
            if (comma && !goes_on) || self.is_stop(at, sentence) || ((mine || acts) && !opinion) {
                break;
            }
            if at > from && matches!(word, "with" | "avec") {
                break;
            }
            if comma
                || matches!(word, "or" | "ou" | "nor" | "ni")
                || (list && matches!(word, "and" | "et"))
                || opinion
            {
                left = DENY_WORDS + 1;
            }
            left -= 1;
            at += 1;
        }
        self.push(Effect::Deny, cue..from, from..at);
    }

    /// Another denial begins here and has a reach of its own.
    fn denies_again(&self, at: usize, sentence: usize) -> bool {
        let window = self
            .words
            .get(at..(at + CUE_WORDS_MAX).min(sentence))
            .unwrap_or_default();
        matches!(
            cue_at(window),
            Some((Cue::No | Cue::Not | Cue::Never | Cue::NothingIn, _))
        )
    }

    fn not(&mut self, at: usize, behind: usize) {
        let unable = (1..=3).any(|by| INABILITY.contains(&self.back(at, by)));
        let unable_after = matches!(self.word(behind), "stop" | "able")
            || INABILITY.contains(&self.word(behind)) && self.word(at) == "ne";
        if !unable && !unable_after {
            self.deny(at, behind, false);
        }
    }

    /// "never had such pain" says that there is pain.
    fn compared(&self, from: usize) -> bool {
        let words = self
            .words
            .get(from..(from + 10).min(self.words.len()))
            .unwrap_or_default();
        words.iter().any(|word| {
            matches!(
                *word,
                "like"
                    | "such"
                    | "so"
                    | "worse"
                    | "this"
                    | "aussi"
                    | "autant"
                    | "comme"
                    | "pareil"
                    | "pareille"
                    | "tel"
                    | "telle"
                    | "si"
            )
        })
    }

    /// "chest pain: no": what stands before it.
    fn answer(&mut self, at: usize) {
        let asked = matches!(self.tokens[at].before, Break::Colon | Break::Question);
        let last = self
            .tokens
            .get(at + 1)
            .is_none_or(|next| next.before >= Break::Clause);
        if !asked || !last || at == 0 {
            return;
        }
        let sentence = self.tokens[at - 1].sentence;
        let mut start = at - 1;
        while start > 0
            && start + 7 > at
            && self.tokens[start].before < Break::Clause
            && self.tokens[start - 1].sentence == sentence
        {
            start -= 1;
        }
        self.push(Effect::Deny, at..at + 1, start..at);
    }

    fn person(&mut self, cue: Cue, at: usize, behind: usize) {
        if self.expects && cue == Cue::Child {
            return;
        }
        if self.proxy && *self.patient.get_or_insert(cue) == cue {
            return;
        }
        // "A 14-year-old girl has" is how a clinician begins to tell of the patient.
        if self.word(at) == "old" && matches!(self.back(at, 3), "a" | "an" | "" | "this") {
            return;
        }
        if (behind..behind + 2).any(|there| REPORTS.contains(&self.word(there))) {
            return;
        }
        // "A letter for the children" is not about their health.
        let receivers = matches!(self.word(at), "enfants" | "children" | "kids");
        if receivers
            && (1..=2).any(|by| matches!(self.back(at, by), "pour" | "for" | "to" | "aux" | "a"))
        {
            return;
        }
        // "My mother's tablets" and "les comprimés de ma mère" are things, whoever has them.
        let things = |there: usize| THINGS.contains(&self.word(there));
        if things(behind)
            || things(behind + 1)
            || (MINE.contains(&self.back(at, 1)) && THINGS.contains(&self.back(at, 3)))
        {
            return;
        }
        let chez = matches!(self.back(at, 1), "chez")
            || matches!(self.back(at, 2), "chez" | "in" | "of") && MINE.contains(&self.back(at, 1));
        if chez {
            let mut start = at;
            while start > 0
                && at - start < PERSON_WORDS_BACK
                && self.tokens[start].before == Break::None
                && !matches!(self.back(start, 1), "i" | "j" | "je" | "")
            {
                start -= 1;
            }
            self.push(Effect::Other, at..behind, start..at);
        }
        let mut end = self.until_stop(
            behind,
            PERSON_WORDS,
            &["i", "j", "je", "m", "moi", "me", "mine"],
        );
        if let Some(mine) = (behind..end).find(|&there| {
            MINE.contains(&self.word(there))
                && !matches!(
                    cue_at(&self.words[there + 1..(there + 3).min(self.words.len())]),
                    Some((Cue::Person | Cue::Child, _))
                )
        }) {
            end = mine;
        }
        self.push(Effect::Other, at..behind, behind..end);
    }
}
