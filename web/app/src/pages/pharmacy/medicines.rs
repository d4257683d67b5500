//! What a patient takes: the doses of today, what is still to collect, every medicine with its days,
//! and being reminded of it.

use clinical_api::{MedicationPlanView, MedicationReminderView, PlannedMedicineView};
use leptos::prelude::*;

use super::plan::{facts, recorded};
use super::remind::Remind;
use super::words::{both, calendar_day, moment, number, unit};
use crate::components::{EmptyState, Glyph, Icon, Page, part};
use crate::i18n::{Key, say};
use crate::remote::Remote;
use crate::{api, tr, when};

/// What the page is made of.
type Own = (MedicationPlanView, Vec<MedicationReminderView>);

/// A patient's own medicines.
pub(crate) fn page() -> AnyView {
    let own: Remote<Own> = Remote::new(|| async {
        let plan = api::own_medication_plan().await?;
        Ok((plan, api::medication_reminders().await?))
    });
    let on_change = UnsyncCallback::new(move |()| own.reload());
    view! {
        <Page title=say(Key::NavMyMedicines)>
            {own.show(move |(plan, reminders)| {
                if plan.prescribed.is_empty() && plan.recorded.is_empty() {
                    return view! { <EmptyState glyph=Glyph::Pill><p>{say(Key::PlanOwnNone)}</p></EmptyState> }.into_any();
                }
                view! {
                    {today(&plan)}
                    {to_collect(&plan)}
                    {all(plan, &reminders, on_change)}
                }
                .into_any()
            })}
        </Page>
    }
    .into_any()
}

/// The doses of today, by the time of day.
fn today(plan: &MedicationPlanView) -> AnyView {
    let mut doses: Vec<_> = plan
        .prescribed
        .iter()
        .flat_map(|it| {
            it.today
                .iter()
                .map(move |dose| (dose.at_us, dose.time.clone(), it))
        })
        .collect();
    doses.sort_by_key(|(at, _, _)| *at);
    let is_empty = doses.is_empty();
    let rows = doses.into_iter().map(|(_, time, it)| {
        let (name, dose, word) = (it.name.clone(), it.taken.dose, it.taken.unit.clone());
        view! {
            <li data-testid="dose">
                <p><strong>{time}</strong>" "<span>{part(move || both(&name))}</span>" "
                    <span class="hint">{part(move || format!("{} {}", number(dose), unit(&word)))}</span></p>
            </li>
        }
    });
    let rows = rows.collect_view();
    let date = plan.today.clone();
    let place = plan.zone.clone();
    view! {
        <section class="card" data-testid="today">
            <h2><Icon glyph=Glyph::Clock/><span>{say(Key::PlanToday)}</span></h2>
            <p class="hint">{part(move || tr!(Key::PlanTodayPlace, date = calendar_day(&date), place = when::city(&place)))}</p>
            {if is_empty {
                view! { <p data-testid="today-none">{say(Key::PlanTodayNone)}</p> }.into_any()
            } else {
                view! { <ul class="plain entries">{rows}</ul> }.into_any()
            }}
        </section>
    }
    .into_any()
}

/// What waits at the pharmacy.
fn to_collect(plan: &MedicationPlanView) -> Option<AnyView> {
    let waiting = plan
        .prescribed
        .iter()
        .filter_map(|it| Some((it.name.clone(), it.collect_until_us?)));
    let rows: Vec<_> = waiting
        .map(|(name, us)| {
            view! {
                <li data-testid="collect">
                    <p><strong>{part(move || both(&name))}</strong></p>
                    <p class="hint">{part(move || tr!(Key::PlanCollectUntil, date = moment(us)))}</p>
                </li>
            }
        })
        .collect();
    (!rows.is_empty()).then(|| {
        view! {
            <section class="card" data-testid="to-collect">
                <h2><Icon glyph=Glyph::Pill/><span>{say(Key::PlanToCollect)}</span></h2>
                <ul class="plain entries">{rows}</ul>
                <p><a href="/my-prescriptions">{say(Key::PlanToPrescriptions)}</a></p>
            </section>
        }
        .into_any()
    })
}

/// Every medicine.
fn all(
    plan: MedicationPlanView,
    reminders: &[MedicationReminderView],
    on_change: UnsyncCallback<()>,
) -> AnyView {
    let of = |it: &PlannedMedicineView| {
        let is_of =
            |of: &&MedicationReminderView| of.prescription == it.prescription && of.line == it.line;
        reminders.iter().find(is_of).cloned()
    };
    let rows = plan.prescribed.iter().map(|it| {
        let name = it.name.clone();
        view! {
            <li data-testid="medicine" data-prescription=it.prescription.to_string() data-line=it.line.to_string()>
                {facts(it)}
                {of(it).map(|reminder| view! { <Remind reminder name on_change/> })}
            </li>
        }
    });
    let rows: Vec<_> = rows.collect();
    let besides = plan.recorded;
    view! {
        {(!rows.is_empty()).then(|| view! {
            <section class="card" data-testid="medicines">
                <h2><Icon glyph=Glyph::Pill/><span>{say(Key::PlanTaken)}</span></h2>
                <ul class="plain entries">{rows}</ul>
            </section>
        })}
        {(!besides.is_empty()).then(|| view! {
            <section class="card">
                <h2><Icon glyph=Glyph::Note/><span>{say(Key::PlanBesides)}</span></h2>
                <ul class="plain entries">{besides.into_iter().map(recorded).collect_view()}</ul>
            </section>
        })}
    }
    .into_any()
}
