//! The check: every line against the chart, the other lines and the medicines taken.
//!
//! Adding an allergy, a condition or a medicine to the chart only adds findings or raises levels.
//! What could hide something is therefore decided from the line and one fact alone.

mod dose;
mod fields;
mod gaps;
mod pairs;
mod rules;
mod safer;
mod words;

use std::cmp::Reverse;

use crate::chart::Chart;
use crate::draft::{Dose, Draft, Frequency, Line, Route};
use crate::finding::{Fact, Finding, Report};
use crate::grade::{Evidence, Kind, Level, Text};
use crate::ruleset::{Entry, RuleSet};

/// Checks a draft. The same draft, chart and data set always give the same report.
#[must_use]
pub fn check(rules: &RuleSet, draft: &Draft, chart: &Chart) -> Report {
    let mut lines: Vec<Subject<'_>> = draft
        .lines()
        .iter()
        .map(|line| Subject::of(rules, line))
        .collect();
    lines.sort_by(|a, b| a.line.id.cmp(&b.line.id));
    let run = Run {
        rules,
        chart,
        lines: &lines,
    };

    let mut hits = Vec::new();
    for (number, subject) in lines.iter().enumerate() {
        run.line(number, subject, &mut hits);
        for other in lines.iter().skip(number + 1) {
            pairs::pair(&run, (number, subject), &Taken::line(other), &mut hits);
        }
        dose::check(&run, subject, &mut hits);
    }
    gaps::chart(&run, &mut hits);

    hits.sort_by(|a, b| a.key().cmp(&b.key()).then(b.level.cmp(&a.level)));
    hits.dedup_by(|later, first| later.key() == first.key());
    let mut safer = safer::Options::new(&run);
    let mut findings: Vec<Finding> = hits.into_iter().map(|hit| safer.finding(hit)).collect();
    findings.sort_by(|a, b| {
        (Reverse(a.level), a.kind, a.key()).cmp(&(Reverse(b.level), b.kind, b.key()))
    });
    Report {
        chart_version: chart.version,
        data_version: rules.version_text().to_owned(),
        findings,
    }
}

/// What a check looks at.
struct Run<'a> {
    rules: &'a RuleSet,
    chart: &'a Chart,
    lines: &'a [Subject<'a>],
}

impl<'a> Run<'a> {
    /// Everything about one line except its dose and the other lines.
    fn line(&self, number: usize, subject: &Subject<'a>, hits: &mut Vec<Hit>) {
        let Some(entry) = subject.entry else {
            hits.push(gaps::unknown_line(subject));
            return;
        };
        let from = hits.len();
        rules::check(self, number, subject, entry, hits);
        fields::check(self, subject, entry, from, hits);
        for medicine in &self.chart.medicines {
            let taken = Taken {
                fact: Fact::Medicine(medicine.id.clone()),
                entry: self.rules.entry_of(&medicine.drug),
                dose: medicine.dose,
                frequency: medicine.frequency,
                route: medicine.route,
                indication: None,
            };
            pairs::pair(self, (number, subject), &taken, hits);
        }
    }
}

/// A line with its entry of the formulary.
#[derive(Clone, Copy)]
struct Subject<'a> {
    line: &'a Line,
    entry: Option<&'a Entry>,
}

impl<'a> Subject<'a> {
    fn of(rules: &'a RuleSet, line: &'a Line) -> Self {
        Self {
            line,
            entry: rules.entry_of(&line.drug),
        }
    }

    fn fact(&self) -> Fact {
        Fact::Line(self.line.id.clone())
    }

    fn is_local(&self) -> bool {
        self.line.route.is_some_and(Route::is_local)
    }
}

/// The other side of a pair.
struct Taken<'a> {
    fact: Fact,
    entry: Option<&'a Entry>,
    dose: Option<Dose>,
    frequency: Option<Frequency>,
    route: Option<Route>,
    indication: Option<&'a str>,
}

impl<'a> Taken<'a> {
    fn line(subject: &Subject<'a>) -> Self {
        Self {
            fact: subject.fact(),
            entry: subject.entry,
            dose: subject.line.dose,
            frequency: subject.line.frequency,
            route: subject.line.route,
            indication: subject.line.indication.as_deref(),
        }
    }
}

/// Where the words of a hit come from.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    /// A rule of the data set, by number, with the exception applied or not.
    Rule(usize),
    /// A check of this crate, by name.
    Built(&'static str),
}

/// A finding before its words are copied.
struct Hit {
    origin: Origin,
    kind: Kind,
    level: Level,
    line: Option<crate::LineRef>,
    facts: Vec<Fact>,
    /// Words of a built-in check, or of the exception of a rule.
    text: Option<Text>,
    /// Keys of the sources of a built-in check.
    sources: Vec<String>,
    /// The line, by place, that a safer option could stand in for.
    replaces: Option<usize>,
}

impl Hit {
    fn built(name: &'static str, kind: Kind, level: Level, text: Text) -> Self {
        Self {
            origin: Origin::Built(name),
            kind,
            level,
            line: None,
            facts: Vec::new(),
            text: Some(text),
            sources: Vec::new(),
            replaces: None,
        }
    }

    /// About a line, because of facts.
    fn on(mut self, subject: &Subject<'_>, facts: impl IntoIterator<Item = Fact>) -> Self {
        self.line = Some(subject.line.id.clone());
        self.facts.push(subject.fact());
        self.facts.extend(facts);
        self.facts.sort_unstable();
        self.facts.dedup();
        self
    }

    fn sourced(mut self, entry: &Entry) -> Self {
        self.sources.clone_from(&entry.substance.sources);
        self
    }

    fn key(&self) -> (&Origin, Option<&crate::LineRef>, &[Fact]) {
        (&self.origin, self.line.as_ref(), &self.facts)
    }

    fn evidence(&self, rules: &RuleSet) -> Evidence {
        match self.origin {
            Origin::Rule(number) => rules
                .rules()
                .get(number)
                .map_or(Evidence::Expert, |rule| rule.evidence),
            Origin::Built(_) if self.sources.is_empty() => Evidence::Expert,
            Origin::Built(_) => Evidence::B,
        }
    }
}
