//! Ways to a person, and the kinds of messages that take them.

/// A way to a person outside the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// E-mail.
    Email,
    /// Short message to a phone.
    Sms,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 2] = [Self::Email, Self::Sms];

    /// The word used in SQL and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
        }
    }

    /// The channel of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|channel| channel.as_str() == word)
    }
}

/// A language that messages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// French.
    French,
    /// English.
    English,
}

impl Language {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::French, Self::English];

    /// Its ISO 639-1 code.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::French => "fr",
            Self::English => "en",
        }
    }

    /// The language of an ISO 639-1 code.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|language| language.as_str() == word)
    }
}

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MessageKind {
    /// An appointment was made.
    AppointmentBooked,
    /// An appointment moved to another time.
    AppointmentChanged,
    /// An appointment will not take place.
    AppointmentCancelled,
    /// An appointment begins in a day.
    AppointmentInADay,
    /// An appointment begins in an hour.
    AppointmentInAnHour,
    /// A time became free for somebody who waits.
    TimeOffered,
    /// A result can be read.
    ResultAvailable,
    /// A pharmacy sent a prescription back; to its doctor.
    PrescriptionRefused,
    /// A value needs a clinician now; to the doctor, then to those after them.
    CriticalValue,
    /// A dose is due.
    MedicationReminder,
    /// Something about the security of the account.
    SecurityNotice,
    /// Somebody opened a record in an emergency.
    BreakGlassNotice,
    /// An emergency access waits for its review; to the administrators.
    EmergencyReview,
    /// A secure message waits.
    NewMessage,
    /// The answer to a short message that somebody sent.
    Answer,
}

impl MessageKind {
    /// Every kind.
    pub const ALL: [Self; 15] = [
        Self::AppointmentBooked,
        Self::AppointmentChanged,
        Self::AppointmentCancelled,
        Self::AppointmentInADay,
        Self::AppointmentInAnHour,
        Self::TimeOffered,
        Self::ResultAvailable,
        Self::PrescriptionRefused,
        Self::CriticalValue,
        Self::MedicationReminder,
        Self::SecurityNotice,
        Self::BreakGlassNotice,
        Self::EmergencyReview,
        Self::NewMessage,
        Self::Answer,
    ];

    /// The word used in SQL, on the wire and in the files of templates.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AppointmentBooked => "appointment_booked",
            Self::AppointmentChanged => "appointment_changed",
            Self::AppointmentCancelled => "appointment_cancelled",
            Self::AppointmentInADay => "appointment_in_a_day",
            Self::AppointmentInAnHour => "appointment_in_an_hour",
            Self::TimeOffered => "time_offered",
            Self::ResultAvailable => "result_available",
            Self::PrescriptionRefused => "prescription_refused",
            Self::CriticalValue => "critical_value",
            Self::MedicationReminder => "medication_reminder",
            Self::SecurityNotice => "security_notice",
            Self::BreakGlassNotice => "break_glass_notice",
            Self::EmergencyReview => "emergency_review",
            Self::NewMessage => "new_message",
            Self::Answer => "answer",
        }
    }

    /// The kind of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// Whether the person may switch this kind off. What protects somebody's life or account is
    /// sent in any case.
    #[must_use]
    pub const fn may_be_declined(self) -> bool {
        match self {
            Self::AppointmentBooked
            | Self::AppointmentChanged
            | Self::AppointmentCancelled
            | Self::AppointmentInADay
            | Self::AppointmentInAnHour
            | Self::TimeOffered
            | Self::ResultAvailable
            | Self::MedicationReminder
            | Self::NewMessage => true,
            Self::PrescriptionRefused
            | Self::CriticalValue
            | Self::SecurityNotice
            | Self::BreakGlassNotice
            | Self::EmergencyReview
            // Who asks wants the answer; who wrote STOP is not answered at all.
            | Self::Answer => false,
        }
    }

    /// Whether the message is worthless once its moment is over.
    #[must_use]
    pub const fn is_reminder(self) -> bool {
        matches!(
            self,
            Self::AppointmentInADay | Self::AppointmentInAnHour | Self::MedicationReminder
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_leads_back_to_its_kind_channel_and_language() {
        for kind in MessageKind::ALL {
            assert_eq!(MessageKind::from_word(kind.as_str()), Some(kind));
        }
        for channel in Channel::ALL {
            assert_eq!(Channel::from_word(channel.as_str()), Some(channel));
        }
        for language in Language::ALL {
            assert_eq!(Language::from_word(language.as_str()), Some(language));
        }
        assert_eq!(Channel::from_word("fax"), None);
    }

    #[test]
    fn what_protects_a_life_or_an_account_can_not_be_declined() {
        let kept: Vec<_> = MessageKind::ALL
            .into_iter()
            .filter(|kind| !kind.may_be_declined())
            .collect();
        assert_eq!(
            kept,
            [
                MessageKind::PrescriptionRefused,
                MessageKind::CriticalValue,
                MessageKind::SecurityNotice,
                MessageKind::BreakGlassNotice,
                MessageKind::EmergencyReview,
                MessageKind::Answer
            ]
        );
    }
}
