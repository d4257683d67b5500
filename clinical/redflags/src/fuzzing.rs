//! What must hold of any story, for the fuzzer.

use crate::flags::{Age, Evidence, Flags, Patient, Story, Urgency};
use crate::words::{Speaker, TOKENS_MAX, Text};

/// A danger that no text around it may hide.
const DANGER: &str = "I want to kill myself";

/// A story of any bytes: the first says whose, the rest is its text.
///
/// # Panics
///
/// Where something does not hold.
pub fn story(bytes: &[u8]) {
    let (who, text) = bytes
        .split_first()
        .map_or((0, bytes), |(who, text)| (*who, text));
    let Ok(text) = core::str::from_utf8(text) else {
        return;
    };
    let patient = Patient {
        age: (who & 1 == 0).then_some(Age::years(u32::from(who / 2))),
        speaker: if who & 2 == 0 {
            Speaker::Patient
        } else {
            Speaker::Proxy
        },
        ..Patient::default()
    };
    let flags = Flags::shipped();
    let screening = flags.screen(
        &patient,
        &Story {
            text,
            findings: &[],
        },
    );
    assert_eq!(
        screening.hits.is_empty(),
        screening.urgency <= Urgency::Person
    );
    for evidence in screening.hits.iter().flat_map(|hit| &hit.evidence) {
        if let Evidence::Words { start, end } = evidence {
            assert!(
                text.get(*start..*end)
                    .is_some_and(|words| !words.is_empty())
            );
        }
    }
    let read = Text::read(text, crate::words::Reader::default());
    assert!(read.tokens().len() <= TOKENS_MAX + text.len().min(64));
    let grown_up = Patient {
        age: Some(Age::years(40)),
        ..Patient::default()
    };
    let hidden = format!("{DANGER}.\nOk.\n{text}");
    assert_eq!(
        flags
            .screen(
                &grown_up,
                &Story {
                    text: &hidden,
                    findings: &[]
                }
            )
            .urgency,
        Urgency::Emergency
    );
}

#[cfg(test)]
mod tests {
    use super::story;

    #[test]
    fn odd_stories_hold() {
        for text in [
            "",
            "\u{0}",
            "\u{2}mon fils 'a d''un l' 39,,5 ?!..",
            "\u{1}İ ŉ ǆ ﬁ ½ '''",
            "\u{3}no no no not sans ni pas if my si",
        ] {
            story(text.as_bytes());
        }
    }
}
