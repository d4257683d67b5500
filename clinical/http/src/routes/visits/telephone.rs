//! `GET /telephone`, `POST /telephone/contacts`, `DELETE /telephone/contacts/{contact}`,
//! `DELETE /telephone/lockouts/{lock}`

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use clinical_api::{
    ContactRequest, ContactView, LockoutView, MoneyView, ProblemCode, TelephoneView,
    TrunkHealthView, TrunkView,
};
use clinical_app::visits::{
    self, Contact, NumberText, ShownLock, Telephone, TelephoneError, TrunkState, TrunkUse,
};
use clinical_model::ContactId;
use clinical_model::booking::PersonName;
use clinical_model::visits::PinTrier;

use crate::actor::Caller;
use crate::error::ApiError;
use crate::extract::{Body, Segments};
use crate::router::ApiState;

/// The telephone of a facility: trunks, what calls cost, who is locked out, whom doctors may call.
#[utoipa::path(get, path = "/telephone", tag = "telephone",
    responses((status = 200, body = TelephoneView)))]
pub(super) async fn telephone(
    State(state): State<ApiState>,
    Caller(actor): Caller,
) -> Result<Json<TelephoneView>, ApiError> {
    let telephone = visits::telephone(&state.desk, &actor)
        .await
        .map_err(refuse)?;
    Ok(Json(view(telephone)))
}

/// Add somebody whom doctors may call into visits.
#[utoipa::path(post, path = "/telephone/contacts", tag = "telephone",
    request_body = ContactRequest, responses((status = 201, body = ContactView)))]
pub(super) async fn add_contact(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Body(request): Body<ContactRequest>,
) -> Result<(StatusCode, Json<ContactView>), ApiError> {
    let name = PersonName::try_from(request.name.trim());
    let name = name.or(Err(ApiError::invalid("name")))?;
    let number = NumberText::new(request.number);
    let contact = visits::add_contact(&state.desk, &actor, (name, number))
        .await
        .map_err(refuse)?;
    Ok((StatusCode::CREATED, Json(contact_view(contact))))
}

/// Take somebody off the list.
#[utoipa::path(delete, path = "/telephone/contacts/{contact}", tag = "telephone",
    params(("contact" = String, Path, format = Uuid)), responses((status = 204)))]
pub(super) async fn remove_contact(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(id): Segments<ContactId>,
) -> Result<StatusCode, ApiError> {
    visits::remove_contact(&state.desk, &actor, id)
        .await
        .map_err(refuse)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Let somebody who was wrong too often try PINs again.
#[utoipa::path(delete, path = "/telephone/lockouts/{lock}", tag = "telephone",
    params(("lock" = String, Path)), responses((status = 204)))]
pub(super) async fn unlock(
    State(state): State<ApiState>,
    Caller(actor): Caller,
    Segments(lock): Segments<String>,
) -> Result<StatusCode, ApiError> {
    visits::forgive(&state.desk, &actor, &lock)
        .await
        .map_err(refuse)?;
    Ok(StatusCode::NO_CONTENT)
}

fn view(telephone: Telephone) -> TelephoneView {
    let Telephone {
        trunks,
        month,
        uses,
        money,
        locks,
        contacts,
    } = telephone;
    let spent_micros = uses.iter().map(|it| it.cost_micros).sum();
    TelephoneView {
        trunks: trunks.into_iter().map(|it| trunk_view(it, &uses)).collect(),
        month,
        money: money.map(|it| MoneyView {
            currency: it.currency,
            spent_micros,
            month_micros: it.month_micros,
        }),
        lockouts: locks.into_iter().map(lockout_view).collect(),
        contacts: contacts.into_iter().map(contact_view).collect(),
    }
}

fn trunk_view(trunk: TrunkState, uses: &[TrunkUse]) -> TrunkView {
    let used = uses.iter().find(|it| it.trunk == trunk.name);
    let words = |words: Vec<&'static str>| words.into_iter().map(str::to_owned).collect();
    TrunkView {
        calls: used.map_or(0, |it| it.calls),
        minutes: used.map_or(0, |it| it.seconds / 60),
        name: trunk.name,
        calls_in: trunk.calls_in,
        calls_out: trunk.calls_out,
        transport: trunk.transport.to_owned(),
        srtp: trunk.srtp.to_owned(),
        codecs: words(trunk.codecs),
        numbers: trunk.numbers,
        caller: trunk.caller,
        countries: trunk.countries,
        minutes_per_day_max: trunk.minutes_per_day_max,
        health: trunk.health.map(|it| TrunkHealthView {
            answers: it.answers,
            at_us: it.at_us,
        }),
    }
}

fn lockout_view(lock: ShownLock) -> LockoutView {
    let who = match lock.trier {
        PinTrier::Caller => "caller",
        PinTrier::Withheld => "withheld",
        PinTrier::Facility => "facility",
    };
    LockoutView {
        id: lock.id,
        who: who.to_owned(),
        until_us: lock.until.0,
    }
}

fn contact_view(contact: Contact) -> ContactView {
    ContactView {
        id: contact.id,
        name: contact.name.as_str().to_owned(),
        number: contact.number.as_str().to_owned(),
    }
}

fn refuse(error: TelephoneError) -> ApiError {
    match error {
        TelephoneError::NotFound => ApiError::not_found(),
        TelephoneError::Full => ProblemCode::WrongState.into(),
        TelephoneError::Number => ApiError::invalid("number"),
        TelephoneError::Store(error) => error.into(),
    }
}
