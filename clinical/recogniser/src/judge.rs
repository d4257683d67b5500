//! What not to believe: a model of this kind also writes when nobody speaks.

/// What is known of a text beside its words.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Facts {
    /// How likely it is that nobody spoke, between 0 and 1.
    pub(crate) silence: f32,
    /// The mean logarithm of the probabilities of its tokens.
    pub(crate) sureness: f32,
}

/// Above this nobody spoke, unless the words are sure. As in the reference implementation.
const SILENCE: f32 = 0.6;
/// Words below this are not sure. As in the reference implementation.
const SURE: f32 = -1.0;
/// Words below this are guesses, whoever spoke.
const GUESS: f32 = -1.5;
/// A circle is a piece of at most so many tokens ...
const CIRCLE_TOKENS: usize = 12;
/// ... that is said so many times ...
const CIRCLE_TIMES: usize = 3;
/// ... and is so long in all: "non, non, non" is what people say.
const CIRCLE_WHOLE: usize = 8;

/// What the subtitles of films end with. The model has learnt them, and says them into silence.
/// Nobody says these and nothing else in a visit.
const CREDITS: &[&str] = &[
    "sous titres réalisés para la communauté d amara org",
    "sous titres réalisés par la communauté d amara org",
    "sous titres réalisés par l amara org",
    "sous titrage société radio canada",
    "sous titrage st 501",
    "sous titres par",
    "merci d avoir regardé cette vidéo",
    "merci d avoir regardé la vidéo",
    "abonnez vous",
    "subtitles by the amara org community",
    "thank you for watching",
    "thanks for watching",
    "please subscribe",
    "transcription by castingwords",
];

/// The text, or nothing when it is not to be believed.
#[must_use]
pub(crate) fn believed(text: &str, facts: &Facts) -> String {
    let nobody_spoke = facts.silence > SILENCE && facts.sureness < SURE;
    if nobody_spoke
        || facts.sureness < GUESS
        || is_credit(text)
        || !text.contains(char::is_alphanumeric)
    {
        return String::new();
    }
    without_echo(text)
}

/// The words of a sentence are at least so many; "non, non" is no echo.
const ECHO_WORDS: usize = 4;
/// From so many words on an echo may differ in one: "appuyer" and "appuyez".
const ECHO_LOOSE: usize = 6;

/// The text up to where it says a sentence a second time.
fn without_echo(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let plain = |word: &&str| {
        word.to_lowercase()
            .replace(|it: char| !it.is_alphanumeric(), "")
    };
    let plain: Vec<String> = words.iter().map(plain).collect();
    for begin in 0..plain.len() {
        let rest = plain.get(begin..).unwrap_or_default();
        for size in ECHO_WORDS..=rest.len() / 2 {
            let (once, again) = rest.split_at(size);
            let other = once.iter().zip(again).filter(|(a, b)| a != b).count();
            if other <= usize::from(size >= ECHO_LOOSE) {
                let kept = words.get(..begin + size).unwrap_or_default();
                return kept.join(" ");
            }
        }
    }
    text.to_owned()
}

fn is_credit(text: &str) -> bool {
    let words = text.to_lowercase();
    let words: Vec<&str> = words
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let words = words.join(" ");
    CREDITS.iter().any(|credit| words == *credit)
}

/// How many of the tokens come before the second round, if the last ones are said again and again.
#[must_use]
pub(crate) fn before_circle(tokens: &[u32]) -> Option<usize> {
    (1..=CIRCLE_TOKENS).find_map(|size| {
        let times = CIRCLE_TIMES.max(CIRCLE_WHOLE.div_ceil(size));
        let begin = tokens.len().checked_sub(size * times)?;
        let all = tokens.get(begin..)?;
        let round = all.get(..size)?;
        all.chunks_exact(size)
            .all(|it| it == round)
            .then_some(begin + size)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPOKEN: Facts = Facts {
        silence: 0.1,
        sureness: -0.3,
    };

    #[test]
    fn sure_words_are_believed_even_when_silence_is_likely() {
        assert_eq!(believed("Oui.", &SPOKEN), "Oui.");
        let silent = Facts {
            silence: 0.9,
            ..SPOKEN
        };
        assert_eq!(believed("Oui.", &silent), "Oui.");
        let neither = Facts {
            sureness: -1.2,
            ..silent
        };
        assert_eq!(believed("Oui.", &neither), "");
        let unsure = Facts {
            sureness: -1.2,
            ..SPOKEN
        };
        assert_eq!(believed("Oui.", &unsure), "Oui.");
        let guess = Facts {
            sureness: -1.6,
            ..SPOKEN
        };
        assert_eq!(believed("Oui.", &guess), "");
    }

    #[test]
    fn the_credits_of_films_and_bare_dots_are_not_believed() {
        for text in [
            "Sous-titres réalisés par la communauté d'Amara.org",
            "Thank you for watching!",
            "...",
            "",
        ] {
            assert_eq!(believed(text, &SPOKEN), "");
        }
        let said = "Thank you for watching my children.";
        assert_eq!(believed(said, &SPOKEN), said);
    }

    #[test]
    fn a_sentence_that_is_said_again_is_left_out_and_a_short_word_is_not() {
        let heard = "pour effacer ce message appuyer sur 7. Pour effacer ce message, appuyez sur 7. Pour effacer";
        assert_eq!(
            believed(heard, &SPOKEN),
            "pour effacer ce message appuyer sur 7."
        );
        for said in [
            "Non, non, non, non.",
            "J'ai mal ici et j'ai mal ailleurs.",
            "Oui  oui.",
        ] {
            assert_eq!(believed(said, &SPOKEN), said);
        }
    }

    #[test]
    fn a_circle_is_left_after_its_first_round_and_no_no_no_is_none() {
        assert_eq!(before_circle(&[5, 6, 5, 6, 5, 6]), None);
        assert_eq!(before_circle(&[7, 7, 7]), None);
        assert_eq!(before_circle(&[7; 8]), Some(1));
        assert_eq!(before_circle(&[1, 5, 6, 5, 6, 5, 6, 5, 6]), Some(3));
        assert_eq!(before_circle(&[9, 1, 2, 3, 1, 2, 3, 1, 2, 3]), Some(4));
        assert_eq!(before_circle(&[]), None);
    }
}
