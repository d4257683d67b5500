//! Tags of chart entries, sealed with the patient's key and found by a blind index.

use clinical_model::access::Label;
use clinical_model::chart::tags::Tag;
use clinical_model::{EntryId, Micros, PatientId, UserId};
use clinical_vault::{DataKey, Place};
use uuid::Uuid;

use crate::statement::{execute, fetch_all};
use crate::tx::Conn;
use crate::{StoreError, Tx, keys};

/// Most tags of one patient that are read at once: eight on each of the entries of a page.
const TAGS_MAX: i64 = 8 * 500;

/// The place of a tag; its index tells it from the other tags of the entry.
pub(crate) fn place(entry: Uuid) -> Place<'static> {
    Place::value("chart_tags", "tag_sealed", entry)
}

/// The blind index of a tag under the patient's key.
pub(crate) fn index(key: &DataKey, tag: &str) -> Vec<u8> {
    key.blind_index("tag", tag).to_vec()
}

/// Gives an entry these tags and no others.
///
/// # Errors
/// The record was erased, or the store failed.
pub async fn put(
    tx: &mut Tx,
    (patient, entry): (PatientId, EntryId),
    tags: &[Tag],
    (author, now): (UserId, Micros),
) -> Result<(), StoreError> {
    let key = keys::living_patient_key(tx, patient).await?;
    execute!(
        tx,
        "DELETE FROM chart_tags WHERE entry = $1",
        entry.as_uuid()
    )?;
    for tag in tags {
        execute!(
            tx,
            "INSERT INTO chart_tags (entry, tag_index, tag_sealed, label, created_us, created_by)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
            entry.as_uuid(),
            index(&key, tag.as_str()),
            key.seal(place(entry.as_uuid()), tag.as_str().as_bytes())?,
            tag.label().level(),
            now.0,
            author.as_uuid()
        )?;
    }
    Ok(())
}

/// The tags of a patient's entries up to a label. Who may see the patient was decided before.
///
/// # Errors
/// The store failed.
pub async fn of_patient(
    conn: &mut Conn,
    patient: PatientId,
    label_max: Label,
) -> Result<Vec<(EntryId, Tag)>, StoreError> {
    let Some(key) = keys::patient_key(conn, patient).await? else {
        return Ok(Vec::new());
    };
    let rows = fetch_all!(
        conn,
        (Uuid, Vec<u8>),
        "SELECT t.entry, t.tag_sealed FROM chart_tags t
         JOIN chart_entries e ON e.id = t.entry
         WHERE e.patient = $1 AND e.label <= $2 AND t.label <= $2
         ORDER BY e.effective_us DESC, t.created_us LIMIT $3",
        patient.as_uuid(),
        label_max.level(),
        TAGS_MAX
    )?;
    rows.into_iter()
        .map(|(entry, sealed)| {
            let text =
                key.open_text(place(entry), &sealed)
                    .map_err(|source| StoreError::Sealed {
                        table: "chart_tags",
                        column: "tag_sealed",
                        source,
                    })?;
            let tag = Tag::parse(&text)
                .map_err(|source| StoreError::corrupt("chart_tags.tag_sealed", source))?;
            Ok((EntryId::from_uuid(entry), tag))
        })
        .collect()
}
