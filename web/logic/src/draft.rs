//! The text of a note that is made of what was said.

use clinical_api::{NoteDraftView, NoteSection};

/// A text for a note, and whether some of what was said had no room in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Sections with their titles, a sentence a line, each with its time and speaker.
    pub text: String,
    /// Something was left out because the note would have been too long.
    pub is_cut: bool,
}

/// Writes a draft behind `note`, in at most `chars_max` characters for both.
pub fn written(
    draft: &NoteDraftView,
    (note, chars_max): (&str, usize),
    title: impl Fn(NoteSection) -> String,
    time: impl Fn(i64) -> String,
) -> Written {
    let mut text = note.trim_end().to_owned();
    let mut chars = text.chars().count();
    let mut is_cut = false;
    let mut add = |text: &mut String, line: &str| {
        let gap = if text.is_empty() { "" } else { "\n" };
        let more = gap.len() + line.chars().count();
        if chars + more > chars_max {
            return false;
        }
        chars += more;
        text.push_str(gap);
        text.push_str(line);
        true
    };
    'sections: for section in &draft.sections {
        let head = title(section.section);
        let gap = if text.is_empty() { "" } else { "\n" };
        let mut head = Some(format!("{gap}{head}"));
        for said in &section.sentences {
            let line = format!("- {} {}: {}", time(said.at_us), said.name, said.text);
            let line = match head.take() {
                Some(head) => format!("{head}\n{line}"),
                None => line,
            };
            if !add(&mut text, &line) {
                is_cut = true;
                break 'sections;
            }
        }
    }
    Written { text, is_cut }
}

#[cfg(test)]
mod tests {
    use clinical_api::{DraftSection, SaidSentence, Speaker};

    use super::*;

    fn draft() -> NoteDraftView {
        let said = |at_us, text: &str| SaidSentence {
            at_us,
            speaker: Speaker::Patient,
            name: "Awa".to_owned(),
            text: text.to_owned(),
        };
        let section = |section, sentences| DraftSection { section, sentences };
        NoteDraftView {
            sections: vec![
                section(NoteSection::Reason, vec![said(1, "J'ai mal.")]),
                section(NoteSection::Plan, vec![said(2, "Repos."), said(3, "Eau.")]),
            ],
            left_out: 0,
            until_us: None,
        }
    }

    fn write(note: &str, chars_max: usize) -> Written {
        let title = |section| format!("{section:?}");
        written(&draft(), (note, chars_max), title, |at| format!("0{at}"))
    }

    #[test]
    fn each_sentence_stands_in_its_section_with_time_and_speaker() {
        let text = "Reason\n- 01 Awa: J'ai mal.\n\nPlan\n- 02 Awa: Repos.\n- 03 Awa: Eau.";
        assert_eq!(
            write("", 200),
            Written {
                text: text.to_owned(),
                is_cut: false
            }
        );
        let behind = write("Vu.\n", 200);
        assert_eq!(behind.text, format!("Vu.\n\n{text}"));
    }

    #[test]
    fn a_note_is_never_longer_than_it_may_be_and_says_so() {
        let whole = write("", 200).text.chars().count();
        for chars_max in 0..whole {
            let part = write("", chars_max);
            assert!(part.is_cut && part.text.chars().count() <= chars_max);
        }
        assert!(!write("", whole).is_cut);
        assert_eq!(write("Vu.", 3).text, "Vu.");
    }
}
