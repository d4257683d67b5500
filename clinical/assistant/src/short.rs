//! The same talk as short messages: the GSM alphabet, few parts, choices by number.

use crate::say::{Facts, Said, label, said};
use crate::talk::{Line, Talk};

/// Characters of one message in the alphabet of 3GPP TS 23.038.
const ALONE_CHARS: usize = 160;
/// Characters of each part of a message in several (3GPP TS 23.040).
const JOINED_CHARS: usize = 153;

/// What stands where words were cut.
const CUT: &str = "...";

/// A character as the alphabet has it; accents that it lacks are left off.
const fn plain(c: char) -> char {
    match c {
        'â' | 'á' => 'a',
        'ê' | 'ë' => 'e',
        'î' | 'ï' | 'í' => 'i',
        'ô' | 'ó' => 'o',
        'û' | 'ú' => 'u',
        'ç' => 'c',
        'À' | 'Â' => 'A',
        'È' | 'Ê' => 'E',
        'Ô' => 'O',
        '’' | '‘' | '`' => '\'',
        '“' | '”' | '«' | '»' => '"',
        '→' => '>',
        '–' | '—' => '-',
        '\u{a0}' | '\u{202f}' => ' ',
        'à' | 'è' | 'é' | 'ù' | 'ì' | 'ò' | 'É' | 'Ç' | 'ñ' | 'ö' | 'ü' | 'ä' => c,
        '[' | '{' => '(',
        ']' | '}' => ')',
        c if c.is_ascii() && !matches!(c, '~' | '^' | '|' | '\\') => c,
        _ => '?',
    }
}

/// A text in the alphabet of short messages, every character in one septet.
#[must_use]
pub fn plain_text(text: &str) -> String {
    text.chars().map(plain).collect()
}

/// Characters that fit into so many parts.
const fn room(parts: usize) -> usize {
    if parts <= 1 {
        ALONE_CHARS
    } else {
        JOINED_CHARS * parts
    }
}

/// Words above and choices below in at most so many parts of a short message. Too long words are cut at a
/// blank; choices stay, but where they alone are too long: then those before the last one are left out.
#[must_use]
pub fn fitted(words: &str, choices: &str, parts_max: usize) -> String {
    let choices = plain_text(choices);
    let words = plain_text(words);
    let room = room(parts_max);
    let mut lines: Vec<String> = choices.lines().map(|line| format!("\n{line}")).collect();
    let count = |lines: &[String]| lines.iter().map(|line| line.chars().count()).sum::<usize>();
    while lines.len() > 1 && count(&lines) + CUT.len() > room {
        lines.remove(lines.len() - 2);
    }
    let below = lines.concat();
    let room = room.saturating_sub(below.chars().count());
    if words.chars().count() <= room {
        return format!("{words}{below}").trim_start().to_owned();
    }
    let cut: String = words.chars().take(room.saturating_sub(CUT.len())).collect();
    let cut = cut.rsplit_once(' ').map_or(cut.as_str(), |(head, _)| head);
    format!("{cut}{CUT}{below}")
}

fn words_of(said: Said) -> String {
    let mut words = said.text;
    if let Some(link) = said.link {
        // A page cannot be opened from here; a number can be called.
        if let Some(number) = link.href.strip_prefix("tel:")
            && !words.contains(number)
        {
            words.push(' ');
            words.push_str(&link.label);
        }
    }
    if let Some(source) = said.source {
        words.push(' ');
        words.push_str(&source);
    }
    words
}

/// The last answer of a talk as one text of at most so many parts, with what may be chosen by number.
#[must_use]
pub fn short(talk: &Talk, facts: &Facts<'_>, parts_max: usize) -> String {
    let mut words: Vec<String> = Vec::new();
    if let Some(Line::Said(says)) = talk.lines.last() {
        words.extend(says.iter().map(|say| words_of(said(say, facts))));
    }
    let choices = talk.choices.iter().enumerate().map(|(at, choice)| {
        let number = at.saturating_add(1);
        format!("{number}={}", label(choice, facts.language))
    });
    let choices: Vec<String> = choices.collect();
    fitted(&words.join(" "), &choices.join("\n"), parts_max)
}

#[cfg(test)]
mod tests {
    use super::{fitted, plain_text};

    #[test]
    fn letters_outside_the_alphabet_are_written_plainly() {
        assert_eq!(
            plain_text("Êtes-vous gêné ? L’œil « ça » [là] €"),
            "Etes-vous gené ? L'?il \" ca \" (là) ?"
        );
    }

    #[test]
    fn long_words_are_cut_and_the_choices_stay() {
        let one = fitted(&"mot ".repeat(80), "1=Oui\n2=Non", 1);
        assert!((150..=160).contains(&one.chars().count()), "{one}");
        assert!(one.ends_with("mot...\n1=Oui\n2=Non"), "{one}");
        let two = fitted(&"mot ".repeat(80), "1=Oui\n2=Non", 2);
        assert!(two.chars().count() <= 306 && two.len() > one.len());
        assert_eq!(fitted("Bien", "", 1), "Bien");
        let long = format!("1={}\n2={}\n3=Autre", "a".repeat(90), "b".repeat(90));
        let few = fitted("Quand ?", &long, 1);
        assert!(few.chars().count() <= 160 && few.ends_with("\n3=Autre"));
    }
}
