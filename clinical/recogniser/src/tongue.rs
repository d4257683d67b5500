//! What somebody speaks, found out over several utterances: a "mm" is no evidence, a sentence is.

use speech::Language;

/// How much one utterance can say, as a logarithm of odds.
const EVIDENCE_MAX: f32 = 2.0;
/// How much is remembered: two sentences of another language change the mind.
const MEMORY_MAX: f32 = 3.0;

/// What is known of one voice. Positive is French.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Tongue(f32);

impl Tongue {
    /// The language of an utterance with these odds.
    pub(crate) fn choose(self, odds: &[(Language, f32)]) -> Language {
        match odds {
            [(only, _)] => *only,
            _ if self.0 + evidence(odds) > 0.0 => Language::French,
            _ => Language::English,
        }
    }

    /// Learns from an utterance.
    pub(crate) fn learn(&mut self, odds: &[(Language, f32)]) {
        self.0 = (self.0 + evidence(odds)).clamp(-MEMORY_MAX, MEMORY_MAX);
    }
}

fn evidence(odds: &[(Language, f32)]) -> f32 {
    let of = |wanted| odds.iter().find(|(language, _)| *language == wanted);
    match (of(Language::French), of(Language::English)) {
        (Some((_, french)), Some((_, english))) => {
            (french / english).ln().clamp(-EVIDENCE_MAX, EVIDENCE_MAX)
        }
        (Some(_), None) => EVIDENCE_MAX,
        (None, _) => -EVIDENCE_MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn odds(french: f32) -> [(Language, f32); 2] {
        [
            (Language::French, french),
            (Language::English, 1.0 - french),
        ]
    }

    #[test]
    fn a_doubtful_word_follows_what_was_spoken_before() {
        let mut tongue = Tongue::default();
        assert_eq!(tongue.choose(&odds(0.4)), Language::English);
        tongue.learn(&odds(0.98));
        assert_eq!(tongue.choose(&odds(0.4)), Language::French);
    }

    #[test]
    fn two_clear_sentences_change_the_mind_and_one_does_not() {
        let mut tongue = Tongue::default();
        for _ in 0..10 {
            tongue.learn(&odds(0.99));
        }
        assert_eq!(tongue.choose(&odds(0.01)), Language::French);
        tongue.learn(&odds(0.01));
        assert_eq!(tongue.choose(&odds(0.01)), Language::English);
    }

    #[test]
    fn a_model_of_one_language_hears_that_language() {
        let only = [(Language::English, 1.0)];
        assert_eq!(Tongue::default().choose(&only), Language::English);
        let only = [(Language::French, 1.0)];
        assert_eq!(Tongue::default().choose(&only), Language::French);
    }
}
