//! Finding patients by what somebody remembers of them.

use clinical_finder::MAX_HITS;
use clinical_model::PatientId;
use clinical_model::patients::Patient;
use clinical_store::patients;

use super::RecordError;
use crate::{Actor, Desk};

/// Most patients in one answer: more than anybody reads before they type another letter.
pub const PATIENTS_PAGE_MAX: u32 = 50;

/// Patients whom the actor may see.
#[derive(Debug, Clone)]
pub struct Found {
    /// Best fit first; without a query, registered last first.
    pub patients: Vec<Patient>,
    /// Where the next page begins, for lists without a query.
    pub next: Option<PatientId>,
}

/// The patients of the actor who fit a query best, or all of them in pages when it is empty.
///
/// # Errors
/// [`RecordError::Store`]
pub async fn search(
    desk: &Desk,
    actor: &Actor,
    query: &str,
    (after, max): (Option<PatientId>, u32),
) -> Result<Found, RecordError> {
    let now = desk.now();
    let viewer = actor.viewer(now);
    let max = max.clamp(1, PATIENTS_PAGE_MAX);
    let most = usize::try_from(max).unwrap_or(usize::MAX);
    let mut conn = desk.db().look().await?;
    let found = if query.trim().is_empty() {
        let mut page = patients::page(&mut conn, &viewer, after, max.saturating_add(1)).await?;
        let has_more = page.len() > most;
        page.truncate(most);
        Found {
            next: page.last().filter(|_| has_more).map(|it| it.id),
            patients: page,
        }
    } else {
        let ask = |finder: &clinical_finder::Finder| finder.search(query, MAX_HITS);
        let hits = desk.index().ask(&mut conn, actor.tenant, ask).await?;
        // The rights are asked for each hit, best first, until the answer is full.
        let ids: Vec<PatientId> = hits.iter().map(|it| PatientId::from_uuid(it.id)).collect();
        let seen = patients::first_of(&mut conn, &viewer, &ids, most).await?;
        Found {
            patients: seen,
            next: None,
        }
    };
    conn.commit(actor.did("patient.search", now)).await?;
    Ok(found)
}
