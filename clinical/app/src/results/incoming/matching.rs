//! Whose result it is. A record is only taken when enough facts agree and none contradicts; when two
//! fit, none is taken.

use std::collections::BTreeSet;

use clinical_finder::fold_words;
use clinical_model::patients::{Demographics, Patient, PatientState, Sex};
use clinical_model::results::{Incoming, Order, SentPerson, Unmatched};
use clinical_model::{OrderId, PatientId, TenantId};
use clinical_store::{Conn, StoreError, orders, patients, unmatched};
use uuid::Uuid;

use super::LabInterface;

/// Whether a fact of the message is that of the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fact {
    /// It is the same.
    Agrees,
    /// It is another one.
    Differs,
    /// One of the two does not say, or not enough.
    Silent,
}

/// What of the message is that of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Proof {
    /// An identifier with its system, or the number of the record.
    pub(super) identifier: bool,
    /// The value of an identifier, whoever gave it.
    pub(super) number: bool,
    /// All names.
    pub(super) name: Fact,
    /// Day, month and year.
    pub(super) birth: Fact,
    /// Administrative gender.
    pub(super) sex: Fact,
    /// A phone number.
    pub(super) phone: bool,
}

impl Proof {
    pub(super) fn of(message: &SentPerson, id: PatientId, who: &Demographics) -> Self {
        let is_own = |value: &str| value.parse::<Uuid>().is_ok_and(|it| it == id.as_uuid());
        let pairs = || {
            let sent = message.identifiers.iter();
            sent.flat_map(|sent| who.identifiers.iter().map(move |known| (sent, known)))
        };
        let is_same_number = pairs().any(|(sent, known)| sent.value == known.value.as_str());
        let is_same = pairs().any(|(sent, known)| {
            sent.value == known.value.as_str()
                && sent.systems.iter().any(|it| it == known.system.as_str())
        });
        Self {
            identifier: is_same || message.identifiers.iter().any(|it| is_own(&it.value)),
            number: is_same_number,
            name: name(message, who),
            birth: birth(message, who),
            sex: match (message.sex, who.sex) {
                (Sex::Female, Sex::Female) | (Sex::Male, Sex::Male) => Fact::Agrees,
                (Sex::Female, Sex::Male) | (Sex::Male, Sex::Female) => Fact::Differs,
                (Sex::Other | Sex::Unknown, _) | (_, Sex::Other | Sex::Unknown) => Fact::Silent,
            },
            phone: message.phones.iter().any(|it| who.phones.contains(it)),
        }
    }

    pub(super) fn contradicts(self) -> bool {
        [self.name, self.birth, self.sex].contains(&Fact::Differs)
    }

    fn is_named_and_born(self) -> bool {
        self.name == Fact::Agrees && self.birth == Fact::Agrees
    }

    /// Whether it is enough beside the number of an order.
    fn confirms(self) -> bool {
        !self.contradicts() && (self.identifier || self.number || self.is_named_and_born())
    }

    /// Whether it is enough alone.
    fn identifies(self) -> bool {
        let has_third = self.phone || self.number;
        !self.contradicts() && (self.identifier || self.is_named_and_born() && has_third)
    }
}

/// All names in one order are the same name; no common name is another one. What is between, as an
/// initial or a second given name, says nothing.
fn name(message: &SentPerson, who: &Demographics) -> Fact {
    let folded = |text: &str| fold_words(text).into_iter().collect::<BTreeSet<_>>();
    let (family, given) = (folded(&message.family), folded(&message.given));
    if family.is_empty() {
        return Fact::Silent;
    }
    let known = (folded(who.family.as_str()), folded(who.given.as_str()));
    if (&family, &given) == (&known.0, &known.1) {
        return Fact::Agrees;
    }
    let all: BTreeSet<_> = known.0.union(&known.1).collect();
    if family.iter().any(|it| all.contains(it)) {
        Fact::Silent
    } else {
        Fact::Differs
    }
}

fn birth(message: &SentPerson, who: &Demographics) -> Fact {
    let (Some(sent), Some(known)) = (&message.birth, &who.birth) else {
        return Fact::Silent;
    };
    let ((year, month, day), (of_year, of_month, of_day)) = (sent.parts(), known.parts());
    let differs = |a: Option<i8>, b: Option<i8>| a.zip(b).is_some_and(|(a, b)| a != b);
    if year != of_year || differs(month, of_month) || differs(day, of_day) {
        Fact::Differs
    } else if day.is_some() && of_day.is_some() {
        Fact::Agrees
    } else {
        Fact::Silent
    }
}

/// Where a result belongs.
pub(super) enum Place {
    /// To an order.
    Order(Box<Order>),
    /// To a patient, without an order of ours.
    Patient(PatientId),
}

/// The records that share an exact fact with the message: identifier, number of the record, phone.
pub(super) async fn sharing(
    conn: &mut Conn,
    tenant: TenantId,
    message: &SentPerson,
) -> Result<Vec<Patient>, StoreError> {
    let mut ids = BTreeSet::new();
    for it in &message.identifiers {
        for system in &it.systems {
            let text = format!("{system}|{}", it.value);
            ids.extend(patients::look_up(conn, tenant, ("identifier", &text)).await?);
        }
        ids.extend(it.value.parse::<PatientId>().ok());
    }
    for phone in &message.phones {
        ids.extend(patients::look_up(conn, tenant, ("phone", phone.as_str())).await?);
    }
    let mut found = Vec::new();
    for id in ids {
        let patient = patients::record(conn, tenant, id).await?;
        found.extend(patient.filter(|it| it.state == PatientState::Active));
    }
    Ok(found)
}

/// The order that the message names, by our number or by the laboratory's own.
pub(super) async fn named_order(
    conn: &mut Conn,
    tenant: TenantId,
    it: &Incoming,
) -> Result<Result<Option<Order>, Unmatched>, StoreError> {
    let mut named: BTreeSet<OrderId> = BTreeSet::new();
    let mut found = None;
    if let Ok(id) = it.placer.parse::<OrderId>() {
        let order = orders::record(conn, id).await?;
        found = order.filter(|order| order.tenant == tenant);
        named.extend(found.as_ref().map(|order| order.id));
    }
    for filler in fillers(it) {
        named.extend(unmatched::order_of_filler(conn, tenant, &filler).await?);
    }
    if named.len() > 1 {
        return Ok(Err(Unmatched::Conflict));
    }
    if found.is_none() {
        for id in named {
            found = orders::record(conn, id).await?;
        }
    }
    Ok(Ok(found))
}

/// The laboratory's own numbers, each with the laboratory in it.
pub(super) fn fillers(it: &Incoming) -> BTreeSet<String> {
    let filled = it.lines.iter().filter(|line| !line.filler.is_empty());
    filled
        .map(|line| format!("filler|{}|{}", it.sender, line.filler))
        .collect()
}

/// Where a result belongs, or why nobody but a person can say.
pub(super) async fn place(
    conn: &mut Conn,
    lab: &LabInterface,
    it: &Incoming,
) -> Result<Result<Place, Unmatched>, StoreError> {
    let order = match named_order(conn, lab.tenant, it).await? {
        Ok(order) => order,
        Err(reason) => return Ok(Err(reason)),
    };
    if let Some(order) = order {
        let patient = patients::record(conn, order.tenant, order.patient).await?;
        let patient = patient.filter(|it| it.state == PatientState::Active);
        let is_theirs =
            patient.is_some_and(|who| Proof::of(&it.person, who.id, &who.demographics).confirms());
        return Ok(if is_theirs {
            Ok(Place::Order(Box::new(order)))
        } else {
            Err(Unmatched::PatientDiffers)
        });
    }
    let is_ours = it.receiver.trim().eq_ignore_ascii_case(lab.facility.trim());
    let sharing = sharing(conn, lab.tenant, &it.person).await?;
    let proofs = sharing
        .iter()
        .map(|who| (who.id, Proof::of(&it.person, who.id, &who.demographics)));
    let proofs: Vec<_> = proofs.collect();
    // Whoever shares a number with the message counts, even when another fact contradicts: two
    // records with one number are a question for a person.
    let fitting = proofs
        .iter()
        .filter(|(_, proof)| proof.identifier || proof.identifies());
    let fitting: Vec<_> = fitting.collect();
    Ok(match fitting.as_slice() {
        [] if proofs.iter().any(|(_, it)| it.is_named_and_born()) => Err(Unmatched::PatientDiffers),
        [] => Err(Unmatched::NoPatient),
        [(_, proof)] if !proof.identifies() => Err(Unmatched::PatientDiffers),
        [_] if !is_ours => Err(Unmatched::OtherFacility),
        [(id, _)] => Ok(Place::Patient(*id)),
        _ => Err(Unmatched::SeveralPatients),
    })
}
