//! Words that say how what stands beside them is meant.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// What a cue does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Cue {
    /// "no", "without", "pas de": what follows, in a list.
    No,
    /// "not", "pas": what follows, near.
    Not,
    /// "nothing wrong with", "rien au": the part of the body that follows, in no list.
    NothingIn,
    /// "never", "jamais": what follows, unless it is compared ("never had such pain").
    Never,
    /// A grown-up who is not the patient.
    Person,
    /// A child: somebody else, or the patient of a proxy.
    Child,
    /// "family history of": all of the clause.
    Family,
    /// "history of", "used to": what follows.
    Past,
    /// "last year", "a long time ago": all of the clause.
    LongAgo,
    /// "if I", "worried about getting": what follows.
    If,
    /// "but", "now": ends what other cues reach.
    Stop,
    /// Looks like a cue and is none: "not only", "no relief".
    Nothing,
}

const NO: &str = "no|without|denies|denied|denying|denie|negative for|absence of|absence de|absence d|lack of|free of|not any|pas de|pas d|pas du tout de|pas eu de|pas eu d|aucun|aucune|sans|ni|neither|nor|nie avoir|nie|point de|rules out|ruled out|pas non plus de|zero|exclu|ni de";
const NOTHING_IN: &str =
    "nothing wrong with|nothing wrong in|nothing the matter with|rien au|rien aux|rien a la";
const NOT: &str = "not|pas|plus aucun|plus aucune|nothing like|hardly|pas du tout|ne jamais";
const NEVER: &str = "never|jamais|never had|jamais eu";
const PERSON: &str = "mother|father|mom|mum|mummy|dad|daddy|sister|brother|uncle|aunt|auntie|cousin|cousine|grandmother|grandma|granny|nan|grandfather|grandpa|grandad|husband|wife|boyfriend|girlfriend|friend|friends|best friend|neighbour|neighbor|colleague|coworker|co worker|roommate|flatmate|boss|nephew|niece|parents|relative|stepfather|stepmother|mother in law|father in law|mere|maman|pere|papa|soeur|frere|oncle|tante|tonton|tata|mamie|papi|papy|mamy|grand mere|grand pere|mari|ma femme|epouse|epoux|conjoint|conjointe|copain|copine|ami|amie|voisin|voisine|collegue|patron|neveu|belle mere|beau pere|belle soeur|beau frere|my partner|mon compagnon|ma compagne|someone i know|somebody i know|quelqu un que je connais|an acquaintance|my client|my student|un client|un eleve";
const CHILD: &str = "my son|our son|her son|his son|old son|daughter|my kid|our kid|kids|child|children|baby|toddler|infant|newborn|my boy|our boy|little boy|little girl|my girl|old girl|old boy|my little one|grandson|granddaughter|our little one|fils|ma fille|notre fille|sa fille|petite fille|petit fils|enfant|enfants|bebe|nourrisson|mon petit|ma petite|le petit|la petite|notre petit|notre petite|gamin|gamine|mon garcon|petit garcon|mon loulou|my bub|bub|the little one|jumeaux|twins|mon grand|mon nouveau ne|nouveau ne|ma puce";
const FAMILY: &str = "family history|in my family|in the family|antecedent familial|antecedents familiaux|antecedents dans la famille|dans ma famille|dans la famille|famille de|hereditaire|hereditary|family member|side of the family";
const PAST: &str = "history of|past history|previous|previously|antecedent de|antecedent d|antecedents de|antecedents d|antecedents|atcd|atcd de|atcd d|ancien|ancienne|used to|in the past|dans le passe|par le passe|autrefois|jadis|deja eu|already had|once had|had once|when i was young|when i was a child|when i was a kid|when i was little|as a child|as a kid|as a teenager|quand j etais|etant enfant|etant petit|etant petite|childhood|dans mon enfance|was diagnosed with|had surgery for|survivor|operated for|ex|a l epoque";
const LONG_AGO: &str = "years ago|year ago|il y a des annees|il y a longtemps|il y a tres longtemps|long time ago|long ago|last year|l an dernier|l annee derniere|l annee passee|annees en arriere|back in the day|decades ago|a few years back|as a baby|in my twenties|in my teens|a 20 ans";
const IF: &str = "if i|if my|if it|if you|if she|if he|if we|if there|what if|in case|should i ever|if ever|si j|si je|si jamais|si mon|si ma|si on|si il|si elle|si vous|et si|si ca|au cas ou|en cas de|en cas d|should i worry about|should i be worried about|should i be concerned about|do i need to worry about|dois je m inquieter d|dois je m inquieter de|worry about getting|worried about getting|worried about having|is it normal to|is it ok to|est ce normal de|est ce normal d|est ce que c est normal de|est ce que c est normal d|c est normal de|c est normal d|can you get|could i get|can i get|can it cause|could it cause|can this cause|peut provoquer|peut causer|peut donner|peut elle provoquer|peut il provoquer|risk of|risk for|risque de|risque d|risques de|risques d|afraid of|scared of|fear of|terrified of|peur de|peur d|phobie|crainte de|prevent|prevents|preventing|prevention|prevenir|eviter|avoid|avoiding|vaccine|vaccinated|vaccin|vaccins|vacciner|vaccinee|vaccination|information on|information about|informations sur|infos sur|info about|learn about|read about|reading about|reading up on|lu un article|what are the signs|what are signs|what are the symptoms|know the signs|know the symptoms|quels sont les signes|quels sont les symptomes|les signes d|les symptomes d|les signes de|les symptomes de|what is|what are|what does|c est quoi|qu est ce que|qu est ce qu|how do you know|how would i know|how do i recognise|how to recognise|how to recognize|reconnaitre|difference between|difference entre|article|documentary|documentaire|training|formation|first aid course|cours de|course on|screening for|screened for|depistage|suppose|supposons|imagine|imaginons|hypothetically|hypothetiquement|rather than|plutot que|instead of|au lieu de|movie|film|novel|serie|a book|essay|expose sur|exposed at school|for school|insurance|assurance|test for|tested for|should someone|what happens|what to do if|que faire si|que faire en cas|would it be|in the event of|getting a";
const STOP: &str = "but|however|although|though|yet|except|now|right now|today|again|currently|tonight|this morning|since this|mais|cependant|pourtant|toutefois|sauf|excepte|maintenant|aujourdhui|encore|a nouveau|de nouveau|actuellement|ce matin|ce soir|par contre|en revanche|because|car|parce|seulement|only|instead|apart from|a part|hormis|unless|puis|then|et la|en ce moment|at the moment|just started|du coup|alors que|whereas|while";
const NOTHING: &str = "not only|not just|not know if|not sure if|not certain if|not tell if|pas sur si|pas sure si|pas certain si|not sure|not certain|not know|not better|not any better|not well|not feel well|not feeling well|not feel good|not feeling good|not feel right|not feeling right|not right|not normal|not himself|not herself|not myself|not improving|not stop|not stopping|not go|not going|not get better|not getting better|not help|not helping|not working|not work|not enough|not wait|not like normal|not easing|not ease|not relieved|not without|not to worry|not sleep|not sleeping|not long|not seen|not slept|not the same|not responding|no relief|no better|no improvement|no doubt|no change|no wonder|no idea|no matter|no reason|no apparent reason|no warning|no longer able|no effect|no luck|no appointment|no one|no time|no good|no insurance|no doctor|no other|no sign of improvement|no end|no let up|without stopping|without warning|without reason|without any reason|without doing|without effort|without exertion|without success|without relief|without cause|without any warning|without a doctor|non stop|nonstop|pas seulement|pas que|pas uniquement|pas sur|pas sure|pas certain|pas certaine|pas bien|pas mieux|pas normal|pas normale|pas top|pas comme d habitude|pas assez|pas passe|pas passer|pas parti|pas arrete|pas dormi|pas de mieux|pas d amelioration|pas de changement|pas de rendezvous|pas de medecin|pas de doute|pas d effet|pas tenir|pas rassure|pas rassuree|pas moyen|pas tranquille|pas dans son etat|pas attendre|pas trop comprendre|sans arret|sans cesse|sans doute|sans raison|sans rien faire|sans prevenir|sans effort|sans succes|sans bouger|sans relache|sans effet|sans cause|sans explication|sans interruption|sans discontinuer|sans amelioration|aucun doute|aucune amelioration|aucun effet|aucun soulagement|aucune raison|aucune idee|aucun medecin|aucun medicament|pas sans|never without|never goes away|never stops|jamais fini|plus que jamais|no sans|ne fait pas effet|pas d autre|even if|as if|know if|sure if|wonder if|wondering if|tell if|see if|meme si|comme si|pas si|savoir si|sais si|demande si|demander si|voir si|sur si|sure si|i wonder what if|can not|could not|cannot|unable|pas arriver|au risque|risk it|ex boyfriend|ex husband|ex mari|ex copain|ami proche|friendly|si mal|si fort|si forte|what is wrong|what is happening|what is going on|qu est ce que j ai|qu est ce qui|qu est ce que je|c est quoi ce|what should i|no sense";

/// After these somebody tells of the patient, and not of himself: "her husband reports that she".
pub(super) const REPORTS: [&str; 40] = [
    "reports",
    "reported",
    "notes",
    "noted",
    "noticed",
    "notices",
    "says",
    "said",
    "states",
    "stated",
    "describes",
    "described",
    "tells",
    "told",
    "found",
    "finds",
    "brought",
    "brings",
    "observed",
    "thinks",
    "believes",
    "worried",
    "dit",
    "rapporte",
    "signale",
    "remarque",
    "trouve",
    "amene",
    "pense",
    "raconte",
    "explique",
    "decrit",
    "constate",
    "confirms",
    "adds",
    "saw",
    "witnessed",
    "called",
    "mentions",
    "denies",
];
/// What belongs to somebody close and says nothing of their health.
pub(super) const THINGS: [&str; 38] = [
    "tablet",
    "tablets",
    "pill",
    "pills",
    "medicine",
    "medicines",
    "medication",
    "medications",
    "insulin",
    "inhaler",
    "warfarin",
    "morphine",
    "methadone",
    "bottle",
    "bottles",
    "house",
    "home",
    "car",
    "farm",
    "kitchen",
    "garden",
    "gun",
    "rifle",
    "wedding",
    "funeral",
    "birthday",
    "cigarettes",
    "comprime",
    "comprimes",
    "medicament",
    "medicaments",
    "cachets",
    "pilule",
    "pilules",
    "insuline",
    "fusil",
    "maison",
    "voiture",
];

/// The longest cue in words.
pub(super) const CUE_WORDS_MAX: usize = 6;

type Phrases = BTreeMap<Vec<&'static str>, Cue>;

fn table() -> &'static Phrases {
    static TABLE: OnceLock<Phrases> = OnceLock::new();
    TABLE.get_or_init(|| {
        let lists = [
            (NO, Cue::No),
            (NOT, Cue::Not),
            (NOTHING_IN, Cue::NothingIn),
            (NEVER, Cue::Never),
            (PERSON, Cue::Person),
            (CHILD, Cue::Child),
            (FAMILY, Cue::Family),
            (PAST, Cue::Past),
            (LONG_AGO, Cue::LongAgo),
            (IF, Cue::If),
            (STOP, Cue::Stop),
            (NOTHING, Cue::Nothing),
        ];
        let phrases = lists
            .iter()
            .flat_map(|(list, cue)| list.split('|').map(move |phrase| (phrase, *cue)));
        phrases
            .map(|(phrase, cue)| (phrase.split(' ').collect(), cue))
            .collect()
    })
}

/// Whether a word stands in a cue.
pub(super) fn is_in_cue(word: &str) -> bool {
    static WORDS: OnceLock<BTreeSet<&'static str>> = OnceLock::new();
    WORDS
        .get_or_init(|| table().keys().flatten().copied().collect())
        .contains(word)
}

/// The longest cue that begins with the first of these words, and how many words it has.
pub(super) fn cue_at(words: &[&str]) -> Option<(Cue, usize)> {
    (1..=CUE_WORDS_MAX.min(words.len()))
        .rev()
        .find_map(|length| {
            let cue = table().get(words.get(..length)?)?;
            Some((*cue, length))
        })
}
