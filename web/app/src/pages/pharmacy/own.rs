use clinical_api::PrescriptionView;
use clinical_model::prescribing::Stage;
use leptos::prelude::*;

use super::parts::pdf_button;
use super::words::{both, dosage, grouped, moment, own_stage};
use crate::api;
use crate::components::{CopyField, EmptyState, Glyph, Icon, Page, part};
use crate::i18n::{Key, Plural, say, tn};
use crate::remote::Remote;
use crate::tr;

/// A patient's own prescriptions in plain words.
pub(crate) fn page() -> AnyView {
    let list = Remote::new(|| api::prescriptions(None));
    view! {
        <Page title=say(Key::NavMyPrescriptions)>
            {list.show(|found| {
                if found.is_empty() {
                    return view! { <EmptyState glyph=Glyph::Pill><p>{say(Key::RxOwnNone)}</p></EmptyState> }.into_any();
                }
                let (past, now): (Vec<_>, Vec<_>) = found
                    .into_iter()
                    .partition(|it| matches!(it.stage, Stage::Replaced | Stage::Cancelled));
                let cards = now.into_iter().chain(past).enumerate().map(|(at, it)| card(at, it));
                cards.collect_view().into_any()
            })}
        </Page>
    }
    .into_any()
}

fn card(at: usize, it: PrescriptionView) -> AnyView {
    let (id, stage) = (it.id, it.stage);
    let (doctor, signed_us) = (it.prescriber_name.clone(), it.signed_us);
    let over = matches!(stage, Stage::Replaced | Stage::Cancelled);
    let refused = stage == Stage::Refused;
    let code = it.code.as_deref().filter(|_| !over).map(grouped);
    let expires = it.expires_us.filter(|_| !over);
    view! {
        <section class="card" data-testid="my-prescription" data-id=id.to_string() data-stage=stage.as_str()>
            <h2>{part(move || signed_us.map_or_else(String::new, moment))}</h2>
            <p class="hint">{doctor}</p>
            <p class="tag rx" class:live=!over class:refused=refused data-testid="my-stage"><Icon glyph=if refused { Glyph::Warning } else { Glyph::Pill }/><span>{say(own_stage(stage))}</span></p>
            {taken(&it, over)}
            {expires.map(|us| view! { <p class="hint">{part(move || tr!(Key::RxOwnExpires, date = moment(us)))}</p> })}
            {code.map(|code| view! { {code_field(at, code)} <div class="actions">{pdf_button(id)}</div> })}
        </section>
    }
    .into_any()
}

/// The medicines, how they are taken, and at which times of the day.
fn taken(it: &PrescriptionView, over: bool) -> AnyView {
    let rows = it.lines.iter().cloned().zip(it.names.iter().cloned());
    let hours = it
        .due_hours
        .iter()
        .cloned()
        .chain(core::iter::repeat(Vec::new()));
    let rows = rows.zip(hours).map(|((line, name), hours)| {
        let directions = line.directions.clone();
        let quantity = u64::from(line.quantity);
        let hours: Vec<String> = hours.iter().map(|hour| format!("{hour:02}:00")).collect();
        let hours = (!over && !hours.is_empty()).then(|| hours.join(" · "));
        view! {
            <li class="note" data-testid="my-line">
                <p><Icon glyph=Glyph::Pill/>" "<strong>{part(move || both(&name))}</strong></p>
                <p>{part(move || dosage(&line))}</p>
                {hours.map(|hours| view! { <p data-testid="my-hours"><Icon glyph=Glyph::Clock/>" "{part(move || tr!(Key::RxOwnHours, hours = &hours))}</p> })}
                {directions.map(|words| view! { <p class="written">{words}</p> })}
                <p class="hint">{part(move || tn(Plural::RxUnits, quantity))}</p>
            </li>
        }
    });
    view! { <ul class="plain">{rows.collect_view()}</ul> }.into_any()
}

fn code_field(at: usize, code: String) -> AnyView {
    // The id of the first is enough for most; further ones are shown as text.
    if at == 0 {
        return view! { <CopyField id="my-code" label=say(Key::RxCode) text=code testid="my-code"/> }
            .into_any();
    }
    view! { <p>{say(Key::RxCode)}" "<strong>{code}</strong></p> }.into_any()
}
