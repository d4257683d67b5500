//! The engine as a part that may fail: then a person must be spoken to.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use clinical_model::Micros;
use clinical_model::triage::{
    Answer, Disposition, Explained, Guess, InterviewLanguage, InterviewState, Judged, Story,
    UnclearBecause,
};
use clinical_redflags::flags::{Background, Flags, Level, Unclear};
use clinical_triage as triage;
use clinical_triage::{Assessment, Engine};

use super::act::{FEVER, FEVER_HIGH};
use super::{known, scores};

/// The engine over the shipped knowledge, loaded once in a process; none when it cannot be used.
pub(crate) fn shipped() -> Option<Arc<Engine>> {
    static ENGINE: OnceLock<Option<Arc<Engine>>> = OnceLock::new();
    let engine = ENGINE.get_or_init(|| match catch_unwind(Engine::shipped) {
        Ok(Ok(engine)) => Some(Arc::new(engine)),
        Ok(Err(error)) => {
            tracing::error!(error.message = %error, "the engine of triage cannot be used");
            None
        }
        Err(_) => {
            tracing::error!("the engine of triage cannot be used");
            None
        }
    });
    engine.clone()
}

/// What a story comes to.
pub(super) struct Judgement {
    pub(super) state: InterviewState,
    pub(super) unclear: Vec<UnclearBecause>,
    pub(super) asked: Option<String>,
    /// Red flags that fire now.
    pub(super) flags: Vec<String>,
    /// The least that flags and scores allow; none without any.
    pub(super) least: Option<Disposition>,
    pub(super) judged: Judged,
}

/// Judges a story. It never panics and always answers.
pub(super) fn judge(engine: Option<&Engine>, story: &Story, now: Micros) -> Judgement {
    let computed = engine.and_then(|engine| {
        let compute = AssertUnwindSafe(|| compute(engine, story, now));
        catch_unwind(compute).ok().flatten()
    });
    computed.unwrap_or_else(|| {
        tracing::error!("the engine of triage failed: a person must judge");
        failed(story, now)
    })
}

/// Without an engine, red flags are looked for all the same, and nothing is less than urgent.
fn failed(story: &Story, now: Micros) -> Judgement {
    let screen = AssertUnwindSafe(|| {
        let patient = clinical_redflags::flags::Patient::default();
        let told = clinical_redflags::flags::Story {
            text: &story.complaint,
            findings: &[],
        };
        let found = Flags::shipped().screen(&patient, &told);
        let hits = found.hits.iter().map(|hit| hit.flag.id.clone());
        hits.collect::<Vec<String>>()
    });
    let flags = catch_unwind(screen).unwrap_or_default();
    let least = flags.iter().filter_map(|id| level(id)).max();
    Judgement {
        state: InterviewState::Person,
        unclear: vec![UnclearBecause::Failure],
        asked: None,
        flags,
        least,
        judged: Judged {
            disposition: Disposition::Urgent,
            confidence: 0.0,
            person: true,
            guesses: Vec::new(),
            explained: Explained::default(),
            at: now,
        },
    }
}

/// How urgent a red flag is; an unknown one is taken for the gravest by nobody, it is left out.
pub(super) fn level(id: &str) -> Option<Disposition> {
    let flag = Flags::shipped().all().iter().find(|it| it.id == id)?;
    Some(match flag.level {
        Level::Emergency => Disposition::Emergency,
        Level::Urgent => Disposition::Urgent,
    })
}

pub(super) const fn disposition(it: triage::Disposition) -> Disposition {
    match it {
        triage::Disposition::SelfCare => Disposition::SelfCare,
        triage::Disposition::Routine => Disposition::Routine,
        triage::Disposition::Urgent => Disposition::Urgent,
        triage::Disposition::Emergency => Disposition::Emergency,
    }
}

const fn unclear_because(it: Unclear) -> UnclearBecause {
    match it {
        Unclear::Empty => UnclearBecause::Empty,
        Unclear::NotUnderstood => UnclearBecause::NotUnderstood,
        Unclear::TooLong => UnclearBecause::TooLong,
        Unclear::Abuse => UnclearBecause::Abuse,
        Unclear::AnotherPerson => UnclearBecause::AnotherPerson,
    }
}

pub(super) const fn language(it: InterviewLanguage) -> triage::Language {
    match it {
        InterviewLanguage::English => triage::Language::English,
        InterviewLanguage::French => triage::Language::French,
    }
}

pub(super) const BACKGROUND: [Background; 13] = [
    Background::Immunosuppressed,
    Background::Anticoagulated,
    Background::Diabetes,
    Background::SickleCell,
    Background::Haemophilia,
    Background::Transplant,
    Background::Adrenal,
    Background::Operated,
    Background::Cancer,
    Background::Kidney,
    Background::Heart,
    Background::Lung,
    Background::Epilepsy,
];

fn answered(finding: &str, is_so: bool) -> triage::Answered {
    triage::Answered {
        finding: finding.to_owned(),
        answer: if is_so {
            triage::Answer::Yes
        } else {
            triage::Answer::No
        },
    }
}

/// The story as the engine takes it. Answers to questions that the engine does not know any more are
/// left out.
fn interview(engine: &Engine, story: &Story) -> Option<triage::Interview> {
    let mut it = triage::Interview::default();
    it.age_days = story.age_days;
    it.female = story.female;
    it.pregnant = story.pregnant;
    it.proxy = story.proxy;
    it.language = language(story.language);
    let background = BACKGROUND
        .into_iter()
        .filter(|one| story.background.iter().any(|name| name == one.feature()));
    it.background = background.collect::<BTreeSet<Background>>();
    it.recorded = story.history.iter().map(|id| answered(id, true)).collect();
    let signs = known::signs(&story.measured, story.age_days);
    it.recorded
        .extend(signs.into_iter().map(|(id, is_so)| answered(id, is_so)));
    let mut text = story.complaint.clone();
    for told in &story.told {
        if let Some(number) = told.number {
            // Red flags read a temperature in the text.
            text.push_str(&format!(". temperature {number:.1} C"));
            if told.finding == FEVER {
                it.recorded.push(answered(FEVER_HIGH, number >= 39.0));
            }
        }
    }
    it.complain(&text).ok()?;
    for told in &story.told {
        let answer = match told.answer {
            Answer::Yes => triage::Answer::Yes,
            Answer::No => triage::Answer::No,
            Answer::Unknown => triage::Answer::Unknown,
        };
        drop(it.answer(engine, &told.finding, answer));
    }
    Some(it)
}

fn compute(engine: &Engine, story: &Story, now: Micros) -> Option<Judgement> {
    let interview = interview(engine, story)?;
    let case = interview.case(engine);
    let assessment = interview.assess(engine);
    if !assessment.confidence.is_finite() {
        return None;
    }
    let told = clinical_redflags::flags::Story {
        text: &story.complaint,
        findings: &[],
    };
    let screening = Flags::shipped().screen(&case.patient, &told);
    let mut unclear: Vec<UnclearBecause> = screening
        .unclear
        .iter()
        .map(|it| unclear_because(*it))
        .collect();
    if assessment.contradicted {
        unclear.push(UnclearBecause::Contradiction);
    }
    if assessment.person && unclear.is_empty() {
        unclear.push(UnclearBecause::NoComplaint);
    }
    let mut flags = assessment.flags.clone();
    flags.extend(screening.hits.iter().map(|hit| hit.flag.id.clone()));
    flags.sort_unstable();
    flags.dedup();
    let scored = scores::of(story).into_iter().map(|it| it.least);
    let least = flags
        .iter()
        .filter_map(|id| level(id))
        .chain(scored.flatten())
        .max();
    let question =
        hinted(engine, story, &assessment).or_else(|| interview.next(engine).map(|it| it.finding));
    let person = assessment.person || !unclear.is_empty();
    let mut reached = disposition(assessment.disposition);
    if person {
        reached = reached.max(Disposition::Routine);
    }
    let reached = least.map_or(reached, |least| reached.max(least));
    let state = match (&question, reached) {
        (_, Disposition::Emergency) => InterviewState::Emergency,
        (Some(_), _) => InterviewState::Asking,
        (None, _) if assessment.person => InterviewState::Person,
        (None, _) => InterviewState::Ready,
    };
    Some(Judgement {
        state,
        unclear,
        asked: question,
        flags,
        least,
        judged: Judged {
            disposition: reached,
            confidence: assessment.confidence,
            person,
            guesses: guesses(engine, &assessment),
            explained: explained(engine, &assessment),
            at: now,
        },
    })
}

/// A finding that a model of others read and that nobody was asked about yet.
fn hinted(engine: &Engine, story: &Story, assessment: &Assessment) -> Option<String> {
    if story.told.len() >= clinical_triage::QUESTIONS_MAX {
        return None;
    }
    let is_open = |id: &&String| {
        let told = story.told.iter().any(|it| it.finding == **id);
        let reading = &assessment.reading;
        let known = engine.knowledge().finding(id);
        !told
            && known
                .is_some_and(|at| !reading.present.contains(&at) && !reading.absent.contains(&at))
    };
    story.hinted.iter().find(is_open).cloned()
}

/// The names of findings.
fn names<'a>(engine: &Engine, findings: impl Iterator<Item = &'a usize>) -> Vec<String> {
    findings
        .filter_map(|&at| engine.knowledge().findings.get(at))
        .map(|it| it.id.clone())
        .collect()
}

fn guesses(engine: &Engine, assessment: &Assessment) -> Vec<Guess> {
    let known = |at: usize| engine.knowledge().conditions.get(at);
    assessment
        .hypotheses
        .iter()
        .filter_map(|it| {
            Some(Guess {
                condition: known(it.condition)?.id.clone(),
                probability: it.probability,
                supports: names(engine, it.supports.iter()),
                against: names(engine, it.against.iter()),
                would_change: names(engine, it.would_change.iter()),
            })
        })
        .collect()
}

fn explained(engine: &Engine, assessment: &Assessment) -> Explained {
    Explained {
        present: names(engine, assessment.reading.present.iter()),
        absent: names(engine, assessment.reading.absent.iter()),
    }
}
