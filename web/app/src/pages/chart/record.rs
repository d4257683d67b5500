use clinical_model::PatientId;
use leptos::prelude::*;

use super::asking::Asked;
use super::documents::Documents;
use super::family::Family;
use super::state::Record;
use super::summary::Summary;
use super::timeline::Timeline;
use super::trends::Trends;
use super::words;
use crate::components::{Page, part};
use crate::i18n::{Key, say};
use crate::pages::missing;
use crate::session::me;

/// The own record of a patient.
pub(crate) fn page() -> AnyView {
    part(move || {
        let own = me().and_then(|me| me.patient);
        own.map_or_else(missing::page, whole)
    })
    .into_any()
}

fn whole(id: PatientId) -> AnyView {
    let record = Record::open(id);
    view! {
        <Page title=say(Key::RecordTitle)>
            <p class="lead">{say(Key::RecordText)}</p>
            {record.patient.show(|patient| {
                let details = patient.details;
                view! { <p data-testid="patient-who">{part(move || words::who(&details))}</p> }.into_any()
            })}
            <Summary record/>
            <Trends record/>
            <Documents record/>
            <Family record/>
            <Timeline record/>
            <Asked record/>
        </Page>
    }
    .into_any()
}
