//! Where a word that looks like a denial denies less, or nothing.

use super::{Break, DENY_WORDS, Effect, Walk};

/// Verbs that another verb follows: a "ni" behind them goes on with what one cannot do.
const CANNOT: &str = "can could able arrive arrivait arrives arrivent arriver peux peut peuvent pouvais pouvait pouvoir \
reussi reussit parviens parvient";
const UNABLE: &str = "impossible unable incapable cannot";
const NEGATED: &str = "pas plus not ni neither jamais never";
/// Before "rien au bras" these say that something is lost.
const LOST: &str = "plus pas sens sent sentent sentir sentais sentait senti vois voit voir entends bouge bouger ressens";
/// Directly before "rien au coeur" these say that there is nothing.
const HAD: &str = "ai a as ont avais avait";
/// These end what a "nothing wrong with" names.
const NAMED_UNTIL: [&str; 22] = [
    "until", "till", "before", "when", "since", "and", "or", "then", "suddenly", "et", "ou",
    "avant", "jusqu", "quand", "lorsque", "depuis", "soudain", "i", "he", "she", "je", "j",
];
/// Endings of French adjectives and participles, folded.
const ENDINGS: &str = "eux euse euses ee ees ant ants ante antes if ifs ive ives able ables ible ibles ique iques al aux \
ale ales aire";
/// Adjectives and participles without such an ending.
const ADJECTIVES: &str = "creux creuse creuses dur durs dure dures raide raides rigide souple souples gonfle gonfles enfle \
enfles bombe rouge rouges chaud chaude febrile febriles essouffle traumatise dilate dilates deplace confus infecte \
sensible sec";
/// Nouns with such an ending.
const NOUNS: &str = "nausee nausees diarrhee diarrhees dyspnee cephalee cephalees apnee apnees duree colique coliques panique \
maux mal poussee montee";

fn among(list: &str, word: &str) -> bool {
    list.split(' ').any(|one| one == word)
}

/// Whether a French word says how something is: an adjective or a participle.
fn says_how(word: &str) -> bool {
    !among(NOUNS, word)
        && (among(ADJECTIVES, word) || ENDINGS.split(' ').any(|ending| word.ends_with(ending)))
}

impl Walk<'_> {
    /// Whether a "non" in the middle denies the word behind it: "yeux non creux", but not "grave ou non douleur" and
    /// not "fièvre non douleur oui".
    pub(super) fn denies_next(&self, at: usize) -> bool {
        says_how(self.word(at + 1)) && self.back(at, 1) != "ou" && !self.has_answers(at)
    }

    /// "Nothing wrong with my heart" and "rien au coeur" deny what they name and no list behind it; "je ne sens plus
    /// rien au bras" complains.
    pub(super) fn nothing_in(&mut self, at: usize, behind: usize) {
        let complains = self.word(at) == "rien" && {
            let before = self.back(at, 1);
            let begins = before.is_empty() || self.tokens[at].before >= Break::Clause;
            let lost = (1..=5).any(|by| among(LOST, self.back(at, by)));
            lost || !(begins || among(HAD, before))
        };
        if !complains {
            let end = self.until_stop(behind, DENY_WORDS, &NAMED_UNTIL);
            self.push(Effect::Deny, at..behind, behind..end);
        }
    }

    /// "Je n'arrive pas à parler ni à respirer": a "ni" or "nor" behind what one cannot do goes on with that.
    pub(super) fn goes_on_with_inability(&self, at: usize) -> bool {
        if !matches!(self.word(at), "ni" | "nor" | "neither") {
            return false;
        }
        let mut start = at;
        while (start == at || self.tokens[start].before < Break::Clause)
            && !self.back(start, 1).is_empty()
        {
            start -= 1;
        }
        (start..at).any(|there| {
            let mut behind = there + 1..(there + 4).min(at + 1);
            among(UNABLE, self.word(there))
                || (among(CANNOT, self.word(there))
                    && behind.any(|behind| among(NEGATED, self.word(behind))))
        })
    }

    /// Whether a "oui" in the sentence shows that words in it are questions, each with its answer.
    fn has_answers(&self, at: usize) -> bool {
        let mut start = at;
        while !self.back(start, 1).is_empty() {
            start -= 1;
        }
        (start..self.sentence_end(at)).any(|there| self.word(there) == "oui")
    }
}
