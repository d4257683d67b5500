//! A talk as it is kept: what was said, where it stands, what may be chosen.

use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

use crate::{Doctor, Intent, When};

/// Lines of a talk that are kept; the oldest go first.
pub const LINES_MAX: usize = 80;
/// Characters of what somebody writes that are kept in a line. All of it is read first.
pub const LINE_CHARS_MAX: usize = 1_000;
/// Characters of one message that are read.
pub const TEXT_CHARS_MAX: usize = 2_000;

/// A moment, for machines and for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Time {
    /// Unix microseconds.
    pub us: i64,
    /// On the clock of whoever talks.
    #[serde(with = "crate::wire::moment")]
    pub local: DateTime,
}

/// A free time with somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// With whom.
    pub doctor: Doctor,
    /// When.
    pub start: Time,
}

/// A booked visit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// The appointment, as the shell names it.
    pub key: String,
    /// With whom.
    pub doctor: Doctor,
    /// When.
    pub start: Time,
}

/// What is wanted of a visit that is not booked yet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Booking {
    /// With whom.
    pub doctor: Option<Doctor>,
    /// With anybody of this specialty, or of any.
    pub specialty: Option<String>,
    /// With anybody who is free.
    pub anybody: bool,
    /// When.
    pub when: When,
}

/// What a free time is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// For a new visit.
    Book(Booking),
    /// For a visit that has another time.
    Move(Visit, When),
}

/// What a booked visit is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// To see it.
    Seen,
    /// To give it another time.
    Moved(When),
    /// To cancel it.
    Cancelled,
}

/// An act that changes something. None happens before it was confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Write {
    /// Book this.
    Book(Offer),
    /// Give this visit that time.
    Move(Visit, Offer),
    /// Cancel this.
    Cancel(Visit),
    /// Hand the talk to a person.
    Person,
    /// Ask for a prescription again.
    Refill,
    /// Begin a check of symptoms with these words.
    Symptoms(String),
}

/// Where a talk stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nothing is going on.
    #[default]
    Idle,
    /// It asked which of two was meant; the text that was unclear.
    Between(String),
    /// It asked with whom or when.
    Booking(Booking),
    /// It showed free times.
    Choosing(Task, Vec<Offer>),
    /// It showed visits and asked which.
    Visits(Wanted, Vec<Visit>),
    /// It asked whether to do something.
    Confirming(Write),
    /// The shell looks for free times.
    Looking(Task),
    /// The shell looks for visits.
    Listing(Wanted),
    /// The shell looks something up.
    Asking,
    /// The shell does something.
    Doing(Write),
    /// A red flag: nothing else is done in this talk.
    Emergency,
}

/// How urgent a talk has become. It only rises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// No flag.
    #[default]
    None,
    /// A clinician today.
    Urgent,
    /// Help now.
    Emergency,
}

/// What may be chosen instead of written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// This was meant.
    Mean(Intent),
    /// With this doctor.
    Doctor(Doctor),
    /// With anybody.
    Anybody,
    /// This time.
    Offer(Offer),
    /// Another time.
    OtherTime,
    /// This visit.
    Visit(Visit),
    /// Do it.
    Confirm,
    /// Do not do it.
    Refuse,
    /// Take the last act back.
    Undo,
}

/// Why nothing was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Somebody else has the time.
    Taken,
    /// They have another visit then.
    OwnOverlap,
    /// It is not there, or not theirs.
    Gone,
    /// Its state does not take that.
    State,
    /// Nobody is there to write to.
    Nobody,
    /// It cannot be done now.
    Failed,
}

/// Something that the assistant knows to tell without looking anything up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// What it costs.
    Price,
    /// How to pay.
    Payment,
    /// Something does not work.
    Technical,
    /// How to join.
    Join,
    /// When the clinic is open.
    OpeningHours,
    /// Papers.
    Documents,
    /// Data.
    Privacy,
    /// The account.
    Account,
    /// Languages.
    Language,
    /// For somebody else.
    Proxy,
}

/// Why something was not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unclear {
    /// Nothing was written.
    Empty,
    /// It is not known what is wanted.
    Unknown,
    /// Neither French nor English.
    Language,
    /// Too long.
    Long,
    /// Insults.
    Abuse,
    /// Orders to the program.
    Orders,
}

/// What the assistant says; texts are made of it in either language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Say {
    /// A greeting, what it is and what it is not.
    Hello,
    /// What it can do.
    Help,
    /// You are welcome.
    Welcome,
    /// Goodbye.
    Goodbye,
    /// It was not understood, and why.
    Unclear(Unclear),
    /// Which of two is meant.
    WhichOf(Intent, Intent),
    /// With whom.
    WithWhom,
    /// When.
    When,
    /// Free times, and whether they are as wished.
    Offers {
        /// What was asked for is among them.
        as_wished: bool,
    },
    /// No free time.
    NoOffers,
    /// Whether to do it.
    Confirm(Write),
    /// It was done.
    Done(Write),
    /// It was not done, as asked.
    Left,
    /// It was not done, and why.
    NotDone(Refusal),
    /// There is nothing to take back.
    NothingToUndo,
    /// Visits.
    Visits(Vec<Visit>),
    /// No visits.
    NoVisits,
    /// Which visit.
    WhichVisit(Wanted),
    /// Call for help.
    Emergency(Vec<String>),
    /// Be seen today.
    Urgent(Vec<String>),
    /// As before: be seen today.
    StillUrgent,
    /// Somebody else seems to be in danger.
    OtherPerson,
    /// A talk was handed over, or a renewal asked for, in this thread.
    Thread(String),
    /// A check of symptoms was begun.
    Interview(String),
    /// How many results there are.
    Results(u32),
    /// How many prescriptions there are.
    Prescriptions(u32),
    /// Something to know.
    Topic(Topic),
    /// Who works here.
    Doctors(Vec<Doctor>),
    /// A piece of advice, by its topic.
    Advice(String),
    /// No advice on that.
    NoAdvice,
}

/// A line of a talk.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// What somebody wrote.
    Words(String),
    /// What somebody chose.
    Chose(Choice),
    /// What the assistant said.
    Said(Vec<Say>),
}

impl core::fmt::Debug for Line {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Line(..)")
    }
}

/// A talk.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Talk {
    /// What was said, oldest first.
    pub lines: Vec<Line>,
    /// How many lines there ever were.
    pub count: u32,
    /// Where it stands.
    pub state: State,
    /// What may be chosen now.
    pub choices: Vec<Choice>,
    /// How urgent it has become.
    pub level: Level,
    /// Red flags that fired, by name.
    pub flags: Vec<String>,
    /// How often in a row nothing was understood.
    pub unclear: u8,
    /// What of it spoke of an illness, to be read together.
    pub told: Vec<String>,
    /// The last act, to be taken back.
    pub last: Option<Write>,
}

impl core::fmt::Debug for Talk {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Talk")
            .field("lines", &self.lines.len())
            .finish_non_exhaustive()
    }
}

/// What the shell is to do, and to answer with an [`Outcome`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Look for free times of these doctors, from a day on.
    FindOffers {
        /// Keys of doctors; all when empty.
        doctors: Vec<String>,
        /// First day.
        from: Date,
        /// How many days.
        days: u32,
    },
    /// List the visits to come.
    ListVisits,
    /// Count results.
    CountResults,
    /// Count prescriptions that can be had.
    CountPrescriptions,
    /// Do what was confirmed.
    Do(Write),
}

/// What came of an effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Free times, in any order.
    Offers(Vec<Offer>),
    /// Visits to come, in order of time.
    Visits(Vec<Visit>),
    /// So many results.
    Results(u32),
    /// So many prescriptions.
    Prescriptions(u32),
    /// A visit was booked or moved: as it is now.
    Visit(Visit),
    /// It was done.
    Done,
    /// A thread was begun, by its key.
    Thread(String),
    /// An interview was begun, by its key.
    Interview(String),
    /// Nothing was done.
    Refused(Refusal),
}

/// What somebody does.
#[derive(Clone, PartialEq, Eq)]
pub enum Input {
    /// Writes.
    Words(String),
    /// Takes one of [`Talk::choices`], counted from 0.
    Choice(usize),
}

impl core::fmt::Debug for Input {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Input(..)")
    }
}

impl Talk {
    /// A talk that begins: the assistant says what it is.
    #[must_use]
    pub fn begin() -> Self {
        Self {
            lines: vec![Line::Said(vec![Say::Hello])],
            count: 1,
            choices: menu(),
            ..Self::default()
        }
    }

    pub(crate) fn push(&mut self, line: Line) {
        self.lines.push(line);
        self.count = self.count.saturating_add(1);
        let over = self.lines.len().saturating_sub(LINES_MAX);
        self.lines.drain(..over);
    }
}

/// What is offered when nothing is going on.
pub(crate) fn menu() -> Vec<Choice> {
    [
        Intent::Book,
        Intent::Appointments,
        Intent::Symptom,
        Intent::Refill,
        Intent::Results,
        Intent::Human,
    ]
    .map(Choice::Mean)
    .to_vec()
}
