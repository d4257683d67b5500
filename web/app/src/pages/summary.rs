use crate::components::part;
use clinical_api::{ChatLine, NoteView, SummaryView};
use clinical_model::Role;
use leptos::prelude::*;

use super::address::with_appointment;
use super::words::{Moment, WithDoctor};
use crate::components::{Alert, Button, Glyph, Icon, Look, Page, Tone};
use crate::i18n::{Key, say};
use crate::remote::Remote;
use crate::session::{home_of, me};
use crate::{api, browser, tr, when};

/// What stays of a visit: the signed note and what was written. Made to be printed.
pub(crate) fn page() -> AnyView {
    with_appointment(|id| {
        let summary = Remote::new(move || api::summary(id));
        let role = me().map_or(Role::Patient, |me| me.role);
        let title = if role == Role::Doctor {
            Key::SummaryTitleDoctor
        } else {
            Key::SummaryTitle
        };
        view! {
            <Page title=say(title) class="narrow summary-page">
                <p class="screen-only"><a href=home_of(role)><Icon glyph=Glyph::Back/>{say(Key::Back)}</a></p>
                {summary.show(move |summary| view! { <Summary summary role/> })}
            </Page>
        }
        .into_any()
    })
}

#[component]
fn Summary(summary: SummaryView, role: Role) -> impl IntoView {
    let SummaryView {
        appointment,
        note,
        chat,
    } = summary;
    let doctor = appointment.doctor.name.clone();
    let patient = appointment.patient_name.clone();
    view! {
        <div class="card">
            <Moment start_us=appointment.start_us zone=appointment.doctor.zone.clone()/>
            <WithDoctor appointment/>
            <p>{say(Key::DetailsPatient)}" · "{patient}</p>
        </div>
        <section>
            <h2><Icon glyph=Glyph::Note/>{say(if role == Role::Doctor { Key::SummaryTitleDoctor } else { Key::SummaryNote })}</h2>
            {match note {
                Some(note) => view! { <Note note doctor/> }.into_any(),
                None => view! { <Alert tone=Tone::Info testid="summary-pending">{say(Key::SummaryPending)}</Alert> }.into_any(),
            }}
        </section>
        {(!chat.is_empty()).then(|| view! { <Chat chat/> })}
        <div class="actions screen-only">
            <Button look=Look::Secondary icon=Glyph::Printer testid="print" on_press=browser::print>
                {say(Key::SummaryPrint)}
            </Button>
        </div>
    }
}

#[component]
fn Note(note: NoteView, doctor: String) -> impl IntoView {
    view! {
        <div class="written note" data-testid="summary-note">{note.text}</div>
        {note
            .signed_us
            .map(|us| {
                view! {
                    <p class="hint" data-testid="summary-signed">
                        {part(move || tr!(Key::SummarySigned, name = doctor, date = when::date_time(us)))}
                    </p>
                }
            })}
    }
}

#[component]
fn Chat(chat: Vec<ChatLine>) -> impl IntoView {
    let lines = chat.into_iter().map(|line| {
        view! {
            <li data-testid="summary-chat">
                <p><strong>{line.from_name}</strong>" "<small>{part(move || when::time(line.at_us))}</small></p>
                <p class="written">{line.text}</p>
            </li>
        }
    });
    view! {
        <section>
            <h2><Icon glyph=Glyph::Chat/>{say(Key::SummaryChat)}</h2>
            <ol class="plain">{lines.collect_view()}</ol>
        </section>
    }
}
