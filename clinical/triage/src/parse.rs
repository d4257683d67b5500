//! The line format of the knowledge base.

use crate::assess::Disposition;
use crate::knowledge::{
    Condition, Finding, Kind, Knowledge, KnowledgeError, Occurrence, Step, Words,
};

/// Frequency classes: always, very common, common, some, rare, next to never.
const CLASSES: [(&str, f64); 6] = [
    ("A", 0.92),
    ("V", 0.75),
    ("C", 0.45),
    ("S", 0.2),
    ("R", 0.07),
    ("N", 0.01),
];

/// What a section of findings has in common.
struct Section {
    kind: Kind,
    why: Words,
}

pub(crate) fn parse(files: &[(&str, &str)]) -> Result<Knowledge, KnowledgeError> {
    let mut knowledge = Knowledge::default();
    for &(file, text) in files {
        let mut section = Section {
            kind: Kind::Symptom,
            why: Words::default(),
        };
        for (number, line) in text.lines().enumerate() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            read_line(&mut knowledge, &mut section, file, line).map_err(|error| match error {
                Wrong::Here(what) => KnowledgeError::Line {
                    file: file.to_owned(),
                    line: number + 1,
                    what: what.to_owned(),
                },
                Wrong::Unknown { of, name } => KnowledgeError::Unknown { of, name },
            })?;
        }
    }
    Ok(knowledge)
}

enum Wrong {
    Here(&'static str),
    Unknown { of: String, name: String },
}

fn read_line(
    knowledge: &mut Knowledge,
    section: &mut Section,
    file: &str,
    line: &str,
) -> Result<(), Wrong> {
    if let Some(rest) = line.strip_prefix("@group ") {
        let (name, words) = rest
            .split_once(' ')
            .ok_or(Wrong::Here("a group has a name and words"))?;
        knowledge.groups.push((name.to_owned(), words.to_owned()));
        return Ok(());
    }
    if let Some(rest) = line.strip_prefix("@nothing ") {
        let phrases = rest.split(';').map(str::trim);
        knowledge.nothing.extend(
            phrases
                .filter(|phrase| !phrase.is_empty())
                .map(str::to_owned),
        );
        return Ok(());
    }
    if let Some(rest) = line.strip_prefix('@') {
        let (kind, texts) = rest
            .split_once(' ')
            .ok_or(Wrong::Here("a section has a kind and texts"))?;
        let (en, fr) = texts
            .split_once('|')
            .ok_or(Wrong::Here("a section has texts in both languages"))?;
        section.kind = match kind {
            "symptom" => Kind::Symptom,
            "history" => Kind::History,
            "sign" => Kind::Sign,
            _ => return Err(Wrong::Here("an unknown kind")),
        };
        section.why = words(en, fr);
        return Ok(());
    }
    let fields: Vec<&str> = line.split('|').map(str::trim).collect();
    match (file.split('/').next(), fields.as_slice()) {
        (Some("sources.txt"), &[code, name]) => {
            knowledge.sources.insert(code.to_owned(), name.to_owned());
        }
        (Some("steps.txt"), &[code, en, fr]) => {
            let step = Step {
                text: words(en, fr),
            };
            knowledge.steps.insert(code.to_owned(), step);
        }
        (Some("findings"), &[id, en, fr, said_en, said_fr, parent]) => {
            let finding = finding(knowledge, section, [id, en, fr, said_en, said_fr, parent])?;
            let at = knowledge.findings.len();
            if knowledge.by_id.insert(id.to_owned(), at).is_some() {
                return Err(Wrong::Here("a finding of this name is there already"));
            }
            knowledge.findings.push(finding);
        }
        (Some("conditions"), fields) => {
            let condition = condition(knowledge, fields)?;
            if knowledge.conditions.iter().any(|c| c.id == condition.id) {
                return Err(Wrong::Here("a condition of this name is there already"));
            }
            knowledge.conditions.push(condition);
        }
        _ => return Err(Wrong::Here("another number of fields")),
    }
    Ok(())
}

fn words(en: &str, fr: &str) -> Words {
    Words {
        en: en.trim().to_owned(),
        fr: fr.trim().to_owned(),
    }
}

fn finding(
    knowledge: &Knowledge,
    section: &Section,
    [id, en, fr, said_en, said_fr, parent]: [&str; 6],
) -> Result<Finding, Wrong> {
    let cut = |text: &str| match text.split_once('>') {
        Some((name, question)) => (name.trim().to_owned(), Some(question.trim().to_owned())),
        None => (text.trim().to_owned(), None),
    };
    let ((name_en, ask_en), (name_fr, ask_fr)) = (cut(en), cut(fr));
    if name_en.is_empty() || name_fr.is_empty() {
        return Err(Wrong::Here("a finding has names in both languages"));
    }
    let (start_en, start_fr) = match section.kind {
        Kind::Symptom => ("Is there", "Y a-t-il"),
        Kind::History => (
            "Is there, or was there before,",
            "Y a-t-il, ou y a-t-il eu,",
        ),
        Kind::Sign => (
            "Has an examination or test shown",
            "Un examen a-t-il montré",
        ),
    };
    let question = Words {
        en: ask_en.unwrap_or_else(|| format!("{start_en} {name_en}?")),
        fr: ask_fr.unwrap_or_else(|| format!("{start_fr} {name_fr} ?")),
    };
    let phrases: Vec<String> = [said_en, said_fr]
        .iter()
        .flat_map(|said| said.split(';'))
        .map(|phrase| phrase.trim().to_owned())
        .filter(|phrase| !phrase.is_empty())
        .collect();
    let parent = match parent {
        "" => None,
        name => Some(knowledge.finding(name).ok_or_else(|| Wrong::Unknown {
            of: id.to_owned(),
            name: name.to_owned(),
        })?),
    };
    Ok(Finding {
        id: id.to_owned(),
        kind: section.kind,
        name: Words {
            en: name_en,
            fr: name_fr,
        },
        question,
        why: section.why.clone(),
        phrases,
        parent,
    })
}

fn condition(knowledge: &Knowledge, fields: &[&str]) -> Result<Condition, Wrong> {
    let &[id, urgency, icd10, occurs, en, fr, findings, steps, sources] = fields else {
        return Err(Wrong::Here("a condition has nine fields"));
    };
    let unknown = |name: &str| Wrong::Unknown {
        of: id.to_owned(),
        name: name.to_owned(),
    };
    let mut likely = std::collections::BTreeMap::new();
    let mut class = None;
    for word in findings.split_whitespace() {
        if let Some(&(_, share)) = CLASSES.iter().find(|(letter, _)| *letter == word) {
            class = Some(share);
            continue;
        }
        let finding = knowledge.finding(word).ok_or_else(|| unknown(word))?;
        let share = class.ok_or(Wrong::Here("a finding stands before its frequency"))?;
        likely.insert(finding, share);
    }
    let listed =
        |codes: &str| -> Vec<String> { codes.split_whitespace().map(str::to_owned).collect() };
    let (steps, sources) = (listed(steps), listed(sources));
    for step in &steps {
        knowledge.steps.get(step).ok_or_else(|| unknown(step))?;
    }
    for source in &sources {
        knowledge
            .sources
            .get(source)
            .ok_or_else(|| unknown(source))?;
    }
    if sources.is_empty() || likely.is_empty() || fr.is_empty() || icd10.is_empty() {
        return Err(Wrong::Here(
            "a condition has findings, names, a code and a source",
        ));
    }
    Ok(Condition {
        id: id.to_owned(),
        urgency: match urgency.trim_end_matches('!') {
            "E" => Disposition::Emergency,
            "U" => Disposition::Urgent,
            "R" => Disposition::Routine,
            "S" => Disposition::SelfCare,
            _ => return Err(Wrong::Here("an unknown urgency")),
        },
        must_not_miss: urgency.ends_with('!'),
        icd10: icd10.to_owned(),
        occurrence: occurrence(occurs).ok_or(Wrong::Here("an unreadable occurrence"))?,
        names_en: en.split(';').map(|name| name.trim().to_owned()).collect(),
        name_fr: fr.to_owned(),
        likely,
        steps,
        sources,
    })
}

fn occurrence(text: &str) -> Option<Occurrence> {
    let mut words = text.split_whitespace();
    let mut occurs = Occurrence {
        class: words.next()?.parse().ok()?,
        ages: (0.0, 150.0),
        ..Occurrence::default()
    };
    for word in words {
        if let Some(from) = word.strip_prefix('>') {
            occurs.ages.0 = from.parse().ok()?;
        } else if let Some(to) = word.strip_prefix('<') {
            occurs.ages.1 = to.parse().ok()?;
        } else if let Some((from, to)) = word.split_once('-') {
            occurs.ages = (from.parse().ok()?, to.parse().ok()?);
        } else if let Some((who, more)) = word.split_once('+') {
            let more: f64 = more.parse().ok()?;
            match who {
                "f" => occurs.women = more,
                "m" => occurs.men = more,
                "e" => occurs.old = more,
                _ => return None,
            }
        } else {
            occurs.only = Some(match word {
                "f" => 'f',
                "m" => 'm',
                _ => return None,
            });
        }
    }
    Some(occurs)
}
