//! How a text is cut into short messages (3GPP TS 23.038 and 23.040).
//!
//! A message carries 140 bytes: 160 characters of seven bits, or 70 UTF-16 units when a character
//! is not in the GSM alphabet. A text in several parts gives six bytes of each to the header that
//! joins them, so 153 and 67 remain.

/// What a text is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmsAlphabet {
    /// The default alphabet, seven bits a character.
    Gsm7,
    /// UTF-16, for everything else.
    Ucs2,
}

/// A text cut into parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segmentation {
    /// What all its parts are written in.
    pub alphabet: SmsAlphabet,
    /// The parts, in order; together they are the text.
    pub parts: Vec<String>,
}

/// A text that needs more parts than it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text needs {needed} messages and may have {max}")]
pub struct TooManySegments {
    /// How many it needs.
    pub needed: usize,
    /// How many it may have.
    pub max: usize,
}

const ALONE_GSM7: usize = 160;
const JOINED_GSM7: usize = 153;
const ALONE_UCS2: usize = 70;
const JOINED_UCS2: usize = 67;

/// The default alphabet, TS 23.038 section 6.2.1, without the escape at 0x1B.
const GSM7: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
    ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Its extension, section 6.2.1.1: an escape and another septet each.
const GSM7_EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// How many septets a character takes, if the alphabet has it.
fn septets(c: char) -> Option<usize> {
    if GSM7.contains(c) {
        Some(1)
    } else {
        GSM7_EXTENSION.contains(c).then_some(2)
    }
}

/// Cuts a text; never inside a character, so neither an escape nor a surrogate pair is torn.
///
/// # Errors
/// [`TooManySegments`] when it needs more than `parts_max` parts.
pub fn split_sms(text: &str, parts_max: usize) -> Result<Segmentation, TooManySegments> {
    let alphabet = if text.chars().all(|c| septets(c).is_some()) {
        SmsAlphabet::Gsm7
    } else {
        SmsAlphabet::Ucs2
    };
    let (alone, joined) = match alphabet {
        SmsAlphabet::Gsm7 => (ALONE_GSM7, JOINED_GSM7),
        SmsAlphabet::Ucs2 => (ALONE_UCS2, JOINED_UCS2),
    };
    let size = |c: char| match alphabet {
        SmsAlphabet::Gsm7 => septets(c).unwrap_or(2),
        SmsAlphabet::Ucs2 => c.len_utf16(),
    };
    let parts = if text.chars().map(size).sum::<usize>() <= alone {
        vec![text.to_owned()]
    } else {
        cut(text, joined, size)
    };
    if parts.len() > parts_max {
        return Err(TooManySegments {
            needed: parts.len(),
            max: parts_max,
        });
    }
    Ok(Segmentation { alphabet, parts })
}

fn cut(text: &str, room: usize, size: impl Fn(char) -> usize) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut used = 0;
    for c in text.chars() {
        if used + size(c) > room {
            parts.push(core::mem::take(&mut part));
            used = 0;
        }
        used += size(c);
        part.push(c);
    }
    parts.push(part);
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, alphabet: SmsAlphabet, sizes: &[usize]) {
        let cut = split_sms(text, 10).unwrap();
        assert_eq!(cut.alphabet, alphabet, "{text}");
        let lengths: Vec<_> = cut.parts.iter().map(|part| part.chars().count()).collect();
        assert_eq!(lengths, sizes, "{text}");
    }

    #[test]
    fn the_alphabet_has_127_characters_and_ten_escaped_ones() {
        assert_eq!(GSM7.chars().count(), 127);
        assert_eq!(GSM7_EXTENSION.chars().count(), 10);
    }

    #[test]
    fn one_message_holds_160_gsm_characters_and_two_hold_153_each() {
        check("", SmsAlphabet::Gsm7, &[0]);
        check(&"a".repeat(160), SmsAlphabet::Gsm7, &[160]);
        check(&"a".repeat(161), SmsAlphabet::Gsm7, &[153, 8]);
        check(&"a".repeat(306), SmsAlphabet::Gsm7, &[153, 153]);
        check(&"a".repeat(307), SmsAlphabet::Gsm7, &[153, 153, 1]);
    }

    #[test]
    fn an_escaped_character_takes_two_and_is_never_torn() {
        check(&"€".repeat(80), SmsAlphabet::Gsm7, &[80]);
        check(&"€".repeat(81), SmsAlphabet::Gsm7, &[76, 5]);
        // 152 + 2 do not fit into 153: the escape moves as a whole.
        check(
            &format!("{}€{}", "a".repeat(152), "b".repeat(20)),
            SmsAlphabet::Gsm7,
            &[152, 21],
        );
    }

    #[test]
    fn french_with_a_circumflex_needs_ucs2_and_without_does_not() {
        check("à demain, même heure", SmsAlphabet::Ucs2, &[20]);
        check("à demain, merci é è ù ò", SmsAlphabet::Gsm7, &[23]);
        check(&"ê".repeat(70), SmsAlphabet::Ucs2, &[70]);
        check(&"ê".repeat(71), SmsAlphabet::Ucs2, &[67, 4]);
    }

    #[test]
    fn a_surrogate_pair_is_never_torn() {
        check(&"\u{1F600}".repeat(35), SmsAlphabet::Ucs2, &[35]);
        check(&"\u{1F600}".repeat(36), SmsAlphabet::Ucs2, &[33, 3]);
    }

    #[test]
    fn a_text_that_needs_too_many_parts_is_refused() {
        assert_eq!(
            split_sms(&"a".repeat(307), 2),
            Err(TooManySegments { needed: 3, max: 2 })
        );
    }

    proptest! {
        #[test]
        fn the_parts_are_the_text_and_none_is_too_long(text in "[a-z€ê\u{1F600}\\[]{0,400}") {
            let cut = split_sms(&text, usize::MAX).unwrap();
            prop_assert_eq!(cut.parts.concat(), text);
            for part in &cut.parts {
                let fits = match cut.alphabet {
                    SmsAlphabet::Gsm7 => part.chars().filter_map(septets).sum::<usize>() <= 160,
                    SmsAlphabet::Ucs2 => part.encode_utf16().count() <= 70,
                };
                prop_assert!(fits);
            }
        }
    }
}
