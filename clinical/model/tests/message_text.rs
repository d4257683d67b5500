//! The text of a message, with whatever people type.

use clinical_model::text::{MESSAGE_CHARS_MAX, MessageText, Prose};
use proptest::prelude::*;

proptest! {
    #[test]
    fn a_message_is_what_was_typed_without_its_edges(typed in any::<String>()) {
        let is_bad = |c: char| c.is_control() && !matches!(c, '\n' | '\t' | '\r');
        match MessageText::try_from(typed.as_str()) {
            Ok(message) => {
                prop_assert_eq!(message.as_str(), typed.trim());
                prop_assert_eq!(MessageText::try_from(message.as_str()), Ok(message));
            }
            Err(_) => prop_assert!(typed.trim().is_empty() || typed.trim().contains(is_bad)),
        }
    }

    #[test]
    fn the_beginning_of_any_text_is_a_message(words in "[a-zé ]{1,60}", times in 1_usize..200) {
        let Ok(text) = Prose::try_from(words.repeat(times)) else {
            return Ok(());
        };
        let beginning = MessageText::beginning_of(&text);
        let count = beginning.as_str().chars().count();
        prop_assert!((1..=MESSAGE_CHARS_MAX).contains(&count));
        let is_whole = beginning.as_str() == text.as_str();
        prop_assert_eq!(is_whole, text.as_str().chars().count() <= MESSAGE_CHARS_MAX);
    }
}
