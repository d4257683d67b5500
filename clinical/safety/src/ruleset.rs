//! The data set, ready for checking.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use sha2::{Digest, Sha256};

use crate::data::{Contents, DataError, read};
use crate::draft::Drug;
use crate::finding::Citation;
use crate::rule::{Class, Rule, Selector, Source, Trigger};
use crate::substance::{Substance, SubstanceId};

/// The name of an import among the files.
const IMPORT_FILE: &str = "import.toml";

/// Which data set: its date and the hash of its content.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DataVersion {
    date: String,
    sha256: String,
}

impl DataVersion {
    /// The date of the data, as its authors gave it.
    #[must_use]
    pub fn date(&self) -> &str {
        &self.date
    }

    /// SHA-256 over the canonical content, in hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }
}

impl fmt::Display for DataVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start: String = self.sha256.chars().take(16).collect();
        write!(f, "{}+{start}", self.date)
    }
}

/// A medicine with everything it belongs to and the rules that name it.
pub(crate) struct Entry {
    pub(crate) substance: Substance,
    /// Its classes and allergy groups with all wider ones.
    pub(crate) groups: BTreeSet<String>,
    /// Rules whose `drug` it is.
    pub(crate) own: Vec<usize>,
    /// The same as bits.
    pub(crate) as_drug: Bits,
    /// Rules whose `other` it is.
    pub(crate) as_other: Bits,
}

/// The data set, ready for checking.
pub struct RuleSet {
    version: DataVersion,
    shown: String,
    sources: BTreeMap<String, Source>,
    classes: BTreeMap<String, Class>,
    entries: BTreeMap<SubstanceId, Entry>,
    rules: Vec<Rule>,
}

impl fmt::Debug for RuleSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RuleSet({})", self.version)
    }
}

impl RuleSet {
    /// Reads a data set from `(name, text)` pairs, in any order.
    ///
    /// # Errors
    /// When a file is not in the format, or an entry names something that does not exist.
    pub fn parse(files: &[(&str, &str)]) -> Result<Self, DataError> {
        let mut files = files.to_vec();
        files.sort_unstable();
        let contents = read(&files)?;
        let version = DataVersion {
            date: contents.date.clone(),
            sha256: hash(&files),
        };
        Ok(Self::build(version, contents))
    }

    /// The shipped data set and the rules of an import. What the import adds are interactions of two
    /// medicines, so that it adds findings and takes none away; everything shipped stays as it is. The
    /// version names both.
    ///
    /// # Errors
    /// When either is not in the format, or the import holds anything else.
    pub fn with_import(shipped: &[(&str, &str)], import: &str) -> Result<Self, DataError> {
        let base = Self::parse(shipped)?;
        let mut files = shipped.to_vec();
        files.push((IMPORT_FILE, import));
        let mut together = Self::parse(&files)?;
        let foreign = |entry: &str| DataError::Import {
            entry: entry.to_owned(),
        };
        if together.version.date != base.version.date {
            return Err(foreign("date"));
        }
        if together.entries.len() != base.entries.len() {
            return Err(foreign("substance"));
        }
        if together.classes.len() != base.classes.len() {
            return Err(foreign("class"));
        }
        let known: BTreeSet<&str> = base.rules.iter().map(|rule| rule.id.as_str()).collect();
        for rule in &together.rules {
            let is_pair = matches!(
                (&rule.drug, &rule.trigger),
                (
                    Selector::Substance(_),
                    Trigger::Drug(Selector::Substance(_))
                )
            );
            if !known.contains(rule.id.as_str()) && (!is_pair || rule.exception.is_some()) {
                return Err(foreign(&rule.id));
            }
        }
        let digest: String = hash(&[(IMPORT_FILE, import)]).chars().take(16).collect();
        together.shown = format!("{}+import.{digest}", base.shown);
        Ok(together)
    }

    fn build(version: DataVersion, contents: Contents) -> Self {
        let classes: BTreeMap<String, Class> = contents
            .classes
            .into_iter()
            .map(|(name, (_, class))| (name, class))
            .collect();
        let rules: Vec<Rule> = contents.rules.into_values().map(|(_, rule)| rule).collect();
        let mut entries = BTreeMap::new();
        for (_, substance) in contents.substances.into_values() {
            let groups = groups_of(&classes, &substance);
            let mut entry = Entry {
                groups,
                own: Vec::new(),
                as_drug: Bits::new(rules.len()),
                as_other: Bits::new(rules.len()),
                substance,
            };
            for (number, rule) in rules.iter().enumerate() {
                if entry.selected(&rule.drug) {
                    entry.own.push(number);
                    entry.as_drug.set(number);
                    if rule.trigger == Trigger::SameSelector {
                        entry.as_other.set(number);
                    }
                }
                if let Trigger::Drug(other) = &rule.trigger
                    && entry.selected(other)
                {
                    entry.as_other.set(number);
                }
            }
            entries.insert(entry.substance.id.clone(), entry);
        }
        let sources = contents
            .sources
            .into_iter()
            .map(|(key, (_, source))| (key, source))
            .collect();
        Self {
            shown: version.to_string(),
            version,
            sources,
            classes,
            entries,
            rules,
        }
    }

    /// Which data set this is.
    #[must_use]
    pub fn version(&self) -> &DataVersion {
        &self.version
    }

    /// The version as findings and clearances carry it.
    #[must_use]
    pub fn version_text(&self) -> &str {
        &self.shown
    }

    /// All medicines, by slug.
    pub fn substances(&self) -> impl Iterator<Item = &Substance> {
        self.entries.values().map(|entry| &entry.substance)
    }

    /// One medicine.
    #[must_use]
    pub fn substance(&self, id: &SubstanceId) -> Option<&Substance> {
        self.entries.get(id).map(|entry| &entry.substance)
    }

    /// All rules, by id.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// All classes, by slug.
    pub fn classes(&self) -> impl Iterator<Item = &Class> {
        self.classes.values()
    }

    /// All sources, by key.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.sources.values()
    }

    /// Whether the selector covers the medicine.
    #[must_use]
    pub fn selects(&self, selector: &Selector, id: &SubstanceId) -> bool {
        self.entries
            .get(id)
            .is_some_and(|entry| entry.selected(selector))
    }

    pub(crate) fn entry(&self, id: &SubstanceId) -> Option<&Entry> {
        self.entries.get(id)
    }

    pub(crate) fn entry_of(&self, drug: &Drug) -> Option<&Entry> {
        match drug {
            Drug::Substance(id) => self.entry(id),
            Drug::FreeText(_) => None,
        }
    }

    pub(crate) fn class(&self, id: &str) -> Option<&Class> {
        self.classes.get(id)
    }

    /// The group and all wider ones; empty when the group does not exist.
    pub(crate) fn wider(&self, group: &str) -> BTreeSet<String> {
        closure(&self.classes, std::iter::once(group))
    }

    pub(crate) fn cite(&self, keys: &[String]) -> Vec<Citation> {
        keys.iter()
            .filter_map(|key| self.sources.get(key))
            .map(|source| Citation {
                title: source.title.clone(),
                year: source.year,
            })
            .collect()
    }
}

impl Entry {
    fn selected(&self, selector: &Selector) -> bool {
        match selector {
            Selector::Substance(id) => *id == self.substance.id,
            Selector::Class(id) => self.groups.contains(id),
            Selector::Atc(prefix) => self
                .substance
                .atc
                .iter()
                .any(|code| code.starts_with(prefix.as_str())),
        }
    }
}

fn groups_of(classes: &BTreeMap<String, Class>, substance: &Substance) -> BTreeSet<String> {
    let by_class = classes.values().filter(|class| {
        class.substances.contains(&substance.id)
            || class.atc.iter().any(|prefix| {
                substance
                    .atc
                    .iter()
                    .any(|code| code.starts_with(prefix.as_str()))
            })
    });
    let named = substance
        .classes
        .iter()
        .chain(&substance.allergy)
        .map(String::as_str);
    closure(
        classes,
        by_class.map(|class| class.id.as_str()).chain(named),
    )
}

fn closure<'a>(
    classes: &BTreeMap<String, Class>,
    start: impl Iterator<Item = &'a str>,
) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for group in start {
        let mut next = classes.get(group);
        while let Some(class) = next {
            if !all.insert(class.id.clone()) {
                break;
            }
            next = class.parent.as_ref().and_then(|parent| classes.get(parent));
        }
    }
    all
}

/// Line ends are not content, so a checkout on another system has the same version.
fn hash(files: &[(&str, &str)]) -> String {
    let mut hasher = Sha256::new();
    for (name, text) in files {
        let text = text.replace("\r\n", "\n");
        for part in [*name, text.as_str()] {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
    }
    hasher
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// A set of rule numbers that two medicines can be compared by.
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    fn new(size: usize) -> Self {
        Self(vec![0; size.div_ceil(64)])
    }

    fn set(&mut self, number: usize) {
        if let Some(word) = self.0.get_mut(number / 64) {
            *word |= 1 << (number % 64);
        }
    }

    /// The numbers in both sets, in order.
    pub(crate) fn both<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = usize> + 'a {
        self.0
            .iter()
            .zip(&other.0)
            .enumerate()
            .flat_map(|(place, (a, b))| {
                let mut word = a & b;
                std::iter::from_fn(move || {
                    (word != 0).then(|| {
                        let bit = word.trailing_zeros() as usize;
                        word &= word - 1;
                        place * 64 + bit
                    })
                })
            })
    }
}
