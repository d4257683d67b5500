//! Whom red flags are held against, for whoever reads words besides an interview.

use std::collections::BTreeSet;

use clinical_model::{Micros, PatientId};
use clinical_redflags::flags::{self, Age, Pregnancy, Sex};
use clinical_store::Conn;

use super::interviews::reached;
use super::{TriageError, engine, known};
use crate::Actor;

/// What the record says of a patient that changes red flags. What is unknown hides none.
pub(crate) async fn person(
    conn: &mut Conn,
    (actor, now): (&Actor, Micros),
    patient: PatientId,
) -> Result<flags::Patient, TriageError> {
    let access = reached(conn, actor, patient, now).await?;
    let story = known::story(conn, &access, now).await?;
    let background = engine::BACKGROUND
        .into_iter()
        .filter(|one| story.background.iter().any(|name| name == one.feature()));
    Ok(flags::Patient {
        age: story.age_days.map(Age::days),
        sex: story
            .female
            .map(|female| if female { Sex::Female } else { Sex::Male }),
        pregnancy: match story.pregnant {
            Some(true) => Pregnancy::Pregnant,
            Some(false) => Pregnancy::No,
            None => Pregnancy::Unknown,
        },
        background: background.collect::<BTreeSet<_>>(),
        ..flags::Patient::default()
    })
}
