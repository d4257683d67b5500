//! The dialogue: what somebody does, and what the assistant says and asks the shell to do.
//!
//! Red flags are looked for before anything is understood, in every text. What changes something is
//! shown and asked first, whatever was said. "Stop" leads out of everything.

mod requests;
mod times;
mod understood;

use clinical_redflags::flags::Patient;
use jiff::civil::DateTime;

use crate::guard;
use crate::talk::{
    Choice, Effect, Input, LINE_CHARS_MAX, Level, Line, Outcome, Refusal, Say, State,
    TEXT_CHARS_MAX, Talk, Unclear, Wanted, Write, menu,
};
use crate::{Classifier, Doctor, Intent, Meaning};

/// Texts about an illness that are read together.
const TOLD_MAX: usize = 4;
/// Times in a row that something is not understood before a person is offered.
const UNCLEAR_MAX: u8 = 2;

/// What is known around a talk.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    /// Now, on the clock of whoever talks.
    pub now: DateTime,
    /// Everybody who can be booked.
    pub doctors: &'a [Doctor],
    /// Whose record it is. What is unknown never hides a flag.
    pub patient: &'a Patient,
}

/// One step: what is said and done.
pub(crate) struct Turn<'a, 'w> {
    pub(crate) talk: &'a mut Talk,
    pub(crate) world: &'a World<'w>,
    says: Vec<Say>,
    effect: Option<Effect>,
}

/// Hears what somebody does. The effect, if there is one, is carried out and answered by [`answer`].
#[must_use]
pub fn hear(talk: &mut Talk, input: Input, world: &World<'_>) -> Option<Effect> {
    let mut turn = Turn {
        talk,
        world,
        says: Vec::new(),
        effect: None,
    };
    match input {
        Input::Words(text) => turn.words(&text),
        Input::Choice(number) => turn.choice(number),
    }
    turn.end()
}

/// Takes what came of an effect.
#[must_use]
pub fn answer(talk: &mut Talk, outcome: Outcome, world: &World<'_>) -> Option<Effect> {
    let mut turn = Turn {
        talk,
        world,
        says: Vec::new(),
        effect: None,
    };
    turn.outcome(outcome);
    turn.end()
}

impl Turn<'_, '_> {
    pub(crate) fn say(&mut self, say: Say) {
        self.says.push(say);
    }

    pub(crate) fn ask(&mut self, effect: Effect) {
        self.effect = Some(effect);
    }

    pub(crate) fn stand(&mut self, state: State, choices: Vec<Choice>) {
        self.talk.state = state;
        self.talk.choices = choices;
    }

    /// Nothing is going on any more.
    pub(crate) fn idle(&mut self) {
        let mut choices = menu();
        if self.talk.last.is_some() {
            choices.insert(0, Choice::Undo);
        }
        self.stand(State::Idle, choices);
    }

    /// Asks whether to do something.
    pub(crate) fn confirm(&mut self, write: Write) {
        self.say(Say::Confirm(write.clone()));
        self.stand(
            State::Confirming(write),
            vec![Choice::Confirm, Choice::Refuse],
        );
    }

    /// Writes down what was said. Below an open flag nothing is said without it.
    fn end(mut self) -> Option<Effect> {
        if self.effect.is_some() {
            self.talk.choices.clear();
        }
        let flagged = |says: &[Say]| {
            let is = |it: &Say| matches!(it, Say::Emergency(_) | Say::Urgent(_) | Say::StillUrgent);
            says.iter().any(is)
        };
        if self.talk.level == Level::Urgent && !self.says.is_empty() && !flagged(&self.says) {
            self.says.insert(0, Say::StillUrgent);
        }
        if !self.says.is_empty() {
            self.talk.push(Line::Said(self.says));
        }
        self.effect
    }

    fn words(&mut self, text: &str) {
        let kept: String = text.chars().take(LINE_CHARS_MAX).collect();
        self.talk.push(Line::Words(kept));
        let found = guard::look(self.world.patient, &self.talk.told, text);
        if !found.flags.is_empty() || found.other {
            self.remember(text);
        }
        self.raise(&found);
        if self.talk.level == Level::Emergency {
            self.emergency();
            return;
        }
        let raised = found.urgent;
        if raised {
            self.say(Say::Urgent(self.talk.flags.clone()));
        }
        if found.other {
            self.say(Say::OtherPerson);
            self.idle();
            return;
        }
        let long = text.chars().count() > TEXT_CHARS_MAX || found.long;
        let because = match () {
            () if text.trim().is_empty() => Some(Unclear::Empty),
            () if long => Some(Unclear::Long),
            () if guard::gives_orders(text) => Some(Unclear::Orders),
            () if found.abuse => Some(Unclear::Abuse),
            () => None,
        };
        if let Some(because) = because {
            self.unclear(because);
        } else if raised {
            self.remember(text);
            self.symptoms();
        } else if let Some(number) = self.number(text) {
            self.choose(number);
        } else {
            self.understand(text, found.strange);
        }
    }

    fn raise(&mut self, found: &guard::Found) {
        let level = match (found.emergency, found.urgent) {
            (true, _) => Level::Emergency,
            (false, true) => Level::Urgent,
            (false, false) => Level::None,
        };
        self.talk.level = self.talk.level.max(level);
        for flag in &found.flags {
            if !self.talk.flags.contains(flag) {
                self.talk.flags.push(flag.clone());
            }
        }
    }

    fn emergency(&mut self) {
        self.say(Say::Emergency(self.talk.flags.clone()));
        self.stand(State::Emergency, Vec::new());
    }

    /// Keeps a text about an illness, to be read with the next one.
    pub(crate) fn remember(&mut self, text: &str) {
        let kept: String = text.chars().take(LINE_CHARS_MAX).collect();
        if self.talk.told.last() != Some(&kept) {
            self.talk.told.push(kept);
        }
        let over = self.talk.told.len().saturating_sub(TOLD_MAX);
        self.talk.told.drain(..over);
    }

    /// A bare number takes a choice, as in a menu of short messages.
    fn number(&self, text: &str) -> Option<usize> {
        let number: usize = text.trim().trim_end_matches('.').parse().ok()?;
        let at = number.checked_sub(1)?;
        (at < self.talk.choices.len()).then_some(at)
    }

    fn choice(&mut self, number: usize) {
        if self.talk.level == Level::Emergency {
            self.emergency();
        } else {
            self.choose(number);
        }
    }

    fn choose(&mut self, number: usize) {
        let Some(choice) = self.talk.choices.get(number).cloned() else {
            self.unclear(Unclear::Unknown);
            return;
        };
        self.talk.push(Line::Chose(choice.clone()));
        self.talk.unclear = 0;
        match choice {
            Choice::Mean(intent) => {
                let text = match &self.talk.state {
                    State::Between(text) => text.clone(),
                    _ => String::new(),
                };
                self.begin(intent, &text);
            }
            Choice::Confirm => self.agree(),
            Choice::Refuse => self.refuse(),
            Choice::Undo => self.undo(),
            other => self.picked(other),
        }
    }

    /// It was not understood; the second time in a row a person is offered.
    pub(crate) fn unclear(&mut self, because: Unclear) {
        self.talk.unclear = self.talk.unclear.saturating_add(1);
        self.say(Say::Unclear(because));
        if self.talk.unclear >= UNCLEAR_MAX || because == Unclear::Abuse {
            self.talk.unclear = 0;
            self.confirm(Write::Person);
        } else if matches!(self.talk.state, State::Idle | State::Between(_)) {
            self.idle();
        }
    }

    /// What was asked stands; it is done.
    pub(crate) fn agree(&mut self) {
        match core::mem::take(&mut self.talk.state) {
            State::Confirming(write) => {
                self.ask(Effect::Do(write.clone()));
                self.talk.state = State::Doing(write);
            }
            State::Choosing(task, offers) => match offers.as_slice() {
                [only] => {
                    let only = only.clone();
                    self.propose(task, only);
                }
                _ => {
                    self.say(Say::Offers { as_wished: true });
                    self.talk.state = State::Choosing(task, offers);
                }
            },
            State::Visits(wanted, visits) => match visits.as_slice() {
                [only] => {
                    let only = only.clone();
                    self.with_visit(wanted, only);
                }
                _ => {
                    self.say(Say::WhichVisit(wanted.clone()));
                    self.talk.state = State::Visits(wanted, visits);
                }
            },
            other => {
                self.talk.state = other;
                self.say(Say::Help);
                self.idle();
            }
        }
    }

    pub(crate) fn refuse(&mut self) {
        match core::mem::take(&mut self.talk.state) {
            State::Choosing(task, _) => self.ask_when(task),
            State::Confirming(Write::Book(offer)) => {
                self.say(Say::Left);
                let booking = crate::Booking {
                    doctor: Some(offer.doctor),
                    ..crate::Booking::default()
                };
                self.ask_when(crate::Task::Book(booking));
            }
            _ => {
                self.say(Say::Left);
                self.idle();
            }
        }
    }

    /// Out of what is going on; when nothing is, the last act is offered to be taken back.
    pub(crate) fn undo(&mut self) {
        if !matches!(self.talk.state, State::Idle | State::Between(_)) {
            self.say(Say::Left);
            self.idle();
            return;
        }
        match self.talk.last.take() {
            Some(write) => self.confirm(write),
            None => {
                self.say(Say::NothingToUndo);
                self.idle();
            }
        }
    }

    fn outcome(&mut self, outcome: Outcome) {
        match (core::mem::take(&mut self.talk.state), outcome) {
            (State::Looking(task), Outcome::Offers(offers)) => self.offered(task, offers),
            (State::Listing(wanted), Outcome::Visits(visits)) => self.listed(wanted, visits),
            (_, Outcome::Results(count)) => {
                self.say(Say::Results(count));
                self.idle();
            }
            (_, Outcome::Prescriptions(count)) => {
                self.say(Say::Prescriptions(count));
                self.idle();
            }
            (State::Doing(write), outcome) => self.done(write, outcome),
            (_, Outcome::Refused(why)) => {
                self.say(Say::NotDone(why));
                self.idle();
            }
            _ => {
                self.say(Say::NotDone(Refusal::Failed));
                self.idle();
            }
        }
    }

    /// Says what was done, and remembers how it is taken back.
    fn done(&mut self, write: Write, outcome: Outcome) {
        let back = match (&write, &outcome) {
            (Write::Book(_), Outcome::Visit(now)) => Some(Write::Cancel(now.clone())),
            (Write::Move(before, _), Outcome::Visit(now)) => {
                let back = crate::Offer {
                    doctor: before.doctor.clone(),
                    start: before.start,
                };
                Some(Write::Move(now.clone(), back))
            }
            (Write::Cancel(visit), Outcome::Done) => Some(Write::Book(crate::Offer {
                doctor: visit.doctor.clone(),
                start: visit.start,
            })),
            _ => None,
        };
        match outcome {
            Outcome::Refused(why) => {
                self.say(Say::NotDone(why));
                self.again(write, why);
                return;
            }
            Outcome::Thread(key) => {
                self.say(Say::Done(write));
                self.say(Say::Thread(key));
            }
            Outcome::Interview(key) => {
                self.talk.told.clear();
                self.say(Say::Interview(key));
            }
            _ => self.say(Say::Done(write)),
        }
        if back.is_some() {
            self.talk.last = back;
        }
        self.idle();
    }

    /// A time that was taken meanwhile is looked for anew.
    fn again(&mut self, write: Write, why: Refusal) {
        match (write, why) {
            (Write::Book(offer), Refusal::Taken | Refusal::OwnOverlap) => {
                let day = offer.start.local.date();
                let booking = crate::Booking {
                    doctor: Some(offer.doctor),
                    when: crate::When {
                        days: Some((day, day)),
                        ..crate::When::default()
                    },
                    ..crate::Booking::default()
                };
                self.look_for(crate::Task::Book(booking));
            }
            (Write::Move(visit, offer), Refusal::Taken | Refusal::OwnOverlap) => {
                let day = offer.start.local.date();
                let when = crate::When {
                    days: Some((day, day)),
                    ..crate::When::default()
                };
                self.look_for(crate::Task::Move(visit, when));
            }
            _ => self.idle(),
        }
    }

    /// A check of symptoms is offered with what was told.
    pub(crate) fn symptoms(&mut self) {
        let words = self.talk.told.join(". ");
        self.talk.unclear = 0;
        self.confirm(Write::Symptoms(words));
    }

    pub(crate) fn list(&mut self, wanted: Wanted) {
        self.ask(Effect::ListVisits);
        self.talk.state = State::Listing(wanted);
    }

    /// What a text means, with what stands in it.
    pub(crate) fn meaning(&self, text: &str) -> Meaning {
        Classifier::shipped().meaning(text)
    }

    /// Whether a text clearly means this.
    pub(crate) fn means(meaning: &Meaning, intent: Intent) -> bool {
        matches!(meaning, Meaning::Sure(it) if it.intent == intent)
    }
}
