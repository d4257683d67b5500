//! The index of names in memory: one finder for each facility, which reads on from the last change.

use std::collections::HashMap;

use clinical_finder::{BirthDate, Finder, Person};
use clinical_model::TenantId;
use clinical_model::patients::Demographics;
use clinical_store::{Conn, StoreError, patients};
use tokio::sync::Mutex;

/// Changes that are read at once.
const CHANGES_MAX: u32 = 1_000;

/// Who is registered in which facility. Whoever asks it filters the answer by rights.
#[derive(Default)]
pub struct Index {
    known: Mutex<HashMap<TenantId, Known>>,
}

impl core::fmt::Debug for Index {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Index(..)")
    }
}

#[derive(Default)]
struct Known {
    seq: i64,
    finder: Finder,
}

impl Index {
    /// Asks the finder of a facility, with every change that `conn` sees.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) async fn ask<T>(
        &self,
        conn: &mut Conn,
        tenant: TenantId,
        question: impl FnOnce(&Finder) -> T,
    ) -> Result<T, StoreError> {
        let mut facilities = self.known.lock().await;
        let known = facilities.entry(tenant).or_default();
        loop {
            let changes = patients::changed_since(conn, tenant, known.seq, CHANGES_MAX).await?;
            let Some(last) = changes.last().map(|it| it.seq) else {
                return Ok(question(&known.finder));
            };
            for change in changes {
                let id = change.id.as_uuid();
                match change.demographics {
                    Some(who) => known.finder.insert(id, &person(&who)),
                    None => {
                        known.finder.remove(id);
                    }
                }
            }
            known.seq = last;
        }
    }
}

/// What somebody is found by.
pub(super) fn person(who: &Demographics) -> Person {
    Person {
        names: vec![
            who.given.as_str().to_owned(),
            who.family.as_str().to_owned(),
        ],
        birth_date: who.birth.as_ref().and_then(|birth| {
            let (year, month, day) = birth.parts();
            Some(BirthDate {
                year: u16::try_from(year).ok()?,
                month: u8::try_from(month.unwrap_or(0)).ok()?,
                day: u8::try_from(day.unwrap_or(0)).ok()?,
            })
        }),
        phones: who.phones.iter().map(|it| it.as_str().to_owned()).collect(),
        identifiers: who
            .identifiers
            .iter()
            .map(|it| it.value.as_str().to_owned())
            .collect(),
    }
}
