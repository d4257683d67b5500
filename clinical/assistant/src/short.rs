//! The same talk as short messages: 160 characters each, choices by number.

use crate::say::{Facts, label, said};
use crate::talk::{Line, Talk};

/// Characters of one message in the alphabet of GSM 03.38.
const MESSAGE_CHARS: usize = 160;
/// Messages of one answer; the rest of a long one is left out, and it says so.
const MESSAGES_MAX: usize = 4;

/// A character as the alphabet has it; accents that it lacks are left off.
const fn plain(c: char) -> char {
    match c {
        'â' | 'á' => 'a',
        'ê' | 'ë' => 'e',
        'î' | 'ï' | 'í' => 'i',
        'ô' | 'ó' => 'o',
        'û' | 'ú' => 'u',
        'ç' => 'Ç',
        'À' | 'Â' => 'A',
        'È' | 'Ê' => 'E',
        '’' | '‘' | '`' => '\'',
        '“' | '”' | '«' | '»' => '"',
        '→' => '>',
        '–' | '—' => '-',
        '\u{a0}' | '\u{202f}' => ' ',
        'à' | 'è' | 'é' | 'ù' | 'ì' | 'ò' | 'É' | 'ñ' | 'ö' | 'ü' | 'ä' => c,
        c if c.is_ascii() && !matches!(c, '[' | ']' | '{' | '}' | '~' | '^' | '|' | '\\') => c,
        '[' | '{' => '(',
        ']' | '}' => ')',
        _ => '?',
    }
}

/// The last answer of a talk as messages of at most 160 characters, with what may be chosen by number.
#[must_use]
pub fn short(talk: &Talk, facts: &Facts<'_>) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    if let Some(Line::Said(says)) = talk.lines.last() {
        for say in says {
            let said = said(say, facts);
            parts.extend(said.text.split_whitespace().map(str::to_owned));
        }
    }
    for (at, choice) in talk.choices.iter().enumerate() {
        let line = format!(
            "\n{}={}",
            at.saturating_add(1),
            label(choice, facts.language)
        );
        parts.push(line);
    }
    let mut messages: Vec<String> = vec![String::new()];
    let mut length = 0;
    for part in parts {
        let part: String = part.chars().map(plain).take(MESSAGE_CHARS).collect();
        let chars = part.chars().count();
        let gap = usize::from(length > 0 && !part.starts_with('\n'));
        if length + gap + chars > MESSAGE_CHARS {
            if messages.len() == MESSAGES_MAX {
                break;
            }
            messages.push(part.trim_start().to_owned());
            length = part.trim_start().chars().count();
            continue;
        }
        if let Some(last) = messages.last_mut() {
            if gap > 0 {
                last.push(' ');
            }
            last.push_str(&part);
            length += gap + chars;
        }
    }
    messages
}
