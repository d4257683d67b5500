//! Everything of a patient in one list, newest first.

use clinical_model::chart::tags::Tag;
use clinical_model::chart::{Entry, Kind};
use clinical_model::{EntryId, Micros, PatientId};
use clinical_store::chart::{After, PAGE_MAX};
use clinical_store::timeline::{Visit, visits};
use clinical_store::{Conn, names, tags};
use uuid::Uuid;

use super::overview::everything;
use super::shown::{Shown, listed, shown};
use super::{RecordError, records_of};
use crate::{Access, Actor, Clinic};

/// Most items of one page.
pub const TIMELINE_PAGE_MAX: u32 = 100;

/// Which part of the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineQuery {
    /// Entries of the chart.
    pub entries: bool,
    /// Only entries of these kinds; of all when it is empty.
    pub kinds: Vec<Kind>,
    /// Visits.
    pub visits: bool,
    /// Only entries with this tag.
    pub tag: Option<Tag>,
    /// True at or after.
    pub from: Micros,
    /// True before.
    pub to: Micros,
    /// Also what was entered in error.
    pub with_errors: bool,
    /// After the item with this time and id.
    pub after: Option<(Micros, Uuid)>,
    /// At most so many, up to [`TIMELINE_PAGE_MAX`].
    pub max: u32,
}

/// One item.
#[derive(Debug, Clone)]
pub enum Item {
    /// An entry of the chart.
    Entry(Box<Shown>),
    /// An appointment, with the doctor's name.
    Visit(Visit, String),
}

impl Item {
    fn place(&self) -> (Micros, Uuid) {
        match self {
            Self::Entry(it) => (it.entry.effective, it.entry.id.as_uuid()),
            Self::Visit(it, _) => (it.start, it.id.as_uuid()),
        }
    }
}

/// A page of the timeline.
#[derive(Debug, Clone)]
pub struct Page {
    /// The items, newest first.
    pub items: Vec<Item>,
    /// Where the next page begins; none at the end.
    pub next: Option<(Micros, Uuid)>,
}

/// A page of a patient's timeline.
///
/// # Errors
/// [`RecordError::NotFound`] and [`RecordError::Store`]
pub async fn timeline(
    clinic: &Clinic,
    actor: &Actor,
    patient: PatientId,
    query: &TimelineQuery,
) -> Result<Page, RecordError> {
    let mut tx = clinic.db.look().await?;
    let access = Access::to(&mut tx, actor, patient, clinic.clock.now()).await?;
    access.label_max()?;
    let records = records_of(&mut tx, patient).await?;
    let max = query.max.clamp(1, TIMELINE_PAGE_MAX);
    // One more than is shown, to know whether there is another page.
    let asked = max.saturating_add(1);
    let mut items = Vec::new();
    if query.entries {
        let entries = entries(&mut tx, &access, (&records, query), asked).await?;
        let entries = shown(&mut tx, actor, &access, entries).await?;
        items.extend(entries.into_iter().map(Box::new).map(Item::Entry));
    }
    if query.visits && query.tag.is_none() {
        items.extend(appointments(&mut tx, actor, &access, (&records, query), asked).await?);
    }
    items.sort_by_key(|it| core::cmp::Reverse(it.place()));
    let most = usize::try_from(max).unwrap_or(usize::MAX);
    let has_more = items.len() > most;
    items.truncate(most);
    tx.commit(access.entry(actor, "chart.timeline")).await?;
    Ok(Page {
        next: items.last().filter(|_| has_more).map(Item::place),
        items,
    })
}

async fn entries(
    conn: &mut Conn,
    access: &Access,
    (records, query): (&[PatientId], &TimelineQuery),
    max: u32,
) -> Result<Vec<Entry>, RecordError> {
    let mut filter = everything(access.label_max()?);
    filter.kinds.clone_from(&query.kinds);
    filter.from = query.from;
    filter.to = query.to;
    filter.with_errors = query.with_errors;
    let mut after = query.after.map(|(effective, id)| After {
        effective,
        id: EntryId::from_uuid(id),
    });
    let Some(tag) = &query.tag else {
        return Ok(listed(conn, access, records, &filter, (after, max)).await?);
    };
    let mut tagged = Vec::new();
    for record in records {
        let of_record = tags::of_patient(conn, *record, access.label_max()?).await?;
        tagged.extend(
            of_record
                .into_iter()
                .filter(|(_, it)| it == tag)
                .map(|(entry, _)| entry),
        );
    }
    let most = usize::try_from(max).unwrap_or(usize::MAX);
    let mut found: Vec<Entry> = Vec::new();
    loop {
        let page = listed(conn, access, records, &filter, (after, PAGE_MAX)).await?;
        let is_last = page.len() < usize::try_from(PAGE_MAX).unwrap_or(usize::MAX);
        after = page.last().map(|it| After {
            effective: it.effective,
            id: it.id,
        });
        found.extend(page.into_iter().filter(|it| tagged.contains(&it.id)));
        if is_last || found.len() >= most {
            found.truncate(most);
            return Ok(found);
        }
    }
}

async fn appointments(
    conn: &mut Conn,
    actor: &Actor,
    access: &Access,
    (records, query): (&[PatientId], &TimelineQuery),
    max: u32,
) -> Result<Vec<Item>, RecordError> {
    let after = query.after.unwrap_or((Micros(i64::MAX), Uuid::max()));
    let range = (query.from, query.to);
    let mut found = Vec::new();
    for record in records {
        let page = (after, max);
        found.extend(visits(conn, access.viewer(), *record, range, page).await?);
    }
    let doctors = found.iter().map(|it| it.doctor);
    let names = names::of(conn, actor.tenant, doctors).await?;
    Ok(found
        .into_iter()
        .map(|it| Item::Visit(it, names.get(&it.doctor).cloned().unwrap_or_default()))
        .collect())
}
