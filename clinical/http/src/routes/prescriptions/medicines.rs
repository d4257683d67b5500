//! `/medicines`

use axum::Json;
use clinical_api::{BothText, MedicineFormView, MedicineView};
use clinical_app::prescribing::{self, PrescribingError};
use clinical_safety::Substance;
use serde::Deserialize;

use super::views::word;
use crate::error::ApiError;
use crate::extract::{Params, Segments};

/// Longest query, in characters.
const QUERY_CHARS_MAX: usize = 100;

/// What to look for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct MedicinesQuery {
    /// A name in French or English, a trade name or an ATC code; mistakes are forgiven.
    #[serde(default)]
    q: String,
}

/// Medicines of the formulary, the best fit first, at most 20.
#[utoipa::path(get, path = "/medicines", tag = "prescriptions", params(MedicinesQuery),
    responses((status = 200, body = Vec<MedicineView>)))]
pub(super) async fn search_medicines(
    Params(query): Params<MedicinesQuery>,
) -> Result<Json<Vec<MedicineView>>, ApiError> {
    if query.q.chars().count() > QUERY_CHARS_MAX {
        return Err(ApiError::invalid("q"));
    }
    let found = prescribing::search_medicines(&query.q).map_err(PrescribingError::from)?;
    Ok(Json(found.into_iter().map(medicine_view).collect()))
}

/// One medicine of the formulary.
#[utoipa::path(get, path = "/medicines/{slug}", tag = "prescriptions",
    params(("slug" = String, Path)), responses((status = 200, body = MedicineView)))]
pub(super) async fn read_medicine(
    Segments(slug): Segments<String>,
) -> Result<Json<MedicineView>, ApiError> {
    let found = prescribing::medicine(&slug).map_err(PrescribingError::from)?;
    let found = found.ok_or_else(ApiError::not_found)?;
    Ok(Json(medicine_view(found)))
}

fn medicine_view(it: &Substance) -> MedicineView {
    MedicineView {
        id: it.id.as_str().to_owned(),
        name: BothText {
            fr: it.name.fr.clone(),
            en: it.name.en.clone(),
        },
        atc: it.atc.clone(),
        brands: it.brands.clone(),
        controlled: it.controlled,
        unit: word(it.limits.unit),
        forms: it
            .forms
            .iter()
            .map(|form| MedicineFormView {
                form: form.form.clone(),
                route: form.route.clone(),
                strength: form.strength.clone(),
            })
            .collect(),
    }
}
