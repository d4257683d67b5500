//! The elements of R4: which names a resource may have, how often, and of which type.
//!
//! Read once from two tables that `definitions/generate.py` makes from HL7's published files.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::primitives::Primitive;

static R4: LazyLock<Definitions> = LazyLock::new(|| {
    Definitions::read(&[
        include_str!("../definitions/resources.txt"),
        include_str!("../definitions/datatypes.txt"),
        BASE,
    ])
});

/// What every element, backbone element and resource has; the tables do not repeat it.
const BASE: &str = "\
Element.id 0..1 string
Element.extension 0..* Extension
BackboneElement.modifierExtension 0..* Extension
Resource.id 0..1 id
Resource.meta 0..1 Meta
Resource.implicitRules 0..1 uri
Resource.language 0..1 code
DomainResource.text 0..1 Narrative
DomainResource.contained 0..* Resource
DomainResource.extension 0..* Extension
DomainResource.modifierExtension 0..* Extension
";

/// The definitions of R4.
pub(crate) fn r4() -> &'static Definitions {
    &R4
}

/// All elements by the path of their owner.
#[derive(Debug)]
pub(crate) struct Definitions {
    owners: BTreeMap<&'static str, BTreeMap<&'static str, Element>>,
}

/// One element of one owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Element {
    /// The name as it stands in JSON: `valueQuantity`, never `value[x]`.
    pub(crate) name: String,
    /// The name of a choice, such as `value`, that only one of its forms may have.
    pub(crate) choice: Option<&'static str>,
    pub(crate) required: bool,
    pub(crate) repeats: bool,
    pub(crate) kind: Kind,
    /// Codes of a required binding; empty when any is allowed.
    pub(crate) codes: Vec<&'static str>,
    /// The code system of a required binding of a `CodeableConcept`.
    pub(crate) system: Option<&'static str>,
}

/// What stands in an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One JSON value.
    Primitive(Primitive),
    /// An object whose elements are listed under this owner, with or without `modifierExtension`.
    Complex(&'static str, Backbone),
    /// A reference, to one of these resources or to any.
    Reference(Vec<&'static str>),
    /// A whole resource.
    Resource,
}

/// Whether an object is a part of a resource, which may be changed by a modifier extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backbone {
    /// A part of a resource.
    Part,
    /// A data type.
    DataType,
}

impl Definitions {
    fn read(tables: &[&'static str]) -> Self {
        let mut owners: BTreeMap<&'static str, BTreeMap<&'static str, Element>> = BTreeMap::new();
        for line in tables.iter().flat_map(|table| table.lines()) {
            let Some(row) = Row::read(line) else { continue };
            for element in row.elements() {
                let name: &'static str = match element.choice {
                    // Made once for the whole run of the program, as the tables themselves are.
                    Some(_) => Box::leak(element.name.clone().into_boxed_str()),
                    None => row.name,
                };
                owners.entry(row.owner).or_default().insert(name, element);
            }
        }
        Self { owners }
    }

    /// Whether a resource of that name is known.
    pub(crate) fn is_resource(&self, name: &str) -> bool {
        self.owners.contains_key(name) && name.starts_with(char::is_uppercase) && is_listed(name)
    }

    /// The elements of an owner, its own first.
    pub(crate) fn own(&self, owner: &str) -> impl Iterator<Item = &Element> {
        self.owners
            .get(owner)
            .into_iter()
            .flat_map(BTreeMap::values)
    }

    /// An element by the owner that lists it.
    pub(crate) fn element(&self, owner: &str, name: &str) -> Option<&Element> {
        self.owners.get(owner)?.get(name)
    }
}

/// Resources whose elements are in the table; the data types beside them are no resources.
fn is_listed(name: &str) -> bool {
    include_str!("../definitions/resources.txt")
        .lines()
        .any(|line| {
            line.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with('.'))
        })
}

/// One line of a table.
struct Row {
    owner: &'static str,
    name: &'static str,
    cardinality: &'static str,
    types: &'static str,
    codes: Vec<&'static str>,
    system: Option<&'static str>,
    path: &'static str,
}

impl Row {
    fn read(line: &'static str) -> Option<Self> {
        let (head, binding) = match line.split_once(" = ") {
            None => (line, None),
            Some((head, binding)) => (head, Some(binding)),
        };
        let mut words = head.split(' ');
        let path = words.next()?;
        let (owner, name) = path.rsplit_once('.')?;
        let (codes, system) = match binding.map(|text| (text, text.split_once(" of "))) {
            None => (Vec::new(), None),
            Some((text, None)) => (text.split('|').collect(), None),
            Some((_, Some((codes, system)))) => (codes.split('|').collect(), Some(system)),
        };
        Some(Self {
            owner,
            name,
            cardinality: words.next()?,
            types: words.next().unwrap_or_default(),
            codes,
            system,
            path,
        })
    }

    fn elements(&self) -> Vec<Element> {
        let Some(stem) = self.name.strip_suffix("[x]") else {
            return vec![self.element(self.name.to_owned(), None, self.types)];
        };
        let forms = self.types.split('|');
        forms
            .map(|kind| {
                let bare = kind.split('(').next().unwrap_or(kind);
                self.element(format!("{stem}{}", capitalised(bare)), Some(stem), kind)
            })
            .collect()
    }

    fn element(&self, name: String, choice: Option<&'static str>, kind: &'static str) -> Element {
        Element {
            name,
            choice,
            required: self.cardinality.starts_with('1'),
            repeats: !self.cardinality.ends_with("..1"),
            kind: self.kind(kind),
            codes: self.codes.clone(),
            system: self.system,
        }
    }

    fn kind(&self, name: &'static str) -> Kind {
        if let Some(other) = name.strip_prefix('#') {
            return Kind::Complex(other, Backbone::Part);
        }
        if let Some(primitive) = Primitive::named(name) {
            return Kind::Primitive(primitive);
        }
        if let Some(targets) = name.strip_prefix("Reference") {
            let targets = targets.trim_start_matches('(').trim_end_matches(')');
            return Kind::Reference(targets.split(',').filter(|t| !t.is_empty()).collect());
        }
        match name {
            // One element of R4 names its resource: the outcome in a bundle of answers.
            "Resource" | "OperationOutcome" => Kind::Resource,
            "BackboneElement" => Kind::Complex(self.path, Backbone::Part),
            "Element" => Kind::Complex(self.path, Backbone::DataType),
            other => Kind::Complex(other, Backbone::DataType),
        }
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_read() {
        let gender = r4().element("Patient", "gender").unwrap();
        assert_eq!(gender.codes, ["male", "female", "other", "unknown"]);
        let value = r4().element("Observation", "valueQuantity").unwrap();
        assert_eq!((value.choice, value.repeats), (Some("value"), false));
        let participant = r4().element("Appointment", "participant").unwrap();
        assert!(participant.required && participant.repeats);
        assert!(r4().is_resource("Patient") && !r4().is_resource("HumanName"));
    }

    #[test]
    fn every_type_that_an_element_names_is_there() {
        for (owner, elements) in &r4().owners {
            for element in elements.values() {
                if let Kind::Complex(kind, _) = element.kind {
                    assert!(
                        r4().own(kind).next().is_some(),
                        "{owner}.{}: {kind}",
                        element.name
                    );
                }
            }
        }
    }
}
