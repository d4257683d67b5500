//! What is said to callers: ids, whose sound the shell has.

/// The language of prompts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// French.
    French,
    /// English.
    English,
}

/// What is said. The shell plays it in the language of the menu; a new prompt ends the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Prompt {
    /// Welcome, in both languages: 1 for French, 2 for English.
    Welcome,
    /// The six digits of the letter, please.
    EnterPin,
    /// That was not right; once more.
    WrongPin,
    /// Too many tries. Goodbye.
    TooManyTries,
    /// The visit opens later.
    TooEarly,
    /// The visit is over or was called off.
    VisitOver,
    /// This visit may be recorded: 1 to agree, 2 to go on without.
    AskConsent,
    /// You will be let in soon.
    Waiting,
    /// The doctor is coming.
    DoctorComing,
    /// You are in the visit.
    Entered,
    /// You are muted now; 1 to be heard again.
    Muted,
    /// You are heard again.
    Unmuted,
    /// Your hand is raised.
    HandRaised,
    /// Your hand is down.
    HandLowered,
    /// The recording has begun.
    RecordingOn,
    /// The recording has ended.
    RecordingOff,
    /// A program may write along what is said, to be read in the visit: 1 to agree, 2 if not.
    AskCaptions,
    /// What is said is written along.
    CaptionsOn,
    /// It is not any more.
    CaptionsOff,
    /// You were not let in. Goodbye.
    NotAdmitted,
    /// The visit has ended. Goodbye.
    Goodbye,
    /// Nobody has answered. Goodbye.
    NoAnswer,
    /// The doctor has muted you.
    MutedByDoctor,
    /// To somebody who was called, in both languages, and nothing of what it is about: 1 to take
    /// the call.
    PressOne,
}

impl Prompt {
    /// All of them, for whoever makes or loads their sound.
    pub const ALL: [Self; 24] = [
        Self::Welcome,
        Self::EnterPin,
        Self::WrongPin,
        Self::TooManyTries,
        Self::TooEarly,
        Self::VisitOver,
        Self::AskConsent,
        Self::Waiting,
        Self::DoctorComing,
        Self::Entered,
        Self::Muted,
        Self::Unmuted,
        Self::HandRaised,
        Self::HandLowered,
        Self::RecordingOn,
        Self::RecordingOff,
        Self::AskCaptions,
        Self::CaptionsOn,
        Self::CaptionsOff,
        Self::NotAdmitted,
        Self::Goodbye,
        Self::NoAnswer,
        Self::MutedByDoctor,
        Self::PressOne,
    ];

    /// The name of its file, without language, rate and ending.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Welcome => "welcome",
            Self::EnterPin => "enter-pin",
            Self::WrongPin => "wrong-pin",
            Self::TooManyTries => "too-many-tries",
            Self::TooEarly => "too-early",
            Self::VisitOver => "visit-over",
            Self::AskConsent => "ask-consent",
            Self::Waiting => "waiting",
            Self::DoctorComing => "doctor-coming",
            Self::Entered => "entered",
            Self::Muted => "muted",
            Self::Unmuted => "unmuted",
            Self::HandRaised => "hand-raised",
            Self::HandLowered => "hand-lowered",
            Self::RecordingOn => "recording-on",
            Self::RecordingOff => "recording-off",
            Self::AskCaptions => "ask-captions",
            Self::CaptionsOn => "captions-on",
            Self::CaptionsOff => "captions-off",
            Self::NotAdmitted => "not-admitted",
            Self::Goodbye => "goodbye",
            Self::NoAnswer => "no-answer",
            Self::MutedByDoctor => "muted-by-doctor",
            Self::PressOne => "press-one",
        }
    }
}
