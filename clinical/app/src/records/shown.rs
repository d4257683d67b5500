//! Entries with what a page shows beside them, and lists over merged records.

use std::collections::HashMap;

use clinical_model::chart::Entry;
use clinical_model::chart::tags::Tag;
use clinical_model::{EntryId, PatientId};
use clinical_store::chart::{self, After, Filter};
use clinical_store::{Conn, StoreError, names, tags};

use super::RecordError;
use crate::{Access, Actor};

/// An entry with the name of who wrote it and its tags.
#[derive(Debug, Clone)]
pub struct Shown {
    /// The entry.
    pub entry: Entry,
    /// Who wrote this version; empty when their account is gone.
    pub author: String,
    /// Words to filter by.
    pub tags: Vec<Tag>,
}

/// Adds names and tags to entries that the actor may see.
pub(super) async fn shown(
    conn: &mut Conn,
    actor: &Actor,
    access: &Access,
    entries: Vec<Entry>,
) -> Result<Vec<Shown>, RecordError> {
    let authors = entries.iter().map(|it| it.author);
    let names = names::of(conn, actor.tenant, authors).await?;
    let mut patients: Vec<PatientId> = entries.iter().map(|it| it.patient).collect();
    patients.sort_unstable();
    patients.dedup();
    let mut tagged: HashMap<EntryId, Vec<Tag>> = HashMap::new();
    for patient in patients {
        for (entry, tag) in tags::of_patient(conn, patient, access.label_max()?).await? {
            tagged.entry(entry).or_default().push(tag);
        }
    }
    Ok(entries
        .into_iter()
        .map(|entry| Shown {
            author: names.get(&entry.author).cloned().unwrap_or_default(),
            tags: tagged.remove(&entry.id).unwrap_or_default(),
            entry,
        })
        .collect())
}

/// The entries of some records as one list, newest first, at most `max`.
pub(super) async fn listed(
    conn: &mut Conn,
    access: &Access,
    records: &[PatientId],
    filter: &Filter,
    (after, max): (Option<After>, u32),
) -> Result<Vec<Entry>, StoreError> {
    let mut entries = Vec::new();
    for record in records {
        let page = (after, max);
        entries.extend(chart::list(conn, access.viewer(), *record, filter, page).await?);
    }
    entries.sort_by_key(|it| core::cmp::Reverse((it.effective, it.id)));
    entries.truncate(usize::try_from(max).unwrap_or(usize::MAX));
    Ok(entries)
}
