//! From what was said to the outline of a note, by rules alone: who spoke, and by which words a sentence is
//! known. A sentence stands where the first rule puts it; nothing is rephrased, and each keeps its time.

use super::words::{
    ANSWERS, ASSESSMENT, FILLERS, FINDINGS, GREETINGS, HISTORY, MEDICINES, PLAN, REASON, SMALL_TALK,
};
use super::{SaidLine, Speaker};
use crate::{Micros, Phi};

/// A part of a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// Why the patient came, in their words.
    Reason,
    /// How it began and went on, and what was before.
    History,
    /// Medicines, and what is not borne.
    Medicines,
    /// What was seen, heard or measured.
    Findings,
    /// What the doctor thinks it is.
    Assessment,
    /// What is done from here on.
    Plan,
    /// What no rule knows.
    Other,
}

impl Section {
    /// All of them, as they stand in a note.
    pub const ALL: [Self; 7] = [
        Self::Reason,
        Self::History,
        Self::Medicines,
        Self::Findings,
        Self::Assessment,
        Self::Plan,
        Self::Other,
    ];
}

/// One sentence of an outline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// When it was said.
    pub at: Micros,
    /// By whom.
    pub speaker: Speaker,
    /// Their name in the visit.
    pub name: Phi<String>,
    /// As it was understood; a short answer stands behind its question.
    pub text: Phi<String>,
}

/// What a note can be made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// Sections with something in them, in order; sentences in order of time.
    pub sections: Vec<(Section, Vec<Sentence>)>,
    /// Greetings, and questions that nobody answered in words, which are left out.
    pub left_out: usize,
}

/// Puts what was said, in order of time, into sections.
#[must_use]
pub fn outline(lines: &[SaidLine]) -> Outline {
    let mut sorted: Vec<(Section, Sentence)> = Vec::new();
    let mut left_out = 0_usize;
    let mut question: Option<Sentence> = None;
    let mut has_reason = false;
    for said in lines.iter().flat_map(sentences) {
        let folded = fold(said.text.expose());
        if is_small_talk(&folded) {
            left_out = left_out.saturating_add(1);
            continue;
        }
        let asks = said.text.expose().trim_end().ends_with('?');
        if asks && said.speaker == Speaker::Clinician {
            // One that nobody answered says nothing.
            left_out = left_out.saturating_add(usize::from(question.replace(said).is_some()));
            continue;
        }
        let is_answer = said.speaker != Speaker::Clinician && is_short_answer(&folded);
        let asked = question.take();
        if is_answer {
            match asked {
                Some(asked) => sorted.push(answered(asked, said)),
                None => left_out = left_out.saturating_add(1),
            }
            continue;
        }
        left_out = left_out.saturating_add(usize::from(asked.is_some()));
        let section = section_of(said.speaker, &folded, has_reason);
        has_reason |= section == Section::Reason;
        sorted.push((section, said));
    }
    left_out = left_out.saturating_add(usize::from(question.is_some()));
    let of = |section: Section| {
        let mine = sorted.iter().filter(|(it, _)| *it == section);
        let sentences: Vec<_> = mine.map(|(_, sentence)| sentence.clone()).collect();
        (!sentences.is_empty()).then_some((section, sentences))
    };
    Outline {
        sections: Section::ALL.into_iter().filter_map(of).collect(),
        left_out,
    }
}

/// A question of the doctor with the short answer to it.
fn answered(asked: Sentence, answer: Sentence) -> (Section, Sentence) {
    let folded = fold(asked.text.expose());
    let section = match has(&folded, MEDICINES) {
        true => Section::Medicines,
        false => Section::History,
    };
    let text = format!("{} {}", asked.text.expose(), answer.text.expose());
    let text = Phi::new(text);
    (section, Sentence { text, ..answer })
}

fn section_of(speaker: Speaker, folded: &str, has_reason: bool) -> Section {
    let rules: &[(Section, &[&str])] = match speaker {
        Speaker::Clinician => &[
            (Section::Plan, PLAN),
            (Section::Assessment, ASSESSMENT),
            (Section::Findings, FINDINGS),
            (Section::Medicines, MEDICINES),
            (Section::History, HISTORY),
        ],
        Speaker::Patient | Speaker::Guest if !has_reason => &[
            (Section::Reason, REASON),
            (Section::Medicines, MEDICINES),
            (Section::History, HISTORY),
        ],
        Speaker::Patient | Speaker::Guest => &[
            (Section::Medicines, MEDICINES),
            (Section::History, HISTORY),
            (Section::History, REASON),
        ],
    };
    let found = rules.iter().find(|(_, words)| has(folded, words));
    found.map_or(Section::Other, |(section, _)| *section)
}

/// The sentences of a line.
fn sentences(line: &SaidLine) -> Vec<Sentence> {
    let text = line.text.expose();
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        part.push(letter);
        let ends = matches!(letter, '.' | '!' | '?' | '…');
        // "38.5" and "M.Dupont" go on.
        if ends && letters.peek().is_none_or(|next| next.is_whitespace()) {
            parts.push(core::mem::take(&mut part));
        }
    }
    parts.push(part);
    let said = parts.iter().map(|part| part.trim());
    let said = said.filter(|part| part.chars().any(char::is_alphanumeric));
    said.map(|part| Sentence {
        at: line.at,
        speaker: line.speaker,
        name: line.name.clone(),
        text: Phi::new(part.to_owned()),
    })
    .collect()
}

/// Small letters without accents, with one space before, between and after words.
fn fold(text: &str) -> String {
    let mut folded = String::from(" ");
    for letter in text.chars().flat_map(char::to_lowercase) {
        match letter {
            'à' | 'â' | 'ä' => folded.push('a'),
            'é' | 'è' | 'ê' | 'ë' => folded.push('e'),
            'î' | 'ï' => folded.push('i'),
            'ô' | 'ö' => folded.push('o'),
            'ù' | 'û' | 'ü' => folded.push('u'),
            'ç' => folded.push('c'),
            'œ' => folded.push_str("oe"),
            letter if letter.is_alphanumeric() => folded.push(letter),
            _ if folded.ends_with(' ') => {}
            _ => folded.push(' '),
        }
    }
    if !folded.ends_with(' ') {
        folded.push(' ');
    }
    folded
}

fn found(folded: &str, word: &str) -> bool {
    match word.strip_suffix('*') {
        Some(begin) => folded.contains(&format!(" {begin}")),
        None => folded.contains(&format!(" {word} ")),
    }
}

fn has(folded: &str, words: &[&str]) -> bool {
    words.iter().any(|word| found(folded, word))
}

/// Nothing but greetings and what goes with them.
fn is_small_talk(folded: &str) -> bool {
    if !has(folded, SMALL_TALK) {
        return false;
    }
    let mut rest = folded.to_owned();
    for word in SMALL_TALK {
        rest = rest.replace(&format!(" {word} "), "  ");
    }
    let mut others = rest.split_whitespace().filter(|it| !FILLERS.contains(it));
    match (others.next(), others.next()) {
        (None, _) => true,
        // A name may follow a greeting.
        (Some(_), None) => {
            GREETINGS
                .iter()
                .any(|it| folded.starts_with(&format!(" {it} ")))
                && !is_known(folded)
        }
        (Some(_), Some(_)) => false,
    }
}

/// Whether any rule knows something of it.
fn is_known(folded: &str) -> bool {
    [PLAN, ASSESSMENT, FINDINGS, MEDICINES, HISTORY, REASON]
        .iter()
        .any(|words| has(folded, words))
}

fn is_short_answer(folded: &str) -> bool {
    folded.split_whitespace().count() <= 4 && has(folded, ANSWERS)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{AppointmentId, PatientId, SaidLineId, TenantId};

    fn said(all: &[(Speaker, &str)]) -> Vec<SaidLine> {
        let id = |n: usize| Uuid::from_u128(n as u128);
        let lines = all.iter().enumerate().map(|(n, (speaker, text))| SaidLine {
            id: SaidLineId::from_uuid(id(n)),
            tenant: TenantId::from_uuid(id(1)),
            patient: PatientId::from_uuid(id(2)),
            appointment: AppointmentId::from_uuid(id(3)),
            at: Micros(i64::try_from(n).unwrap()),
            speaker: *speaker,
            name: Phi::new("X".to_owned()),
            text: Phi::new((*text).to_owned()),
        });
        lines.collect()
    }

    fn read(outline: &Outline) -> Vec<(Section, Vec<&str>)> {
        let sections = outline.sections.iter();
        sections
            .map(|(section, all)| {
                (
                    *section,
                    all.iter().map(|it| it.text.expose().as_str()).collect(),
                )
            })
            .collect()
    }

    use Speaker::{Clinician, Guest, Patient};

    #[test]
    fn a_visit_in_french_stands_in_its_sections() {
        let lines = said(&[
            (Clinician, "Bonjour Madame, vous m'entendez ?"),
            (Patient, "Oui, bonjour docteur."),
            (Clinician, "Qu'est-ce qui vous amène ?"),
            (
                Patient,
                "J'ai mal à la gorge. Ça a commencé il y a trois jours.",
            ),
            (Clinician, "Avez-vous de la fièvre ?"),
            (Patient, "Oui."),
            (Clinician, "Prenez-vous des médicaments ?"),
            (Patient, "Non, aucun."),
            (Patient, "Je suis allergique à la pénicilline."),
            (Clinician, "La gorge est rouge, température 38.5 degrés."),
            (Clinician, "Je pense que c'est une angine virale."),
            (Clinician, "Je vous prescris du paracétamol. Reposez-vous."),
            (Patient, "Merci docteur, au revoir."),
        ]);
        let outline = outline(&lines);
        let expected = [
            (Section::Reason, vec!["J'ai mal à la gorge."]),
            (
                Section::History,
                vec![
                    "Ça a commencé il y a trois jours.",
                    "Avez-vous de la fièvre ? Oui.",
                ],
            ),
            (
                Section::Medicines,
                vec![
                    "Prenez-vous des médicaments ? Non, aucun.",
                    "Je suis allergique à la pénicilline.",
                ],
            ),
            (
                Section::Findings,
                vec!["La gorge est rouge, température 38.5 degrés."],
            ),
            (
                Section::Assessment,
                vec!["Je pense que c'est une angine virale."],
            ),
            (
                Section::Plan,
                vec!["Je vous prescris du paracétamol.", "Reposez-vous."],
            ),
        ];
        assert_eq!(read(&outline), expected);
        assert_eq!(
            outline.left_out, 4,
            "three greetings, one question that words answered"
        );
        let times: Vec<_> = outline.sections[1].1.iter().map(|it| it.at.0).collect();
        assert_eq!(times, [3, 5], "each keeps its time");
    }

    #[test]
    fn a_visit_in_english_stands_in_its_sections() {
        let lines = said(&[
            (Clinician, "Good morning, can you hear me?"),
            (Patient, "Yes, good morning."),
            (Patient, "I have a headache since yesterday."),
            (Guest, "She was in hospital last month."),
            (Clinician, "Do you smoke?"),
            (Patient, "Never."),
            (Clinician, "Any allergies to medicines?"),
            (Patient, "No."),
            (Clinician, "Your blood pressure is 120 over 80."),
            (Clinician, "It's probably tension headache."),
            (
                Clinician,
                "Please take paracetamol and come back in a week.",
            ),
        ]);
        let expected = [
            (Section::Reason, vec!["I have a headache since yesterday."]),
            (
                Section::History,
                vec!["She was in hospital last month.", "Do you smoke? Never."],
            ),
            (Section::Medicines, vec!["Any allergies to medicines? No."]),
            (
                Section::Findings,
                vec!["Your blood pressure is 120 over 80."],
            ),
            (Section::Assessment, vec!["It's probably tension headache."]),
            (
                Section::Plan,
                vec!["Please take paracetamol and come back in a week."],
            ),
        ];
        assert_eq!(read(&outline(&lines)), expected);
    }

    #[test]
    fn nothing_that_says_something_is_lost() {
        let lines = said(&[
            (Patient, "My dog ate the letter"),
            (Patient, "Le chat est parti."),
            (Clinician, "Hm, that is unusual."),
        ]);
        let outline = outline(&lines);
        assert_eq!(outline.left_out, 0);
        let (section, all) = &outline.sections[0];
        assert_eq!((*section, all.len()), (Section::Other, 3));
        assert_eq!(super::outline(&[]).sections, []);
    }

    #[test]
    fn a_bonjour_with_more_behind_it_is_kept() {
        let lines = said(&[(Patient, "Bonjour, j'ai mal au ventre depuis hier soir")]);
        assert_eq!(outline(&lines).sections[0].0, Section::Reason);
        let lines = said(&[
            (Patient, "Ça va mal"),
            (Patient, "Bonjour, fièvre"),
            (Patient, "Bonjour Awa"),
        ]);
        assert_eq!(outline(&lines).left_out, 1);
    }

    #[test]
    fn a_line_does_not_print_itself() {
        let lines = said(&[(Patient, "VIH")]);
        assert!(!format!("{lines:?} {:?}", outline(&lines)).contains("VIH"));
    }
}
