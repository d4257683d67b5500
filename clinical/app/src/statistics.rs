//! What the health authority is told: counts of finished months, with small ones suppressed.

use clinical_model::booking::AppointmentStage;
use clinical_model::rights::{Both, LegalBasis, Processing};
use clinical_model::statistics::{Published, publish};
use clinical_model::{Micros, Role};
use clinical_store::{StoreError, statistics, tenants};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::{Actor, Clinic};

/// How many months are counted. The month that is running is not: a count that is asked for twice in
/// it would tell of the one person in between.
pub const MONTHS: u8 = 12;

/// Counts of a facility by month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statistics {
    /// Begin of each month in the facility's zone, oldest first, as `YYYY-MM`.
    pub months: Vec<String>,
    /// Visits that took place.
    pub held: Published,
    /// Appointments that were cancelled.
    pub cancelled: Published,
}

/// Why there are no statistics.
#[derive(Debug, thiserror::Error)]
pub enum StatisticsError {
    /// Not for this role.
    #[error("this role does not read statistics")]
    Forbidden,
    /// The months can not be computed in the facility's zone.
    #[error("the months of the facility can not be computed")]
    Months(#[from] jiff::Error),
    /// The store failed.
    #[error("the statistics could not be read")]
    Store(#[from] StoreError),
}

/// Counts of the last [`MONTHS`] finished months. They may be as old as replicas of the store may be late.
///
/// # Errors
/// [`StatisticsError`]
pub async fn statistics(clinic: &Clinic, actor: &Actor) -> Result<Statistics, StatisticsError> {
    if actor.role != Role::HealthAuthority {
        return Err(StatisticsError::Forbidden);
    }
    let now = clinic.clock.now();
    let mut look = clinic.db.look_stale().await?;
    let zone = tenants::zone(&mut look, actor.tenant).await?;
    let zone = zone
        .and_then(|it| TimeZone::get(&it).ok())
        .unwrap_or(TimeZone::UTC);
    let months = finished_months(now, &zone)?;
    let mut held = Vec::with_capacity(months.len());
    let mut cancelled = Vec::with_capacity(months.len());
    for (_, span) in &months {
        for (stage, row) in [
            (AppointmentStage::Finished, &mut held),
            (AppointmentStage::Cancelled, &mut cancelled),
        ] {
            row.push(statistics::appointments(&mut look, actor.tenant, *span, stage).await?);
        }
    }
    look.commit(actor.did("statistics.read", now)).await?;
    Ok(Statistics {
        months: months
            .iter()
            .map(|(first, _)| first.strftime("%Y-%m").to_string())
            .collect(),
        held: publish(&held),
        cancelled: publish(&cancelled),
    })
}

/// A month by its first day, its begin and its end.
type Month = (Date, (Micros, Micros));

/// The last finished months, oldest first.
fn finished_months(now: Micros, zone: &TimeZone) -> Result<Vec<Month>, jiff::Error> {
    let running = Timestamp::from_microsecond(now.0)?
        .to_zoned(zone.clone())
        .date()
        .first_of_month();
    let begin = |first: Date| {
        let midnight = first.to_zoned(zone.clone())?;
        Ok::<_, jiff::Error>(Micros(midnight.timestamp().as_microsecond()))
    };
    (1..=MONTHS)
        .rev()
        .map(|ago| {
            let first = running.checked_sub(Span::new().months(ago))?;
            let next = first.checked_add(Span::new().months(1))?;
            Ok((first, (begin(first)?, begin(next)?)))
        })
        .collect()
}

/// What the register of processing says of this domain.
pub const PROCESSING: Processing = Processing {
    domain: "statistics",
    purpose: Both {
        fr: "Donner à l’autorité de santé des nombres mensuels.",
        en: "Give the health authority monthly counts.",
    },
    basis: LegalBasis::PublicHealth,
    categories: Both {
        fr: "Des nombres seulement ; les petits sont masqués.",
        en: "Counts only; small ones are suppressed.",
    },
    retention: Both {
        fr: "Rien n’est gardé : calculé à la demande.",
        en: "Nothing is kept: computed on request.",
    },
    recipients: Both {
        fr: "L’autorité de santé.",
        en: "The health authority.",
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_months_of_douala_end_an_hour_before_those_of_utc() {
        // Monday, 23 November 2026, 08:00 UTC.
        let zone = TimeZone::get("Africa/Douala").unwrap();
        let months = finished_months(Micros(1_795_420_800_000_000), &zone).unwrap();
        assert_eq!(months.len(), usize::from(MONTHS));
        let (first, _) = months.first().unwrap();
        let (last, (_, end)) = months.last().unwrap();
        assert_eq!(
            (first.to_string(), last.to_string()),
            ("2025-11-01".to_owned(), "2026-10-01".to_owned())
        );
        assert_eq!(
            Timestamp::from_microsecond(end.0).unwrap().to_string(),
            "2026-10-31T23:00:00Z"
        );
    }
}
