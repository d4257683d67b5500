//! The talk with a number, as a machine without clock and IO: who is ill, the check of symptoms by numbers,
//! and the assistant's dialogue. Red flags come before everything; what concerns a person comes after a proof.

use clinical_assistant::{
    Booking, Choice, Doctor, Effect, Facts, Input, Intent, Level, Line, Outcome, Say, State, Talk,
    Write, answer, fitted, hear, short,
};
use clinical_model::text::{PartialDate, Phone};
use clinical_model::triage::InterviewLanguage;
use clinical_model::{Micros, PatientId, UserId};
use clinical_redflags::flags::{Flags, Patient, Story, Urgency};
use clinical_triage::{Call, Disposition, Engine, Interview, Menu};
use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

use super::read::{self, Command};
use super::words::{self, Around};

/// Parts of an answer that shows times, doctors or visits to choose from.
const PARTS_OF_CHOICES: usize = 3;
/// Parts of every other answer.
const PARTS: usize = 2;
/// How long a proof holds after the last word, in microseconds.
const PROVEN_US: i64 = 30 * Micros::MINUTE;
/// Characters of a complaint that are handed on.
const COMPLAINT_CHARS_MAX: usize = 2_000;
/// Below this age somebody else answers, in days.
const CHILD_DAYS: u32 = 12 * 365;

/// Somebody who has named their birth date from their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Known {
    /// Their account.
    pub(super) user: UserId,
    /// Their record.
    pub(super) patient: PatientId,
    /// Until when that holds.
    pub(super) until: Micros,
}

/// Where a talk stands.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum At {
    /// Nothing was said yet.
    #[default]
    New,
    /// It asked for the language; what was written first.
    Language(String),
    /// With the assistant.
    Talk,
    /// It asked who is ill; what was told.
    Whom(String),
    /// In the check of symptoms.
    Check(Box<Menu>),
    /// It asked for the birth date; what was wanted.
    Birth(String),
}

/// The talk with a number.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Door {
    language: Option<InterviewLanguage>,
    at: At,
    talk: Talk,
    known: Option<Known>,
}

/// What is known around a talk.
pub(super) struct World<'a> {
    /// The facility and its numbers.
    pub(super) around: Around<'a>,
    /// Now.
    pub(super) now: Micros,
    /// Now, on the clock of whoever writes.
    pub(super) local: DateTime,
    /// Everybody who can be booked.
    pub(super) doctors: &'a [Doctor],
    /// Whose record it is; nothing is known of an unknown number.
    pub(super) patient: &'a Patient,
    /// The engine; none when it cannot be used.
    pub(super) engine: Option<&'a Engine>,
    /// The number wrote STOP.
    pub(super) stopped: bool,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Then {
    /// Answer this.
    Say(String),
    /// Answer this, and send no more.
    Stop(String),
    /// Answer this, and send again what was stopped.
    Start(String),
    /// Nothing.
    Silent,
    /// Find out whose birth date this is, and go on with [`Door::proved`].
    Prove(PartialDate),
    /// Carry this out as the person who is known, and go on with [`Door::carried`].
    Carry(Effect),
}

fn home() -> Vec<Choice> {
    [
        Intent::Symptom,
        Intent::Book,
        Intent::Appointments,
        Intent::Human,
    ]
    .map(Choice::Mean)
    .to_vec()
}

/// A talk with the assistant in which nothing was said.
fn silent_talk() -> Talk {
    Talk {
        choices: Vec::new(),
        ..Talk::begin()
    }
}

fn is_emergency(text: &str, patient: &Patient) -> bool {
    let story = Story {
        text,
        findings: &[],
    };
    Flags::shipped().screen(patient, &story).urgency == Urgency::Emergency
}

impl Door {
    /// The language of texts; French is the first language of the house.
    pub(super) fn language(&self) -> InterviewLanguage {
        self.language.unwrap_or(InterviewLanguage::French)
    }

    /// Who has proven themselves, while that holds.
    pub(super) fn known(&self, now: Micros) -> Option<Known> {
        self.known.filter(|it| it.until > now)
    }

    /// The proof does not hold any more.
    pub(super) fn forget_known(&mut self) {
        self.known = None;
    }

    /// The dialogue with the assistant.
    pub(super) const fn talk(&self) -> &Talk {
        &self.talk
    }

    /// Whether help now was advised, so that the answer goes out whatever was spent.
    pub(super) fn is_emergency(&self) -> bool {
        self.talk.level == Level::Emergency
    }

    /// Hears a message.
    pub(super) fn hear(&mut self, text: &str, world: &World<'_>) -> Then {
        let danger = is_emergency(text, world.patient);
        let command = read::command(text);
        if world.stopped && command != Some(Command::Start) && !danger {
            return Then::Silent;
        }
        if let Some(known) = &mut self.known
            && known.until > world.now
        {
            known.until = world.now.plus(PROVEN_US);
        }
        if let Some(command) = command {
            return self.command(command, world);
        }
        if self.language.is_none() {
            self.language = read::language(text);
        }
        if danger {
            if self.language.is_none() {
                self.talk.level = Level::Emergency;
                return Then::Say(words::emergency_in_both(&world.around));
            }
            self.at = At::Talk;
        }
        match core::mem::take(&mut self.at) {
            At::New => self.first(text.to_owned(), world),
            At::Language(first) => {
                self.language = self.language.or(read::language_number(text));
                self.first(first, world)
            }
            At::Talk => self.talk_on(text, world),
            At::Whom(told) => match read::whom(text) {
                Some(whom) => self.check(&told, whom, world),
                None => self.ask_whom(told, world),
            },
            At::Check(menu) => self.checking(*menu, text, world),
            At::Birth(asked) => match (read::is_zero(text), read::birth(text)) {
                (true, _) => self.home(world),
                (false, Some(birth)) => {
                    self.at = At::Birth(asked);
                    Then::Prove(birth)
                }
                (false, None) => self.ask_birth(asked, world),
            },
        }
    }

    /// Goes on when it is known whose birth date it was, or that it was nobody's.
    pub(super) fn proved(&mut self, found: Option<(UserId, PatientId)>, world: &World<'_>) -> Then {
        let At::Birth(asked) = core::mem::replace(&mut self.at, At::Talk) else {
            return self.home(world);
        };
        let Some((user, patient)) = found else {
            return Then::Say(words::not_proven(&self.around(world)));
        };
        self.known = Some(Known {
            user,
            patient,
            until: world.now.plus(PROVEN_US),
        });
        self.talk_on(&asked, world)
    }

    /// Goes on with what came of an effect.
    pub(super) fn carried(&mut self, outcome: Outcome, world: &World<'_>) -> Then {
        let before = self.talk.clone();
        let effect = answer(&mut self.talk, outcome, &spoken(world));
        self.after(effect, before, "", world)
    }

    fn around<'a>(&self, world: &World<'a>) -> Around<'a> {
        Around {
            language: self.language(),
            ..world.around
        }
    }

    fn facts<'a>(&self, world: &World<'a>) -> Facts<'a> {
        Facts {
            language: match self.language() {
                InterviewLanguage::English => clinical_assistant::Language::English,
                InterviewLanguage::French => clinical_assistant::Language::French,
            },
            ambulance: world.around.numbers.ambulance,
            clinic: world.around.numbers.clinic.as_ref().map(Phone::as_str),
        }
    }

    fn command(&mut self, command: Command, world: &World<'_>) -> Then {
        match command {
            Command::Stop => {
                let text = words::stopped(&self.around(world));
                *self = Self {
                    language: self.language,
                    ..Self::default()
                };
                Then::Stop(text)
            }
            Command::Start => match self.home(world) {
                Then::Say(text) => Then::Start(text),
                other => other,
            },
            Command::Help => Then::Say(words::help(&self.around(world))),
            Command::Menu => self.home(world),
            Command::Speak(language) => {
                self.language = Some(language);
                match core::mem::take(&mut self.at) {
                    At::Language(first) => self.first(first, world),
                    _ => self.home(world),
                }
            }
        }
    }

    /// What to do, from the beginning. Whoever was told to get help now hears it once more with it.
    fn home(&mut self, world: &World<'_>) -> Then {
        self.at = At::Talk;
        self.talk = Talk {
            choices: home(),
            ..Talk::begin()
        };
        Then::Say(words::home(&self.around(world)))
    }

    fn first(&mut self, text: String, world: &World<'_>) -> Then {
        if self.language.is_none() {
            self.at = At::Language(text);
            return Then::Say(words::which_language(&world.around));
        }
        self.at = At::Talk;
        self.talk = Talk {
            choices: home(),
            level: self.talk.level,
            ..Talk::begin()
        };
        self.talk_on(&text, world)
    }

    fn talk_on(&mut self, text: &str, world: &World<'_>) -> Then {
        self.at = At::Talk;
        if read::is_zero(text) && self.talk.level != Level::Emergency {
            return self.home(world);
        }
        let before = self.talk.clone();
        let input = Input::Words(text.to_owned());
        let effect = hear(&mut self.talk, input, &spoken(world));
        self.after(effect, before, text, world)
    }

    /// What comes of a step of the assistant.
    fn after(
        &mut self,
        effect: Option<Effect>,
        before: Talk,
        asked: &str,
        world: &World<'_>,
    ) -> Then {
        let known = self.known(world.now).is_some();
        match effect {
            Some(Effect::Do(Write::Symptoms(told))) => {
                self.talk.state = State::Idle;
                self.ask_whom(told, world)
            }
            Some(Effect::Do(Write::Person)) if !known => self.call_the_clinic(world),
            // What is in a record is read after signing in, never in a short message.
            Some(Effect::CountResults | Effect::CountPrescriptions) => {
                self.talk = Talk {
                    state: State::Idle,
                    choices: Vec::new(),
                    ..before
                };
                Then::Say(words::sign_in(&self.around(world)))
            }
            Some(effect) if known => Then::Carry(effect),
            Some(_) => {
                self.talk = before;
                self.ask_birth(asked.to_owned(), world)
            }
            None => self.said(world),
        }
    }

    /// What the assistant said, as a short message.
    fn said(&mut self, world: &World<'_>) -> Then {
        let known = self.known(world.now).is_some();
        match &self.talk.state {
            State::Confirming(Write::Symptoms(told)) if self.talk.level == Level::None => {
                let told = told.clone();
                self.talk.state = State::Idle;
                return self.ask_whom(told, world);
            }
            State::Confirming(Write::Person) if !known => return self.call_the_clinic(world),
            State::Idle => {
                let says = match self.talk.lines.last() {
                    Some(Line::Said(says)) => says.as_slice(),
                    _ => &[],
                };
                if let [Say::Hello | Say::Help] = says {
                    self.talk.choices = home();
                    return Then::Say(words::home(&self.around(world)));
                }
                let unclear = says.iter().any(|it| matches!(it, Say::Unclear(_)));
                self.talk.choices = if unclear { home() } else { Vec::new() };
                if !unclear {
                    let text = short(&self.talk, &self.facts(world), PARTS);
                    return Then::Say(fitted(&text, words::MENU, PARTS));
                }
            }
            _ => {}
        }
        let parts = match &self.talk.state {
            State::Choosing(..) | State::Visits(..) | State::Booking(Booking { .. }) => {
                PARTS_OF_CHOICES
            }
            _ => PARTS,
        };
        Then::Say(short(&self.talk, &self.facts(world), parts))
    }

    fn call_the_clinic(&mut self, world: &World<'_>) -> Then {
        self.talk.state = State::Idle;
        self.talk.choices = Vec::new();
        Then::Say(words::person(&self.around(world)))
    }

    fn ask_whom(&mut self, told: String, world: &World<'_>) -> Then {
        self.at = At::Whom(told);
        Then::Say(words::whom(&self.around(world)))
    }

    fn ask_birth(&mut self, asked: String, world: &World<'_>) -> Then {
        self.at = At::Birth(asked);
        Then::Say(words::birth(&self.around(world)))
    }

    fn check(&mut self, told: &str, whom: read::Whom, world: &World<'_>) -> Then {
        let Some(engine) = world.engine else {
            return self.call_the_clinic(world);
        };
        let mut interview = Interview::default();
        interview.language = match self.language() {
            InterviewLanguage::English => clinical_triage::Language::English,
            InterviewLanguage::French => clinical_triage::Language::French,
        };
        interview.age_days = whom.age_days;
        interview.female = whom.female;
        interview.proxy = whom.age_days.is_some_and(|days| days < CHILD_DAYS);
        let mut menu = Menu::new(interview);
        let told: String = told.chars().take(COMPLAINT_CHARS_MAX).collect();
        if !told.trim().is_empty() {
            // What cannot be taken is asked for again.
            drop(menu.take(engine, &told));
        }
        self.shown(menu, world)
    }

    fn checking(&mut self, mut menu: Menu, text: &str, world: &World<'_>) -> Then {
        if let Some(engine) = world.engine {
            // A wrong number changes nothing: the same text goes out again.
            drop(menu.take(engine, read::choice(text)));
        }
        self.shown(menu, world)
    }

    /// The text of the check, or its result, with which it is over.
    fn shown(&mut self, menu: Menu, world: &World<'_>) -> Then {
        let Some(engine) = world.engine else {
            return self.call_the_clinic(world);
        };
        let numbers = world.around.numbers;
        let call = Call {
            ambulance: numbers.ambulance,
            clinic: numbers.clinic.as_ref().map(Phone::as_str),
        };
        let text = menu.text(engine, call);
        match menu.result() {
            None => self.at = At::Check(Box::new(menu)),
            Some((to, _)) => {
                self.at = At::Talk;
                // What was raised before the check stays raised behind it.
                let level = match to {
                    Disposition::Emergency => Level::Emergency,
                    Disposition::Urgent => Level::Urgent,
                    Disposition::Routine | Disposition::SelfCare => Level::None,
                };
                let level = level.max(self.talk.level);
                self.talk = Talk {
                    level,
                    state: if level == Level::Emergency {
                        State::Emergency
                    } else {
                        State::Idle
                    },
                    ..silent_talk()
                };
            }
        }
        Then::Say(text)
    }
}

fn spoken<'a>(world: &World<'a>) -> clinical_assistant::World<'a> {
    clinical_assistant::World {
        now: world.local,
        doctors: world.doctors,
        patient: world.patient,
    }
}
