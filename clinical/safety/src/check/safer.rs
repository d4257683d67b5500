//! The words of a finding, and alternatives that passed the same check.

use std::collections::BTreeMap;

use super::{Hit, Origin, Run, Subject, Taken, pairs};
use crate::draft::Drug;
use crate::finding::{Finding, SaferOption};
use crate::grade::{Kind, Level, Text};
use crate::rule::Rule;
use crate::substance::SubstanceId;

pub(super) struct Options<'a> {
    run: &'a Run<'a>,
    /// Each alternative is checked once for each line.
    known: BTreeMap<(usize, SubstanceId), bool>,
}

impl<'a> Options<'a> {
    pub(super) fn new(run: &'a Run<'a>) -> Self {
        Self {
            run,
            known: BTreeMap::new(),
        }
    }

    pub(super) fn finding(&mut self, hit: Hit) -> Finding {
        let rules = self.run.rules;
        let evidence = hit.evidence(rules);
        let safer = self.safer(&hit);
        let rule: Option<&Rule> = match hit.origin {
            Origin::Rule(number) => rules.rules().get(number),
            Origin::Built(_) => None,
        };
        let name = match hit.origin {
            Origin::Built(name) => name.to_owned(),
            Origin::Rule(_) => rule.map(|rule| rule.id.clone()).unwrap_or_default(),
        };
        let text = hit
            .text
            .or_else(|| rule.map(|rule| rule.text.clone()))
            .unwrap_or_else(|| Text::new("", ""));
        Finding {
            rule: name,
            kind: hit.kind,
            level: hit.level,
            line: hit.line,
            facts: hit.facts,
            text,
            advice: rule.and_then(|rule| rule.advice.clone()),
            evidence,
            sources: rules.cite(rule.map_or(&hit.sources, |rule| &rule.sources)),
            data_version: rules.version_text().to_owned(),
            safer,
        }
    }

    fn safer(&mut self, hit: &Hit) -> Vec<SaferOption> {
        let (Origin::Rule(number), Some(line)) = (&hit.origin, hit.replaces) else {
            return Vec::new();
        };
        let Some(rule) = self.run.rules.rules().get(*number) else {
            return Vec::new();
        };
        let mut options = Vec::new();
        for id in &rule.safer {
            if let Some(substance) = self.run.rules.substance(id)
                && self.is_clean(line, id)
            {
                options.push(SaferOption {
                    id: id.clone(),
                    name: substance.name.clone(),
                });
            }
        }
        options
    }

    /// Whether the medicine in place of the line gives nothing that stops or asks.
    fn is_clean(&mut self, number: usize, id: &SubstanceId) -> bool {
        if let Some(clean) = self.known.get(&(number, id.clone())) {
            return *clean;
        }
        let clean = self
            .run
            .lines
            .get(number)
            .is_some_and(|subject| self.try_instead(number, subject, id));
        self.known.insert((number, id.clone()), clean);
        clean
    }

    fn try_instead(&self, number: usize, subject: &Subject<'_>, id: &SubstanceId) -> bool {
        let mut line = subject.line.clone();
        line.drug = Drug::Substance(id.clone());
        line.dose = None;
        let instead = Subject {
            entry: self.run.rules.entry(id),
            line: &line,
        };
        let mut hits = Vec::new();
        self.run.line(number, &instead, &mut hits);
        for (place, other) in self.run.lines.iter().enumerate() {
            if place != number {
                pairs::pair(self.run, (number, &instead), &Taken::line(other), &mut hits);
            }
        }
        hits.iter()
            .all(|hit| hit.level < Level::Justify || hit.kind == Kind::Unchecked)
    }
}
