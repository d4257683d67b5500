//! One utterance as text: greedy, one token after the other, with bounds on how long that may go on.

use speech::Language;

use crate::judge::{self, Facts};
use crate::mel::{HOP, Mel};
use crate::vocabulary::{Marks, Vocabulary};
use crate::whisper::{SayError, Saying, Whisper};

/// Nobody says more tokens in a second; a decoder that runs in a circle does.
const TOKENS_PER_SECOND: usize = 9;
/// And these on top, for an utterance of one word.
const TOKENS_MORE: usize = 8;
/// Silence behind an utterance, so that its end is seen: 0.5 s of columns.
const COLUMNS_BEHIND: usize = 50;
/// The model has learnt pictures of 30 s only. Into much shorter ones (2 s were tried) it says short
/// sentences twice; 8 s is what the longest utterance costs anyway.
const COLUMNS_MIN: usize = 800;

/// Tokens that are never said: see [`Quiet::parse`].
#[derive(Debug, Default)]
pub struct Quiet {
    /// At no place: signs, notes of music, marks.
    pub always: Vec<u32>,
    /// Not at the beginning: an end of the text, a space.
    pub at_first: Vec<u32>,
}

impl Quiet {
    /// Reads the lists of a `config.json` of CTranslate2; lists that are missing are empty.
    ///
    /// # Errors
    ///
    /// When it is no JSON.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let config: serde_json::Value = serde_json::from_str(text)?;
        let list = |name: &str| -> Vec<u32> {
            let numbers = config.get(name).and_then(serde_json::Value::as_array);
            let numbers = numbers.into_iter().flatten();
            numbers
                .filter_map(|it| u32::try_from(it.as_u64()?).ok())
                .collect()
        };
        Ok(Self {
            always: list("suppress_ids"),
            at_first: list("suppress_ids_begin"),
        })
    }
}

/// What was understood of an utterance.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard {
    /// The language it was taken for.
    pub language: Language,
    /// How likely each language is, of those that can be recognised.
    pub odds: Vec<(Language, f32)>,
    /// The words; empty when there is nothing to believe.
    pub text: String,
}

/// A model that hears.
#[derive(Debug)]
pub struct Ear {
    whisper: Whisper,
    vocabulary: Vocabulary,
    quiet: Quiet,
    mel: Mel,
}

impl Ear {
    /// Puts the parts of a model together.
    #[must_use]
    pub fn new(whisper: Whisper, vocabulary: Vocabulary, quiet: Quiet) -> Self {
        Self {
            mel: Mel::new(whisper.bands()),
            whisper,
            vocabulary,
            quiet,
        }
    }

    /// The languages that the model understands.
    #[must_use]
    pub fn languages(&self) -> Vec<Language> {
        let known = &self.vocabulary.marks().languages;
        known.iter().map(|(language, _)| *language).collect()
    }

    /// Hears an utterance. `choose` picks the language from how likely each is.
    ///
    /// # Errors
    ///
    /// When the weights do not fit together; the same weights then fail every time.
    pub fn hear(
        &self,
        pcm: &[i16],
        choose: impl FnOnce(&[(Language, f32)]) -> Language,
    ) -> Result<Heard, SayError> {
        let marks = self.vocabulary.marks();
        let mut saying = self.whisper.hear(&self.picture(pcm));
        let begun = likely(&self.whisper.say(&mut saying, &[marks.start])?);
        let odds = odds(&begun, &marks.languages);
        let language = choose(&odds);
        let silence = probability(&begun, marks.silence);
        let spoken = marks.languages.iter().find(|(known, _)| *known == language);
        let prompt = [
            spoken.map_or(marks.start, |(_, token)| *token),
            marks.transcribe,
            marks.untimed,
        ];
        let (tokens, sureness) = self.tokens(&mut saying, &prompt, pcm.len())?;
        let text = self.vocabulary.text(&tokens);
        let facts = Facts { silence, sureness };
        Ok(Heard {
            language,
            odds,
            text: judge::believed(&text, &facts),
        })
    }

    fn picture(&self, pcm: &[i16]) -> Vec<f32> {
        let wanted = (pcm.len() / HOP + COLUMNS_BEHIND).max(COLUMNS_MIN);
        let columns = wanted.next_multiple_of(2).min(self.whisper.columns_max());
        self.mel.of(pcm, columns)
    }

    /// The likeliest token, again and again, until the end; and how likely they were on average, as
    /// a logarithm.
    fn tokens(
        &self,
        saying: &mut Saying,
        prompt: &[u32],
        samples: usize,
    ) -> Result<(Vec<u32>, f32), SayError> {
        let marks = self.vocabulary.marks();
        let room = self.whisper.tokens_max().saturating_sub(1 + prompt.len());
        let tokens_max = (samples * TOKENS_PER_SECOND / 16_000 + TOKENS_MORE).min(room);
        let mut logits = self.whisper.say(saying, prompt)?;
        let mut tokens = Vec::new();
        let mut sum = 0.0;
        loop {
            self.hush(&mut logits, marks, tokens.is_empty());
            let Some((token, log)) = likeliest(&logits) else {
                break;
            };
            sum += log;
            if token == marks.end || tokens.len() >= tokens_max {
                break;
            }
            tokens.push(token);
            if let Some(kept) = judge::before_circle(&tokens) {
                tokens.truncate(kept);
                break;
            }
            logits = self.whisper.say(saying, &[token])?;
        }
        #[expect(clippy::cast_precision_loss, reason = "some hundred tokens")]
        let mean = sum / (tokens.len() + 1) as f32;
        Ok((tokens, mean))
    }

    /// Takes away what is never said here.
    fn hush(&self, logits: &mut [f32], marks: &Marks, first: bool) {
        let times = usize::try_from(marks.untimed).unwrap_or(usize::MAX);
        for place in logits.iter_mut().skip(times) {
            *place = f32::NEG_INFINITY;
        }
        let at_first = if first {
            self.quiet.at_first.as_slice()
        } else {
            &[]
        };
        for token in self.quiet.always.iter().chain(at_first) {
            let place = usize::try_from(*token).unwrap_or(usize::MAX);
            if let Some(place) = logits.get_mut(place) {
                *place = f32::NEG_INFINITY;
            }
        }
    }
}

/// Logits as logarithms of probabilities.
fn likely(logits: &[f32]) -> Vec<f32> {
    let largest = logits.iter().copied().fold(f32::MIN, f32::max);
    let sum: f32 = logits.iter().map(|it| (it - largest).exp()).sum();
    let whole = largest + sum.ln();
    logits.iter().map(|it| it - whole).collect()
}

fn probability(logs: &[f32], token: u32) -> f32 {
    let place = usize::try_from(token).unwrap_or(usize::MAX);
    logs.get(place).map_or(0.0, |log| log.exp())
}

/// How likely each of the known languages is, if it is one of them.
fn odds(logs: &[f32], languages: &[(Language, u32)]) -> Vec<(Language, f32)> {
    let each: Vec<(Language, f32)> = languages
        .iter()
        .map(|(language, token)| (*language, probability(logs, *token).max(1e-9)))
        .collect();
    let sum: f32 = each.iter().map(|(_, it)| it).sum();
    let share = |(language, it): (Language, f32)| (language, it / sum);
    each.into_iter().map(share).collect()
}

/// The likeliest token with the logarithm of its probability.
fn likeliest(logits: &[f32]) -> Option<(u32, f32)> {
    let (place, largest) = logits
        .iter()
        .copied()
        .enumerate()
        .max_by(|(_, a), (_, b)| a.total_cmp(b))?;
    let sum: f32 = logits.iter().map(|it| (it - largest).exp()).sum();
    Some((u32::try_from(place).ok()?, -sum.ln()))
}
