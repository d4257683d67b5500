//! What somebody may want.

use serde::{Deserialize, Serialize};

macro_rules! intents {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// What somebody may want of the assistant.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Intent {
            $($(#[$doc])* $name,)*
        }

        impl Intent {
            /// Every intent.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name in files.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

intents! {
    /// A visit that is not booked yet.
    Book = "book",
    /// Another time for a visit.
    Move = "move",
    /// No visit after all.
    Cancel = "cancel",
    /// Which visits are booked.
    Appointments = "appointments",
    /// When somebody is free.
    Slots = "slots",
    /// Results of tests.
    Results = "results",
    /// A prescription again.
    Refill = "refill",
    /// What was prescribed, and how to take it.
    Prescriptions = "prescriptions",
    /// What it costs.
    Price = "price",
    /// How to pay.
    Payment = "payment",
    /// Something does not work.
    Technical = "technical",
    /// How to get into the visit.
    Join = "join",
    /// Who works here.
    FindDoctor = "find_doctor",
    /// When and where the clinic is open.
    OpeningHours = "opening_hours",
    /// Certificates, letters, invoices.
    Documents = "documents",
    /// What to do about something, in general.
    Advice = "advice",
    /// A person.
    Human = "human",
    /// Somebody is not well.
    Symptom = "symptom",
    /// A greeting.
    Greeting = "greeting",
    /// Thanks.
    Thanks = "thanks",
    /// The end of the talk.
    Goodbye = "goodbye",
    /// Agreement.
    Yes = "yes",
    /// Refusal.
    No = "no",
    /// Away from what is going on, or what was done taken back.
    Stop = "stop",
    /// What the assistant can do.
    Help = "help",
    /// Who sees what is known.
    Privacy = "privacy",
    /// Password, address, telephone number.
    Account = "account",
    /// Another language.
    Language = "language",
    /// Something for somebody else.
    Proxy = "proxy",
    /// Help at once.
    Emergency = "emergency",
}

impl Intent {
    /// The intent of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.name() == name)
    }
}
