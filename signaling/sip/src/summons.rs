//! Whom we call: nothing is said of the visit before they pressed 1.
//!
//! A machine that answers, a child or a neighbour must learn nothing. So the only words are that
//! somebody calls and that 1 takes the call; who does not press it is not spoken to.

use std::collections::VecDeque;

use sfu_phone::Digit;

use crate::prompt::Prompt;

/// Time for the key, its prompt included, in microseconds.
const ANSWER_US: i64 = 12_000_000;
/// How often it is asked again. After three times it was a machine.
const REPEATS: u8 = 2;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SummonsInput {
    /// A key was pressed.
    Key(Digit),
    /// The time of [`Summons::poll_timeout`] has come.
    Timeout,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SummonsOutput {
    /// Play this.
    Say(Prompt),
    /// Somebody is there: go on with [`crate::Menu::called`].
    Taken,
    /// Somebody is there and does not want to.
    Declined,
    /// It was a machine, or nobody who wants to talk. Hang up without a word.
    Machine,
}

/// The question to somebody who was called.
#[derive(Debug)]
pub struct Summons {
    repeats: u8,
    timeout_us: Option<i64>,
    outputs: VecDeque<SummonsOutput>,
}

impl Summons {
    /// The call was answered.
    #[must_use]
    pub fn new(now_us: i64) -> Self {
        Self {
            repeats: 0,
            timeout_us: Some(now_us.saturating_add(ANSWER_US)),
            outputs: VecDeque::from([SummonsOutput::Say(Prompt::PressOne)]),
        }
    }

    /// When to give [`SummonsInput::Timeout`], in microseconds.
    #[must_use]
    pub const fn poll_timeout(&self) -> Option<i64> {
        self.timeout_us
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<SummonsOutput> {
        self.outputs.pop_front()
    }

    /// Something happened. After the end nothing has a meaning.
    pub fn handle(&mut self, now_us: i64, input: SummonsInput) {
        let Some(at_us) = self.timeout_us else {
            return;
        };
        match input {
            SummonsInput::Key(digit) => match digit.expose() {
                '1' => self.end(SummonsOutput::Taken),
                '2' | '9' => self.end(SummonsOutput::Declined),
                _ => {}
            },
            SummonsInput::Timeout if now_us < at_us => {}
            SummonsInput::Timeout if self.repeats < REPEATS => {
                self.repeats = self.repeats.saturating_add(1);
                self.timeout_us = Some(now_us.saturating_add(ANSWER_US));
                self.outputs.push_back(SummonsOutput::Say(Prompt::PressOne));
            }
            SummonsInput::Timeout => self.end(SummonsOutput::Machine),
        }
    }

    fn end(&mut self, output: SummonsOutput) {
        self.timeout_us = None;
        self.outputs.push_back(output);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn outputs(summons: &mut Summons) -> Vec<SummonsOutput> {
        std::iter::from_fn(|| summons.poll_output()).collect()
    }

    #[test]
    fn a_machine_hears_three_times_to_press_one_and_nothing_else() {
        let mut summons = Summons::new(0);
        let mut heard = Vec::new();
        while let Some(at_us) = summons.poll_timeout() {
            summons.handle(at_us - 1, SummonsInput::Timeout);
            summons.handle(at_us, SummonsInput::Timeout);
            heard.extend(outputs(&mut summons));
        }
        let asked = SummonsOutput::Say(Prompt::PressOne);
        assert_eq!(heard, [asked, asked, asked, SummonsOutput::Machine]);
    }

    proptest! {
        #[test]
        fn it_ends_once_and_is_taken_only_by_one(keys in "[0-9*#]{0,12}") {
            let mut summons = Summons::new(0);
            for key in keys.chars() {
                summons.handle(1, SummonsInput::Key(Digit::try_from(key).unwrap()));
            }
            let heard = outputs(&mut summons);
            let first = keys.chars().find(|key| matches!(key, '1' | '2' | '9'));
            prop_assert_eq!(heard.contains(&SummonsOutput::Taken), first == Some('1'));
            prop_assert!(heard.len() <= 2);
        }
    }
}
