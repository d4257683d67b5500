//! Texts of what the assistant says, in both languages.

mod phrases;

use clinical_redflags::flags::Flags;
use jiff::civil::DateTime;

use crate::advice;
use crate::talk::{Choice, Line, Offer, Say, Talk, Topic, Visit, Write};
use phrases as p;

/// The language of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// French.
    French,
    /// English.
    English,
}

impl Language {
    pub(crate) const fn of(self, fr: &'static str, en: &'static str) -> &'static str {
        match self {
            Self::French => fr,
            Self::English => en,
        }
    }
}

/// What texts need to know of the facility.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts<'a> {
    /// The language.
    pub language: Language,
    /// The number of the ambulance.
    pub ambulance: &'a str,
    /// The telephone of the clinic, where it has told it.
    pub clinic: Option<&'a str>,
}

/// How a text is to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// As words.
    Text,
    /// As a card of something that is done when it is confirmed, or was done.
    Card,
    /// As advice with its source.
    Advice,
    /// As a warning: be seen today.
    Urgent,
    /// As an alarm: call now.
    Emergency,
}

/// A way on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Where to: a page, or a number to call.
    pub href: String,
    /// What stands on it.
    pub label: String,
}

/// A text that is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// How to show it.
    pub kind: Kind,
    /// The words.
    pub text: String,
    /// A way on.
    pub link: Option<Link>,
    /// Who says so, and who has read it, of advice.
    pub source: Option<String>,
}

impl Said {
    fn text(text: impl Into<String>) -> Self {
        Self {
            kind: Kind::Text,
            text: text.into(),
            link: None,
            source: None,
        }
    }

    fn kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    fn link(self, href: impl Into<String>, label: &str) -> Self {
        let link = Link {
            href: href.into(),
            label: label.to_owned(),
        };
        Self {
            link: Some(link),
            ..self
        }
    }
}

/// A moment in words: "mardi 1er décembre, 15:00".
pub(crate) fn moment(at: DateTime, language: Language) -> String {
    let day = usize::from(at.weekday().to_monday_zero_offset().unsigned_abs());
    let month = usize::from(at.month().unsigned_abs()).saturating_sub(1);
    let (days, months) = match language {
        Language::French => (p::DAYS_FR, p::MONTHS_FR),
        Language::English => (p::DAYS_EN, p::MONTHS_EN),
    };
    let day = days.get(day).copied().unwrap_or_default();
    let month = months.get(month).copied().unwrap_or_default();
    let number = match (language, at.day()) {
        (Language::French, 1) => "1er".to_owned(),
        (_, number) => number.to_string(),
    };
    format!(
        "{day} {number} {month}, {:02}:{:02}",
        at.hour(),
        at.minute()
    )
}

fn with(doctor: &str, at: DateTime, language: Language) -> String {
    let joined = language.of("avec", "with");
    format!("{} {joined} {doctor}", moment(at, language))
}

fn of_offer(offer: &Offer, language: Language) -> String {
    with(&offer.doctor.name, offer.start.local, language)
}

fn of_visit(visit: &Visit, language: Language) -> String {
    with(&visit.doctor.name, visit.start.local, language)
}

/// What is asked before something is done.
fn confirm(write: &Write, language: Language) -> Said {
    let text = match write {
        Write::Book(offer) => {
            let asked = language.of("Réserver cette visite ?", "Book this visit?");
            format!("{asked} {}", of_offer(offer, language))
        }
        Write::Move(visit, offer) => {
            let now = of_visit(visit, language);
            let then = moment(offer.start.local, language);
            match language {
                Language::French => format!("Déplacer votre visite ? {now} → {then}"),
                Language::English => format!("Move your visit? {now} → {then}"),
            }
        }
        Write::Cancel(visit) => {
            let asked = language.of("Annuler cette visite ?", "Cancel this visit?");
            format!("{asked} {}", of_visit(visit, language))
        }
        Write::Person => p::PERSON.of(language).to_owned(),
        Write::Refill => p::REFILL.of(language).to_owned(),
        Write::Symptoms(_) => p::SYMPTOMS.of(language).to_owned(),
    };
    Said::text(text).kind(Kind::Card)
}

/// What was done.
fn done(write: &Write, language: Language) -> Said {
    let (text, href) = match write {
        Write::Book(offer) => {
            let said = language.of("C'est réservé :", "It is booked:");
            (
                format!("{said} {}", of_offer(offer, language)),
                "/appointments",
            )
        }
        Write::Move(_, offer) => {
            let said = language.of("C'est déplacé :", "It was moved:");
            (
                format!("{said} {}", of_offer(offer, language)),
                "/appointments",
            )
        }
        Write::Cancel(visit) => {
            let said = language.of("C'est annulé :", "It was cancelled:");
            (
                format!("{said} {}", of_visit(visit, language)),
                "/appointments",
            )
        }
        Write::Person => (p::PERSON_DONE.of(language).to_owned(), "/messages"),
        Write::Refill => (p::REFILL_DONE.of(language).to_owned(), "/messages"),
        Write::Symptoms(_) => (p::INTERVIEW.of(language).to_owned(), "/symptoms"),
    };
    let label = match write {
        Write::Person | Write::Refill => p::MESSAGES,
        Write::Symptoms(_) => p::TO_SYMPTOMS,
        _ => p::VISITS,
    };
    Said::text(text)
        .kind(Kind::Card)
        .link(href, label.of(language))
}

/// What a flag is and what to do meanwhile.
fn flagged(flags: &[String], language: Language) -> String {
    let known = Flags::shipped().all();
    let first = flags
        .iter()
        .find_map(|id| known.iter().find(|it| it.id == *id));
    first.map_or_else(String::new, |flag| match language {
        Language::French => format!(" {} {}", flag.reason.fr, flag.advice.fr),
        Language::English => format!(" {} {}", flag.reason.en, flag.advice.en),
    })
}

fn emergency(flags: &[String], facts: &Facts<'_>) -> Said {
    let language = facts.language;
    let number = facts.ambulance;
    let text = match language {
        Language::French => format!("Cela peut être une urgence. Appelez le {number} maintenant."),
        Language::English => format!("This may be an emergency. Call {number} now."),
    };
    let label = match language {
        Language::French => format!("Appeler le {number}"),
        Language::English => format!("Call {number}"),
    };
    Said::text(text + &flagged(flags, language))
        .kind(Kind::Emergency)
        .link(format!("tel:{number}"), &label)
}

fn counted(count: u32, (none, some): (p::Both, p::Both), language: Language) -> String {
    if count == 0 {
        none.of(language).to_owned()
    } else {
        some.of(language).replace("{n}", &count.to_string())
    }
}

/// The text of one thing that is said.
#[must_use]
pub fn said(say: &Say, facts: &Facts<'_>) -> Said {
    let language = facts.language;
    match say {
        Say::Confirm(write) => confirm(write, language),
        Say::Done(write) => done(write, language),
        Say::Emergency(flags) => emergency(flags, facts),
        Say::Urgent(flags) => {
            Said::text(p::URGENT.of(language).to_owned() + &flagged(flags, language))
                .kind(Kind::Urgent)
        }
        Say::StillUrgent => Said::text(p::URGENT.of(language)).kind(Kind::Urgent),
        Say::OtherPerson => {
            let text = p::OTHER_PERSON.of(language).replace("{n}", facts.ambulance);
            let label = p::CALL.of(language).replace("{n}", facts.ambulance);
            let tel = format!("tel:{}", facts.ambulance);
            Said::text(text).kind(Kind::Urgent).link(tel, &label)
        }
        Say::Visits(visits) => {
            let all: Vec<String> = visits.iter().map(|it| of_visit(it, language)).collect();
            let head = language.of("Vos visites à venir : ", "Your visits to come: ");
            Said::text(head.to_owned() + &all.join(" ; "))
                .link("/appointments", p::VISITS.of(language))
        }
        Say::Doctors(doctors) => {
            let names: Vec<&str> = doctors.iter().map(|it| it.name.as_str()).collect();
            if names.is_empty() {
                Said::text(p::NO_DOCTOR.of(language))
            } else {
                let head = language.of("Chez nous : ", "Here with us: ");
                Said::text(head.to_owned() + &names.join(", "))
            }
        }
        Say::Thread(key) => Said::text(p::THREAD.of(language))
            .link(format!("/messages/{key}"), p::MESSAGES.of(language)),
        Say::Interview(key) => Said::text(p::INTERVIEW.of(language)).kind(Kind::Card).link(
            format!("/symptoms?check={key}"),
            p::TO_SYMPTOMS.of(language),
        ),
        Say::Results(count) => {
            Said::text(counted(*count, (p::NO_RESULTS, p::SOME_RESULTS), language))
                .link("/my-results", p::RESULTS.of(language))
        }
        Say::Prescriptions(count) => Said::text(counted(
            *count,
            (p::NO_PRESCRIPTIONS, p::SOME_PRESCRIPTIONS),
            language,
        ))
        .link("/my-prescriptions", p::PRESCRIPTIONS.of(language)),
        Say::Advice(topic) => advised(topic, language),
        Say::Topic(topic) => {
            let (text, link) = p::topic(*topic);
            let said = Said::text(text.of(language));
            match (link, facts.clinic) {
                (Some((href, label)), _) => said.link(href, label.of(language)),
                (None, Some(number)) if *topic != Topic::Language => {
                    let label = p::CALL_CLINIC.of(language).replace("{n}", number);
                    said.link(format!("tel:{number}"), &label)
                }
                (None, _) => said,
            }
        }
        Say::WhichOf(first, second) => {
            let (first, second) = (
                p::intent(*first).of(language),
                p::intent(*second).of(language),
            );
            Said::text(match language {
                Language::French => format!("Que voulez-vous : « {first} » ou « {second} » ?"),
                Language::English => format!("What do you mean: “{first}” or “{second}”?"),
            })
        }
        other => Said::text(p::plain(other).of(language)),
    }
}

fn advised(topic: &str, language: Language) -> Said {
    let Some(found) = advice::named(topic) else {
        return Said::text(p::plain(&Say::NoAdvice).of(language));
    };
    let reviewed = match (language, found.reviewed) {
        (Language::French, "not reviewed by a clinician") => "non relu par un soignant",
        (_, other) => other,
    };
    let text = language.of(found.fr, found.en).to_owned();
    Said {
        kind: Kind::Advice,
        text: format!("{text} {}", p::GENERAL.of(language)),
        link: None,
        source: Some(format!("{} ({reviewed})", found.source)),
    }
}

/// The words on something that may be chosen.
#[must_use]
pub fn label(choice: &Choice, language: Language) -> String {
    match choice {
        Choice::Mean(intent) => p::intent(*intent).of(language).to_owned(),
        Choice::Doctor(doctor) => doctor.name.clone(),
        Choice::Anybody => p::ANYBODY.of(language).to_owned(),
        Choice::Offer(offer) => of_offer(offer, language),
        Choice::OtherTime => p::OTHER_TIME.of(language).to_owned(),
        Choice::Visit(visit) => of_visit(visit, language),
        Choice::Confirm => language.of("Oui, confirmer", "Yes, confirm").to_owned(),
        Choice::Refuse => language.of("Non", "No").to_owned(),
        Choice::Undo => p::UNDO.of(language).to_owned(),
    }
}

/// A talk as a person reads it who takes it over: the newest lines, in at most so many characters.
#[must_use]
pub fn transcript(talk: &Talk, facts: &Facts<'_>, chars_max: usize) -> String {
    let language = facts.language;
    let mut lines: Vec<String> = Vec::new();
    for line in &talk.lines {
        match line {
            Line::Words(words) => {
                lines.push(format!("{} {words}", language.of("Patient :", "Patient:")));
            }
            Line::Chose(choice) => {
                let words = label(choice, language);
                lines.push(format!(
                    "{} [{words}]",
                    language.of("Patient :", "Patient:")
                ));
            }
            Line::Said(says) => {
                let all: Vec<String> = says.iter().map(|it| said(it, facts).text).collect();
                let who = language.of("Assistant :", "Assistant:");
                lines.push(format!("{who} {}", all.join(" ")));
            }
        }
    }
    let head = p::HANDED.of(language);
    let mut left = chars_max.saturating_sub(head.chars().count());
    let mut kept: Vec<String> = Vec::new();
    for line in lines.into_iter().rev() {
        let length = line.chars().count().saturating_add(1);
        let Some(less) = left.checked_sub(length) else {
            break;
        };
        left = less;
        kept.push(line);
    }
    kept.push(head.to_owned());
    kept.reverse();
    kept.join("\n")
}
