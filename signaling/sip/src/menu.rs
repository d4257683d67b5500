//! What a caller is asked, and what their keys mean.
//!
//! Language, PIN, consent, waiting room, visit. Prompts are ids; the shell has their sound. Booking
//! will be a further branch after the language.

use std::collections::VecDeque;

use sfu_phone::Digit;

use crate::prompt::{Language, Prompt};

/// Digits of a PIN.
pub const PIN_DIGITS: usize = 6;
/// Wrong PINs before a call ends.
pub const TRIES: u8 = 3;
/// Time for the next key, in microseconds; people look at their letter between two digits.
const DIGIT_US: i64 = 10_000_000;
/// Time for an answer to a question, in microseconds, its prompt included.
const ANSWER_US: i64 = 20_000_000;
/// How often a question is asked again when nobody presses anything.
const REPEATS: u8 = 2;
/// How long somebody may wait to be let in, in microseconds: an hour.
const WAITING_US: i64 = 3_600_000_000;
/// Time between two words of comfort while one waits, in microseconds.
const COMFORT_US: i64 = 60_000_000;

/// Six digits. They are not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Pin(String);

impl Pin {
    /// The digits. Not for logs.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl core::fmt::Debug for Pin {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Pin(·)")
    }
}

/// What the clinic says of a PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// It is right, and the visit is open.
    Right {
        /// The visit may be recorded, and the caller has not been asked.
        ask_consent: bool,
    },
    /// There is no such PIN for now, or it was used.
    Wrong,
    /// Caller or visit are locked out.
    Locked,
    /// It is right, and the visit opens later.
    TooEarly,
    /// It was right, and the visit is over.
    Over,
}

/// Whether the caller agrees to be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// By key.
    Given,
    /// By key, or by not answering.
    Refused,
    /// There was nothing to ask.
    NotAsked,
}

/// What a caller is asked to agree to in the visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// The visit is recorded.
    Recording,
    /// What is said is written along.
    Captions,
}

impl Topic {
    const fn question(self) -> Prompt {
        match self {
            Self::Recording => Prompt::AskConsent,
            Self::Captions => Prompt::AskCaptions,
        }
    }

    const fn news(self, on: bool) -> Prompt {
        match (self, on) {
            (Self::Recording, true) => Prompt::RecordingOn,
            (Self::Recording, false) => Prompt::RecordingOff,
            (Self::Captions, true) => Prompt::CaptionsOn,
            (Self::Captions, false) => Prompt::CaptionsOff,
        }
    }
}

/// What happens in the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoomNews {
    /// The doctor has come into the room.
    DoctorCame,
    /// The caller is let in.
    Admitted,
    /// The caller is not let in, or was sent out.
    Refused,
    /// It has begun, or ended.
    Recording(Topic, bool),
    /// Somebody wants to record or to have captions, and this caller is to be asked.
    AskConsent(Topic),
    /// The doctor has muted the caller.
    MutedByDoctor,
    /// The doctor has lowered the caller's hand.
    HandLowered,
    /// The visit has ended.
    Ended,
}

/// What the shell tells the menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MenuInput {
    /// A key was pressed.
    Key(Digit),
    /// The clinic has judged the PIN.
    Checked(Checked),
    /// Something happened in the room.
    Room(RoomNews),
    /// The time of [`Menu::poll_timeout`] has come.
    Timeout,
}

/// What the shell has to do, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MenuOutput {
    /// Play this, instead of what plays.
    Say(Prompt),
    /// Stop what plays: a key was pressed.
    Hush,
    /// Ask the clinic whether this PIN is right, and give the answer back.
    Check(Pin),
    /// Enter the lobby of the visit.
    Join(Consent),
    /// Tell the clinic what was answered in the visit.
    Answer(Topic, Consent),
    /// Switch the caller's sound off or on.
    Mute(bool),
    /// Raise or lower the caller's hand.
    Hand(bool),
    /// Leave the room, if in it, and end the call once what plays is over.
    HangUp(HangUp),
}

/// Why a call ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HangUp {
    /// Too many wrong PINs, or locked out.
    Locked,
    /// No key when one was asked for.
    Silence,
    /// The visit is not open.
    NotOpen,
    /// Not let in, or sent out.
    Refused,
    /// The visit has ended.
    Ended,
    /// The caller pressed the key for it.
    Left,
}

#[derive(Debug)]
enum State {
    /// Which language?
    Language { repeats: u8 },
    /// The digits so far.
    Pin { typed: String, repeats: u8 },
    /// The clinic is asked.
    Checking,
    /// May it be recorded?
    Consent { repeats: u8 },
    /// In the lobby, until this time.
    Lobby { until_us: i64 },
    /// In the visit.
    Visit {
        muted: bool,
        hand: bool,
        /// The question that is open, and the one after it.
        asked: Option<Topic>,
        next: Option<Topic>,
    },
    /// Over.
    Done,
}

/// The menu of one caller.
#[derive(Debug)]
pub struct Menu {
    state: State,
    language: Language,
    wrong: u8,
    timeout_us: Option<i64>,
    outputs: VecDeque<MenuOutput>,
}

impl Menu {
    /// A call that has just been answered.
    #[must_use]
    pub fn new(now_us: i64) -> Self {
        let mut menu = Self {
            state: State::Language { repeats: 0 },
            language: Language::French,
            wrong: 0,
            timeout_us: None,
            outputs: VecDeque::new(),
        };
        menu.say(Prompt::Welcome);
        menu.wait(now_us, ANSWER_US);
        menu
    }

    /// Somebody whom we called, and who has taken the call: the clinic knows who they are.
    #[must_use]
    pub fn called(now_us: i64, language: Language, ask_consent: bool) -> Self {
        let mut menu = Self {
            state: State::Checking,
            language,
            wrong: 0,
            timeout_us: None,
            outputs: VecDeque::new(),
        };
        menu.checked(now_us, Checked::Right { ask_consent });
        menu
    }

    /// The language of what is said.
    #[must_use]
    pub const fn language(&self) -> Language {
        self.language
    }

    /// When to give [`MenuInput::Timeout`], in microseconds.
    #[must_use]
    pub const fn poll_timeout(&self) -> Option<i64> {
        self.timeout_us
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<MenuOutput> {
        self.outputs.pop_front()
    }

    /// Something happened. What has no meaning now changes nothing.
    pub fn handle(&mut self, now_us: i64, input: MenuInput) {
        match input {
            MenuInput::Key(digit) => self.key(now_us, digit.expose()),
            MenuInput::Checked(checked) => self.checked(now_us, checked),
            MenuInput::Room(news) => self.room(now_us, news),
            MenuInput::Timeout => self.timeout(now_us),
        }
    }

    fn say(&mut self, prompt: Prompt) {
        self.outputs.push_back(MenuOutput::Say(prompt));
    }

    const fn wait(&mut self, now_us: i64, time_us: i64) {
        self.timeout_us = Some(now_us.saturating_add(time_us));
    }

    fn hang_up(&mut self, prompt: Option<Prompt>, why: HangUp) {
        if let Some(prompt) = prompt {
            self.say(prompt);
        }
        self.outputs.push_back(MenuOutput::HangUp(why));
        self.state = State::Done;
        self.timeout_us = None;
    }

    fn ask_pin(&mut self, now_us: i64, prompt: Prompt, repeats: u8) {
        self.say(prompt);
        self.state = State::Pin {
            typed: String::new(),
            repeats,
        };
        self.wait(now_us, ANSWER_US);
    }

    fn key(&mut self, now_us: i64, key: char) {
        match &mut self.state {
            State::Language { .. } => {
                self.language = match key {
                    '1' => Language::French,
                    '2' => Language::English,
                    _ => return,
                };
                self.ask_pin(now_us, Prompt::EnterPin, 0);
            }
            State::Pin { typed, repeats } => match key {
                '0'..='9' => {
                    typed.push(key);
                    if typed.len() >= PIN_DIGITS {
                        let pin = Pin(core::mem::take(typed));
                        self.state = State::Checking;
                        self.timeout_us = None;
                        self.outputs.push_back(MenuOutput::Check(pin));
                    } else {
                        let is_first = typed.len() == 1;
                        self.wait(now_us, DIGIT_US);
                        if is_first {
                            self.outputs.push_back(MenuOutput::Hush);
                        }
                    }
                }
                '*' => {
                    let repeats = *repeats;
                    self.ask_pin(now_us, Prompt::EnterPin, repeats);
                }
                // A # after too few digits: they are all that come.
                '#' if !typed.is_empty() => self.is_wrong(now_us),
                _ => {}
            },
            State::Consent { .. } => match key {
                '1' => self.join(now_us, Consent::Given),
                '2' => self.join(now_us, Consent::Refused),
                _ => {}
            },
            State::Visit { asked: Some(_), .. } if matches!(key, '1' | '2') => {
                let consent = if key == '1' {
                    Consent::Given
                } else {
                    Consent::Refused
                };
                self.outputs.push_back(MenuOutput::Hush);
                self.answer(now_us, consent);
            }
            State::Visit { muted, hand, .. } => match key {
                '1' => {
                    *muted = !*muted;
                    let muted = *muted;
                    self.outputs.push_back(MenuOutput::Mute(muted));
                    self.say(if muted {
                        Prompt::Muted
                    } else {
                        Prompt::Unmuted
                    });
                }
                '5' => {
                    *hand = !*hand;
                    let hand = *hand;
                    self.outputs.push_back(MenuOutput::Hand(hand));
                    self.say(if hand {
                        Prompt::HandRaised
                    } else {
                        Prompt::HandLowered
                    });
                }
                '9' => self.hang_up(Some(Prompt::Goodbye), HangUp::Left),
                _ => {}
            },
            State::Lobby { .. } if key == '9' => self.hang_up(Some(Prompt::Goodbye), HangUp::Left),
            State::Lobby { .. } | State::Checking | State::Done => {}
        }
    }

    /// The open question is answered, and the next one is asked.
    fn answer(&mut self, now_us: i64, consent: Consent) {
        self.timeout_us = None;
        let State::Visit { asked, next, .. } = &mut self.state else {
            return;
        };
        let (topic, next) = (asked.take(), next.take());
        if let Some(topic) = topic {
            self.outputs.push_back(MenuOutput::Answer(topic, consent));
        }
        if let Some(topic) = next {
            self.ask(now_us, topic);
        }
    }

    fn ask(&mut self, now_us: i64, topic: Topic) {
        let State::Visit { asked, next, .. } = &mut self.state else {
            return;
        };
        if asked.is_some_and(|open| open != topic) {
            *next = Some(topic);
            return;
        }
        *asked = Some(topic);
        self.say(topic.question());
        self.wait(now_us, ANSWER_US);
    }

    fn is_wrong(&mut self, now_us: i64) {
        self.wrong = self.wrong.saturating_add(1);
        if self.wrong >= TRIES {
            self.hang_up(Some(Prompt::TooManyTries), HangUp::Locked);
        } else {
            self.ask_pin(now_us, Prompt::WrongPin, 0);
        }
    }

    fn checked(&mut self, now_us: i64, checked: Checked) {
        if !matches!(self.state, State::Checking) {
            return;
        }
        match checked {
            Checked::Right { ask_consent: true } => {
                self.say(Prompt::AskConsent);
                self.state = State::Consent { repeats: 0 };
                self.wait(now_us, ANSWER_US);
            }
            Checked::Right { ask_consent: false } => self.join(now_us, Consent::NotAsked),
            Checked::Wrong => self.is_wrong(now_us),
            Checked::Locked => self.hang_up(Some(Prompt::TooManyTries), HangUp::Locked),
            Checked::TooEarly => self.hang_up(Some(Prompt::TooEarly), HangUp::NotOpen),
            Checked::Over => self.hang_up(Some(Prompt::VisitOver), HangUp::NotOpen),
        }
    }

    fn join(&mut self, now_us: i64, consent: Consent) {
        self.outputs.push_back(MenuOutput::Join(consent));
        self.say(Prompt::Waiting);
        self.state = State::Lobby {
            until_us: now_us.saturating_add(WAITING_US),
        };
        self.wait(now_us, COMFORT_US);
    }

    fn room(&mut self, now_us: i64, news: RoomNews) {
        let in_visit = match self.state {
            State::Visit { .. } => true,
            State::Lobby { .. } => false,
            State::Language { .. }
            | State::Pin { .. }
            | State::Checking
            | State::Consent { .. }
            | State::Done => return,
        };
        match news {
            RoomNews::DoctorCame if !in_visit => {
                self.say(Prompt::DoctorComing);
                self.wait(now_us, COMFORT_US);
            }
            RoomNews::Admitted if !in_visit => {
                self.say(Prompt::Entered);
                self.state = State::Visit {
                    muted: false,
                    hand: false,
                    asked: None,
                    next: None,
                };
                self.timeout_us = None;
            }
            RoomNews::AskConsent(topic) => self.ask(now_us, topic),
            RoomNews::HandLowered => {
                if let State::Visit { hand, .. } = &mut self.state {
                    *hand = false;
                    self.say(Prompt::HandLowered);
                }
            }
            RoomNews::MutedByDoctor if in_visit => self.say(Prompt::MutedByDoctor),
            RoomNews::Recording(topic, on) if in_visit => self.say(topic.news(on)),
            RoomNews::Refused => self.hang_up(Some(Prompt::NotAdmitted), HangUp::Refused),
            RoomNews::Ended => self.hang_up(Some(Prompt::Goodbye), HangUp::Ended),
            RoomNews::DoctorCame
            | RoomNews::Admitted
            | RoomNews::MutedByDoctor
            | RoomNews::Recording(..) => {}
        }
    }

    fn timeout(&mut self, now_us: i64) {
        if self.timeout_us.is_none_or(|at| now_us < at) {
            return;
        }
        match &mut self.state {
            State::Language { repeats } if *repeats < REPEATS => {
                *repeats = repeats.saturating_add(1);
                self.say(Prompt::Welcome);
                self.wait(now_us, ANSWER_US);
            }
            State::Pin { repeats, .. } if *repeats < REPEATS => {
                let repeats = repeats.saturating_add(1);
                self.ask_pin(now_us, Prompt::EnterPin, repeats);
            }
            State::Consent { repeats } if *repeats < REPEATS => {
                *repeats = repeats.saturating_add(1);
                self.say(Prompt::AskConsent);
                self.wait(now_us, ANSWER_US);
            }
            // Who does not answer has not agreed, and is not kept out for it.
            State::Consent { .. } => self.join(now_us, Consent::Refused),
            State::Lobby { until_us } if now_us < *until_us => {
                self.say(Prompt::Waiting);
                self.wait(now_us, COMFORT_US);
            }
            State::Language { .. } | State::Pin { .. } | State::Lobby { .. } => {
                self.hang_up(Some(Prompt::NoAnswer), HangUp::Silence);
            }
            // Who does not answer has not agreed, and the keys are those of the visit again.
            State::Visit { .. } => self.answer(now_us, Consent::Refused),
            State::Checking | State::Done => self.timeout_us = None,
        }
    }
}

#[cfg(test)]
mod tests;
