use clinical_api::PrescriptionView;
use clinical_model::PatientId;
use clinical_model::prescribing::Stage;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::parts::{refusal_box, stage_tag};
use super::words::{medicines, moment};
use crate::api::{self, ApiError};
use crate::components::{Button, EmptyState, Failure, Glyph, Icon, Look, Page, part, toast};
use crate::i18n::{Key, say, t_now};
use crate::news;
use crate::pages::address::query;
use crate::remote::Remote;
use crate::session::me;
use crate::tr;

type List = Remote<Vec<PrescriptionView>>;

/// A doctor's prescriptions: what the pharmacy has sent back first.
pub(crate) fn page() -> AnyView {
    let patient = query::<PatientId>("patient");
    view! {
        <Page title=say(Key::NavPrescriptions)>
            {part(move || {
                let of = patient.get();
                let list = Remote::new(move || api::prescriptions(of));
                // What the pharmacy sends back appears by itself.
                Effect::new(move |before: Option<i64>| {
                    let now = news::refusals();
                    if before.is_some_and(|before| before != now) {
                        list.reload();
                    }
                    now
                });
                let new = of.map_or_else(
                    || "/prescriptions/new".to_owned(),
                    |id| format!("/prescriptions/new?patient={id}"),
                );
                view! {
                    <div class="actions">
                        <a class="button primary" href=new data-testid="rx-new"><Icon glyph=Glyph::Plus/><span>{say(Key::RxNew)}</span></a>
                        {of.map(|_| view! { <a class="button quiet" href="/prescriptions" data-testid="rx-all">{say(Key::RxAll)}</a> })}
                    </div>
                    {list.show(move |found| groups(found, list))}
                }
            })}
        </Page>
    }
    .into_any()
}

fn groups(found: Vec<PrescriptionView>, list: List) -> AnyView {
    if found.is_empty() {
        return view! { <EmptyState glyph=Glyph::Pill><p>{say(Key::RxNone)}</p></EmptyState> }
            .into_any();
    }
    let (mut refused, rest): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|it| it.stage == Stage::Refused);
    refused.sort_by_key(|it| core::cmp::Reverse(it.refusal.as_ref().map_or(0, |it| it.at_us)));
    let has_refused = !refused.is_empty();
    let has_rest = !rest.is_empty();
    let cards = refused.into_iter().map(|it| refused_card(it, list));
    view! {
        {has_refused.then(|| view! {
            <section data-testid="rx-refused">
                <h2><Icon glyph=Glyph::Warning/>{say(Key::RxRefusedTitle)}</h2>
                {cards.collect_view()}
            </section>
        })}
        {has_rest.then(|| view! {
            <section>
                <h2>{say(Key::RxOthers)}</h2>
                <ul class="choices">{rest.into_iter().map(row).collect_view()}</ul>
            </section>
        })}
    }
    .into_any()
}

fn row(it: PrescriptionView) -> AnyView {
    let href = match it.stage {
        Stage::Draft => format!("/prescriptions/{}/edit", it.id),
        _ => format!("/prescriptions/{}", it.id),
    };
    let (id, stage, name, at_us) = (
        it.id,
        it.stage,
        it.patient_name.clone(),
        it.signed_us.unwrap_or(it.created_us),
    );
    view! {
        <li data-testid="rx-row" data-id=id.to_string() data-stage=stage.as_str()>
            <a class="choice" href=href>
                <Icon glyph=Glyph::Pill/>
                <span>
                    <strong>{name}</strong>
                    <small>{part(move || medicines(&it))}</small>
                    <small>{part(move || moment(at_us))}</small>
                    {stage_tag(stage)}
                </span>
                <Icon glyph=Glyph::Next/>
            </a>
        </li>
    }
    .into_any()
}

/// A refused prescription with the pharmacist's words and the ways on.
fn refused_card(it: PrescriptionView, list: List) -> AnyView {
    let id = it.id;
    let is_own = me().is_some_and(|me| me.id == it.prescriber);
    let unseen = it.refusal.as_ref().is_some_and(|it| it.seen_us.is_none());
    let refusal = it.refusal.as_ref().map(refusal_box);
    let replace = format!("/prescriptions/new?patient={}&replaces={id}", it.patient);
    let (name, version) = (it.patient_name.clone(), it.version);
    let prescriber = it.prescriber_name.clone();
    view! {
        <article class="card" data-testid="rx-refused-card" data-id=id.to_string()>
            <h3>{name}</h3>
            <p>{part(move || medicines(&it))}</p>
            {(!is_own).then(|| view! { <p class="hint">{part(move || tr!(Key::RxOfColleague, name = &prescriber))}</p> })}
            {refusal}
            {(is_own && unseen).then(|| seen_button((id, version), list))}
            <div class="actions">
                {is_own.then(|| view! {
                    <a class="button primary" href=replace data-testid="rx-replace"><Icon glyph=Glyph::Edit/><span>{say(Key::RxReplace)}</span></a>
                })}
                <a class="button secondary" href=format!("/prescriptions/{id}") data-testid="rx-open">{say(Key::RxOpen)}</a>
            </div>
        </article>
    }
    .into_any()
}

fn seen_button((id, version): (clinical_model::PrescriptionId, u32), list: List) -> AnyView {
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let seen = move || {
        busy.set(true);
        spawn_local(async move {
            match api::step_prescription(id, version, "seen").await {
                Ok(_) => {
                    toast(t_now(Key::RxSeenToast));
                    news::look();
                    list.reload();
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                    busy.try_set(false);
                }
            }
        });
    };
    view! {
        {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
        <Button look=Look::Secondary icon=Glyph::Eye busy testid="rx-seen" on_press=seen>{say(Key::RxSeen)}</Button>
    }
    .into_any()
}
