//! What several pages about prescriptions show.

use clinical_api::{PrescriptionView, RefusalView};
use clinical_model::PrescriptionId;
use clinical_model::prescribing::Stage;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_params_map;

use super::words::{both, calendar_day, dosage, moment, refusal, stage};
use crate::api::{self, ApiError};
use crate::browser;
use crate::components::{Alert, Button, Failure, Glyph, Icon, Look, Tone, part};
use crate::i18n::{Key, Plural, lang_now, say, tn};
use crate::pages::missing;
use crate::tr;

/// Builds a page for the prescription in its address.
pub(super) fn with_prescription(
    page: impl Fn(PrescriptionId) -> AnyView + Send + 'static,
) -> AnyView {
    let params = use_params_map();
    let id = Memo::new(move |_| {
        params
            .with(|params| params.get("id"))
            .and_then(|id| id.parse::<PrescriptionId>().ok())
    });
    (move || id.get().map_or_else(missing::page, &page)).into_any()
}

/// The picture and colour of a stage.
const fn look(of: Stage) -> (&'static str, Glyph) {
    match of {
        Stage::Draft => ("tag rx", Glyph::Edit),
        Stage::Signed => ("tag rx", Glyph::Check),
        Stage::Transmitted | Stage::DispensedPart => ("tag rx live", Glyph::Pill),
        Stage::Completed => ("tag rx done", Glyph::Check),
        Stage::Refused => ("tag rx refused", Glyph::Warning),
        Stage::Replaced | Stage::Cancelled => ("tag rx", Glyph::Cross),
    }
}

/// Where it stands: picture and words.
pub(super) fn stage_tag(of: Stage) -> AnyView {
    let (class, glyph) = look(of);
    view! {
        <span class=class data-testid="rx-stage" data-stage=of.as_str()>
            <Icon glyph/><span>{say(stage(of))}</span>
        </span>
    }
    .into_any()
}

/// For whom and by whom.
pub(super) fn people(it: &PrescriptionView) -> AnyView {
    let born = it.patient_birth.clone();
    let signed = it.signed_us;
    let expires = it.expires_us;
    view! {
        <dl class="facts">
            <dt>{say(Key::RxPatient)}</dt>
            <dd>{it.patient_name.clone()}{born.map(|date| view! { " " <small>{part(move || tr!(Key::RxBorn, date = calendar_day(&date)))}</small> })}</dd>
            <dt>{say(Key::RxPrescriber)}</dt>
            <dd>{it.prescriber_name.clone()}</dd>
            {signed.map(|us| view! { <dt>{say(Key::RxSigned)}</dt><dd>{part(move || moment(us))}</dd> })}
            {expires.map(|us| view! { <dt>{say(Key::RxExpires)}</dt><dd>{part(move || moment(us))}</dd> })}
        </dl>
    }
    .into_any()
}

/// The medicines with their dosage in plain words.
pub(super) fn lines(it: &PrescriptionView) -> AnyView {
    let rows = it.lines.iter().cloned().zip(it.names.iter().cloned());
    let rows = rows.map(|(line, name)| {
        let directions = line.directions.clone();
        let (quantity, repeats) = (u64::from(line.quantity), u64::from(line.repeats));
        view! {
            <li class="note" data-testid="rx-line">
                <p><Icon glyph=Glyph::Pill/>" "<strong>{part(move || both(&name))}</strong></p>
                <p>{part(move || dosage(&line))}</p>
                {directions.map(|words| view! { <p class="written">{words}</p> })}
                <p class="hint">
                    {part(move || tn(Plural::RxUnits, quantity))}
                    {(repeats > 0).then(|| view! { ", " {part(move || tn(Plural::RxRepeats, repeats))} })}
                </p>
            </li>
        }
    });
    view! { <ul class="plain">{rows.collect_view()}</ul> }.into_any()
}

/// A button that gets the sealed PDF, in the reader's language.
pub(super) fn pdf_button(id: PrescriptionId) -> AnyView {
    let busy = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let get = move || {
        busy.set(true);
        fault.set(None);
        spawn_local(async move {
            match api::prescription_document(id, lang_now().tag()).await {
                Ok(bytes) => {
                    browser::save_file(&bytes, ("application/pdf", "prescription.pdf"));
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    view! {
        {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
        <Button look=Look::Secondary icon=Glyph::Printer busy testid="rx-pdf" on_press=get>{say(Key::RxPdf)}</Button>
    }
    .into_any()
}

/// Why the pharmacist sent it back.
pub(super) fn refusal_box(it: &RefusalView) -> AnyView {
    let (why, at_us, text) = (refusal(it.reason), it.at_us, it.text.clone());
    view! {
        <Alert tone=Tone::Warning testid="rx-refusal">
            <p><strong>{say(Key::RxRefusedBy)}</strong>" "{say(why)}</p>
            <p class="written" data-testid="rx-refusal-text">{text}</p>
            <p><small>{part(move || moment(at_us))}</small></p>
        </Alert>
    }
    .into_any()
}
