use clinical_model::AppointmentId;
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::missing;

/// Builds a page for the appointment in the address `/appointments/{id}/...`.
pub(crate) fn with_appointment(
    page: impl Fn(AppointmentId) -> AnyView + Send + 'static,
) -> AnyView {
    let params = use_params_map();
    let id = Memo::new(move |_| {
        params
            .with(|params| params.get("id"))
            .and_then(|id| id.parse::<AppointmentId>().ok())
    });
    (move || id.get().map_or_else(missing::page, &page)).into_any()
}

/// A value of the query, if it is one of its type.
pub(crate) fn query<T>(name: &'static str) -> Memo<Option<T>>
where
    T: core::str::FromStr + PartialEq + Send + Sync + 'static,
{
    let query = use_query_map();
    Memo::new(move |_| {
        query
            .with(|query| query.get(name))
            .and_then(|value| value.parse().ok())
    })
}
