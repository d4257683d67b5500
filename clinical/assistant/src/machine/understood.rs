//! What a text means where the talk stands.

use super::Turn;
use crate::advice;
use crate::names::{doctors, folded, specialty};
use crate::talk::{Choice, Say, State, Task, Topic, Unclear, Wanted, Write};
use crate::{Booking, Effect, Intent, Meaning, When};

/// Intents that leave what is going on for something else.
const fn leaves(intent: Intent) -> bool {
    !matches!(
        intent,
        Intent::Yes
            | Intent::No
            | Intent::Book
            | Intent::Slots
            | Intent::Move
            | Intent::FindDoctor
            | Intent::Greeting
            | Intent::Thanks
            | Intent::Stop
    )
}

/// Words that agree or refuse, whatever stands around them in a short text.
const YES: [&str; 12] = [
    "oui", "yes", "ok", "okay", "ouais", "yep", "yeah", "confirme", "confirm", "daccord", "accord",
    "sure",
];
const NO: [&str; 5] = ["non", "no", "nope", "nan", "pas"];
/// A text of so many words is short.
const SHORT: usize = 4;

impl Turn<'_, '_> {
    /// Understands a text in which the guard found nothing.
    pub(super) fn understand(&mut self, text: &str, strange: bool) {
        let meaning = self.meaning(text);
        if Self::means(&meaning, Intent::Stop) {
            self.talk.unclear = 0;
            self.undo();
            return;
        }
        if let Meaning::Sure(it) = meaning
            && it.intent == Intent::Emergency
        {
            self.say(Say::Emergency(Vec::new()));
            self.idle();
            return;
        }
        let words = folded(text);
        let is_short = words.len() <= SHORT;
        let says = |list: &[&str]| is_short && words.iter().any(|it| list.contains(&it.as_str()));
        let waits = matches!(
            self.talk.state,
            State::Confirming(_) | State::Choosing(..) | State::Visits(..)
        );
        let no = Self::means(&meaning, Intent::No) || waits && says(&NO);
        let yes = !no && (Self::means(&meaning, Intent::Yes) || waits && says(&YES));
        match self.talk.state.clone() {
            _ if waits && no => self.refused(text),
            _ if waits && yes => {
                self.talk.unclear = 0;
                self.agree();
            }
            State::Confirming(write) => self.while_confirming(write, text, meaning),
            State::Choosing(task, offers) => self.while_choosing((task, offers), text, meaning),
            State::Visits(wanted, visits) => self.while_visits((wanted, visits), text, meaning),
            State::Booking(booking) => self.while_booking(booking, text, meaning),
            _ => self.anew(text, meaning, strange),
        }
    }

    /// "No": with a wish behind it, the wish counts.
    fn refused(&mut self, text: &str) {
        self.talk.unclear = 0;
        let when = When::read(text, self.world.now.date());
        match self.talk.state.clone() {
            State::Choosing(task, _) if !when.is_empty() => {
                let task = task.with(when);
                self.look_for(task);
            }
            _ => self.refuse(),
        }
    }

    fn while_confirming(&mut self, write: Write, text: &str, meaning: Meaning) {
        let when = When::read(text, self.world.now.date());
        match (&write, meaning) {
            (_, Meaning::Sure(it)) if leaves(it.intent) => {
                self.say(Say::Left);
                self.idle();
                self.begin(it.intent, text);
            }
            (Write::Book(offer), _) if !when.is_empty() => {
                let booking = Booking {
                    doctor: Some(offer.doctor.clone()),
                    when,
                    ..Booking::default()
                };
                self.look_for(Task::Book(booking));
            }
            (Write::Move(visit, _), _) if !when.is_empty() => {
                self.look_for(Task::Move(visit.clone(), when));
            }
            _ => {
                self.unclear(Unclear::Unknown);
                if matches!(&self.talk.state, State::Confirming(it) if *it == write)
                    && write != Write::Person
                {
                    self.confirm(write);
                }
            }
        }
    }

    fn while_booking(&mut self, mut booking: Booking, text: &str, meaning: Meaning) {
        let before = booking.clone();
        self.fill(&mut booking, text);
        if booking != before {
            self.talk.unclear = 0;
            self.book(booking);
            return;
        }
        match meaning {
            Meaning::Sure(it) if leaves(it.intent) => self.begin(it.intent, text),
            _ => self.unclear(Unclear::Unknown),
        }
    }

    /// Nothing is going on, or what was asked was not answered.
    fn anew(&mut self, text: &str, meaning: Meaning, strange: bool) {
        let mut booking = Booking::default();
        self.fill(&mut booking, text);
        match meaning {
            Meaning::Sure(it) => self.begin(it.intent, text),
            // "Dr Ngono, mardi 15 h" needs no verb.
            _ if booking.doctor.is_some() && !booking.when.is_empty() => self.book(booking),
            _ if strange => self.unclear(Unclear::Language),
            Meaning::Between(first, second) => {
                self.talk.unclear = self.talk.unclear.saturating_add(1);
                if self.talk.unclear >= super::UNCLEAR_MAX {
                    self.talk.unclear = 0;
                    self.say(Say::Unclear(Unclear::Unknown));
                    self.confirm(Write::Person);
                    return;
                }
                self.say(Say::WhichOf(first.intent, second.intent));
                self.stand(
                    State::Between(text.to_owned()),
                    vec![
                        Choice::Mean(first.intent),
                        Choice::Mean(second.intent),
                        Choice::Mean(Intent::Human),
                    ],
                );
            }
            Meaning::Unknown => self.unclear(Unclear::Unknown),
        }
    }

    /// Begins what somebody wants.
    pub(super) fn begin(&mut self, intent: Intent, text: &str) {
        self.talk.unclear = 0;
        let when = When::read(text, self.world.now.date());
        match intent {
            Intent::Book | Intent::Slots => {
                let mut booking = Booking::default();
                self.fill(&mut booking, text);
                self.book(booking);
            }
            Intent::Move => self.list(Wanted::Moved(when)),
            Intent::Cancel => self.list(Wanted::Cancelled),
            Intent::Appointments => self.list(Wanted::Seen),
            Intent::Results => {
                self.ask(Effect::CountResults);
                self.talk.state = State::Asking;
            }
            Intent::Prescriptions => {
                self.ask(Effect::CountPrescriptions);
                self.talk.state = State::Asking;
            }
            Intent::Refill => self.confirm(Write::Refill),
            Intent::Human => self.confirm(Write::Person),
            Intent::Symptom => {
                if !text.trim().is_empty() {
                    self.remember(text);
                }
                self.symptoms();
            }
            Intent::Advice => self.advise(text),
            Intent::FindDoctor => self.find(text),
            Intent::Yes | Intent::No if !when.is_empty() => {
                let mut booking = Booking::default();
                self.fill(&mut booking, text);
                self.book(booking);
            }
            other => self.tell(other),
        }
    }

    /// What is told without looking anything up.
    fn tell(&mut self, intent: Intent) {
        let topic = |topic| Say::Topic(topic);
        let say = match intent {
            Intent::Price => topic(Topic::Price),
            Intent::Payment => topic(Topic::Payment),
            Intent::Technical => topic(Topic::Technical),
            Intent::Join => topic(Topic::Join),
            Intent::OpeningHours => topic(Topic::OpeningHours),
            Intent::Documents => topic(Topic::Documents),
            Intent::Privacy => topic(Topic::Privacy),
            Intent::Account => topic(Topic::Account),
            Intent::Language => topic(Topic::Language),
            Intent::Proxy => topic(Topic::Proxy),
            Intent::Greeting => Say::Hello,
            Intent::Thanks => Say::Welcome,
            Intent::Goodbye => Say::Goodbye,
            Intent::Emergency => Say::Emergency(Vec::new()),
            _ => Say::Help,
        };
        self.say(say);
        self.idle();
    }

    fn advise(&mut self, text: &str) {
        let words = folded(text);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match advice::about(&words) {
            Some(found) => {
                self.say(Say::Advice(found.topic.to_owned()));
                self.stand(
                    State::Idle,
                    [Intent::Symptom, Intent::Book, Intent::Human]
                        .map(Choice::Mean)
                        .to_vec(),
                );
            }
            None => {
                self.say(Say::NoAdvice);
                self.stand(
                    State::Idle,
                    [Intent::Symptom, Intent::Book, Intent::Human]
                        .map(Choice::Mean)
                        .to_vec(),
                );
            }
        }
    }

    fn find(&mut self, text: &str) {
        let words = folded(text);
        let wanted = specialty(&words);
        let named = doctors(&words, self.world.doctors);
        let found: Vec<_> = match (named.is_empty(), wanted) {
            (false, _) => named.into_iter().cloned().collect(),
            (true, Some(code)) => {
                let of = self.world.doctors.iter().filter(|it| it.specialty == code);
                of.cloned().collect()
            }
            (true, None) => self.world.doctors.to_vec(),
        };
        let choices = found
            .iter()
            .take(super::times::SHOWN_MAX)
            .cloned()
            .map(Choice::Doctor);
        let choices: Vec<Choice> = choices.collect();
        self.say(Say::Doctors(found));
        if choices.is_empty() {
            self.idle();
        } else {
            self.stand(State::Booking(Booking::default()), choices);
        }
    }
}
