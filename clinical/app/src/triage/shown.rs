//! An interview in words: the names that are kept become texts in a language.

use clinical_model::ServiceId;
use clinical_model::triage::{
    Answer, Disposition, Guess, Interview, InterviewLanguage, InterviewState, Judged,
    QUESTIONS_MAX, Settings, Story,
};
use clinical_redflags::flags::Flags;
use clinical_triage::{Condition, Engine, Kind};

use super::act::{NumberRange, range};
use super::engine::{disposition, language, level};
use super::{Numbers, is_pressing, words};

/// A sentence with its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cited {
    /// The sentence.
    pub text: String,
    /// Who says so; empty for a rule of this program.
    pub source: String,
}

/// The question that stands.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownQuestion {
    /// What is asked.
    pub finding: String,
    /// From 1 on.
    pub number: u32,
    /// The question.
    pub text: String,
    /// Why it is asked.
    pub why: String,
    /// Whether a number may be given.
    pub range: Option<NumberRange>,
}

/// A question that was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownAnswer {
    /// What was asked.
    pub finding: String,
    /// The question.
    pub text: String,
    /// The answer.
    pub answer: Answer,
    /// What was measured.
    pub value: Option<f64>,
    /// Whether a number may be given.
    pub range: Option<NumberRange>,
}

/// A red flag that fired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownFlag {
    /// Its name.
    pub id: String,
    /// How urgent it is.
    pub level: Disposition,
    /// Why it is dangerous.
    pub reason: String,
    /// What to do until help is there.
    pub advice: String,
    /// Who says so.
    pub source: String,
}

/// A possible cause.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownGuess {
    /// As the engine names it.
    pub condition: String,
    /// Its name.
    pub name: String,
    /// ICD-10 code.
    pub icd10: String,
    /// Share of the belief.
    pub probability: f64,
    /// Where it belongs.
    pub urgency: Disposition,
    /// Whether it must not be missed.
    pub must_not_miss: bool,
    /// What speaks for it.
    pub supports: Vec<String>,
    /// What speaks against it.
    pub against: Vec<String>,
    /// What would change it.
    pub would_change: Vec<String>,
    /// Sources.
    pub sources: Vec<String>,
}

/// Where to go and why.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownResult {
    /// Where to go.
    pub disposition: Disposition,
    /// Belief that nothing more urgent is behind it.
    pub confidence: f64,
    /// Whether a person should look.
    pub person: bool,
    /// Why.
    pub reasons: Vec<String>,
    /// What to do now.
    pub advice: Vec<Cited>,
    /// When to come back.
    pub come_back: Vec<String>,
    /// What is not known and would change it.
    pub would_change: Vec<String>,
    /// Possible causes, where they may be shown.
    pub hypotheses: Vec<ShownGuess>,
    /// Whether patients of the facility see causes.
    pub shows_hypotheses: bool,
    /// What to book.
    pub service: Option<ServiceId>,
    /// How many doctors are on duty, for what is pressing.
    pub on_call: Option<u32>,
}

/// An interview as somebody sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// What is kept of it.
    pub interview: Interview,
    /// The question that stands.
    pub question: Option<ShownQuestion>,
    /// What was answered.
    pub answers: Vec<ShownAnswer>,
    /// Red flags that fired.
    pub flags: Vec<ShownFlag>,
    /// Whom to call.
    pub numbers: Numbers,
    /// The result, once there is one.
    pub result: Option<ShownResult>,
}

/// How it is read.
pub(super) struct Reader {
    pub(super) language: InterviewLanguage,
    /// Whether the reader may see hypotheses.
    pub(super) hypotheses: bool,
    pub(super) settings: Settings,
    pub(super) numbers: Numbers,
    pub(super) on_call: Option<u32>,
}

/// Names in a language; what the engine does not know any more keeps its bare name.
pub(super) struct Names<'a> {
    pub(super) engine: Option<&'a Engine>,
    pub(super) language: InterviewLanguage,
}

impl Names<'_> {
    /// The name of a finding, without an article at its beginning where English has none.
    pub(super) fn finding(&self, id: &str) -> String {
        let found = self.engine.and_then(|engine| {
            let knowledge = engine.knowledge();
            knowledge.findings.get(knowledge.finding(id)?)
        });
        found.map_or_else(
            || id.replace('_', " "),
            |it| language(self.language).of(&it.name).to_owned(),
        )
    }

    pub(super) fn findings(&self, ids: &[String]) -> Vec<String> {
        ids.iter().map(|id| self.finding(id)).collect()
    }

    fn question(&self, id: &str) -> (String, String) {
        let found = self.engine.and_then(|engine| {
            let knowledge = engine.knowledge();
            knowledge.findings.get(knowledge.finding(id)?)
        });
        let of = language(self.language);
        found.map_or_else(
            || (id.replace('_', " "), String::new()),
            |it| (of.of(&it.question).to_owned(), of.of(&it.why).to_owned()),
        )
    }

    pub(super) fn condition(&self, id: &str) -> Option<&Condition> {
        let mut all = self.engine?.knowledge().conditions.iter();
        all.find(|it| it.id == id)
    }

    pub(super) fn condition_name(&self, id: &str) -> String {
        self.condition(id).map_or_else(
            || id.replace('_', " "),
            |it| match self.language {
                InterviewLanguage::English => it.names_en.first().cloned().unwrap_or_default(),
                InterviewLanguage::French => it.name_fr.clone(),
            },
        )
    }

    fn sources(&self, condition: &Condition) -> Vec<String> {
        let Some(engine) = self.engine else {
            return Vec::new();
        };
        let known = &engine.knowledge().sources;
        let named = condition.sources.iter().filter_map(|code| known.get(code));
        named.cloned().collect()
    }

    /// Whether a person can be asked for it.
    pub(super) fn can_be_asked(&self, id: &str) -> bool {
        self.engine.is_some_and(|engine| {
            let knowledge = engine.knowledge();
            let at = knowledge.finding(id);
            let found = at.and_then(|at| knowledge.findings.get(at));
            found.is_some_and(|it| it.kind != Kind::Sign)
        })
    }

    fn guess(&self, it: &Guess) -> ShownGuess {
        let condition = self.condition(&it.condition);
        ShownGuess {
            condition: it.condition.clone(),
            name: self.condition_name(&it.condition),
            icd10: condition.map_or_else(String::new, |it| it.icd10.clone()),
            probability: it.probability,
            urgency: condition.map_or(Disposition::Urgent, |it| disposition(it.urgency)),
            must_not_miss: condition.is_none_or(|it| it.must_not_miss),
            supports: self.findings(&it.supports),
            against: self.findings(&it.against),
            would_change: self.findings(&it.would_change),
            sources: condition.map_or_else(Vec::new, |it| self.sources(it)),
        }
    }
}

fn flag(id: &str, language: InterviewLanguage) -> Option<ShownFlag> {
    let flag = Flags::shipped().all().iter().find(|it| it.id == id)?;
    let (reason, advice) = match language {
        InterviewLanguage::English => (&flag.reason.en, &flag.advice.en),
        InterviewLanguage::French => (&flag.reason.fr, &flag.advice.fr),
    };
    Some(ShownFlag {
        id: flag.id.clone(),
        level: level(id)?,
        reason: reason.clone(),
        advice: advice.clone(),
        source: flag.citation.clone(),
    })
}

/// Puts an interview into words.
pub(super) fn show(engine: Option<&Engine>, interview: Interview, reader: &Reader) -> Shown {
    let names = Names {
        engine,
        language: reader.language,
    };
    let story = &interview.story;
    let mut flags: Vec<ShownFlag> = story
        .flags
        .iter()
        .filter_map(|id| flag(id, reader.language))
        .collect();
    flags.sort_by_key(|it| core::cmp::Reverse(it.level));
    let answers = story.told.iter().map(|told| ShownAnswer {
        text: names.question(&told.finding).0,
        answer: told.answer,
        value: told.number,
        range: range(&told.finding),
        finding: told.finding.clone(),
    });
    let result = story
        .judged
        .as_ref()
        .map(|judged| result(&names, (story, judged), &flags, reader));
    Shown {
        question: question(&names, story),
        answers: answers.collect(),
        flags,
        numbers: reader.numbers.clone(),
        result,
        interview,
    }
}

fn question(names: &Names<'_>, story: &Story) -> Option<ShownQuestion> {
    let finding = story.asked.clone()?;
    if story.state() != InterviewState::Asking {
        return None;
    }
    let (text, why) = names.question(&finding);
    let asked = u32::try_from(story.told.len()).unwrap_or(QUESTIONS_MAX);
    Some(ShownQuestion {
        number: asked.saturating_add(1).min(QUESTIONS_MAX),
        range: range(&finding),
        text,
        why,
        finding,
    })
}

/// Causes whose findings explain a result.
const EXPLAINING: usize = 3;
/// Findings that are named as reasons.
const REASONS_MAX: usize = 6;

fn result(
    names: &Names<'_>,
    (story, judged): (&Story, &Judged),
    flags: &[ShownFlag],
    reader: &Reader,
) -> ShownResult {
    let mut reasons: Vec<String> = flags.iter().map(|it| it.reason.clone()).collect();
    reasons.extend(words::of_scores(story, reader.language));
    if judged.person {
        reasons.push(words::unclear(reader.language).to_owned());
    }
    let mut named: Vec<String> = Vec::new();
    let mut missing: Vec<String> = Vec::new();
    for guess in judged.guesses.iter().take(EXPLAINING) {
        for finding in &guess.supports {
            if named.len() < REASONS_MAX && !named.contains(finding) {
                named.push(finding.clone());
            }
        }
        for finding in &guess.would_change {
            let counts = names.can_be_asked(finding) && missing.len() < REASONS_MAX;
            if counts && !missing.contains(finding) {
                missing.push(finding.clone());
            }
        }
    }
    if !named.is_empty() {
        reasons.push(words::told(&names.findings(&named), reader.language));
    }
    let hypotheses = if reader.hypotheses {
        judged.guesses.iter().map(|it| names.guess(it)).collect()
    } else {
        Vec::new()
    };
    let needs_visit = matches!(
        judged.disposition,
        Disposition::Urgent | Disposition::Routine
    );
    ShownResult {
        disposition: judged.disposition,
        confidence: judged.confidence,
        person: judged.person,
        reasons,
        advice: words::advice(names, judged, flags),
        come_back: words::come_back(judged.disposition, reader.language),
        would_change: names.findings(&missing),
        hypotheses,
        shows_hypotheses: reader.settings.show_hypotheses,
        service: reader.settings.service.filter(|_| needs_visit),
        on_call: reader.on_call.filter(|_| is_pressing(judged.disposition)),
    }
}
