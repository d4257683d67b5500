//! Booking and moving: with whom, when, which of the free times.

use super::Turn;
use crate::names::{doctors, folded, specialty};
use crate::talk::{Choice, Effect, Offer, Say, State, Task, Unclear, Visit, Wanted, Write};
use crate::{Booking, Intent, Meaning, When, when::Hour};

/// Choices that are shown at once.
pub(super) const SHOWN_MAX: usize = 5;
/// Days that are looked at when no day was named, and at least.
const DAYS: u32 = 14;
/// Days that are looked at, at most.
const DAYS_MAX: u32 = 31;

impl Task {
    /// The same task at another time.
    pub(crate) fn with(self, when: When) -> Self {
        match self {
            Self::Book(booking) => Self::Book(Booking {
                when: when.or(booking.when),
                ..booking
            }),
            Self::Move(visit, before) => Self::Move(visit, when.or(before)),
        }
    }

    const fn when(&self) -> When {
        match self {
            Self::Book(booking) => booking.when,
            Self::Move(_, when) => *when,
        }
    }
}

impl Turn<'_, '_> {
    /// Takes from a text what it says of a booking.
    pub(super) fn fill(&self, booking: &mut Booking, text: &str) {
        let words = folded(text);
        if let [only] = doctors(&words, self.world.doctors).as_slice() {
            booking.doctor = Some((*only).clone());
        }
        if let Some(code) = specialty(&words) {
            booking.specialty = Some(code.to_owned());
        }
        const ANYBODY: [&str; 6] = ["importe", "anyone", "anybody", "whoever", "peu", "any"];
        if words.iter().any(|it| ANYBODY.contains(&it.as_str())) {
            booking.anybody = true;
        }
        booking.when = When::read(text, self.world.now.date()).or(booking.when);
    }

    /// Asks for what is missing, or looks for times.
    pub(super) fn book(&mut self, booking: Booking) {
        let with = booking.doctor.is_some() || booking.anybody || self.only(&booking);
        if !with {
            let of: Vec<_> = match &booking.specialty {
                Some(code) => self
                    .world
                    .doctors
                    .iter()
                    .filter(|it| it.specialty == *code)
                    .collect(),
                None => self.world.doctors.iter().collect(),
            };
            if of.is_empty() {
                let all = self.world.doctors.to_vec();
                self.say(Say::NoOffers);
                self.say(Say::Doctors(all.clone()));
                let choices = all
                    .into_iter()
                    .take(SHOWN_MAX)
                    .map(Choice::Doctor)
                    .collect();
                let booking = Booking {
                    specialty: None,
                    ..booking
                };
                self.stand(State::Booking(booking), choices);
                return;
            }
            let mut choices: Vec<Choice> = of
                .into_iter()
                .take(SHOWN_MAX)
                .cloned()
                .map(Choice::Doctor)
                .collect();
            choices.push(Choice::Anybody);
            self.say(Say::WithWhom);
            self.stand(State::Booking(booking), choices);
        } else if booking.when.is_empty() {
            self.say(Say::When);
            self.stand(State::Booking(booking), Vec::new());
        } else {
            self.look_for(Task::Book(booking));
        }
    }

    /// Whether only one doctor can be meant.
    fn only(&self, booking: &Booking) -> bool {
        let fits = |specialty: &str| {
            booking
                .specialty
                .as_deref()
                .is_none_or(|it| it == specialty)
        };
        let count = self
            .world
            .doctors
            .iter()
            .filter(|it| fits(&it.specialty))
            .count();
        count == 1
    }

    pub(super) fn look_for(&mut self, task: Task) {
        let today = self.world.now.date();
        let when = task.when();
        let (first, last) = when.days.unwrap_or((today, today));
        let from = first.max(today);
        let span = from.until(last).map_or(0, |it| it.get_days()).max(0);
        let days = u32::try_from(span).unwrap_or(0).saturating_add(1);
        let doctors = match &task {
            Task::Move(visit, _) => vec![visit.doctor.key.clone()],
            Task::Book(booking) => match &booking.doctor {
                Some(doctor) => vec![doctor.key.clone()],
                None => {
                    let fits =
                        |code: &str| booking.specialty.as_deref().is_none_or(|it| it == code);
                    let of = self.world.doctors.iter().filter(|it| fits(&it.specialty));
                    of.map(|it| it.key.clone()).collect()
                }
            },
        };
        self.ask(Effect::FindOffers {
            doctors,
            from,
            days: days.clamp(DAYS, DAYS_MAX),
        });
        self.talk.state = State::Looking(task);
    }

    /// Shows the free times that are nearest to the wish.
    pub(super) fn offered(&mut self, task: Task, mut offers: Vec<Offer>) {
        let now = self.world.now;
        offers.retain(|it| it.start.local > now);
        let wish = task.when();
        let away = |it: &Offer| {
            let local = it.start.local;
            let minute = u16::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute()));
            wish.distance(local.date(), minute.unwrap_or(0))
        };
        offers.sort_by_key(|it| (away(it), it.start.us));
        // The same time with another doctor is not another time.
        let mut times: Vec<Offer> = Vec::new();
        let exact = offers.first().is_some_and(|it| away(it) == 0);
        for offer in offers {
            if !times.iter().any(|it| it.start.us == offer.start.us) {
                times.push(offer);
            }
        }
        let fitting = times.iter().take_while(|it| away(it) == 0).count();
        let mut shown = if fitting > SHOWN_MAX - 1 {
            times.truncate(fitting);
            spread(times, wish.days.is_some())
        } else {
            times.truncate(SHOWN_MAX - 1);
            times
        };
        if shown.is_empty() {
            self.say(Say::NoOffers);
            self.ask_when(task);
            return;
        }
        // One minute was named and it is free: nothing is left to choose.
        if exact
            && matches!(wish.hour, Some(Hour::At(_)))
            && wish.days.is_some_and(|(a, b)| a == b)
            && let Some(first) = shown.first().cloned()
        {
            self.propose(task, first);
            return;
        }
        shown.sort_by_key(|it| it.start.us);
        let mut choices: Vec<Choice> = shown.iter().cloned().map(Choice::Offer).collect();
        choices.push(Choice::OtherTime);
        self.say(Say::Offers { as_wished: exact });
        self.stand(State::Choosing(task, shown), choices);
    }

    /// Asks whether this time is right.
    pub(super) fn propose(&mut self, task: Task, offer: Offer) {
        self.talk.unclear = 0;
        match task {
            Task::Book(_) => self.confirm(Write::Book(offer)),
            Task::Move(visit, _) => self.confirm(Write::Move(visit, offer)),
        }
    }

    pub(super) fn ask_when(&mut self, task: Task) {
        self.say(Say::When);
        match task {
            Task::Book(booking) => {
                let booking = Booking {
                    when: When::default(),
                    ..booking
                };
                self.stand(State::Booking(booking), Vec::new());
            }
            Task::Move(visit, _) => {
                let task = Task::Move(visit, When::default());
                self.stand(State::Choosing(task, Vec::new()), Vec::new());
            }
        }
    }

    /// Takes one of what was shown.
    pub(super) fn picked(&mut self, choice: Choice) {
        match (core::mem::take(&mut self.talk.state), choice) {
            (State::Choosing(task, _), Choice::Offer(offer)) => self.propose(task, offer),
            (State::Choosing(task, _), Choice::OtherTime) => self.ask_when(task),
            (State::Visits(wanted, _), Choice::Visit(visit)) => self.with_visit(wanted, visit),
            (State::Booking(booking), Choice::Doctor(doctor)) => self.book(Booking {
                doctor: Some(doctor),
                ..booking
            }),
            (State::Booking(booking), Choice::Anybody) => self.book(Booking {
                anybody: true,
                ..booking
            }),
            (_, Choice::Doctor(doctor)) => self.book(Booking {
                doctor: Some(doctor),
                ..Booking::default()
            }),
            (state, _) => {
                self.talk.state = state;
                self.unclear(Unclear::Unknown);
            }
        }
    }

    pub(super) fn while_choosing(
        &mut self,
        (task, offers): (Task, Vec<Offer>),
        text: &str,
        meaning: Meaning,
    ) {
        if let Some(offer) = ordinal(text, offers.len()).and_then(|at| offers.get(at)) {
            self.propose(task, offer.clone());
            return;
        }
        let when = When::read(text, self.world.now.date());
        if !when.is_empty() {
            self.talk.unclear = 0;
            let fits = |it: &&Offer| {
                let local = it.start.local;
                let minute =
                    u16::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute()));
                when.distance(local.date(), minute.unwrap_or(0)) == 0
            };
            let mut fitting = offers.iter().filter(fits);
            match (fitting.next(), fitting.next()) {
                (Some(only), None) => self.propose(task, only.clone()),
                _ => self.look_for(task.with(when)),
            }
            return;
        }
        if let Task::Book(booking) = &task {
            let mut other = booking.clone();
            self.fill(&mut other, text);
            if other != *booking {
                self.book(other);
                return;
            }
        }
        match meaning {
            Meaning::Sure(it)
                if !matches!(it.intent, Intent::Book | Intent::Slots | Intent::Move) =>
            {
                self.begin(it.intent, text);
            }
            _ => self.unclear(Unclear::Unknown),
        }
    }

    pub(super) fn while_visits(
        &mut self,
        (wanted, visits): (Wanted, Vec<Visit>),
        text: &str,
        meaning: Meaning,
    ) {
        let words = folded(text);
        let when = When::read(text, self.world.now.date());
        let known: Vec<_> = visits.iter().map(|it| it.doctor.clone()).collect();
        let named = doctors(&words, &known);
        let fits = |it: &&Visit| {
            let by_name =
                named.is_empty() || named.iter().any(|doctor| doctor.key == it.doctor.key);
            let days = When { hour: None, ..when };
            by_name && days.distance(it.start.local.date(), 0) == 0
        };
        let told = !named.is_empty() || when.days.is_some();
        let chosen = ordinal(text, visits.len()).and_then(|at| visits.get(at));
        let mut fitting = visits.iter().filter(fits);
        let only = match (fitting.next(), fitting.next()) {
            (Some(only), None) if told => Some(only),
            _ => None,
        };
        match (chosen.or(only).cloned(), meaning) {
            (Some(visit), _) => {
                self.talk.unclear = 0;
                self.with_visit(wanted, visit);
            }
            (None, Meaning::Sure(it))
                if !matches!(
                    it.intent,
                    Intent::Move | Intent::Cancel | Intent::Appointments
                ) =>
            {
                self.begin(it.intent, text);
            }
            _ => self.unclear(Unclear::Unknown),
        }
    }
}

/// Some of many times that all fit, in order of time: spread over the days that were named, otherwise over
/// the first day with enough of them, so that who cannot come early finds something later.
fn spread(mut times: Vec<Offer>, days_named: bool) -> Vec<Offer> {
    let wanted = SHOWN_MAX - 1;
    if !days_named {
        let last = times
            .get(wanted - 1)
            .map(|it| it.start.local.date())
            .unwrap_or_default();
        times.retain(|it| it.start.local.date() <= last);
    }
    let steps = wanted.saturating_sub(1).max(1);
    let end = times.len().saturating_sub(1);
    let picked = (0..wanted).filter_map(|at| times.get(at * end / steps).cloned());
    picked.collect()
}

/// "The first one", "le dernier".
fn ordinal(text: &str, count: usize) -> Option<usize> {
    let words = folded(text);
    let says = |list: &[&str]| words.iter().any(|it| list.contains(&it.as_str()));
    let last = count.checked_sub(1)?;
    let is_date = words
        .iter()
        .any(|it| it.starts_with(|c: char| c.is_ascii_digit()));
    match () {
        () if is_date => None,
        () if says(&["premier", "premiere", "first"]) => Some(0),
        () if says(&["deuxieme", "second", "seconde"]) => Some(1),
        () if says(&["troisieme", "third"]) => Some(2),
        () if says(&["quatrieme", "fourth"]) => Some(3),
        () if says(&["dernier", "derniere", "last"]) => Some(last),
        () => None,
    }
}
