//! The checks of a patient, in the record.

use clinical_api::InterviewBriefView;
use clinical_model::PatientId;
use leptos::prelude::*;

use super::level;
use super::panel::One;
use crate::api;
use crate::components::{Glyph, Icon, part};
use crate::i18n::{Key, lang, say};
use crate::remote::Remote;
use crate::when;

/// All checks of a patient that are known, each to be opened.
#[component]
pub(crate) fn Checks(
    patient: PatientId,
    /// Whether the reader may judge them.
    judges: bool,
) -> impl IntoView {
    let known = Remote::new(move || api::interviews(Some(patient)));
    part(move || {
        let all = known.value().filter(|all| !all.is_empty())?;
        let rows: Vec<AnyView> = all.into_iter().map(|it| row(it, judges)).collect();
        Some(view! {
            <section class="card" data-testid="triage-checks">
                <h2><Icon glyph=Glyph::Search/><span>{say(Key::TriageChecks)}</span></h2>
                {rows}
            </section>
        })
    })
}

fn row(it: InterviewBriefView, judges: bool) -> AnyView {
    let (id, us) = (it.id, it.started_us);
    let open = RwSignal::new(false);
    let toggled = move |event: leptos::ev::Event| {
        use wasm_bindgen::JsCast as _;
        let details = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok());
        open.set(details.is_some_and(|it| it.has_attribute("open")));
    };
    view! {
        <details data-testid="triage-check" on:toggle=toggled>
            <summary>
                {part(move || when::date_time(us))}" "
                {match it.disposition {
                    Some(disposition) => level(disposition).into_any(),
                    None => view! { <em>{say(Key::TriageUnfinished)}</em> }.into_any(),
                }}
                " "<q>{it.complaint}</q>
            </summary>
            {part(move || open.get().then(|| {
                let language = lang();
                let whole = Remote::new(move || api::clinical_interview(id, language));
                let reload = UnsyncCallback::new(move |()| whole.reload());
                whole.show(move |view| view! { <One view judges reload/> }).into_any()
            }))}
        </details>
    }
    .into_any()
}
