//! Ordinary words of both languages: those that say nothing, and those that are no typing errors.

use std::collections::BTreeSet;
use std::sync::OnceLock;

/// Articles, pronouns, auxiliaries and prepositions of both languages. Patterns do not see them.
const FILLERS: &str = "the a an my your his her its our their i you he she we they him them us \
le la les l un une des de du d au aux mon ma mes ton ta tes son sa ses notre nos votre vos leur leurs \
je j tu il elle on nous vous ils elles ca cela c  ce cet cette ces s t se te y lui moi \
is are am was were be been being has have had having do does did done will would got getting get \
est sont etait etaient suis es ai as a ont avons avez avais avait avoir eu etre ete \
in on at to of for from with and by this that these those there really very so just some like as \
dans sur pour avec et par que qu qui tres vraiment juste si also aussi quite vachement super hyper";

/// Further everyday words: never taken for a misspelling of a medical one.
const ORDINARY: &str = include_str!("../../data/ordinary_words.txt");

/// Words that tell the language of a text, English and French.
const TELLING: [&str; 2] = [
    "the and of with my he she was has is his her for to had have i but not when which after at from this",
    "le la les de des du et est je j il elle avec pour dans mon ma un une pas depuis qui que ai au sont sa mais c ca l d quand apres",
];
/// French words that mean something else, or nothing, in an English text, and the other way round.
const FALSE_FRIENDS: [&str; 2] = [
    "malaise malaises mal main mains chat rage bras lance lit sang figure coup choc fin tape cours balle court tire \
bout plus fort forte sens vide bois chute sort pend gale sale lame mou cote bas poids rein reins \
selle selles pose porte verse bord point tombe serre bouche gene fille pays dent dents",
    "pain fit fits coin",
];
/// Telling words of one language, without one of the other, from which on a sentence is in it.
const TELLING_MIN: usize = 2;

/// Hides from patterns what is a word of the other language only. Every sentence by itself, so that one more
/// sentence changes nothing in the others.
pub(super) fn hide_false_friends(tokens: &mut [super::text::Token]) {
    static SETS: [OnceLock<BTreeSet<&'static str>>; 4] = [const { OnceLock::new() }; 4];
    let [english, french, friends_en, friends_fr] = &SETS;
    for sentence in tokens.chunk_by_mut(|a, b| a.sentence == b.sentence) {
        let count = |set: &BTreeSet<&str>| {
            sentence
                .iter()
                .filter(|token| set.contains(token.word.as_str()))
                .count()
        };
        let en = count(set(english, TELLING[0]));
        let fr = count(set(french, TELLING[1]));
        let hidden = match (en, fr) {
            (TELLING_MIN.., 0) => set(friends_en, FALSE_FRIENDS[0]),
            (0, TELLING_MIN..) => set(friends_fr, FALSE_FRIENDS[1]),
            _ => continue,
        };
        for token in sentence {
            token.filler |= hidden.contains(token.word.as_str());
        }
    }
}

fn set(
    cell: &'static OnceLock<BTreeSet<&'static str>>,
    words: &'static str,
) -> &'static BTreeSet<&'static str> {
    cell.get_or_init(|| {
        words
            .lines()
            .filter(|line| !line.starts_with('#'))
            .flat_map(str::split_whitespace)
            .collect()
    })
}

/// Whether patterns leave this word out.
pub(super) fn is_filler(word: &str) -> bool {
    static SET: OnceLock<BTreeSet<&'static str>> = OnceLock::new();
    set(&SET, FILLERS).contains(word)
}

/// Whether this is an everyday word of one of the languages.
pub(super) fn is_known(word: &str) -> bool {
    static SET: OnceLock<BTreeSet<&'static str>> = OnceLock::new();
    is_filler(word) || super::cues::is_in_cue(word) || set(&SET, ORDINARY).contains(word)
}
