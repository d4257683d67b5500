//! The register of processing (GDPR article 30), put together from what each domain declares beside
//! its use cases.

use clinical_model::rights::{Both, Processing};
use clinical_model::{Micros, Role};
use clinical_store::StoreError;

use crate::{
    Actor, Clinic, access, assistant, booking, captions, exchange, identity, notes, notify,
    prescribing, recordings, records, results, rights, sms, statistics, threads, triage, visits,
};

/// Every domain that processes personal data.
pub const REGISTER: &[Processing] = &[
    identity::PROCESSING,
    access::PROCESSING,
    rights::PROCESSING,
    booking::PROCESSING,
    visits::PROCESSING,
    recordings::PROCESSING,
    captions::PROCESSING,
    notes::PROCESSING,
    records::PROCESSING,
    prescribing::PROCESSING,
    results::PROCESSING,
    threads::PROCESSING,
    triage::PROCESSING,
    assistant::PROCESSING,
    sms::PROCESSING,
    notify::PROCESSING,
    exchange::PROCESSING,
    statistics::PROCESSING,
];

/// Why the register was not shown.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// Only administrators read it.
    #[error("only administrators read the register")]
    Forbidden,
    /// The store failed.
    #[error("that it was read could not be written down")]
    Store(#[from] StoreError),
}

/// The register, for an administrator.
///
/// # Errors
/// [`RegisterError`]
pub async fn register(
    clinic: &Clinic,
    actor: &Actor,
) -> Result<&'static [Processing], RegisterError> {
    if actor.role != Role::Admin {
        return Err(RegisterError::Forbidden);
    }
    let now: Micros = clinic.clock.now();
    let tx = clinic.db.begin().await?;
    tx.commit(actor.did("rights.register", now)).await?;
    Ok(REGISTER)
}

/// The register as the document that is kept in the repository: `docs/register.md`.
#[must_use]
pub fn as_markdown() -> String {
    let mut text = String::from(
        "# Register of processing\n\n\
         Article 30 of the GDPR. Each section is declared in the code beside the use cases it is\n\
         about (`PROCESSING`); a test compares this file with them. Administrators read it under\n\
         `/register`.\n",
    );
    for row in REGISTER {
        let part =
            |title: &str, both: Both| format!("- **{title}:** {}\n  *{}*\n", both.en, both.fr);
        text.push_str(&format!("\n## {}\n\n", row.domain));
        text.push_str(&part("Purpose", row.purpose));
        text.push_str(&format!("- **Legal basis:** {}\n", row.basis.articles()));
        text.push_str(&part("Whose data, and which", row.categories));
        text.push_str(&part("Kept", row.retention));
        text.push_str(&part("Who sees it", row.recipients));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_committed_register_is_that_of_the_code() {
        let committed = include_str!("../../../docs/register.md");
        assert!(
            committed == as_markdown(),
            "the register changed: run `cargo run -p telehealth -- register > docs/register.md`"
        );
    }

    #[test]
    fn every_domain_is_there_once_and_says_everything_in_both_languages() {
        let domains: BTreeSet<&str> = REGISTER.iter().map(|row| row.domain).collect();
        assert_eq!(domains.len(), REGISTER.len());
        for row in REGISTER {
            for both in [row.purpose, row.categories, row.retention, row.recipients] {
                assert!(!both.fr.is_empty() && !both.en.is_empty() && both.fr != both.en);
            }
        }
    }
}
