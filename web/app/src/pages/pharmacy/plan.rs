//! What a patient takes now, as patients and those who look after them read it.

use clinical_api::{MedicationPlanView, PlannedMedicineView, RecordedMedicineView};
use clinical_model::PatientId;
use leptos::prelude::*;

use super::words::{both, calendar_day, moment, number, route, supply, times, unit};
use crate::api;
use crate::components::{Glyph, Icon, part};
use crate::i18n::{Key, say, t};
use crate::remote::Remote;
use crate::tr;

/// What this patient takes now, for those who look after them.
#[component]
pub(crate) fn Plan(
    /// Whose.
    patient: PatientId,
) -> impl IntoView {
    let plan = Remote::new(move || api::medication_plan(patient));
    view! {
        <section class="card" data-testid="plan">
            <h2><Icon glyph=Glyph::Pill/><span>{say(Key::PlanTitle)}</span></h2>
            <p class="hint">{say(Key::PlanAbout)}</p>
            {plan.show(|plan| view! { <Lines plan/> }.into_any())}
        </section>
    }
}

#[component]
fn Lines(plan: MedicationPlanView) -> impl IntoView {
    if plan.prescribed.is_empty() && plan.recorded.is_empty() {
        return view! { <p class="hint" data-testid="plan-none">{say(Key::PlanNone)}</p> }
            .into_any();
    }
    let prescribed = plan.prescribed.into_iter().map(|it| {
        let (by, supply) = (it.prescriber_name.clone(), it.supply.clone());
        view! {
            <li data-testid="plan-line" data-supply=supply>
                {facts(&it)}
                <p class="hint">{part(move || tr!(Key::PlanBy, name = by))}</p>
            </li>
        }
    });
    view! {
        <ul class="plain entries">
            {prescribed.collect_view()}
            {plan.recorded.into_iter().map(recorded).collect_view()}
        </ul>
    }
    .into_any()
}

/// A line: what, how, from when until when, and how much of it the patient has.
pub(super) fn facts(it: &PlannedMedicineView) -> AnyView {
    let name = it.name.clone();
    let taken = it.taken.clone();
    let directions = taken.directions.clone();
    let (from, until) = (it.from.clone(), it.until.clone());
    let (state, given, of) = (it.supply.clone(), it.units_handed_out, it.units);
    let urgent = matches!(state.as_str(), "not_collected" | "ran_out");
    let collect = it.collect_until_us;
    let lapsed = state == "not_collected" && collect.is_none();
    view! {
        <p><strong>{part(move || both(&name))}</strong>
            {it.confidential.then(|| view! { " " <span class="badge"><Icon glyph=Glyph::Eye/>{say(Key::EntryIsHidden)}</span> })}
        </p>
        <p>{part(move || tr!(
            Key::PlanDosage,
            dose = number(taken.dose),
            unit = unit(&taken.unit),
            route = route(&taken.route),
            times = times(taken.per_day)
        ))}</p>
        {directions.map(|words| view! { <p class="written">{words}</p> })}
        <p>{part(move || match &until {
            Some(until) => tr!(Key::PlanFromUntil, from = calendar_day(&from), until = calendar_day(until)),
            None => tr!(Key::PlanFrom, from = calendar_day(&from)),
        })}</p>
        <p data-testid="plan-supply">
            <Icon glyph=if urgent { Glyph::Warning } else { Glyph::Check }/>" "
            {part(move || tr!(Key::PlanSupply, state = t(supply(&state)), given = given, of = of))}
        </p>
        {collect.map(|us| view! { <p class="hint">{part(move || tr!(Key::PlanCollectUntil, date = moment(us)))}</p> })}
        {lapsed.then(|| view! { <p class="hint">{say(Key::PlanLapsed)}</p> })}
    }
    .into_any()
}

/// A medicine that the chart says is taken besides.
pub(super) fn recorded(it: RecordedMedicineView) -> AnyView {
    let by = it.author_name;
    let (from, until) = (it.from, it.until);
    view! {
        <li data-testid="plan-recorded">
            <p><strong>{it.name}</strong></p>
            {it.dosage.map(|words| view! { <p class="written">{words}</p> })}
            {from.map(|from| view! { <p>{part(move || match &until {
                Some(until) => tr!(Key::PlanFromUntil, from = calendar_day(&from), until = calendar_day(until)),
                None => tr!(Key::PlanFrom, from = calendar_day(&from)),
            })}</p> })}
            <p class="hint">{part(move || tr!(Key::PlanRecorded, name = by))}</p>
        </li>
    }
    .into_any()
}
