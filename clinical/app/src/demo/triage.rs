//! Interviews of the demo clinic: some months of finished ones with what doctors said of them, and one that
//! an appointment to come carries. They are written as results that were given, so that nobody has to wait
//! for the engine.

use clinical_model::booking::AppointmentStage;
use clinical_model::triage::{
    Answer, Disposition, Explained, Feedback, Guess, Interview, InterviewLanguage, InterviewState,
    Judged, Story, Told, Verdict, Whose,
};
use clinical_model::{AuditActor, AuditEntry, InterviewId, Micros};
use clinical_store::booking::Party;
use clinical_store::triage as store;

use super::DemoError;
use super::people::People;
use crate::Desk;

/// What is told in one kind of interview.
struct Case {
    complaint: &'static str,
    condition: &'static str,
    other: &'static str,
    present: [&'static str; 2],
    absent: &'static str,
    disposition: Disposition,
}

const CASES: [Case; 5] = [
    Case {
        complaint: "J'ai le nez qui coule et mal à la gorge depuis deux jours",
        condition: "cold",
        other: "pharyngitis",
        present: ["runny_nose", "sore_throat"],
        absent: "fever",
        disposition: Disposition::SelfCare,
    },
    Case {
        complaint: "Toux depuis une semaine avec de la fièvre",
        condition: "pneumonia",
        other: "bronchitis",
        present: ["cough", "fever"],
        absent: "dyspnea",
        disposition: Disposition::Urgent,
    },
    Case {
        complaint: "Brûlures en urinant depuis hier",
        condition: "cystitis",
        other: "pyelo",
        present: ["dysuria", "frequency"],
        absent: "fever",
        disposition: Disposition::Routine,
    },
    Case {
        complaint: "Diarrhée et vomissements depuis ce matin",
        condition: "gastroenteritis",
        other: "food_poison",
        present: ["diarrhea", "vomiting"],
        absent: "melena",
        disposition: Disposition::SelfCare,
    },
    Case {
        complaint: "Douleur qui serre la poitrine et sueurs depuis une heure",
        condition: "mi",
        other: "angina",
        present: ["chest_pain", "sweating"],
        absent: "fever",
        disposition: Disposition::Emergency,
    },
];

/// How many months ago, how many interviews of each case, how many of them the doctor corrected to
/// something lower, and to something higher. It gets better, as the engine did.
const MONTHS: [(i64, usize, usize, usize); 6] = [
    (5, 1, 2, 1),
    (4, 2, 3, 1),
    (3, 2, 2, 1),
    (2, 2, 2, 0),
    (1, 3, 2, 1),
    (0, 2, 1, 0),
];

fn told(finding: &str, answer: Answer) -> Told {
    Told {
        finding: finding.to_owned(),
        answer,
        number: None,
    }
}

fn guess(condition: &str, probability: f64, case: &Case) -> Guess {
    Guess {
        condition: condition.to_owned(),
        probability,
        supports: case.present.map(str::to_owned).to_vec(),
        against: Vec::new(),
        would_change: vec![case.absent.to_owned()],
    }
}

fn story(case: &Case, at: Micros) -> Story {
    let is_emergency = case.disposition == Disposition::Emergency;
    Story {
        language: InterviewLanguage::French,
        age_days: Some(42 * 365),
        complaint: case.complaint.to_owned(),
        told: vec![
            told(case.present[1], Answer::Yes),
            told(case.absent, Answer::No),
            told("fatigue", Answer::Unknown),
        ],
        floor: is_emergency.then_some(Disposition::Emergency),
        state: Some(if is_emergency {
            InterviewState::Emergency
        } else {
            InterviewState::Finished
        }),
        judged: Some(Judged {
            disposition: case.disposition,
            confidence: 0.84,
            person: false,
            guesses: vec![
                guess(case.condition, 0.61, case),
                guess(case.other, 0.22, case),
            ],
            explained: Explained {
                present: case.present.map(str::to_owned).to_vec(),
                absent: vec![case.absent.to_owned()],
            },
            at,
        }),
        ..Story::default()
    }
}

fn verdict(
    number: usize,
    (lower, higher): (usize, usize),
    case: &Case,
) -> (Verdict, Option<Disposition>) {
    let one_lower = match case.disposition {
        Disposition::Emergency => Some(Disposition::Urgent),
        Disposition::Urgent => Some(Disposition::Routine),
        Disposition::Routine => Some(Disposition::SelfCare),
        Disposition::SelfCare => None,
    };
    let one_higher = match case.disposition {
        Disposition::Emergency => None,
        Disposition::Urgent => Some(Disposition::Emergency),
        Disposition::Routine => Some(Disposition::Urgent),
        Disposition::SelfCare => Some(Disposition::Routine),
    };
    // Corrections upwards come first, then those downwards, then agreement.
    let corrected = if number < higher {
        one_higher
    } else if number < higher + lower {
        one_lower
    } else {
        None
    };
    match corrected {
        Some(right) => (Verdict::Correct, Some(right)),
        None if number % 7 == 6 => (Verdict::Reject, None),
        None => (Verdict::Accept, None),
    }
}

pub(super) async fn seed(desk: &Desk, people: &People) -> Result<(), DemoError> {
    let now = desk.now();
    let mut tx = desk.db().begin().await?;
    if !store::finished_since(&mut tx, people.tenant, Micros(i64::MIN))
        .await?
        .is_empty()
    {
        return Ok(());
    }
    let [_, (person, patient), ..] = people.patients;
    let doctor = people.doctors.get(1).copied().ok_or(DemoError::Missing)?;
    for (months, each, lower, higher) in MONTHS {
        for number in 0..each * CASES.len() {
            let Some(case) = CASES.get(number % CASES.len()) else {
                return Err(DemoError::Missing);
            };
            let spread = i64::try_from(number).unwrap_or(0) * 31 * Micros::HOUR;
            let started = now.plus(-months * 30 * Micros::DAY - spread - Micros::HOUR);
            let took = 70 + i64::try_from(number * 13 % 90).unwrap_or(0);
            let finished = started.plus(took * Micros::SECOND);
            let interview = Interview {
                id: InterviewId::from_uuid(desk.id(started)),
                tenant: people.tenant,
                whose: Whose::Patient(patient),
                story: story(case, finished),
                appointment: None,
                noted: false,
                started,
                started_by: Some(person),
                finished: Some(finished),
                version: 1,
            };
            store::insert(&mut tx, &interview).await?;
            let (verdict, disposition) = verdict(number, (lower, higher), case);
            let feedback = Feedback {
                by: doctor,
                at: finished.plus(Micros::HOUR),
                verdict,
                disposition,
                condition: None,
                reason: match verdict {
                    Verdict::Accept => String::new(),
                    Verdict::Correct => "Autre degré d'urgence à l'examen".to_owned(),
                    Verdict::Reject => {
                        "Les réponses ne correspondaient pas à la plainte".to_owned()
                    }
                },
            };
            store::add_feedback(&mut tx, &interview, &feedback).await?;
        }
    }
    carried(desk, &mut tx, people).await?;
    let done = AuditEntry::done(AuditActor::System, "triage.seed", now).within(people.tenant);
    tx.commit(done).await?;
    Ok(())
}

/// The interview of the patient who coughs, which their next appointment carries.
async fn carried(
    desk: &Desk,
    tx: &mut clinical_store::Tx,
    people: &People,
) -> Result<(), DemoError> {
    let now = desk.now();
    let [_, (person, patient), ..] = people.patients;
    let range = (now, now.plus(7 * Micros::DAY));
    let visits = clinical_store::booking::list(tx, Party::Patient(patient), range).await?;
    let next = visits
        .iter()
        .map(|it| &it.appointment)
        .find(|it| it.state.stage() == AppointmentStage::Booked);
    let (Some(next), Some(case)) = (next, CASES.get(1)) else {
        return Ok(());
    };
    let started = now.plus(-20 * Micros::MINUTE);
    let finished = started.plus(95 * Micros::SECOND);
    let interview = Interview {
        id: InterviewId::from_uuid(desk.id(now)),
        tenant: people.tenant,
        whose: Whose::Patient(patient),
        story: story(case, finished),
        appointment: Some(next.id),
        noted: false,
        started,
        started_by: Some(person),
        finished: Some(finished),
        version: 1,
    };
    store::insert(tx, &interview).await?;
    Ok(())
}
