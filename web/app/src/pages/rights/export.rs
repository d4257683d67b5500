use clinical_api::ExportRequest;
use clinical_model::PatientId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::api::{self, ApiError};
use crate::browser;
use crate::components::{Alert, Button, Failure, Glyph, Icon, Spinner, Tone, part, toast};
use crate::i18n::{Key, lang_now, say, t_now};

/// A copy of everything, as a download.
#[component]
pub(super) fn Export(id: PatientId) -> impl IntoView {
    let busy = RwSignal::new(false);
    let done = RwSignal::new(false);
    let fault = RwSignal::new(None::<ApiError>);
    let go = move || {
        busy.set(true);
        done.set(false);
        fault.set(None);
        spawn_local(async move {
            let request = ExportRequest {
                language: lang_now().tag().to_owned(),
            };
            match api::export(id, &request).await {
                Ok(bytes) => {
                    let file = ("application/zip", t_now(Key::ExportFile));
                    browser::save_file(&bytes, file);
                    toast(t_now(Key::ExportDone));
                    done.try_set(true);
                }
                Err(refused) => {
                    fault.try_set(Some(refused));
                }
            }
            busy.try_set(false);
        });
    };
    view! {
        <section class="card" data-testid="export">
            <h2><Icon glyph=Glyph::Copy/>{say(Key::ExportTitle)}</h2>
            <p>{say(Key::ExportText)}</p>
            {part(move || fault.get().map(|fault| view! { <Failure fault/> }))}
            {part(move || busy.get().then(|| view! { <Spinner label=say(Key::ExportBusy)/> }))}
            {part(move || done.get().then(|| view! { <Alert tone=Tone::Success testid="export-done">{say(Key::ExportDone)}</Alert> }))}
            <Button busy testid="export-go" on_press=go>{say(Key::ExportGo)}</Button>
        </section>
    }
}
